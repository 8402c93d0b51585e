"""What the supervisor makes of troubles that a real engine does not produce on demand."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.utils import timezone

from accounts.models import Team, User
from engine import (
    Container,
    DiskFull,
    EngineAway,
    EngineError,
    EngineEvent,
    EngineTimeout,
    Image,
    Network,
)
from engine.labels import KIND, SANDBOX, labels_of
from engine.space import DiskLow
from engine.world import World
from sandboxes.models import EngineStatus, Sandbox, State, Step, Template
from sandboxes.supervising import orphans
from sandboxes.supervising.supervisor import Supervisor

pytestmark = pytest.mark.django_db(transaction=True)


class TroubledEngine:
    """Answers every call with one trouble."""

    def __init__(self, trouble: Exception) -> None:
        self.trouble = trouble

    def __getattr__(self, name: str) -> Any:
        async def call(*_: Any, **__: Any) -> Image:
            raise self.trouble

        return call


class LeftOver:
    """Has the networks of one sandbox and nothing else."""

    def __init__(self, sandbox: str) -> None:
        self.removed: list[str] = []
        self._networks = [
            Network("id", f"network of {sandbox}", labels_of("here", "network", sandbox=sandbox), "sl-0", None),
            Network("id", f"readers of {sandbox}", labels_of("here", "readers", sandbox=sandbox), "sl-1", None),
        ]

    async def containers(self, _labels: object) -> list[Container]:
        return []

    async def networks(self, _labels: object) -> list[Network]:
        return self._networks

    async def remove_network(self, name: str) -> None:
        self.removed.append(name)


class NoSessions:
    """A keeper of nothing."""

    async def needy(self, world: World) -> set[int]:
        return set()

    async def tidy(self) -> None:
        pass

    async def known(self) -> set[str]:
        return set()


async def attended(sandbox: Sandbox, trouble: Exception, monkeypatch: pytest.MonkeyPatch) -> Sandbox:
    """Let a supervisor attend to a sandbox once, on an engine in trouble."""
    monkeypatch.setattr("sandboxes.supervising.supervisor.AWAY_S", 0.0)
    supervisor = Supervisor(TroubledEngine(trouble), NoSessions())  # type: ignore[arg-type]
    supervisor._busy[sandbox.pk] = None  # type: ignore[assignment]
    await supervisor._attend(sandbox.pk)
    return await Sandbox.objects.aget(pk=sandbox.pk)


@pytest.fixture
async def wanted() -> Sandbox:
    def make() -> Sandbox:
        owner = User.objects.create_user("ada@example.com")
        team = Team.objects.create(name="Harbor")
        template = Template.objects.create(slug="t", title="T", image="sandlot/t:1")
        return Sandbox.create(slug="wanted", template=template, team=team, by=owner)

    return await sync_to_async(make)()


@pytest.mark.parametrize("trouble", [DiskFull("no space left on device"), EngineError("broken"), DiskLow("1.0 GiB")])
async def test_what_cannot_be_helped_fails_with_its_reason(
    wanted: Sandbox, trouble: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    sandbox = await attended(wanted, trouble, monkeypatch)
    assert (sandbox.state, sandbox.reason) == (State.FAILED, str(trouble))
    step = await Step.objects.aget(sandbox=sandbox)
    assert (step.outcome, step.detail) == (Step.Outcome.FAILED, str(trouble))


@pytest.mark.parametrize("trouble", [EngineAway("nobody answers"), EngineTimeout("too slow")])
async def test_an_engine_that_is_away_is_waited_for(
    wanted: Sandbox, trouble: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    sandbox = await attended(wanted, trouble, monkeypatch)
    assert sandbox.state == State.CREATING
    assert str(trouble) in (await sync_to_async(EngineStatus.trouble)() or "")


async def test_a_surprise_is_told_without_its_insides(wanted: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    sandbox = await attended(wanted, KeyError("secret detail"), monkeypatch)
    assert sandbox.state == State.FAILED
    assert "secret detail" not in sandbox.reason


async def test_a_sandbox_that_is_gone_is_no_trouble(wanted: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    supervisor = Supervisor(TroubledEngine(EngineError("never asked")), NoSessions())  # type: ignore[arg-type]
    supervisor._busy[0] = None  # type: ignore[assignment]
    await supervisor._attend(0)
    assert not supervisor._busy


@pytest.mark.parametrize(
    ("slug", "goes"), [("wanted", []), ("forgotten", ["network of forgotten", "readers of forgotten"])]
)
async def test_both_networks_of_a_sandbox_that_nobody_knows_are_removed(
    wanted: Sandbox, slug: str, goes: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sandboxes.supervising.orphans.QUARANTINE_S", 0.0)
    engine = LeftOver(slug)
    await orphans.Quarantine().inspect(engine, "here", set())  # type: ignore[arg-type]
    assert engine.removed == goes


async def test_steps_that_a_killed_supervisor_left_open_are_closed(wanted: Sandbox) -> None:
    step = await sync_to_async(Step.begin)(wanted, "create", "Create the network")
    assert await sync_to_async(Step.objects.interrupt)() == 1
    await step.arefresh_from_db()
    assert step.outcome == Step.Outcome.INTERRUPTED
    assert step.finished_at is not None


async def test_a_long_log_keeps_its_latest_steps(wanted: Sandbox) -> None:
    for number in range(130):
        await sync_to_async(Step.begin)(wanted, "start", f"Step {number}")
    titles = [step.title async for step in wanted.steps.all()]
    assert len(titles) == 100
    assert titles[-1] == "Step 129"


class ChangingEngine:
    """Something ends on it just while the first full look is answered, and that answer does not show it yet."""

    def __init__(self) -> None:
        self.looks = 0
        self.is_asked, self.is_told, self.is_asked_again = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def containers(self, labels: Mapping[str, str]) -> list[Container]:
        if KIND not in labels:  # the search for orphans, not the look
            return []
        self.looks += 1
        if self.looks == 1:
            self.is_asked.set()
            await self.is_told.wait()
        else:
            self.is_asked_again.set()
        return []

    async def events(self, labels: Mapping[str, str]) -> AsyncIterator[EngineEvent]:
        await self.is_asked.wait()
        yield EngineEvent("die", "sandlot-test-wanted-ada", {SANDBOX: "wanted"}, timezone.now())
        self.is_told.set()  # whoever asks for the next one has taken this one in
        await asyncio.Event().wait()

    async def networks(self, labels: Mapping[str, str]) -> list[Network]:
        return []

    def __getattr__(self, name: str) -> Any:
        return TroubledEngine(EngineError("not asked here")).__getattr__(name)


async def test_news_that_comes_during_a_look_is_not_lost() -> None:
    engine = ChangingEngine()
    supervising = asyncio.create_task(Supervisor(engine, NoSessions()).run())  # type: ignore[arg-type]
    try:
        async with asyncio.timeout(10):  # without the news the next look is due after 30 s
            await engine.is_asked_again.wait()
    finally:
        supervising.cancel()
        await asyncio.gather(supervising, return_exceptions=True)
        # What it had begun to write goes on in the thread of the database; one question behind it waits for it.
        await sync_to_async(lambda: None)()
