"""The log of work on a sandbox, step by step, for the person who waits."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from asgiref.sync import sync_to_async
from django.db import DatabaseError

from sandboxes.models import Sandbox, Step

logger = logging.getLogger(__name__)


class Work:
    """Steps of one operation (create, start, stop, restart, delete) on one sandbox."""

    def __init__(self, sandbox: Sandbox, operation: str) -> None:
        self.sandbox, self.operation = sandbox, operation

    @asynccontextmanager
    async def step(self, title: str) -> AsyncIterator[None]:
        """Log what happens inside as one step; an error is its detail and goes on to the caller."""
        step = await sync_to_async(Step.begin)(self.sandbox, self.operation, title)
        try:
            yield
        except asyncio.CancelledError:  # the server stops, or the lease is over: whoever follows does it again
            await self._interrupt(step)
            raise
        except BaseException as error:
            await sync_to_async(step.finish)(Step.Outcome.FAILED, str(error) or type(error).__name__)
            raise
        await sync_to_async(step.finish)(Step.Outcome.DONE)

    async def _interrupt(self, step: Step) -> None:
        """Write down that a step was left. An error here must not take the cancellation's place: work would go on."""
        try:
            await sync_to_async(step.finish)(Step.Outcome.INTERRUPTED)
        except DatabaseError:
            logger.exception("It could not be written down that %r was left; the next supervisor does it.", step.title)
