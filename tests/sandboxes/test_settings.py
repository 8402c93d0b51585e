"""The Settings tab: for Alice, Bob, Vera and Charlie."""

from __future__ import annotations

import pytest
from django.test import Client

from accounts.models import Role, Team, User
from sandboxes.models import Sandbox, State
from tests.visitors import browser_of

PAGE = "/sandboxes/quiet-otter/settings/"


def page(user: User, address: str = PAGE) -> str:
    return browser_of(user).get(address).content.decode()


def test_template_and_limits_stand_there_in_words(sandbox: Sandbox, bob: User) -> None:
    shown = page(bob)
    assert all(words in shown for words in ("Debian", "Alice", "1 GB for each session", "1 core", "10 GB"))
    assert 'aria-current="page"' in shown


def test_alice_gives_a_title_and_a_description(sandbox: Sandbox, alice: User) -> None:
    answer = browser_of(alice).post(PAGE, {"title": " Payments ", "description": "What we sell."})
    assert answer["Location"] == PAGE
    sandbox.refresh_from_db()
    assert (sandbox.title, sandbox.description) == ("Payments", "What we sell.")
    assert "What we sell." in page(alice)


def test_a_title_that_is_too_long_changes_nothing(sandbox: Sandbox, alice: User) -> None:
    shown = browser_of(alice).post(PAGE, {"title": "x" * 81}).content.decode()
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
    assert "Delete" not in shown
    assert browser.post(PAGE, {"title": "Mine"}).status_code == 403
    sandbox.refresh_from_db()
    assert sandbox.title == ""


@pytest.mark.parametrize("address", [PAGE, "/sandboxes/quiet-otter/head/"])
def test_charlie_gets_404(sandbox: Sandbox, charlie: User, address: str) -> None:
    Team.objects.create(name="Elsewhere").add(charlie, Role.OWNER)
    browser = browser_of(charlie)
    assert browser.get(address).status_code == 404
    assert browser.post(PAGE, {"title": "Mine"}).status_code == 404


def test_anonymous_is_sent_to_the_sign_in(client: Client, sandbox: Sandbox) -> None:
    assert client.post(PAGE, {"title": "Mine"}).status_code == 302
    sandbox.refresh_from_db()
    assert sandbox.title == ""


def test_the_head_draws_itself_again_without_making_a_session(sandbox: Sandbox, bob: User) -> None:
    assert 'data-live-status="/sandboxes/quiet-otter/head/"' in page(bob)
    sandbox.reach(State.FAILED, "The disk is full.")
    shown = page(bob, "/sandboxes/quiet-otter/head/").strip()
    assert shown.startswith('<div class="sandbox-status"')
    assert "The disk is full." in shown
    assert not sandbox.sessions.exists()
