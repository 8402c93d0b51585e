"""What the command palette offers, and to whom."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from accounts.models import Role, Team, User
from sandboxes.models import Sandbox, State, Template
from sessions.models import Session
from sessions.workspace import palette
from tests.visitors import browser_of

ADDRESS = "/palette/"


def offered(user: User) -> dict[str, Any]:
    answer: dict[str, Any] = browser_of(user).get(ADDRESS).json()
    return answer


def places(user: User) -> list[str]:
    return [place["title"] for place in offered(user)["places"]]


def test_bob_finds_his_sandbox_session_and_terminal(sandbox: Sandbox, bobs_session: Session, bob: User) -> None:
    sandbox.reach(State.RUNNING)
    terminal = bobs_session.open_terminal(by=bob, title="build")
    answer = offered(bob)
    assert answer["sandboxes"] == [
        {
            "slug": "quiet-otter",
            "title": "quiet-otter",
            "state": "Running",
            "team": "Harbor",
            "url": "/sandboxes/quiet-otter/",
            "can": ["pause", "stop", "restart"],
        }
    ]
    address = f"/sandboxes/quiet-otter/#terminal-{terminal.pk}"
    assert answer["terminals"] == [{"title": "build", "sandbox": "quiet-otter", "session": "bob", "url": address}]
    assert [session["name"] for session in answer["sessions"]] == ["bob"]
    assert answer["csrf"]


def test_charlie_of_another_team_finds_nothing_of_it(sandbox: Sandbox, bobs_session: Session, charlie: User) -> None:
    bobs_session.open_terminal(by=None)
    Team.objects.create(name="Elsewhere").add(charlie, Role.OWNER)
    answer = offered(charlie)
    assert (answer["sandboxes"], answer["terminals"], answer["sessions"]) == ([], [], [])
    assert "quiet-otter" not in str(answer)
    assert "Harbor" not in str(answer)


def test_alice_is_led_to_bobs_session_to_look_and_to_her_own_first(
    sandbox: Sandbox, bobs_session: Session, alice: User
) -> None:
    theirs = bobs_session.open_terminal(by=None)
    own = Session.for_person(sandbox, alice).open_terminal(by=alice)
    assert [terminal["url"] for terminal in offered(alice)["terminals"]] == [
        f"/sandboxes/quiet-otter/#terminal-{own.pk}",
        f"/sandboxes/quiet-otter/sessions/bob/#terminal-{theirs.pk}",
    ]


def test_vera_is_offered_no_operation_and_no_new_sandbox(sandbox: Sandbox, vera: User) -> None:
    assert [entry["can"] for entry in offered(vera)["sandboxes"]] == [[]]
    assert "New sandbox" not in places(vera)


def test_only_staff_is_led_to_the_admin(team: Team, alice: User, bob: User) -> None:
    assert "Admin" in places(alice)
    assert "Admin" not in places(bob)


def test_the_operations_are_those_of_the_state(sandbox: Sandbox, bob: User) -> None:
    def can() -> list[str]:
        operations: list[str] = offered(bob)["sandboxes"][0]["can"]
        return operations

    sandbox.stop()
    sandbox.reach(State.STOPPED)
    assert can() == ["start"]
    sandbox.start()
    sandbox.reach(State.FAILED, "No memory.")
    assert can() == ["retry"]
    sandbox.delete_everything()
    assert can() == []


def test_an_ended_session_and_an_ended_terminal_are_gone(bobs_session: Session, bob: User) -> None:
    bobs_session.open_terminal(by=bob).mark_ended(0)
    assert offered(bob)["terminals"] == []
    bobs_session.end()
    assert offered(bob)["sessions"] == []


def test_the_teams_say_which_one_is_looked_at(team: Team, bob: User) -> None:
    Team.objects.create(name="Lighthouse").add(bob)
    assert [(each["name"], each["is_current"]) for each in offered(bob)["teams"]] == [
        ("Harbor", True),
        ("Lighthouse", False),
    ]


def test_who_is_signed_out_hears_it_as_json(client: Client) -> None:
    answer = client.get(ADDRESS)
    assert (answer.status_code, answer.json()["error"]["code"]) == (401, "signed_out")


def test_nothing_is_posted_here(bob: User) -> None:
    assert browser_of(bob).post(ADDRESS).status_code == 405


def test_it_is_kept_by_no_cache(bob: User) -> None:
    assert "no-store" in browser_of(bob).get(ADDRESS)["Cache-Control"]


def test_the_lists_are_bounded(
    sandbox: Sandbox, bobs_session: Session, bob: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    for bound in ("MAX_SANDBOXES", "MAX_SESSIONS", "MAX_TERMINALS"):
        monkeypatch.setattr(palette, bound, 1)
    Sandbox.create(slug="second", template=sandbox.template, team=sandbox.team, by=bob)
    Session.for_global(sandbox)
    for _ in range(2):
        bobs_session.open_terminal(by=bob)
    answer = offered(bob)
    assert [len(answer[name]) for name in ("sandboxes", "sessions", "terminals")] == [1, 1, 1]


def test_many_rows_cost_no_more_questions_than_one(
    team: Team, template: Template, bob: User, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(5):
        sandbox = Sandbox.create(slug=f"sandbox-{number}", template=template, team=team, by=bob)
        Session.for_person(sandbox, bob).open_terminal(by=bob)
    browser = browser_of(bob)
    # Login, user, teams, role, and one each for sandboxes, sessions and terminals.
    with django_assert_max_num_queries(9):
        assert len(browser.get(ADDRESS).json()["terminals"]) == 5
