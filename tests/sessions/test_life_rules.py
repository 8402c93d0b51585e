"""The life of sessions as rules: whatever happens in whatever order, everything is as it was asked for in the end.

The twin of the walk in test_life_live.py, without an engine: people, faults and kills between any two calls of the
supervisor to the engine, in hundreds of steps, and a failure is shrunk to its shortest story. The same lives each time;
`LIFE_EXAMPLES=500 pytest ...` draws that many new ones.
"""

from __future__ import annotations

import os
from typing import Any
from uuid import UUID

import pytest
from asgiref.sync import async_to_sync, sync_to_async
from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction
from hypothesis import HealthCheck
from hypothesis import settings as bounds
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from accounts.models import Membership, Role, Team, User
from engine import DiskFull, EngineAway, EngineTimeout, VolumeMount
from engine.labels import BOOT, HOST, KIND, PERMISSION, SANDBOX, SESSION
from sandboxes.models import Desired, Sandbox, State, Template
from sandboxes.supervising.supervisor import FULL_LOOK_S, Supervisor
from sessions.brings.git import Git, private_files
from sessions.containers import global_container_name, named
from sessions.keeper import SessionKeeper
from sessions.models import Session, SessionQuerySet, SessionState, Terminal, permission_of
from sessions.names import GLOBAL_SESSION_ID
from tests.engine_double import Box, EngineDouble

SLUG, IMAGE = "walk", "sandlot/walk:1"
REFERENCES = ["one", "two"]
# Bob's own session has his name. One reference is enough for what is not about two of a kind.
SOME = ["one", "bob", GLOBAL_SESSION_ID]

Event = tuple[str, ...]
Plan = dict[int, Event]

# What can happen: a method of `Life` and what it is called with. It happens where there is something to do it to.
# What takes everything away stands here less often than what brings life into it.
EVENTS: list[Event] = [
    *(("connect", name, permission) for name in REFERENCES for permission in ("write", "read", "read")),
    *(("end", name) for name in [*REFERENCES, "bob"]),
    *(("open_terminal", name) for name in [*SOME, "two"]),
    *(("change_git", name) for name in SOME),
    *(("kill", name) for name in SOME),
    ("kill", *REFERENCES, "bob", GLOBAL_SESSION_ID),
    *[("visit",)] * 3,
    *(("change_role", role) for role in (Role.MEMBER, Role.VIEWER, "")),
    *(("wish", wish) for wish in ("start", "start", "restart", "restart", "restore", "restore")),
    *(("wish", wish) for wish in ("stop", "stop", "trash", "delete", "pause", "pause", "pause", "resume", "resume")),
]
# These have a page, and there is none of a sandbox in the trash.
ON_A_PAGE = {"connect", "end", "open_terminal", "change_git", "visit"}
FAULTS = [EngineTimeout("too slow"), EngineAway("nobody answers"), DiskFull("no space left on device")]
EVENT = st.sampled_from(EVENTS)
# What gives the supervisor work to be disturbed in: half of the time all of it.
CAUSE = (
    st.sampled_from([("wish", "restart"), ("wish", "restore"), ("wish", "start"), ("kill", GLOBAL_SESSION_ID)]) | EVENT
)
TROUBLES: list[Event] = [("kill_supervisor",), *(("fail", str(number)) for number in range(len(FAULTS)))]
# At which call to the engine: the first three only look, a session more makes about ten, a restart about forty.
AT = st.integers(2, 36)
# A turn finds out, the next one does what is due; a failure that is retried, and a deletion, take some more.
TURNS = 12


class Killed(BaseException):
    """kill -9 of the supervisor: nothing of it goes on, so nothing may catch this."""


