"""Idle stop: what counts as use, when a sandbox stops by itself, and what it says about it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from asgiref.sync import sync_to_async

from accounts.models import Team, User
from sandboxes.models import Desired, Sandbox, State, Template, Use
from sandboxes.supervising.supervisor import Supervisor
from sandboxes.words import clock, in_words
from sessions.models import Session, SessionState
from tests.sandboxes.test_supervisor import NoSessions, TroubledEngine
from tests.visitors import browser_of

PAGE = "/sandboxes/quiet-otter/"
NOON = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.fixture
def running(sandbox: Sandbox) -> Sandbox:
    """Started at noon, with an idle timeout of an hour."""
    sandbox.change_idle_timeout(3600)
    sandbox.reach(State.RUNNING, boot_reached=sandbox.boot, state_at=NOON)
    return sandbox


def used(sandbox: Sandbox, by: User, at: datetime, use: str = Use.TYPED) -> Sandbox:
    Sandbox.objects.get(pk=sandbox.pk).note_use(by, use, at)
    sandbox.refresh_from_db()
    return sandbox


# --- when -----------------------------------------------------------------------------------------------------------
def test_it_stops_an_hour_after_the_last_keystroke_and_says_whose(running: Sandbox, bob: User) -> None:
    used(running, bob, NOON + timedelta(minutes=110))
    assert running.stops_at == NOON + timedelta(minutes=170)
    assert Sandbox.objects.stop_idle(NOON + timedelta(minutes=169)) == []
    assert Sandbox.objects.stop_idle(NOON + timedelta(minutes=170)) == [running]
    running.refresh_from_db()
    assert (running.desired, running.state) == (Desired.STOPPED, State.STOPPING)
    assert running.reason == "Stopped: nobody typed for 1 h; last keystroke by Bob 13:50 UTC."


def test_starting_counts_as_use(running: Sandbox) -> None:
    assert (running.stops_at, running.idle_cause, running.idle_cause_at) == (NOON + HOUR, "started", NOON)


def test_an_old_keystroke_does_not_stop_what_was_just_started(running: Sandbox, bob: User) -> None:
    used(running, bob, NOON - 3 * HOUR)
    assert Sandbox.objects.stop_idle(NOON + timedelta(minutes=59)) == []
    assert running.idle_cause == "started"


def test_without_a_timeout_it_never_stops(running: Sandbox) -> None:
    running.change_idle_timeout(None)
    assert running.stops_at is None
    assert Sandbox.objects.stop_idle(NOON + 1000 * HOUR) == []


@pytest.mark.parametrize("state", [State.CREATING, State.STARTING, State.STOPPING, State.STOPPED, State.FAILED])
def test_only_what_runs_stops(running: Sandbox, state: str) -> None:
    running.reach(state, state_at=NOON)
    assert running.stops_at is None
    assert Sandbox.objects.stop_idle(NOON + 1000 * HOUR) == []


def test_a_new_sandbox_takes_over_its_templates_timeout(team: Team, template: Template, bob: User) -> None:
    template.idle_timeout_s = 900
    template.save()
    assert Sandbox.create(slug="his", template=template, team=team, by=bob).idle_timeout_s == 900


def test_who_types_in_the_last_moment_keeps_it(running: Sandbox, bob: User) -> None:
    """Typed between the question what is due and the wish to stop it."""
    seen_by_supervisor = Sandbox.objects.get(pk=running.pk)
    used(running, bob, NOON + HOUR)
    assert not seen_by_supervisor.stop_if_idle(NOON + HOUR)
    running.refresh_from_db()
    assert running.state == State.RUNNING


def test_keep_awake_gives_eight_hours_and_the_timeout_where_that_is_longer(running: Sandbox) -> None:
    assert running.keep_awake(NOON)
    assert running.stops_at == NOON + 8 * HOUR
    assert running.idle_cause == "kept awake by hand"
    assert Sandbox.objects.stop_idle(NOON + 7 * HOUR) == []
    running.change_idle_timeout(24 * 3600)
    running.keep_awake(NOON)
    assert running.stops_at == NOON + 24 * HOUR
    assert Sandbox.objects.stop_idle(NOON + 24 * HOUR) == [running]


def test_keep_awake_means_nothing_without_a_timeout_or_in_what_stops(running: Sandbox) -> None:
    running.stop()
    assert not running.keep_awake()
    running.start()
    running.change_idle_timeout(None)
    assert not running.keep_awake()


# --- what counts ----------------------------------------------------------------------------------------------------
def test_use_is_written_at_most_once_a_minute(running: Sandbox, alice: User, bob: User) -> None:
    used(running, bob, NOON)
    assert used(running, alice, NOON + timedelta(seconds=59)).last_used_by == bob
    assert used(running, alice, NOON + timedelta(seconds=60)).last_used_by == alice


def test_typing_is_written_with_who_typed(running: Sandbox, bob: User) -> None:
    session = Session.for_person(running, bob)
    Session.note_use(session.pk, bob.pk)
    running.refresh_from_db()
    assert (running.last_used_by, running.last_use) == (bob, Use.TYPED)


def test_opening_a_terminal_counts_and_looking_at_the_page_otherwise_does_not(running: Sandbox, bob: User) -> None:
    browser = browser_of(bob)
    for address in ("/", PAGE, f"{PAGE}status/", f"{PAGE}head/", f"{PAGE}row/", f"{PAGE}settings/"):
        browser.get(address)
    running.refresh_from_db()
    assert running.last_used_at is None
    Session.for_person(running, bob).reach(SessionState.RUNNING)
    browser.get(PAGE)
    running.refresh_from_db()
    assert (running.last_used_by, running.idle_cause) == (bob, "terminal opened by Bob")


# --- what is shown --------------------------------------------------------------------------------------------------
def test_the_head_says_when_it_stops_and_why_and_bob_keeps_it_awake(running: Sandbox, bob: User) -> None:
    running.reach(State.RUNNING)
    browser = browser_of(bob)
    assert "stops at" in browser.get(f"{PAGE}head/").content.decode()
    assert browser.post(f"{PAGE}keep-awake/")["Location"] == PAGE
    assert "kept awake by hand" in browser.get(f"{PAGE}head/").content.decode()


def test_vera_sees_it_and_has_no_button(running: Sandbox, vera: User) -> None:
    browser = browser_of(vera)
    shown = browser.get(f"{PAGE}head/").content.decode()
    assert "stops at" in shown
    assert "Keep awake" not in shown
    assert browser.post(f"{PAGE}keep-awake/").status_code == 403


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(900, "15 min"), (3600, "1 h"), (5400, "1 h 30 min"), (28800, "8 h"), (86400, "1 day"), (259200, "3 days")],
)
def test_lengths_in_words(seconds: int, words: str) -> None:
    assert in_words(seconds) == words


def test_another_day_is_named() -> None:
    assert clock(NOON, NOON + HOUR) == "12:00"
    assert clock(NOON, NOON + 24 * HOUR) == "4 May, 12:00"


# --- the supervisor -------------------------------------------------------------------------------------------------
class Stopped(NoSessions):
    """A keeper that remembers why it took sessions down."""

    async def down(self, sandbox: Sandbox, reason: str) -> None:
        self.reason = reason


@pytest.mark.django_db(transaction=True)
async def test_the_reason_outlives_the_stop_and_stands_in_the_terminals() -> None:
    def make() -> Sandbox:
        ada = User.objects.create_user("ada@example.com")
        template = Template.objects.create(slug="t", title="T", image="sandlot/t:1", idle_timeout_s=900)
        made = Sandbox.create(slug="idle", template=template, team=Team.objects.create(name="Harbor"), by=ada)
        made.reach(State.RUNNING, boot_reached=1, state_at=NOON)
        return Sandbox.objects.stop_idle(NOON + HOUR)[0]

    sandbox, keeper = await sync_to_async(make)(), Stopped()
    supervisor = Supervisor(TroubledEngine(RuntimeError("never asked")), keeper)  # type: ignore[arg-type]
    await supervisor._converge(await Sandbox.objects.select_related("template").aget(pk=sandbox.pk))
    await sandbox.arefresh_from_db()
    assert sandbox.state == State.STOPPED
    assert sandbox.reason == keeper.reason == "Stopped: nobody typed for 15 min; started 12:00 UTC."
    await sync_to_async(sandbox.start)()
    assert sandbox.reason == ""
