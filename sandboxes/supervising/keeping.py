"""Keeps a job running that should never end: its death is logged with a traceback, and it is started again."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable

from asgiref.sync import sync_to_async
from django.db import close_old_connections

logger = logging.getLogger(__name__)

# Waited before a job that died is started again, twice as long after each further death: a fault that stays costs one
# traceback in the log a minute.
FIRST_WAIT_S, LONGEST_WAIT_S = 1.0, 60.0
# A job that ran for this long had a good start: the next death is a new trouble.
GOOD_RUN_S = 60.0

Job = Callable[[], Awaitable[None]]


async def keep_running(name: str, job: Job, died: Callable[[Exception, float], Awaitable[None]] | None = None) -> None:
    """Run a job until it returns; one that raises is started again.

    `died` is told of the error and of the seconds until the next start; it must not raise.
    """
    wait_s = FIRST_WAIT_S
    while True:
        began = time.monotonic()
        try:
            await job()
        except Exception as error:
            if time.monotonic() - began >= GOOD_RUN_S:
                wait_s = FIRST_WAIT_S
            logger.exception("The %s stopped unexpectedly. It starts again in %g s.", name, wait_s)
            # It may have died of a database that went: the next run gets a new connection.
            await sync_to_async(close_old_connections)()
            if died is not None:
                await died(error, wait_s)
        else:
            return
        await asyncio.sleep(wait_s)
        wait_s = min(2 * wait_s, LONGEST_WAIT_S)


async def ended(*tasks: asyncio.Task[None]) -> None:
    """Cancel tasks and wait until none of them does anything any more."""
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
