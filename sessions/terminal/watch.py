"""The watch over open terminals: whose right has ended is expelled within 2 seconds, wherever it was taken away.

It also brings the supervisor's notices to those who sit in the sandbox. One look at the database per second
serves all sockets of this process, in a fixed number of queries.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator
from contextlib import suppress

from asgiref.sync import sync_to_async
from django.db import close_old_connections

from activity.refusals import Refused
from sandboxes.models import Notice
from sessions.rights.admission import Admission, expelled

logger = logging.getLogger(__name__)

LOOK_EVERY_S = 1.0
# More news than this while nobody took it: the latest say enough.
NOTICES_WAITING = 10


class Watch:
    """Seats that are taken in this process, and the one task that looks after them."""

    def __init__(self) -> None:
        self._waiting: dict[asyncio.Future[None], Admission] = {}
        self._news: dict[Admission, asyncio.Queue[tuple[str, str]]] = {}
        # The last notice that was handed out; None until there is someone to hear it.
        self._heard: int | None = None
        self._task: asyncio.Task[None] | None = None

    async def until_expelled(self, admission: Admission) -> None:
        """Wait; raises Refused once the person's right has ended."""
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting[future] = admission
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._look_after())
        try:
            await future
        finally:
            del self._waiting[future]

    async def notices(self, admission: Admission) -> AsyncGenerator[tuple[str, str]]:
        """Yield (kind, sentence) of what is told to this admission's session while it is watched."""
        news = self._news[admission] = asyncio.Queue(NOTICES_WAITING)
        if self._heard is None:
            self._heard = await sync_to_async(Notice.objects.newest_id)()
        try:
            while True:
                yield await news.get()
        finally:
            del self._news[admission]

    async def _look_after(self) -> None:
        while self._waiting:
            await asyncio.sleep(LOOK_EVERY_S)
            try:
                await self._look()
            except Exception:  # whatever it is: while this task is dead nobody would lose a right
                # The right cannot be checked: nobody is thrown out for that, the next look comes in a second.
                logger.exception("The rights of open terminals could not be checked.")
                await sync_to_async(close_old_connections)()
        self._heard = None

    async def _look(self) -> None:
        admissions = set(self._waiting.values())
        reasons: dict[Admission, Refused] = await sync_to_async(expelled)(admissions)
        for future, admission in self._waiting.items():
            if admission in reasons:
                with suppress(asyncio.InvalidStateError):
                    future.set_exception(reasons[admission])
        await self._hear()

    async def _hear(self) -> None:
        """Hand out what was told since the last look; nobody is told what happened long before they came."""
        if self._heard is None:
            return
        sessions = {admission.session_id for admission in self._news}
        for session_id, pk, kind, text in await sync_to_async(Notice.objects.for_sessions)(sessions, self._heard):
            self._heard = pk
            for admission, news in self._news.items():
                if admission.session_id == session_id and not news.full():
                    news.put_nowait((kind, text))


watch = Watch()
