"""Looks at what running sandboxes use, beside the supervisor's loop: samples, and news of limits that were reached.

Looking costs little and holds nobody up: news come from counters of the kernel where they can be read; questions to the
engine have a deadline each, and there are none for a while when one was not answered.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import asdict
from datetime import timedelta

from asgiref.sync import sync_to_async
from django.db import DatabaseError, close_old_connections
from django.utils import timezone

from engine import (
    Conflict,
    Container,
    Engine,
    EngineAway,
    EngineError,
    EngineEvent,
    EngineTimeout,
    NotFound,
    Refusals,
    Stats,
)
from engine.labels import HOST, NETWORK, SANDBOX, SESSION
from engine.world import World
from sandboxes.metrics.readings import Look, Reading, is_out_of_pids, reading_of
from sandboxes.metrics.recording import keep
from sandboxes.models import EngineStatus, Notice, Sample, Sandbox
from sandboxes.models.samples import COARSE_S, FINE_S

logger = logging.getLogger(__name__)

# People in a sandbox hear of its limit of processes within 5 s, of which the watch of terminals takes one; that it is
# out of memory the engine says itself.
LOOK_S = 3.0
# An engine that does not answer is left alone for this long.
AWAY_S = 15.0
# Docker answers with the next tick of its clock, up to a second later, however few are asked for: 500 take 8 s.
AT_ONCE = 64
ANSWER_S = 4.0


class Sampler:
    """Run with `run()` until cancelled."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self._before: dict[str, Stats] = {}
        # Container id -> processes that it was refused by the last look.
        self._refused: dict[str, int] = {}
        self._looked_at = timezone.now()
        self._sampled_at = -float(FINE_S)
        self._thinned_at: float | None = None

    async def run(self, world: Callable[[], World]) -> None:
        """Look for ever at the session containers of `world()`. When one way of looking dies, so does the other."""
        async with asyncio.TaskGroup() as both:
            both.create_task(self._again(self.watch, world))
            both.create_task(self._again(self.sample, world))

    async def _again(self, look: Callable[[World], Awaitable[None]], world: Callable[[], World]) -> None:
        """Look every LOOK_S, or as soon as the look before has ended; samples do not keep news waiting."""
        took_s = 0.0
        while True:
            await asyncio.sleep(max(0.0, LOOK_S - took_s))
            began = time.monotonic()
            try:
                await look(world())
            except (EngineAway, EngineTimeout) as error:
                logger.info("No look at the sandboxes for now: %s", error)
                await asyncio.sleep(AWAY_S)
            except (EngineError, DatabaseError):
                logger.exception("A look at the sandboxes failed; the next one follows.")
                await sync_to_async(close_old_connections)()
            took_s = time.monotonic() - began

    # --- samples -----------------------------------------------------------------------------------------------------
    async def sample(self, world: World) -> None:
        """Keep what all sandboxes use, when that is due.

        Raises EngineAway, EngineTimeout at the first question that is not answered.
        """
        running = running_in(world)
        if running and time.monotonic() - self._sampled_at >= FINE_S:
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
        await sync_to_async(Sandbox.objects.fade_notices)()

    # --- limits ----------------------------------------------------------------------------------------------------
    async def watch(self, world: World) -> None:
        """Tell of sessions that were refused a process since the last look.

        The kernel counts that; where it cannot be read, the engine is asked whether a session is full now.
        Raises EngineAway, EngineTimeout.
        """
        running = running_in(world)
        refusals = await self.engine.refusals(running)
        for container in self._newly_refused(running, refusals):
            await self._tell_full(container, refusals[container.id].limit)
        asked = await self._measure(each for each in running if each.id not in refusals)
        for container in running:
            if container.name in asked and is_out_of_pids(asked[container.name]):
                await self._tell_full(container, asked[container.name].pids_limit)

    def _newly_refused(self, running: list[Container], refusals: Mapping[str, Refusals]) -> list[Container]:
        """Return those that were refused more than at the last look. What happened before the first look is no news."""
        before, since = self._refused, self._looked_at
        self._refused, self._looked_at = {key: each.count for key, each in refusals.items()}, timezone.now()
        # The engine tells the time of creation in whole seconds.
        is_new = {each.id: each.created_at > since - timedelta(seconds=1) for each in running}
        return [
            each
            for each in running
            if (now := self._refused.get(each.id)) is not None
            and now > before.get(each.id, 0 if is_new[each.id] else now)
        ]

    async def _tell_full(self, container: Container, limit: int) -> None:
        session = container.labels[SESSION]
        text = f"The session {session} reached its limit of {limit} processes: no more could start."
        await self._tell(container.labels[SANDBOX], Notice.Kind.PIDS, text, session)

    async def _measure(self, containers: Iterable[Container]) -> dict[str, Stats]:
        """Return the engine's counters of those that still run, by name."""
        waiting = list(containers)
        measured: dict[str, Stats] = {}

        async def work() -> None:
            while waiting:
                container = waiting.pop()
                try:
                    measured[container.name] = await self.engine.stats(container.name, deadline_s=ANSWER_S)
                except (NotFound, Conflict):
                    continue
                except EngineError:
                    waiting.clear()  # the others would wait for the same
                    raise

        await asyncio.gather(*(work() for _ in range(AT_ONCE)))
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


def running_in(world: World) -> list[Container]:
    return [container for container in world.containers.values() if container.is_running]


def tell(slug: str, kind: str, text: str, session: str) -> None:
    """Tell people in a sandbox; fine when it is gone."""
    sandbox = Sandbox.objects.filter(slug=slug).first()
    if sandbox is not None:
        Notice.tell(sandbox, kind, text, session)
