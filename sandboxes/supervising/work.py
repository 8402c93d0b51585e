"""The log of work on a sandbox, step by step, for the person who waits."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from asgiref.sync import sync_to_async

from sandboxes.models import Sandbox, Step


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
        except BaseException as error:
            await sync_to_async(step.finish)(Step.Outcome.FAILED, str(error) or type(error).__name__)
            raise
        await sync_to_async(step.finish)(Step.Outcome.DONE)
