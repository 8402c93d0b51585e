"""The Settings tab: for Alice, Bob, Vera and Charlie."""

from __future__ import annotations

import re

import pytest
from django.test import Client

from accounts.models import Role, Team, User
from sandboxes.models import Sandbox, State
from tests.visitors import browser_of

PAGE = "/sandboxes/quiet-otter/settings/"
DETAILS, LIMITS, IDLE = (f"{PAGE}{part}/" for part in ("details", "limits", "idle"))
WANTED = {"memory_bytes": "2048", "cpu_millis": "1.5", "pids_limit": "256", "disk_bytes": "20"}


def page(user: User, address: str = PAGE) -> str:
    return browser_of(user).get(address).content.decode()


def test_template_and_limits_stand_there_in_words(sandbox: Sandbox, bob: User) -> None:
    shown = page(bob)
    assert all(words in shown for words in ("Debian", "Alice", "1 GB for each session", "1 core", "10 GB"))
    assert 'aria-current="page"' in shown


def test_alice_gives_a_title_and_a_description(sandbox: Sandbox, alice: User) -> None:
    answer = browser_of(alice).post(DETAILS, {"title": " Payments ", "description": "What we sell."})
    assert answer["Location"] == PAGE
    sandbox.refresh_from_db()
    assert (sandbox.title, sandbox.description) == ("Payments", "What we sell.")
    assert "What we sell." in page(alice)


def test_a_title_that_is_too_long_changes_nothing(sandbox: Sandbox, alice: User) -> None:
    shown = browser_of(alice).post(DETAILS, {"title": "x" * 81}).content.decode()
    assert "at most 80 characters" in shown
    sandbox.refresh_from_db()
    assert sandbox.title == ""


@pytest.mark.parametrize("who", ["bob", "vera"])
def test_who_does_not_manage_it_reads_and_changes_nothing(
    sandbox: Sandbox, who: str, request: pytest.FixtureRequest
) -> None:
    browser = browser_of(request.getfixturevalue(who))
    shown = browser.get(PAGE).content.decode()
    assert "Save" not in shown
    assert "Danger zone" not in shown
    assert browser.post(DETAILS, {"title": "Mine"}).status_code == 403
    sandbox.refresh_from_db()
    assert sandbox.title == ""


@pytest.mark.parametrize("address", [PAGE, "/sandboxes/quiet-otter/head/"])
def test_charlie_gets_404(sandbox: Sandbox, charlie: User, address: str) -> None:
    Team.objects.create(name="Elsewhere").add(charlie, Role.OWNER)
    browser = browser_of(charlie)
    assert browser.get(address).status_code == 404
    assert browser.post(DETAILS, {"title": "Mine"}).status_code == 404


def test_anonymous_is_sent_to_the_sign_in(client: Client, sandbox: Sandbox) -> None:
    assert client.post(DETAILS, {"title": "Mine"}).status_code == 302
    sandbox.refresh_from_db()
    assert sandbox.title == ""


def test_the_head_draws_itself_again_without_making_a_session(sandbox: Sandbox, bob: User) -> None:
    assert 'data-live-status="/sandboxes/quiet-otter/head/"' in page(bob)
    sandbox.reach(State.FAILED, "The disk is full.")
    shown = page(bob, "/sandboxes/quiet-otter/head/").strip()
    assert shown.startswith('<div class="sandbox-status"')
    assert "The disk is full." in shown
    assert not sandbox.sessions.exists()


# --- limits ---------------------------------------------------------------------------------------------------------
def test_alice_changes_limits_in_the_units_that_people_say(sandbox: Sandbox, alice: User) -> None:
    shown = browser_of(alice).post(LIMITS, WANTED, follow=True).content.decode()
    assert "Disk counts at once" in shown
    assert "1.5 cores" in shown
    sandbox.refresh_from_db()
    assert (sandbox.memory_bytes, sandbox.cpu_millis) == (2 * 1024**3, 1500)
    assert (sandbox.pids_limit, sandbox.disk_bytes) == (256, 20 * 1024**3)


def test_the_form_begins_with_what_holds(sandbox: Sandbox, alice: User) -> None:
    shown = page(alice)
    assert re.search(r'name="memory_bytes" value="1024"[^>]* min="256" max="4096"', shown)
    assert re.search(r'name="cpu_millis" value="1"', shown)


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"memory_bytes": "1"}, "greater than or equal to 256"),
        ({"memory_bytes": "999999"}, "less than or equal to 4096"),
        ({"cpu_millis": "64"}, "less than or equal to 4"),
        ({"cpu_millis": "NaN"}, "Enter a number."),
        ({"pids_limit": "-1"}, "greater than or equal to 128"),
        ({"disk_bytes": ""}, "This field is required."),
    ],
)
def test_limits_out_of_bounds_change_nothing(sandbox: Sandbox, alice: User, change: dict[str, str], error: str) -> None:
    assert error in browser_of(alice).post(LIMITS, WANTED | change).content.decode()
    sandbox.refresh_from_db()
    assert sandbox.memory_bytes == sandbox.template.memory_bytes


def test_what_an_admin_gave_beyond_the_bounds_may_stay(sandbox: Sandbox, alice: User) -> None:
    sandbox.change_limits(memory_bytes=64 * 1024**3)
    answer = browser_of(alice).post(LIMITS, WANTED | {"memory_bytes": str(64 * 1024)})
    assert answer.status_code == 302


def test_bob_changes_no_limits_and_no_timeout(sandbox: Sandbox, bob: User) -> None:
    browser = browser_of(bob)
    assert browser.post(LIMITS, WANTED).status_code == 403
    assert browser.post(IDLE, {"after": "900"}).status_code == 403
    sandbox.refresh_from_db()
    assert (sandbox.cpu_millis, sandbox.idle_timeout_s) == (1000, None)


def test_there_are_no_other_parts(sandbox: Sandbox, alice: User) -> None:
    assert browser_of(alice).post(f"{PAGE}none/").status_code == 404


# --- idle timeout ---------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("wish", "seconds", "words"),
    [
        ({"after": "900"}, 900, "nobody typed for 15 min"),
        ({"after": "own", "minutes": "90"}, 5400, "nobody typed for 1 h 30 min"),
        ({"after": "never", "minutes": "90"}, None, "<dd>never</dd>"),
    ],
)
def test_alice_chooses_when_it_stops(
    sandbox: Sandbox, alice: User, wish: dict[str, str], seconds: int | None, words: str
) -> None:
    assert words in browser_of(alice).post(IDLE, wish, follow=True).content.decode()
    sandbox.refresh_from_db()
    assert sandbox.idle_timeout_s == seconds


@pytest.mark.parametrize(
    ("wish", "error"),
    [
        ({"after": "own"}, "Say how many minutes"),
        ({"after": "own", "minutes": "1"}, "greater than or equal to 5"),
        ({"after": "own", "minutes": "9999999"}, "less than or equal to 43200"),
        ({"after": "901"}, "Select a valid choice"),
    ],
)
def test_a_bad_time_changes_nothing(sandbox: Sandbox, alice: User, wish: dict[str, str], error: str) -> None:
    assert error in browser_of(alice).post(IDLE, wish).content.decode()
    sandbox.refresh_from_db()
    assert sandbox.idle_timeout_s is None
