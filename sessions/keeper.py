"""Keeps the sessions' containers as they are wanted, for the supervisor.

The global session first: its container owns the network that the others join. When it is replaced, all are. Those that
may only read have another network, made for the first of them.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable
from contextlib import suppress

from asgiref.sync import sync_to_async
from django.db.models import Q

from accounts.vault.vault import VaultError
from engine import (
    Conflict,
    Container,
    ContainerSpec,
    Engine,
    EngineAway,
    EngineError,
    EngineTimeout,
    NameTaken,
    NotFound,
)
from engine.confinement import Limits, session_container_spec
from engine.labels import BOOT, HOST, NETWORK, PERMISSION, SESSION
from engine.site import Site
from engine.storage import SharedTree, ensure_readers_network
from engine.world import World
from sandboxes.engines import site_of
from sandboxes.models import Sandbox, State
from sandboxes.supervising.work import Work
from sessions.brings import private
from sessions.brings.git import private_files
from sessions.command.ends import note_ends
from sessions.containers import container_name, global_container_name, identity_of, named
from sessions.holder import HOLDER
from sessions.models import Session, SessionState

logger = logging.getLogger(__name__)

# The holder answers a few milliseconds after its container started; on a machine under load it takes longer.
READY_S = 10.0
# Seconds a holder may take to hang up its shells.
STOP_GRACE_S = 3
ALIVE = ("running", "paused")


class SessionKeeper:
    """See `sandboxes.supervising.supervisor.Keeper` for what each method promises."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    async def needy(self, world: World) -> set[int]:
        running, left = Q(sandbox__state=State.RUNNING), Q(sandbox__state=State.PAUSED, ended_at__isnull=False)
        sessions = Session.objects.filter(running | left).select_related("sandbox")
        return {session.sandbox_id async for session in sessions if not as_it_shall_be(session, world)}

    async def host_up(self, sandbox: Sandbox, shared: SharedTree, work: Work) -> bool:
        session = await sync_to_async(Session.for_global)(sandbox)
        session.sandbox = sandbox
        world = await self._look(sandbox)
        if world.runs(container_name(session), labels_of(session)):
            await self._make_ready(session)
            return False
        async with work.step("Stop what is left of the last start"):
            await sync_to_async(note_waiting)(sandbox)
            await self._remove(world.of(sandbox.slug), sandbox, await self._why_ended(session))
        async with work.step(f"Start the session {session.name}"):
            await self._start(session, shared)
        return True

    async def others_up(self, sandbox: Sandbox, shared: SharedTree) -> None:
        world = await self._look(sandbox)
        sessions = [s async for s in sandbox.sessions.all()]
        for session in sessions:
            session.sandbox = sandbox
        await asyncio.gather(*(self._settle(session, shared, world) for session in sessions))

    async def others_fail(self, sandbox: Sandbox, reason: str) -> None:
        world = await self._look(sandbox)
        async for session in sandbox.sessions.filter(is_global=False, ended_at=None):
            session.sandbox = sandbox
            if not as_it_shall_be(session, world):
                await sync_to_async(session.lose_terminals)(reason)
                await sync_to_async(session.reach)(SessionState.FAILED, reason)

    async def pause(self, sandbox: Sandbox) -> bool:
        """The owner of the network last: the others stand on it. Sessions that were ended go meanwhile."""
        ended = [session async for session in sandbox.sessions.exclude(ended_at=None)]
        for session in ended:
            session.sandbox = sandbox
        await asyncio.gather(*(self._forget(session) for session in ended))
        there = (await self._look(sandbox)).of(sandbox.slug)
        host = [each for each in there if each.name == global_container_name(sandbox) and each.state in ALIVE]
        others = [each for each in there if each not in host and each.is_running]
        await asyncio.gather(*(self._hold(each) for each in others))
        return any([await self._hold(each) for each in host])

    async def _hold(self, container: Container) -> bool:
        """Pause a container; False when it ended by itself a moment ago."""
        try:
            await self.engine.pause_container(container.id)
        except (NotFound, Conflict):
            return False
        return True

    async def resume(self, sandbox: Sandbox) -> bool:
        """The owner of the network first. What is no longer as wanted is replaced, not resumed."""
        world, sessions = await self._look(sandbox), [session async for session in sandbox.sessions.wanted()]
        for session in sessions:
            session.sandbox = sandbox
        host = next((session for session in sessions if session.is_global), None)
        if host is None or not any(world.is_there(container_name(host), labels_of(host), state) for state in ALIVE):
            return False
        paused = [each for each in sessions if world.is_there(container_name(each), labels_of(each), "paused")]
        ids = {session: world.containers[container_name(session)].id for session in paused}
        if host in ids:
            await self.engine.unpause_container(ids.pop(host))
        await asyncio.gather(*map(self.engine.unpause_container, ids.values()))
        return bool(paused)

    async def down(self, sandbox: Sandbox, reason: str) -> None:
        await self._remove((await self._look(sandbox)).of(sandbox.slug), sandbox, reason)
        await sync_to_async(note_stopped)(sandbox, reason)

    async def tidy(self) -> None:
        await note_ends(self.engine)

    async def known(self) -> set[tuple[str, str]]:
        return {pair async for pair in Session.objects.values_list("sandbox__slug", "name")}

    # --- one session ---------------------------------------------------------------------------------------------
    async def _settle(self, session: Session, shared: SharedTree, world: World) -> None:
        """Start, replace or remove one session's container. Its failure is its own."""
        try:
            if session.ended_at is not None:
                await self._forget(session)
            elif not world.runs(container_name(session), labels_of(session)):
                if not session.is_global:  # the owner of the network is `host_up`'s
                    await self._replace(session, shared)
            elif session.state != SessionState.RUNNING or not session.has_private_files:
                await self._make_ready(session)
        except (EngineAway, EngineTimeout):
            raise
        except EngineError as error:
            logger.warning("Session %s failed: %s", session, error)
            await sync_to_async(session.reach)(SessionState.FAILED, str(error))

    async def _forget(self, session: Session) -> None:
        await self._remove_own(session)
        await sync_to_async(session.delete)()

    async def _replace(self, session: Session, shared: SharedTree) -> None:
        await sync_to_async(session.lose_terminals)(await self._why_ended(session))
        await self._remove_own(session)
        await self._start(session, shared)

    async def _start(self, session: Session, shared: SharedTree) -> None:
        await sync_to_async(session.reach)(SessionState.STARTING)
        await sync_to_async(session.note_private)(0)
        site = site_of(session.sandbox.slug, self.engine)
        if not session.can_write:
            await ensure_readers_network(site)
        container = await self.engine.create_container(spec_of(session, site, shared))
        await self.engine.start_container(container.id)
        await self._make_ready(session)

    async def _make_ready(self, session: Session) -> None:
        """Wait for the holder, then open the session to people. Raises EngineError when it did not come up."""
        container = await self._own(session)
        if container is None:
            raise EngineError(f"The container of {session.name} is gone.")
        try:
            result = await self.engine.exec_run(container.id, [HOLDER, "ready"], deadline_s=READY_S)
        except EngineError as error:
            raise EngineError(await self._why_ended(session) or str(error)) from error
        if result.status != 0:
            raise EngineError(f"The holder of {session.name} is not ready: {result.stderr.decode(errors='replace')}")
        await self._fill_private_folder(session, container)
        await sync_to_async(session.reach)(SessionState.RUNNING)

    async def _fill_private_folder(self, session: Session, container: Container) -> None:
        """Put its git settings there, over stdin; what runs in the session has them at once."""
        version, is_fresh = session.private_version, session.private_reached == 0
        try:
            git = await sync_to_async(lambda: session.git)()
        except VaultError as error:
            raise EngineError(f"The git token of {session.name} cannot be opened: {error}") from error
        await private.put(self.engine, container.id, private_files(git, is_fresh=is_fresh))
        await sync_to_async(session.note_private)(version)

    async def _why_ended(self, session: Session) -> str:
        """Return why its container does not run any more, in a sentence; "" when there is none."""
        container = await self._own(session)
        if container is None:
            return ""
        if container.state in ALIVE:
            return "The session was restarted."
        if container.oom_killed:
            return "The session ended: it ran out of memory."
        return f"The session's container ended with status {container.exit_code}."

    async def _own(self, session: Session) -> Container | None:
        """Return the session's container; None when there is none. Raises EngineError when its name is another's."""
        name = container_name(session)
        try:
            container = await self.engine.container(name)
        except NotFound:
            return None
        if not identity_of(session).items() <= container.labels.items():
            raise EngineError(taken(name))
        return container

    async def _remove_own(self, session: Session) -> None:
        if (container := await self._own(session)) is not None:
            await self.engine.remove_container(container.id)

    async def _look(self, sandbox: Sandbox) -> World:
        """Return the sandbox's containers. Names of earlier versions become today's; what runs goes on.

        Raises EngineError when a foreign container has one of its names.
        """
        world = await World.of_site(site_of(sandbox.slug, self.engine))
        names = {
            each.id: named(sandbox, each.labels[SESSION]) for each in world.of(sandbox.slug) if SESSION in each.labels
        }
        old = [each for each in world.of(sandbox.slug) if each.name != names.get(each.id, each.name)]
        for container in old:
            logger.info("Renaming the container %s to %s.", container.name, names[container.id])
            try:
                await self.engine.rename_container(container.id, names[container.id])
            except NameTaken as error:
                raise EngineError(taken(names[container.id])) from error
        return await World.of_site(site_of(sandbox.slug, self.engine)) if old else world

    async def _remove(self, containers: Iterable[Container], sandbox: Sandbox, reason: str) -> None:
        """Stop and remove containers; the one that owns the network goes last."""
        there, name = list(containers), global_container_name(sandbox)
        await asyncio.gather(*(self._end(each.id) for each in there if each.name != name))
        for host in there:
            if host.name == name:
                await self._end(host.id)
        await sync_to_async(lose_terminals)(sandbox, reason)

    async def _end(self, container_id: str) -> None:
        with suppress(NotFound):
            await self.engine.unpause_container(container_id)  # what stands still hears no signal
        await self.engine.stop_container(container_id, grace_s=STOP_GRACE_S)
        await self.engine.remove_container(container_id)


