"""What the supervisor does without its lease, without the database and when a part of it dies."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.db import OperationalError, connection

from accounts.models import Team, User
from engine import Container, EngineAway, EngineEvent, Network
from engine.labels import KIND
from engine.world import World
from sandboxes.models import Desired, EngineStatus, Lease, Sandbox, State, Step, Template
from sandboxes.supervising import lease, supervisor
from sandboxes.supervising.keeping import keep_running
from sandboxes.supervising.supervisor import Supervisor
from sandboxes.supervising.work import Work

pytestmark = pytest.mark.django_db(transaction=True)

LIFETIME_S = lease.LEASE_LIFETIME.total_seconds()


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """What comes again after a time comes again at once; the lease itself runs by the tests' own clock."""
    monkeypatch.setattr(lease, "RENEW_S", 0.01)
    for name in ("TURN_S", "AWAY_S", "SECOND_LOOK_S"):
        monkeypatch.setattr(supervisor, name, 0.01)
    monkeypatch.setattr(supervisor, "FULL_LOOK_S", 0.02)
    monkeypatch.setattr("sandboxes.supervising.keeping.FIRST_WAIT_S", 0.01)


class Counted:
    """Counts; `await more(n)` waits until it counted n more than now."""

    def __init__(self) -> None:
        self.count, self._changed = 0, asyncio.Condition()

    async def add(self) -> None:
        async with self._changed:
            self.count += 1
            self._changed.notify_all()

    async def more(self, count: int) -> None:
        aim = self.count + count
        async with asyncio.timeout(20), self._changed:
            await self._changed.wait_for(lambda: self.count >= aim)


class QuietEngine:
    """Nothing runs on it and nothing happens on it; it counts its full looks."""

    def __init__(self) -> None:
        self.looks, self.listened = Counted(), Counted()
        self.fault: Exception | None = None
        self.deaf: Exception | None = None

    async def containers(self, labels: Mapping[str, str]) -> list[Container]:
        if KIND in labels:
            await self.looks.add()
        if self.fault:
            raise self.fault
        return []

    async def networks(self, labels: Mapping[str, str]) -> list[Network]:
        return []

    async def events(self, labels: Mapping[str, str]) -> AsyncIterator[EngineEvent]:
        await self.listened.add()
        if self.deaf:
            raise self.deaf
        await asyncio.Event().wait()
        yield EngineEvent("never", "never", {}, None)  # type: ignore[arg-type]

    def __getattr__(self, name: str) -> Any:
        async def call(*_: Any, **__: Any) -> Any:
            raise EngineAway(f"{name} is not asked here")

        return call


class Keeper:
    """A keeper of nothing that may be at work for long, and that fails when told to."""

    def __init__(self) -> None:
        self.fault: Exception | None = None
        self.begun, self.left = Counted(), Counted()
        self.faults_of_down: list[Exception] = []
        self.goes_on = asyncio.Event()
        self.after_the_wait = 0
        self.asked = Counted()
        self.may_answer = asyncio.Event()
        self.may_answer.set()

    async def needy(self, world: World) -> set[int]:
        await self.asked.add()
        await self.may_answer.wait()
        if self.fault:
            raise self.fault
        return set()

    async def tidy(self) -> None:
        pass

    async def known(self) -> set[tuple[str, str]]:
        return set()

    async def down(self, sandbox: Sandbox, reason: str) -> None:
        await self.begun.add()
        if self.faults_of_down:
            raise self.faults_of_down.pop()
        try:
            await self.goes_on.wait()
        except asyncio.CancelledError:
            await self.left.add()
            raise
        self.after_the_wait += 1


