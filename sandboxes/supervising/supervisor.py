"""Makes the world as the database wants it: one supervisor per engine, held by a lease.

It compares wishes with what the engine shows and takes idempotent steps. Nothing it knows lives only in memory:
killed anywhere, the next one looks again and goes on. Events of the engine are a hint; a full look every 30 s is the
truth. Sessions are another app's: they come in as a `Keeper`.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import defaultdict, deque
from contextlib import suppress
from typing import Protocol

from asgiref.sync import sync_to_async
from django.conf import settings
from django.db import DatabaseError, close_old_connections

from engine import Engine, EngineAway, EngineError, EngineTimeout, space, storage
from engine.firewall import ensure_firewall
from engine.labels import HOST, INSTANCE, SANDBOX
from engine.site import Site
from engine.storage import SharedTree
from engine.world import World
from sandboxes.engines import DEFAULT, site_of
from sandboxes.models import Desired, EngineStatus, Sandbox, State, Step
from sandboxes.supervising import lease, orphans
from sandboxes.supervising.disk import watch_disks
from sandboxes.supervising.keeping import Job, ended, keep_running
from sandboxes.supervising.sampler import Sampler
from sandboxes.supervising.work import Work

logger = logging.getLogger(__name__)

# How long a wish waits at most before it is seen; one small query each time.
TURN_S = 0.4
FULL_LOOK_S = 30.0
# The engine tells of a change a moment before its list shows it (Docker 20.10 does): a second look follows the first.
SECOND_LOOK_S = 1.0
# An engine that is away is asked again after this.
AWAY_S = 2.0
# The firewall is tried again after this, for someone who has read the warning.
FIREWALL_S = 60.0
# Sandboxes worked on at once: the engine serialises much of it, more only makes all of them late.
AT_ONCE = 6
# More unwanted ends of a sandbox than this within the time mean that starting it again does not help.
CRASHES, CRASH_WINDOW_S = 3, 120.0


class Keeper(Protocol):
    """What the supervisor asks of the app that owns the sessions."""

    async def needy(self, world: World) -> set[int]:
        """Return ids of running sandboxes whose sessions are not as wanted."""
        ...

    async def host_up(self, sandbox: Sandbox, shared: SharedTree, work: Work) -> bool:
        """Have the session run that owns the network, of this boot; True when it had to be started."""
        ...

    async def others_up(self, sandbox: Sandbox, shared: SharedTree) -> None:
        """Have all other wanted sessions run and ended ones gone. One that fails does not keep the others."""
        ...

    async def others_fail(self, sandbox: Sandbox, reason: str) -> None:
        """Write down why sessions that do not run yet cannot be started; those that run go on."""
        ...

    async def pause(self, sandbox: Sandbox) -> bool:
        """Have all session containers stand still; False when the one that owns the network is not there."""
        ...

    async def resume(self, sandbox: Sandbox) -> bool:
        """Resume those that are paused and still as wanted; False when there is nothing to resume."""
        ...

    async def down(self, sandbox: Sandbox, reason: str) -> None:
        """Have no session container of this sandbox left."""
        ...

    async def tidy(self) -> None:
        """Write down what ended in sessions while nobody looked. Called with each full look."""
        ...

    async def known(self) -> set[tuple[str, str]]:
        """Return (sandbox, session) of all sessions, by slug and id."""
        ...


class Supervisor:
    """Run with `run()` until cancelled; `wake()` shortens the wait from any thread."""

    def __init__(self, engine: Engine, keeper: Keeper, name: str = DEFAULT) -> None:
        self.engine, self.keeper, self.name = engine, keeper, name
        self._claim = lease.Claim(name, lease.this_process())
        self._world = World()
        self._looked_at = -FULL_LOOK_S
        self._second_look_at: float | None = None
        self._busy: dict[int, asyncio.Task[None]] = {}
        self._slots = asyncio.Semaphore(AT_ONCE)
        self._awake = asyncio.Event()
        self._crashes: dict[int, deque[float]] = defaultdict(lambda: deque(maxlen=CRASHES))
        self._orphans = orphans.Quarantine()
        self._sampler = Sampler(engine)

    # --- the loop ------------------------------------------------------------------------------------------------
    async def run(self) -> None:
        """Supervise for ever, whenever the lease is ours; nothing is begun without it and nothing outlives it."""
        renewing = asyncio.create_task(self._keep_lease())
        try:
            while True:
                if self._claim.is_held:
                    await self._lead_while_held(renewing)
                await asyncio.wait({renewing}, timeout=TURN_S)
                if renewing.done():
                    renewing.result()
        finally:
            await ended(renewing)

    async def _keep_lease(self) -> None:
        """Ask for the lease again and again, beside everything else: a slow engine or a long step does not lose it."""
        while True:
            try:
                await sync_to_async(self._claim.renew)()
            except DatabaseError:
                logger.exception("The lease on the engine %r could not be renewed; it is tried again.", self.name)
                await sync_to_async(close_old_connections)()
            await asyncio.sleep(lease.RENEW_S)

    async def _lead_while_held(self, renewing: asyncio.Task[None]) -> None:
        """Lead until the lease is over. Raises what ended the lead before that.

        A call that the engine has already got is carried out by it: the steps are idempotent for that reason.
        """
        leading = asyncio.create_task(self._lead())
        try:
            while self._claim.is_held and not (leading.done() or renewing.done()):
                await asyncio.wait({leading, renewing}, timeout=TURN_S, return_when=asyncio.FIRST_COMPLETED)
            if leading.done():
                leading.result()
            if renewing.done():
                return
            logger.warning("The lease on the engine %r is over: everything that was begun here is stopped.", self.name)
        finally:
            await ended(leading)

    async def _lead(self) -> None:
        """Do all that is done with the lease, until it is over. What is done aside dies and starts again for itself."""
        logger.info("Supervising the engine %r.", self.name)
        # What was seen before is of the time of another supervisor.
        self._world, self._looked_at = World(), -FULL_LOOK_S
        aside: dict[str, Job] = {
            "engine's listener": self._listen,
            "watch over the firewall": self._guard,
            "sampler": lambda: self._sampler.run(lambda: self._world),
            "measuring of disks": lambda: watch_disks(self.engine),
        }
        tasks = [asyncio.create_task(keep_running(name, job)) for name, job in aside.items()]
        try:
            await self._turns()
        finally:
            await ended(*tasks, *self._busy.values())
            # One that was cancelled before it began could not take itself out.
            self._busy.clear()

    async def _turns(self) -> None:
        """Take turns while the lease is held. Steps that a killed predecessor left open are closed before the first."""
        is_begun = False
        while self._claim.is_held:
            is_begun = await self._safely_turn(is_begun)
            # Not `wait_for`: before Python 3.12 it loses a cancellation that comes together with the wake.
            with suppress(TimeoutError):
                async with asyncio.timeout(TURN_S):
                    await self._awake.wait()
            self._awake.clear()

    def wake(self) -> None:
        """Look at the wishes now. Call it on the supervisor's event loop."""
        self._awake.set()

    async def _safely_turn(self, is_begun: bool) -> bool:
        """Take a turn; return whether the steps of the predecessor are closed by now."""
        try:
            if not is_begun:
                await sync_to_async(Step.objects.interrupt)()
                is_begun = True
            await self._turn()
        except (EngineAway, EngineTimeout) as error:
            await self._report(f"The engine does not answer: {error}")
            await asyncio.sleep(AWAY_S)
        except (EngineError, DatabaseError):
            logger.exception("A turn of the supervisor failed; the next one follows.")
            await sync_to_async(close_old_connections)()
            await asyncio.sleep(AWAY_S)
        return is_begun

    async def _turn(self) -> None:
        # Noted before any question: work that ends while it is answered wakes us, and is asked about again.
        busy = set(self._busy)
        if self._look_is_due():
            await self._look()
        for pk in await self._needy():
            if pk not in busy:
                self._busy[pk] = asyncio.create_task(self._attend(pk))

    def _look_is_due(self) -> bool:
        now = time.monotonic()
        if self._second_look_at is not None and now >= self._second_look_at:
            self._second_look_at = None
            return True
        return now - self._looked_at >= FULL_LOOK_S

    async def _look(self) -> None:
        """Take the full look, say that the engine is well, and put strangers among our things into quarantine."""
        # Noted before the question: what happens while it is answered asks for another look.
        self._looked_at = time.monotonic()
        try:
            self._world = await World.look(self.engine, settings.SANDLOT_INSTANCE)
        except EngineError:
            self._looked_at = -FULL_LOOK_S
            raise
        await self._report(None)
        await sync_to_async(self._look_at_the_clock)()
        await self._orphans.inspect(self.engine, settings.SANDLOT_INSTANCE, await self.keeper.known())
        await self.keeper.tidy()

    def _look_at_the_clock(self) -> None:
        """Wish for what is due: idle sandboxes stop, the trash is emptied."""
        for sandbox in Sandbox.objects.stop_idle():
            logger.info("%s: %s", sandbox.slug, sandbox.reason)
        for sandbox in Sandbox.objects.purge_expired():
            logger.info("%s has been in the trash for its time and is deleted.", sandbox.slug)

    async def _needy(self) -> set[int]:
        unsettled = {pk async for pk in Sandbox.objects.unsettled().values_list("pk", flat=True)}
        return unsettled | await self._woken() | await self.keeper.needy(self._world)

    async def _woken(self) -> set[int]:
        """Return those that are to stand still and do not: someone woke them, or they ended with the engine."""
        paused = Sandbox.objects.filter(desired=Desired.PAUSED, state=State.PAUSED).values_list("pk", "slug")
        return {pk async for pk, slug in paused if not self._world.is_paused(slug)}

    async def _listen(self) -> None:
        """Turn the engine's events into an early look."""
        while True:
            with suppress(EngineError):
                async for event in self.engine.events({INSTANCE: settings.SANDLOT_INSTANCE}):
                    if event.action in ("die", "start", "destroy", "oom", "unpause") and SANDBOX in event.labels:
                        self._looked_at = -FULL_LOOK_S
                        self._second_look_at = time.monotonic() + SECOND_LOOK_S
                        self.wake()
                        if event.action == "oom":
                            await self._sampler.note(event)
            await asyncio.sleep(AWAY_S)

    async def _guard(self) -> None:
        """Keep sandboxes away from the engine's machine; until that holds, say so now and then."""
        while (trouble := await ensure_firewall(self.engine, settings.SANDLOT_INSTANCE, logger.info)) is not None:
            logger.warning("%s", trouble)
            await asyncio.sleep(FIREWALL_S)

    # --- one sandbox ---------------------------------------------------------------------------------------------
    async def _attend(self, pk: int) -> None:
        """Do what one sandbox needs now. Engine away: the wish stays and the next turn comes back to it."""
        try:
            async with self._slots:
                sandbox = await Sandbox.objects.select_related("template").aget(pk=pk)
                await self._converge(sandbox)
        except Sandbox.DoesNotExist:
            pass
        except (EngineAway, EngineTimeout) as error:
            await self._report(f"The engine does not answer: {error}")
            await asyncio.sleep(AWAY_S)
        except Exception:  # the database, or a surprise: the wish stays, too
            logger.exception("The work on the sandbox with the id %d failed; a later turn comes back to it.", pk)
            await sync_to_async(close_old_connections)()
            await asyncio.sleep(AWAY_S)
        finally:
            self._looked_at = -FULL_LOOK_S
            self._busy.pop(pk, None)
            self.wake()

    async def _converge(self, sandbox: Sandbox) -> None:
        carry_out = {
            Desired.RUNNING: self._bring_up,
            Desired.PAUSED: self._pause,
            Desired.STOPPED: self._bring_down,
            Desired.DELETED: self._delete,
        }[Desired(sandbox.desired)]
        try:
            await carry_out(sandbox)
        except (EngineAway, EngineTimeout, DatabaseError):
            raise
        except (EngineError, space.DiskLow) as error:
            logger.warning("Sandbox %s failed: %s", sandbox.slug, error)
            await self._reach(sandbox, State.FAILED, str(error))
        except Exception as error:  # whatever it is, the person who waits is told and the others go on
            logger.exception("Sandbox %s failed unexpectedly.", sandbox.slug)
            await self._reach(sandbox, State.FAILED, f"Unexpected: {type(error).__name__}. The server's log says more.")

    async def _bring_up(self, sandbox: Sandbox) -> None:
        if sandbox.boot == sandbox.boot_reached:
            if await self._goes_on(sandbox):
                await self._bring_others_up(sandbox)
                return
            if sandbox.state == State.RUNNING:
                await self._note_crash(sandbox)
        operation = "start" if sandbox.boot_reached else "create"
        work = Work(sandbox, "restart" if sandbox.boot_reached and sandbox.boot != sandbox.boot_reached else operation)
        await self._reach(sandbox, State.CREATING if operation == "create" else State.STARTING, sandbox.reason)
        shared = await self._prepare(sandbox, work)
        await self.keeper.host_up(sandbox, shared, work)
        await self._reach(sandbox, State.RUNNING, boot_reached=sandbox.boot)
        await self.keeper.others_up(sandbox, shared)

    async def _pause(self, sandbox: Sandbox) -> None:
        async with Work(sandbox, "pause").step("Pause the sessions"):
            is_there = await self.keeper.pause(sandbox)
        if is_there:
            await self._reach(sandbox, State.PAUSED)
        else:
            await sync_to_async(sandbox.stop_lost)()

    async def _goes_on(self, sandbox: Sandbox) -> bool:
        """Whether it runs, or stood still and goes on now: for that it needs neither its image nor room on the disk."""
        if sandbox.state == State.RUNNING and await self._host_runs(sandbox):
            return True
        if not await self.keeper.resume(sandbox):
            return False
        await self._reach(sandbox, State.RUNNING)
        return True

    async def _bring_others_up(self, sandbox: Sandbox) -> None:
        """Start what is missing beside a host session that runs: a failure is theirs, the sandbox goes on."""
        try:
            shared = await self._shared(sandbox)
        except (EngineAway, EngineTimeout):
            raise
        except EngineError as error:
            await self.keeper.others_fail(sandbox, str(error))
        else:
            await self.keeper.others_up(sandbox, shared)

    async def _prepare(self, sandbox: Sandbox, work: Work) -> SharedTree:
        """Image, files, network: what the sessions' containers stand on."""
        async with work.step("Check the image and the free space"):
            await asyncio.to_thread(space.check, await self.engine.facts())
            image = await self.engine.image(sandbox.image_digest or sandbox.template.image)
            await self._reach(sandbox, sandbox.state, image_digest=image.id, image_environment=dict(image.environment))
        async with work.step(f"Prepare the files of {sandbox.template.title}"):
            shared = await self._shared(sandbox)
        async with work.step("Create the network"):
            await storage.ensure_network(self._site(sandbox))
        return shared

    async def _shared(self, sandbox: Sandbox) -> SharedTree:
        image = await self.engine.image(sandbox.image_digest)
        tree = await storage.prepare_image_tree(self.engine, image)
        return await storage.prepare_sandbox(self._site(sandbox), tree)

    async def _bring_down(self, sandbox: Sandbox) -> None:
        work = Work(sandbox, "stop")
        async with work.step("Stop the sessions"):
            why = "The sandbox was put into the trash." if sandbox.is_trashed else "The sandbox was stopped."
            await self.keeper.down(sandbox, sandbox.reason or why)
        await self._reach(sandbox, State.STOPPED, sandbox.reason, boot_reached=sandbox.boot)

    async def _delete(self, sandbox: Sandbox) -> None:
        work = Work(sandbox, "delete")
        async with work.step("Stop the sessions"):
            await self.keeper.down(sandbox, "The sandbox was deleted.")
        async with work.step("Remove the network"):
            await storage.remove_networks(self._site(sandbox))
        async with work.step("Remove the files"):
            await storage.remove_sandbox(self._site(sandbox))
        await sync_to_async(sandbox.forget)()

    def _site(self, sandbox: Sandbox) -> Site:
        return site_of(sandbox.slug, self.engine)

    async def _host_runs(self, sandbox: Sandbox) -> bool:
        world = await World.of_site(self._site(sandbox))
        return any(c.is_running and c.labels.get(HOST) == "1" for c in world.of(sandbox.slug))

    async def _note_crash(self, sandbox: Sandbox) -> None:
        """Its host session ended though it is wanted: start it again, unless that happened too often."""
        crashes, now = self._crashes[sandbox.pk], time.monotonic()
        crashes.append(now)
        await sync_to_async(sandbox.note_crash)()
        if len(crashes) == CRASHES and now - crashes[0] < CRASH_WINDOW_S:
            crashes.clear()
            await self.keeper.down(sandbox, "The sandbox failed.")
            raise EngineError(f"It ended {CRASHES} times within {CRASH_WINDOW_S:.0f} s after it was started.")

    async def _report(self, trouble: str | None) -> None:
        """Write down for all pages how the engine is. Without a database that waits for the next look."""
        try:
            await sync_to_async(EngineStatus.report_trouble)(trouble, engine=self.name)
        except DatabaseError:
            logger.exception("It could not be written down how the engine %r is (%s).", self.name, trouble or "well")
            await sync_to_async(close_old_connections)()

    async def _reach(self, sandbox: Sandbox, state: str, reason: str = "", **fields: object) -> None:
        """Write a state, unless someone wants something else by now."""
        await sync_to_async(sandbox.reach)(state, reason, **fields)
