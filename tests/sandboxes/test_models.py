"""What is wanted and what is: sandboxes, their steps, leases, the engine's status."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone
from pytest_django import DjangoCaptureOnCommitCallbacks

from accounts.models import Team, User
from sandboxes import names
from sandboxes.models import STEPS_KEPT, Desired, EngineStatus, Sandbox, State, Step, Template
from sandboxes.signals import sandbox_changed
from sandboxes.sizes import Size, limits


def settled(sandbox: Sandbox, state: str) -> Sandbox:
    sandbox.reach(state, boot_reached=sandbox.boot)
    return sandbox


# --- creating -------------------------------------------------------------------------------------------------------
def test_a_sandbox_begins_with_the_templates_limits(sandbox: Sandbox, template: Template) -> None:
    assert (sandbox.memory_bytes, sandbox.cpu_millis) == (template.memory_bytes, template.cpu_millis)
    assert (sandbox.desired, sandbox.state) == (Desired.RUNNING, State.CREATING)


@pytest.mark.parametrize("slug", ["", "Upper", "-a", "a-", "a_b", "a.b", "ä", "a" * 31, "a b", "new", "a\n"])
def test_bad_names_are_refused(team: Team, template: Template, alice: User, slug: str) -> None:
    with pytest.raises(ValidationError):
        Sandbox.create(slug=slug, template=template, team=team, by=alice)
    assert not Sandbox.objects.exists()


def test_a_taken_name_is_refused(sandbox: Sandbox, template: Template, charlie: User) -> None:
    theirs = Team.objects.create(name="Elsewhere")
    with pytest.raises(ValidationError):
        Sandbox.create(slug=sandbox.slug, template=template, team=theirs, by=charlie)


def test_a_name_taken_in_the_last_moment_is_refused_too(
    sandbox: Sandbox, template: Template, alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Sandbox, "full_clean", lambda _: None)  # the check came before the other's row
    with pytest.raises(ValidationError, match="taken"):
        Sandbox.create(slug=sandbox.slug, template=template, team=sandbox.team, by=alice)


def test_suggested_names_are_free(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sandboxes.models.sandbox.suggest", lambda: sandbox.slug)
    suggested = Sandbox.objects.free_slug()
    assert suggested != sandbox.slug
    names.validate_slug(suggested)


def test_every_suggestion_is_a_good_name() -> None:
    for adjective in names.ADJECTIVES:
        for noun in names.NOUNS:
            names.validate_slug(f"{adjective}-{noun}")


@pytest.mark.parametrize("size", Size)
def test_every_size_of_every_template_makes_a_sandbox(team: Team, alice: User, size: Size) -> None:
    tiny = Template.objects.create(slug="tiny", title="Tiny", image="x", memory_bytes=64 * 1024**2, cpu_millis=100)
    sandbox = Sandbox.create(slug="a", template=tiny, team=team, by=alice, **limits(tiny, size))
    assert sandbox.memory_bytes >= 64 * 1024**2


def test_sizes_are_shares_of_the_template(template: Template) -> None:
    assert limits(template, Size.STANDARD)["memory_bytes"] == template.memory_bytes
    assert limits(template, Size.LARGE)["cpu_millis"] == 2 * template.cpu_millis
    assert limits(template, Size.SMALL)["disk_bytes"] == template.disk_bytes // 2


# --- wishes ---------------------------------------------------------------------------------------------------------
def test_stop_and_start_are_wishes(sandbox: Sandbox) -> None:
    settled(sandbox, State.RUNNING).stop()
    assert (sandbox.desired, sandbox.state) == (Desired.STOPPED, State.STOPPING)
    assert sandbox in Sandbox.objects.unsettled()
    settled(sandbox, State.STOPPED).start()
    assert (sandbox.desired, sandbox.state) == (Desired.RUNNING, State.STARTING)


def test_starting_what_runs_changes_nothing(sandbox: Sandbox) -> None:
    settled(sandbox, State.RUNNING).start()
    assert sandbox.state == State.RUNNING
    assert sandbox not in Sandbox.objects.unsettled()


def test_a_pause_is_a_wish_that_only_what_runs_can_have(sandbox: Sandbox) -> None:
    assert not sandbox.pause()
    sandbox.reach(State.RUNNING, boot_reached=1)
    assert sandbox.pause()
    assert (sandbox.desired, sandbox.state) == (Desired.PAUSED, State.RUNNING)
    assert sandbox in Sandbox.objects.unsettled()
    assert not sandbox.pause()
    sandbox.reach(State.PAUSED)
    assert sandbox not in Sandbox.objects.unsettled()
    assert sandbox not in Sandbox.objects.unsettled()
    assert sandbox.resume()
    assert (sandbox.desired, sandbox.state) == (Desired.RUNNING, State.STARTING)
    assert not sandbox.resume()


def test_a_paused_sandbox_is_not_stopped_for_idleness(sandbox: Sandbox) -> None:
    sandbox.change_idle_timeout(60)
    sandbox.reach(State.RUNNING, boot_reached=1)
    sandbox.pause()
    sandbox.reach(State.PAUSED)
    assert Sandbox.objects.stop_idle(timezone.now() + timedelta(days=2)) == []


def test_a_restart_counts_so_that_an_interrupted_one_is_finished(sandbox: Sandbox) -> None:
    settled(sandbox, State.RUNNING).restart()
    assert sandbox.boot == sandbox.boot_reached + 1
    assert sandbox in Sandbox.objects.unsettled()


def test_deleting_cannot_be_taken_back(sandbox: Sandbox) -> None:
    settled(sandbox, State.RUNNING).delete_everything()
    for wish in (sandbox.start, sandbox.stop, sandbox.restart):
        wish()
    assert (sandbox.desired, sandbox.state) == (Desired.DELETED, State.DELETING)


@pytest.mark.parametrize(
    ("wish", "boot_reached", "state"),
    [
        (Desired.RUNNING, 0, State.CREATING),
        (Desired.RUNNING, 1, State.STARTING),
        (Desired.STOPPED, 1, State.STOPPING),
        (Desired.DELETED, 1, State.DELETING),
    ],
)
def test_retry_goes_on_towards_the_same_wish(sandbox: Sandbox, wish: str, boot_reached: int, state: str) -> None:
    sandbox.reach(State.FAILED, "Disk full.", desired=wish, boot_reached=boot_reached)
    assert sandbox not in Sandbox.objects.unsettled()  # gave up
    sandbox.retry()
    assert (sandbox.desired, sandbox.state, sandbox.reason) == (wish, state, "")


@pytest.mark.parametrize("state", State)
def test_every_state_has_a_next_action(sandbox: Sandbox, state: str) -> None:
    sandbox.reach(state)
    assert sandbox.next_action.endswith(".")


def test_news_is_told_after_the_commit(
    sandbox: Sandbox, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    told: list[str] = []

    def listen(sandbox: Sandbox, **_: object) -> None:
        told.append(sandbox.state)

    sandbox_changed.connect(listen)
    try:
        with django_capture_on_commit_callbacks(execute=True):
            sandbox.reach(State.RUNNING)
            assert not told
    finally:
        sandbox_changed.disconnect(listen)
    assert told == [State.RUNNING]


# --- steps ----------------------------------------------------------------------------------------------------------
def test_a_step_knows_how_long_it_took(sandbox: Sandbox) -> None:
    step = Step.begin(sandbox, "create", "Create the network")
    assert step.took_s is None
    assert step.elapsed_s >= 0
    step.finish(Step.Outcome.DONE)
    assert step.took_s is not None


def test_steps_that_a_killed_supervisor_left_open_are_closed(sandbox: Sandbox) -> None:
    Step.begin(sandbox, "create", "Create the network")
    assert Step.objects.interrupt() == 1
    assert sandbox.steps.get().outcome == Step.Outcome.INTERRUPTED


def test_the_log_of_a_sandbox_does_not_grow_for_ever(sandbox: Sandbox) -> None:
    for number in range(STEPS_KEPT + 5):
        Step.begin(sandbox, "create", f"Step {number}")
    assert sandbox.steps.count() == STEPS_KEPT
    assert not sandbox.steps.filter(title="Step 0").exists()


# --- engine ---------------------------------------------------------------------------------------------------------
def test_trouble_is_kept_until_it_is_over(db: None) -> None:
    assert EngineStatus.trouble() is None
    EngineStatus.report_trouble("The engine does not answer.")
    assert EngineStatus.trouble() == "The engine does not answer."
    EngineStatus.report_trouble(None)
    assert EngineStatus.trouble() is None


def test_facts_do_not_hide_trouble(db: None) -> None:
    EngineStatus.report_trouble("Slow.")
    EngineStatus.report_facts({"version": "20.10"})
    status = EngineStatus.objects.get()
    assert (status.facts, status.trouble_text) == ({"version": "20.10"}, "Slow.")