class Stage:
    """A supervisor whose clock and whose database's faults are a test's."""

    def __init__(self) -> None:
        self.engine, self.keeper = QuietEngine(), Keeper()
        self.now = 0.0
        self.is_database_away = False
        self.asked = self.refused = 0
        self.supervisor = Supervisor(self.engine, self.keeper)  # type: ignore[arg-type]
        self.supervisor._claim = lease.Claim("default", "host-a 1 1", lambda: self.now)
        self.other = lease.Claim("default", "host-b 1 1", lambda: self.now)

    def execute(self, execute: Callable[..., Any], *query: Any) -> Any:
        self.asked += 1
        if self.is_database_away:
            self.refused += 1
            raise OperationalError("the connection was lost")
        return execute(*query)

    def come_between(self) -> None:
        """See the queries of this thread's connection."""
        connection.execute_wrappers.append(self.execute)

    def go_away(self) -> None:
        connection.execute_wrappers.remove(self.execute)

    async def until(self, question: Callable[[], Awaitable[bool] | bool], what: str) -> None:
        async with asyncio.timeout(20):
            while True:
                answer = question()
                if answer if isinstance(answer, bool) else await answer:
                    return
                await asyncio.sleep(0.005)

    async def until_refused(self, times: int = 5) -> None:
        aim = self.refused + times
        await self.until(lambda: self.refused >= aim, "the database refuses queries")

    async def until_it_leads(self) -> None:
        await self.engine.looks.more(2)

    async def until_it_stopped_leading(self) -> None:
        await self.until(lambda: not leading(), "nothing is done with the lease")


def leading() -> list[str]:
    """Return what runs that may only run with the lease."""
    names = {"_lead", "_turns", "_listen", "_guard", "_attend", "watch_disks", "keep_running"}
    return [name for task in asyncio.all_tasks() if (name := task.get_coro().__name__) in names]  # type: ignore[union-attr]


@asynccontextmanager
async def supervising(stage: Stage) -> AsyncIterator[asyncio.Task[None]]:
    """Let the supervisor run, its queries through `Stage.execute`."""
    await sync_to_async(stage.come_between)()
    task = asyncio.create_task(stage.supervisor.run())
    try:
        yield task
    finally:
        stage.is_database_away = False
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await sync_to_async(stage.go_away)()


@pytest.fixture
async def stage() -> Stage:
    return Stage()


@pytest.fixture
async def wanted() -> Sandbox:
    """A sandbox that runs and is to be stopped."""

    def make() -> Sandbox:
        owner = User.objects.create_user("ada@example.com")
        team = Team.objects.create(name="Harbor")
        template = Template.objects.create(slug="t", title="T", image="sandlot/t:1")
        sandbox = Sandbox.create(slug="wanted", template=template, team=team, by=owner)
        sandbox.reach(State.STOPPED, boot_reached=sandbox.boot, desired=Desired.STOPPED)
        return sandbox

    return await sync_to_async(make)()


def stop(sandbox: Sandbox) -> None:
    Sandbox.objects.filter(pk=sandbox.pk).update(desired=Desired.STOPPED, state=State.RUNNING)


# --- no turn without the lease ---------------------------------------------------------------------------------------
async def test_nothing_is_begun_while_another_has_the_lease(stage: Stage, wanted: Sandbox) -> None:
    await sync_to_async(stage.other.renew)()
    await sync_to_async(stop)(wanted)
    open_step = await sync_to_async(Step.begin)(wanted, "stop", "Stop the sessions")
    async with supervising(stage):
        await stage.until(lambda: stage.asked >= 20, "it asks for the lease again and again")
        assert leading() == []
    assert (stage.engine.looks.count, stage.engine.listened.count, stage.keeper.begun.count) == (0, 0, 0)
    await open_step.arefresh_from_db()
    assert open_step.finished_at is None, "the step of another that lives was closed"


async def test_nothing_is_begun_while_the_lease_cannot_be_asked_for(stage: Stage, wanted: Sandbox) -> None:
    stage.is_database_away = True
    async with supervising(stage):
        await stage.until_refused()
        assert leading() == []
        assert stage.engine.looks.count == 0


async def test_steps_of_a_predecessor_are_closed_though_the_first_renewals_failed(
    stage: Stage, wanted: Sandbox
) -> None:
    open_step = await sync_to_async(Step.begin)(wanted, "stop", "Stop the sessions")
    stage.is_database_away = True
    async with supervising(stage):
        await stage.until_refused()
        stage.is_database_away = False
        await stage.until_it_leads()
        await open_step.arefresh_from_db()
    assert open_step.outcome == Step.Outcome.INTERRUPTED


async def test_a_database_that_is_away_for_a_moment_ends_nothing(stage: Stage) -> None:
    async with supervising(stage) as task:
        await stage.until_it_leads()
        stage.is_database_away = True
        await stage.until_refused()
        stage.is_database_away = False
        await stage.until_it_leads()
        assert not task.done()


