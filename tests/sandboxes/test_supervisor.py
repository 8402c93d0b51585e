"""What the supervisor makes of troubles that a real engine does not produce on demand."""

from __future__ import annotations

from typing import Any

import pytest
from asgiref.sync import sync_to_async

from accounts.models import Team, User
from sandboxes.engine import DiskFull, EngineAway, EngineError, EngineTimeout, Image
from sandboxes.models import EngineStatus, Sandbox, State, Step, Template
from sandboxes.space import DiskLow
from sandboxes.supervisor import Supervisor
from sandboxes.world import World

pytestmark = pytest.mark.django_db(transaction=True)


class TroubledEngine:
    """Answers every call with one trouble."""

    def __init__(self, trouble: Exception) -> None:
        self.trouble = trouble

    def __getattr__(self, name: str) -> Any:
        async def call(*_: Any, **__: Any) -> Image:
            raise self.trouble

        return call


class NoSessions:
    """A keeper of nothing."""

    async def needy(self, world: World) -> set[int]:
        return set()

    async def known(self) -> set[str]:
        return set()


async def attended(sandbox: Sandbox, trouble: Exception, monkeypatch: pytest.MonkeyPatch) -> Sandbox:
    """Let a supervisor attend to a sandbox once, on an engine in trouble."""
    monkeypatch.setattr("sandboxes.supervisor.AWAY_S", 0.0)
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