class Life(RuleBasedStateMachine):
    """One sandbox and its people. What was asked for is kept here, beside the rows, and compared with them."""

    def __init__(self) -> None:
        super().__init__()
        self.undo = transaction.atomic()
        self.undo.__enter__()
        self.engine = EngineDouble(IMAGE)
        self.engine.before = self.before_call
        self.supervisor = self.new_supervisor()
        self.alice = User.objects.create_user("alice@example.com")
        self.bob = User.objects.create_user("bob@example.com")
        self.team = Team.objects.create(name="Harbor")
        self.team.add(self.alice, Role.OWNER)
        self.team.add(self.bob, Role.MEMBER)
        self.template = Template.objects.create(slug="t", title="T", image=IMAGE)
        self.is_there = False
        # By id: the permission that each session is to have. The global one is not among them.
        self.wanted: dict[str, str] = {}
        self.ended: set[int] = set()
        # Terminals that someone looked at: in which container the shell is.
        self.shells: dict[UUID, str] = {}
        # Whether something was broken since all was well: else nothing may fail.
        self.is_hurt = False
        # What happens before which call of a turn.
        self.plan: Plan = {}
        self.calls, self.is_dead, self.was_busy = 0, False, False
        self.found: AssertionError | None = None

    def teardown(self) -> None:
        transaction.set_rollback(True)
        self.undo.__exit__(None, None, None)

    def new_supervisor(self) -> Supervisor:
        return Supervisor(self.engine, SessionKeeper(self.engine))  # type: ignore[arg-type]

    # --- what is there -------------------------------------------------------------------------------------------
    @property
    def sandbox(self) -> Sandbox:
        return Sandbox.objects.select_related("team", "template").get(slug=SLUG)

    def sessions(self) -> SessionQuerySet:
        return Session.objects.filter(sandbox__slug=SLUG).select_related("sandbox__team")

    def box(self, name: str) -> Box | None:
        return self.engine.boxes.get(f"sandlot-{settings.SANDLOT_INSTANCE}.{SLUG}.{name}")

    def is_running(self, name: str) -> bool:
        box = self.box(name)
        return box is not None and box.is_running

    # --- what people do ------------------------------------------------------------------------------------------
    @initialize()
    def create(self) -> None:
        Sandbox.create(slug=SLUG, template=self.template, team=self.team, by=self.alice)
        self.is_there, self.wanted = True, {}
        # Everybody is there, at a prompt.
        self.connect("one", "write")
        self.connect("two", "read")
        self.visit()
        self.everything_settles()
        for name in [*REFERENCES, "bob", GLOBAL_SESSION_ID]:
            self.open_terminal(name)

    @precondition(lambda self: not self.is_there)
    @rule()
    def create_again(self) -> None:
        self.create()

    def connect(self, name: str, permission: str) -> None:
        before = self.wanted.get(name)
        try:
            session, is_new = Session.connect(self.sandbox, name, by=self.alice, permission=permission)
        except ValidationError:
            assert self.sessions().filter(name=name).exclude(ended_at=None).exists()
        else:
            assert (is_new, session.permission) == (before is None, before or permission)
            self.wanted[name] = session.permission

    def visit(self) -> None:
        """Bob opens the sandbox, if he may."""
        role = Membership.objects.filter(user=self.bob).values_list("role", flat=True).first()
        if role is not None and Session.for_person(self.sandbox, self.bob).ended_at is None:
            self.wanted["bob"] = permission_of(role)

    def end(self, name: str) -> None:
        if name in self.wanted:
            self.sessions().get(name=name, ended_at=None).end()
            self.forget(name)

    def forget(self, name: str) -> None:
        del self.wanted[name]
        self.ended |= set(self.sessions().exclude(ended_at=None).values_list("pk", flat=True))

    def change_role(self, role: str) -> None:
        """Make Bob a member, a viewer, or nobody: his session follows."""
        mine = Membership.objects.filter(user=self.bob).first()
        if mine is None:
            if role:
                self.team.add(self.bob, role)
        elif role:
            mine.change_role(role)
            self.wanted.update({"bob": permission_of(role)} if "bob" in self.wanted else {})
        else:
            mine.revoke()
            if "bob" in self.wanted:
                self.forget("bob")

    def open_terminal(self, name: str) -> None:
        """Open one and look at it; while its session does not run, it waits."""
        if (session := self.sessions().filter(name=name, ended_at=None).first()) is None:
            return
        terminal = session.open_terminal(by=self.alice)
        box = self.box(name)
        if session.is_running and box is not None and box.is_running:
            terminal.mark_opened()
            self.shells[terminal.pk] = box.seen.id

    def change_git(self, name: str) -> None:
        if session := self.sessions().filter(name=name, ended_at=None).first():
            session.set_git(Git(email=f"v{session.private_version}@example.com", name=name, token="t"))

    def wish(self, wish: str) -> None:
        sandbox = self.sandbox
        wishes = {"trash": lambda: sandbox.trash(by=self.alice), "delete": sandbox.delete_everything}
        wishes.get(wish, getattr(sandbox, wish, None))()  # type: ignore[misc]

    def kill(self, *names: str) -> None:
        """kill -9 of the first process of a session, or of all, as when the engine starts again."""
        for name in names:
            box = self.box(name)
            if self.is_running(name) or (len(names) > 1 and box is not None and box.lives):
                self.is_hurt = True
                self.engine.end(f"sandlot-{settings.SANDLOT_INSTANCE}.{SLUG}.{name}")

    def happen(self, event: Event) -> None:
        """Let it happen, where there is something that it can happen to."""
        what, *arguments = event
        if not Sandbox.objects.filter(slug=SLUG).exists():
            return
        if what not in ON_A_PAGE or Sandbox.objects.visible_to(self.alice).exclude(desired=Desired.DELETED).exists():
            getattr(self, what)(*arguments)

    # --- the supervisor ------------------------------------------------------------------------------------------
    def turn(self, plan: Plan | None = None) -> None:
        """Let the supervisor look and work once; what is planned happens before its nth calls, or else behind them."""
        self.calls, self.plan, self.is_dead = 0, dict(plan or {}), False
        try:
            async_to_sync(self._turn)()
        except Killed:
            self.supervisor = self.new_supervisor()
        if self.found:
            raise self.found
        for _, event in sorted(self.plan.items()):
            if event not in TROUBLES:
                self.happen(event)

    async def _turn(self) -> None:
        self.supervisor._looked_at = -FULL_LOOK_S
        await self.supervisor._safely_turn(is_begun=True)
        work = list(self.supervisor._busy.values())
        self.was_busy = bool(work)
        for task in work:
            await task

    async def before_call(self, call: str) -> None:
        """Called before each call to the engine."""
        if self.is_dead:
            raise Killed
        self.calls += 1
        event = self.plan.pop(self.calls, None)
        if event:
            await sync_to_async(self.happen)(event)
        if event or call.startswith("exec"):  # on the way to being ready: nobody may be let in too early
            await self.look()

    async def look(self) -> None:
        """Check in the middle of a turn. The supervisor would make a failed sandbox of what is found: it is kept."""
        try:
            await sync_to_async(self.holds)()
        except AssertionError as error:
            self.found, self.is_dead = error, True
            raise Killed from error

    def kill_supervisor(self) -> None:
        self.is_dead = True
        raise Killed

    def fail(self, fault: str) -> None:
        self.is_hurt = True
        raise FAULTS[int(fault)]

    @rule(event=EVENT)
    def something_happens(self, event: Event) -> None:
        self.happen(event)

    @rule(cause=CAUSE, plan=st.dictionaries(AT, EVENT, min_size=3, max_size=6))
    def things_happen_meanwhile(self, cause: Event, plan: Plan) -> None:
        self.happen(cause)
        self.turn(plan)

    @rule(cause=CAUSE, at=AT, trouble=st.sampled_from(TROUBLES))
    def the_engine_or_the_supervisor_fails_meanwhile(self, cause: Event, at: int, trouble: Event) -> None:
        self.happen(cause)
        self.turn({at: trouble})

    @rule()
    def everything_settles(self) -> None:
        """Nothing more happens, and what failed is tried again: it ends as it was asked for."""
        for _ in range(TURNS):
            self.turn()
            if not self.tried_again() and not self.was_busy:
                break
        else:
            raise AssertionError(f"Still at work: {Sandbox.objects.values()} {self.sessions().values()}")
        self.is_hurt = False
        if sandbox := Sandbox.objects.filter(slug=SLUG).first():
            self.check(sandbox)
        else:
            self.check_nothing_is_left()

    def tried_again(self) -> bool:
        failed = list(self.sessions().filter(state=SessionState.FAILED, ended_at=None))
        lost = list(Sandbox.objects.filter(state=State.FAILED))
        assert self.is_hurt or not (failed or lost), (failed, lost)
        for session in failed:
            session.retry()
        for sandbox in lost:
            sandbox.retry()
        return bool(failed or lost)

    # --- what must hold, always ----------------------------------------------------------------------------------
    @invariant()
    def holds(self) -> None:
        """The rows are what was asked for, the ended stay ended, and nobody gets into a session that is not ready."""
        self.is_there = Sandbox.objects.filter(slug=SLUG).exists()
        rows = list(self.sessions().wanted())
        assert not {session.pk for session in rows} & self.ended
        if self.is_there:
            assert {session.name: session.permission for session in rows if not session.is_global} == self.wanted
        for session in rows:
            box = self.box(session.name)
            if session.is_running and box is not None and box.is_running:
                self.check_private_folder(session, box)

    def check_private_folder(self, session: Session, box: Box) -> None:
        """It is filled before people are let in; with something else than the row says only while that is known."""
        assert box.private, session
        if session.has_private_files:
            wanted = private_files(session.git, is_fresh=True)
            assert box.private == {path: content for path, content in wanted.items() if content is not None}

    # --- what must hold once all is done -------------------------------------------------------------------------
    def check(self, sandbox: Sandbox) -> None:
        assert (sandbox.state, sandbox.boot_reached) == (sandbox.desired, sandbox.boot)
        assert not self.sessions().exclude(ended_at=None).exists()
        if sandbox.state == State.PAUSED:
            self.check_paused(sandbox)
            return
        rows = list(self.sessions().wanted()) if sandbox.is_running else []
        # One container for each session and no other.
        assert self.engine.boxes.keys() == {named(sandbox, session.name) for session in rows}
        assert [session.is_global for session in rows] == [True, *[False] * len(self.wanted)][: len(rows)]
        for session in rows:
            self.check_session(session, self.engine.boxes[named(sandbox, session.name)])
        self.check_terminals()

    def check_paused(self, sandbox: Sandbox) -> None:
        """All that there was stands still, and no shell is lost; who came meanwhile waits."""
        boxes = self.engine.boxes
        assert global_container_name(sandbox) in boxes
        assert boxes.keys() <= {named(sandbox, session.name) for session in self.sessions().wanted()}
        assert {box.seen.state for box in boxes.values()} == {"paused"}
        self.check_terminals()

    def check_session(self, session: Session, box: Box) -> None:
        """It is as its row says, on the network of the global one that runs now, unless it may only read."""
        assert box.is_running
        assert (session.state, session.private_reached) == (SessionState.RUNNING, session.private_version)
        labels = {
            KIND: "session",
            SESSION: session.name,
            BOOT: str(session.sandbox.boot),
            PERMISSION: session.permission,
            HOST: "1" if session.is_global else "0",
        }
        assert labels.items() <= box.seen.labels.items()
        shared = [m for m in box.spec.mounts if isinstance(m, VolumeMount) and f".{SLUG}." in m.name]
        assert {mount.read_only for mount in shared} == {session.permission == "read"}
        host = self.engine.boxes[global_container_name(session.sandbox)]
        assert box.stands_on == (host.seen.id if session.can_write and not session.is_global else "")

    def check_terminals(self) -> None:
        """A shell lives as long as its container; a terminal that nobody looked at waits for its session."""
        alive = {box.seen.id for box in self.engine.boxes.values() if box.lives}
        for terminal in Terminal.objects.filter(session__in=self.sessions()):
            assert terminal.is_live == (terminal.pk not in self.shells or self.shells[terminal.pk] in alive), terminal

    def check_nothing_is_left(self) -> None:
        assert not self.engine.boxes
        assert not self.engine.nets
        assert not [volume for volume in self.engine.vols.values() if SANDBOX in volume.labels]


# 20 s of a processor's time; as many as someone asks for take longer, and so does a machine that is busy.
@pytest.mark.timeout(600)
@pytest.mark.django_db
def test_whatever_happens_in_whatever_order_everything_is_as_it_was_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    # What the supervisor leaves for later is due at once.
    monkeypatch.setattr("sandboxes.supervising.supervisor.AWAY_S", 0.0)
    monkeypatch.setattr("sandboxes.supervising.orphans.QUARANTINE_S", 0.0)
    drawn: dict[str, Any] = {"max_examples": 20, "derandomize": True}
    if more := os.environ.get("LIFE_EXAMPLES"):
        drawn = {"max_examples": int(more)}
    # The first life warms up Django, which is slow once.
    slow = [HealthCheck.too_slow, HealthCheck.data_too_large]
    lives = bounds(**drawn, stateful_step_count=40, deadline=None, database=None, suppress_health_check=slow)
    run_state_machine_as_test(Life, settings=lives)