async def test_a_lease_that_cannot_be_renewed_ends_everything_that_was_begun(stage: Stage, wanted: Sandbox) -> None:
    async with supervising(stage) as task:
        await stage.until_it_leads()
        await sync_to_async(stop)(wanted)
        await stage.keeper.begun.more(1)
        stage.is_database_away = True
        stage.now += LIFETIME_S - lease.MARGIN_S
        await stage.keeper.left.more(1)
        await stage.until_it_stopped_leading()
        looks = stage.engine.looks.count
        await stage.until_refused()
        assert (stage.engine.looks.count, leading(), task.done()) == (looks, [], False)
    assert stage.keeper.after_the_wait == 0
    await wanted.arefresh_from_db()
    assert wanted.state == State.RUNNING, "what was left because of the lease is no failure"


async def test_it_goes_on_with_what_it_left_once_the_lease_is_back(stage: Stage, wanted: Sandbox) -> None:
    async with supervising(stage):
        await stage.until_it_leads()
        await sync_to_async(stop)(wanted)
        await stage.keeper.begun.more(1)
        stage.is_database_away = True
        stage.now += LIFETIME_S
        await stage.until_it_stopped_leading()
        stage.is_database_away = False
        stage.keeper.goes_on.set()
        await stage.until(lambda: Sandbox.objects.filter(state=State.STOPPED).aexists(), "the sandbox is stopped")
    outcomes = [step.outcome async for step in wanted.steps.all()]
    assert outcomes == [Step.Outcome.INTERRUPTED, Step.Outcome.DONE]


async def test_a_database_that_was_away_for_a_moment_makes_no_sandbox_fail(stage: Stage, wanted: Sandbox) -> None:
    stage.keeper.faults_of_down = [OperationalError("the connection was lost")]
    stage.keeper.goes_on.set()
    async with supervising(stage):
        await stage.until_it_leads()
        await sync_to_async(stop)(wanted)
        await stage.until(lambda: Sandbox.objects.filter(state=State.STOPPED).aexists(), "the sandbox is stopped")
    outcomes = [step.outcome async for step in wanted.steps.all()]
    assert outcomes == [Step.Outcome.FAILED, Step.Outcome.DONE]


async def test_work_that_ends_while_it_asks_what_to_do_is_not_done_again(stage: Stage, wanted: Sandbox) -> None:
    async with supervising(stage):
        await stage.until_it_leads()
        await sync_to_async(stop)(wanted)
        await stage.keeper.begun.more(1)
        stage.keeper.may_answer.clear()
        stage.supervisor.wake()
        await stage.keeper.asked.more(1)  # it has read by now that the sandbox is to be stopped
        stage.keeper.goes_on.set()
        await stage.until(lambda: not stage.supervisor._busy, "the sandbox is stopped")
        stage.keeper.may_answer.set()
        await stage.engine.looks.more(2)
    assert stage.keeper.begun.count == 1


async def test_it_stops_when_told_to_at_the_moment_it_is_woken(
    stage: Stage, wanted: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supervisor, "TURN_S", 60)
    assert await sync_to_async(stage.supervisor._claim.renew)()
    turns = asyncio.create_task(stage.supervisor._turns())
    await stage.until(lambda: bool(stage.supervisor._awake._waiters), "it waits for its next turn")
    # Until the wait knows that it is over it is cancelled, too.
    stage.supervisor.wake()
    turns.cancel()
    await asyncio.wait({turns}, timeout=5)
    assert turns.cancelled()


async def test_one_that_slept_while_another_took_over_acts_no_more(stage: Stage, wanted: Sandbox) -> None:
    """The process stood still, or its machine slept: when it wakes, its clock has gone on and the row is another's."""
    async with supervising(stage):
        await stage.until_it_leads()
        await sync_to_async(stop)(wanted)
        await stage.keeper.begun.more(1)

        def sleep() -> None:  # in the thread of the database, so that no renewal comes between
            stage.other.renew()
            stage.now += LIFETIME_S
            assert stage.other.renew()

        await sync_to_async(sleep)()
        stage.keeper.goes_on.set()
        await stage.until_it_stopped_leading()
        looks, begun = stage.engine.looks.count, stage.keeper.begun.count
        for _ in range(5):
            assert await sync_to_async(stage.other.renew)()
        assert (stage.engine.looks.count, stage.keeper.begun.count, leading()) == (looks, begun, [])
        assert (await Lease.objects.aget()).owner == "host-b 1 1"


