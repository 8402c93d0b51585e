"""Looks at what running sandboxes use, beside the supervisor's loop: samples, and news of limits that were reached.

Looking costs little and holds nobody up: a few questions to the engine at a time, each with a deadline, and none for a
while when one was not answered.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import asdict
from datetime import timedelta

from asgiref.sync import sync_to_async
from django.db import DatabaseError, close_old_connections
from django.utils import timezone

from sandboxes.engine import (
    Conflict,
    Container,
    Engine,
    EngineAway,
    EngineError,
    EngineEvent,
    EngineTimeout,
    NotFound,
    Stats,
)
from sandboxes.labels import HOST, NETWORK, SANDBOX, SESSION
from sandboxes.metrics import Look, Reading, is_out_of_pids, reading_of
from sandboxes.models import EngineStatus, Sandbox
from sandboxes.usage import COARSE_S, FINE_S, Notice, Sample, keep
from sandboxes.world import World

logger = logging.getLogger(__name__)

# Who works in a sandbox hears of its limit of processes within 5 s; that it is out of memory the engine says itself.
LOOK_S = 3.0
# Sandboxes in which somebody typed within this time are looked at every time, the others for their sample only.
IN_USE = timedelta(minutes=2)
# An engine that does not answer is left alone for this long.
AWAY_S = 15.0
# Of the control plane's 16 threads; a question takes a few milliseconds.
AT_ONCE = 3
ANSWER_S = 4.0


class Sampler:
    """Run with `run()` until cancelled."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self._before: dict[str, Stats] = {}
        self._sampled_at = -float(FINE_S)
        self._thinned_at: float | None = None

    async def run(self, world: Callable[[], World]) -> None:
        """Look for ever at the session containers of `world()`, which is empty while somebody else leads."""
        while True:
            await asyncio.sleep(LOOK_S)
            try:
                await self.look(world())
            except (EngineAway, EngineTimeout) as error:
                logger.info("No samples for now: %s", error)
                await asyncio.sleep(AWAY_S)
            except (EngineError, DatabaseError):
                logger.exception("A look at the sandboxes failed; the next one follows.")
                await sync_to_async(close_old_connections)()

    async def look(self, world: World) -> None:
        """Look at sandboxes in use; every 15 s at all, and keep what is seen.

        Raises EngineAway, EngineTimeout at the first question that is not answered.
        """
        running = [container for container in world.containers.values() if container.is_running]
        if time.monotonic() - self._sampled_at < FINE_S:
            used = await sync_to_async(slugs_in_use)()
            await self._measure(container for container in running if container.labels[SANDBOX] in used)
        elif running:
            self._sampled_at = time.monotonic()
            await self._sample(running)
            await self._tidy()

    async def _sample(self, running: list[Container]) -> None:
        looks: dict[str, list[Look]] = defaultdict(list)
        measured = await self._measure(running)
        for container in running:
            if (now := measured.get(container.name)) is not None:
                labels, before = container.labels, self._before.get(container.name)
                owns_network = labels.get(HOST) == "1" or NETWORK in labels
                looks[labels[SANDBOX]].append(Look(labels[SESSION], owns_network, now, before))
        self._before = measured
        readings: dict[str, Reading] = {slug: reading_of(seen) for slug, seen in looks.items()}
        await sync_to_async(keep)(readings, timezone.now())

    async def _tidy(self) -> None:
        """Thin samples out every few minutes; at the start also what was missed while nobody led."""
        now = time.monotonic()
        if self._thinned_at is None or now - self._thinned_at >= COARSE_S:
            # One window more than the time that has gone: windows begin at full five minutes.
            since = timedelta(days=1) if self._thinned_at is None else timedelta(seconds=2 * COARSE_S)
            self._thinned_at = now
            await sync_to_async(EngineStatus.report_facts)(asdict(await self.engine.facts(deadline_s=ANSWER_S)))
            await sync_to_async(Sample.objects.thin)(timezone.now() - since, timezone.now())
        await sync_to_async(Notice.objects.fade)()

    # --- the engine's counters -------------------------------------------------------------------------------------
    async def _measure(self, containers: Iterable[Container]) -> dict[str, Stats]:
        """Return the counters of those that still run, by name, and tell of limits that were reached."""
        waiting = list(containers)
        measured: dict[str, Stats] = {}
        full: list[Container] = []

        async def work() -> None:
            while waiting:
                container = waiting.pop()
                try:
                    stats = await self.engine.stats(container.name, deadline_s=ANSWER_S)
                except (NotFound, Conflict):
                    continue
                except EngineError:
                    waiting.clear()  # the others would wait for the same
                    raise
                measured[container.name] = stats
                if is_out_of_pids(stats):
                    full.append(container)

        await asyncio.gather(*(work() for _ in range(AT_ONCE)))
        for container in full:
            session, limit = container.labels[SESSION], measured[container.name].pids_limit
            text = f"The session {session} is at its limit of {limit} processes: new ones fail until some have ended."
            await self._tell(container.labels[SANDBOX], Notice.Kind.PIDS, text, session)
        return measured

    # --- news ------------------------------------------------------------------------------------------------------
    async def note(self, event: EngineEvent) -> None:
        """Tell of a process that was ended because its session's memory was used up."""
        session = event.labels.get(SESSION, "")
        text = f"The session {session} ran out of memory: the kernel ended a process in it. Its files are all there."
        await self._tell(event.labels[SANDBOX], Notice.Kind.OOM, text, session)

    async def _tell(self, slug: str, kind: str, text: str, session: str) -> None:
        try:
            await sync_to_async(tell)(slug, kind, text, session)
        except DatabaseError:
            logger.exception("Nobody could be told of %s in %s.", kind, slug)


def tell(slug: str, kind: str, text: str, session: str) -> None:
    """Tell people in a sandbox; fine when it is gone."""
    sandbox = Sandbox.objects.filter(slug=slug).first()
    if sandbox is not None:
        Notice.tell(sandbox, kind, text, session)


def slugs_in_use() -> set[str]:
    """Return the running sandboxes in which somebody typed a short time ago."""
    used = Sandbox.objects.running().filter(last_used_at__gt=timezone.now() - IN_USE)
    return set(used.values_list("slug", flat=True))
