"""The watch over open terminals: whose right has ended is expelled within 2 seconds, wherever it was taken away.

One look at the database per second serves all sockets of this process, in a fixed number of queries.
"""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress

from asgiref.sync import sync_to_async
from django.db import DatabaseError

from sessions.access import Refused, Seat, expelled

logger = logging.getLogger(__name__)

LOOK_EVERY_S = 1.0


class Watch:
    """Seats that are taken in this process, and the one task that looks after them."""

    def __init__(self) -> None:
        self._waiting: dict[asyncio.Future[None], Seat] = {}
        self._task: asyncio.Task[None] | None = None

    async def until_expelled(self, seat: Seat) -> None:
        """Wait; raises Refused once the person's right has ended."""
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting[future] = seat
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._look_after())
        try:
            await future
        finally:
            del self._waiting[future]

    async def _look_after(self) -> None:
        while self._waiting:
            await asyncio.sleep(LOOK_EVERY_S)
            try:
                await self._look()
            except DatabaseError:
                # The right cannot be checked: nobody is thrown out for that, the next look comes in a second.
                logger.exception("The rights of open terminals could not be checked.")

    async def _look(self) -> None:
        seats = set(self._waiting.values())
        reasons: dict[Seat, Refused] = await sync_to_async(expelled)(seats)
        for future, seat in self._waiting.items():
            if seat in reasons:
                with suppress(asyncio.InvalidStateError):
                    future.set_exception(reasons[seat])


watch = Watch()