async def test_a_step_that_cannot_be_closed_still_ends_when_cancelled(stage: Stage, wanted: Sandbox) -> None:
    begun = asyncio.Event()

    async def work() -> None:
        async with Work(wanted, "stop").step("Stop the sessions"):
            begun.set()
            await asyncio.Event().wait()

    task = asyncio.create_task(work())
    await begun.wait()
    await sync_to_async(stage.come_between)()
    stage.is_database_away = True
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await sync_to_async(stage.go_away)()


# --- a part that dies ------------------------------------------------------------------------------------------------
async def test_a_report_that_cannot_be_written_ends_nothing(stage: Stage) -> None:
    """Engine and database are away at once: the words for the pages cannot be kept."""
    async with supervising(stage) as task:
        await stage.until_it_leads()
        stage.engine.fault, stage.is_database_away = EngineAway("nobody answers"), True
        await stage.until_refused()
        assert not task.done()
        stage.is_database_away = False
        await stage.until(lambda: EngineStatus.objects.exclude(trouble_text="").aexists(), "the trouble is told")
        stage.engine.fault = None
        await stage.until(lambda: EngineStatus.objects.filter(trouble_text="").aexists(), "the trouble is over")


@pytest.mark.parametrize("surprise", [RuntimeError("broken"), KeyError("x"), OSError("no more files")])
async def test_a_listener_that_dies_is_told_and_listens_again(
    stage: Stage, surprise: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    stage.engine.deaf = surprise
    async with supervising(stage) as task:
        await stage.engine.listened.more(3)
        stage.engine.deaf = None
        await stage.engine.listened.more(1)
        await stage.until_it_leads()
        assert not task.done()
    assert "The engine's listener stopped unexpectedly. It starts again in" in caplog.text


async def test_a_turn_that_fails_unexpectedly_ends_the_supervisor_with_its_reason(stage: Stage) -> None:
    """Whoever runs it is told: `keep_running` says so and starts it again."""
    async with supervising(stage) as task:
        await stage.until_it_leads()
        stage.keeper.fault = KeyError("surprise")
        with pytest.raises(KeyError, match="surprise"):
            await asyncio.wait_for(task, 20)
        assert leading() == []


async def test_a_surprise_in_keeping_the_lease_ends_the_supervisor_with_its_reason(stage: Stage) -> None:
    def surprise() -> bool:
        raise RuntimeError("surprise")

    async with supervising(stage) as task:
        await stage.until_it_leads()
        stage.supervisor._claim.renew = surprise  # type: ignore[method-assign]
        stage.now += LIFETIME_S
        with pytest.raises(RuntimeError, match="surprise"):
            await asyncio.wait_for(task, 20)
        assert leading() == []


# --- kept running ----------------------------------------------------------------------------------------------------
async def test_a_job_that_dies_is_told_and_started_again(caplog: pytest.LogCaptureFixture) -> None:
    told: list[tuple[str, float]] = []
    runs = 0

    async def job() -> None:
        nonlocal runs
        runs += 1
        if runs < 4:
            raise ValueError(f"run {runs}")

    async def died(error: Exception, wait_s: float) -> None:
        told.append((str(error), wait_s))

    await asyncio.wait_for(keep_running("sampler", job, died), 20)
    assert told == [("run 1", 0.01), ("run 2", 0.02), ("run 3", 0.04)]
    assert [record.levelno for record in caplog.records] == [logging.ERROR] * 3
    assert caplog.records[0].exc_info, "the log has the traceback"


async def test_a_job_that_is_cancelled_is_not_started_again() -> None:
    runs = Counted()

    async def job() -> None:
        await runs.add()
        await asyncio.Event().wait()

    task = asyncio.create_task(keep_running("sampler", job))
    await runs.more(1)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert runs.count == 1


async def test_a_job_that_never_gets_going_is_tried_once_a_minute_at_least(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sandboxes.supervising.keeping.LONGEST_WAIT_S", 0.03)
    waits: list[float] = []

    async def job() -> None:
        if len(waits) < 5:
            raise ValueError

    async def died(_: Exception, wait_s: float) -> None:
        waits.append(wait_s)

    await asyncio.wait_for(keep_running("sampler", job, died), 20)
    assert waits == [0.01, 0.02, 0.03, 0.03, 0.03]