def taken(name: str) -> str:
    return f"A container that is not this session's has the name {name}. It was not touched: rename or remove it."


def as_it_shall_be(session: Session, world: World) -> bool:
    """Whether the row and the container agree; a failed session waits for someone to look."""
    if session.ended_at is not None:
        return False
    if session.state == SessionState.FAILED:
        return not session.is_global
    is_ready = session.state == SessionState.RUNNING and session.has_private_files
    return is_ready and world.runs(container_name(session), labels_of(session))


def labels_of(session: Session) -> dict[str, str]:
    """What a container must carry to be this session as it is wanted now."""
    return {
        BOOT: str(session.sandbox.boot),
        PERMISSION: session.permission,
        HOST: "1" if session.is_global else "0",
        # Only where it says something: a new label would replace the containers of all who write.
        **({} if session.can_write else {NETWORK: "readers"}),
    }


def spec_of(session: Session, site: Site, shared: SharedTree) -> ContainerSpec:
    """Return the confined container of a session."""
    sandbox = session.sandbox
    return session_container_spec(
        site=site,
        session=session.name,
        name=container_name(session),
        host=None if session.is_global else global_container_name(sandbox),
        shared=shared,
        read_only=not session.can_write,
        labels=labels_of(session),
        limits=Limits(
            memory_bytes=sandbox.memory_bytes,
            cpu_millis=sandbox.cpu_millis,
            pids=sandbox.pids_limit,
        ),
        runtime=sandbox.template.runtime or None,
    )


def lose_terminals(sandbox: Sandbox, reason: str) -> None:
    """Write down that all shells of a sandbox are gone."""
    for session in sandbox.sessions.all():
        session.lose_terminals(reason)


def note_waiting(sandbox: Sandbox) -> None:
    """Write down that all sessions wait for the network that is being replaced: nobody is sent to the old ones."""
    for session in sandbox.sessions.filter(state=SessionState.RUNNING):
        session.reach(SessionState.WAITING)


def note_stopped(sandbox: Sandbox, reason: str) -> None:
    """Write down that no session runs; those that were ended are forgotten."""
    sandbox.sessions.exclude(ended_at=None).delete()
    for session in sandbox.sessions.exclude(state=SessionState.STOPPED):
        session.reach(SessionState.STOPPED, reason)
