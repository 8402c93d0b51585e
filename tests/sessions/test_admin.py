"""Sessions and terminals in the admin."""

from __future__ import annotations

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from accounts.models import User
from engine import EngineError
from sandboxes.models import Sandbox
from sessions.brings.git import Git
from sessions.models import Session
from sessions.terminal import ends as terminals
from tests.visitors import browser_of


@pytest.fixture
def admin(alice: User) -> Client:
    return browser_of(alice)


def act(admin: Client, model: str, action: str, *rows: object) -> str:
    fields = {"action": action, "_selected_action": rows, "confirmed": len(rows)}
    return admin.post(f"/admin/sandbox_sessions/{model}/", fields, follow=True).content.decode()


@pytest.mark.parametrize("model", ["session", "terminal"])
def test_lists_ask_the_same_number_of_questions_for_any_number_of_rows(
    admin: Client, sandbox: Sandbox, model: str, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(15):
        user = User.objects.create_user(f"{number}@example.com")
        sandbox.team.add(user)
        Session.for_person(sandbox, user).open_terminal(by=user)
    with django_assert_max_num_queries(9):
        assert admin.get(f"/admin/sandbox_sessions/{model}/?q=otter").status_code == 200


def test_a_session_with_its_terminals(
    admin: Client, bobs_session: Session, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for _ in range(10):
        bobs_session.open_terminal(by=bobs_session.user)
    with django_assert_max_num_queries(10):
        page = admin.get(f"/admin/sandbox_sessions/session/{bobs_session.pk}/change/").content.decode()
    assert "Terminal 10" in page


def test_a_session_is_ended(admin: Client, bobs_session: Session) -> None:
    assert "ob in quiet-otter: ended." in act(admin, "session", "end", bobs_session.pk)
    bobs_session.refresh_from_db()
    assert bobs_session.ended_at


def test_the_global_session_stays(admin: Client, sandbox: Sandbox) -> None:
    session = Session.for_global(sandbox)
    assert "lives as long as its sandbox" in act(admin, "session", "end", session.pk)
    session.refresh_from_db()
    assert session.ended_at is None


def test_a_terminal_is_ended_once(admin: Client, bobs_session: Session) -> None:
    terminal = bobs_session.open_terminal(by=None)
    assert ": ended." in act(admin, "terminal", "end", terminal.pk)
    terminal.refresh_from_db()
    assert terminal.end_reason == "Ended by Alice."
    assert "had ended before" in act(admin, "terminal", "end", terminal.pk)


def test_a_terminal_that_cannot_be_ended_goes_on(
    admin: Client, bobs_session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: object) -> None:
        raise EngineError("The engine does not answer.")

    monkeypatch.setattr(terminals, "end", away)
    terminal = bobs_session.open_terminal(by=None)
    assert "goes on. The engine does not answer." in act(admin, "terminal", "end", terminal.pk)
    terminal.refresh_from_db()
    assert terminal.is_live


ADD = "/admin/sandbox_sessions/session/add/"
NO_TERMINALS = {
    f"{rows}-{count}_FORMS": "0" for rows in ("terminals", "commands", "tokens") for count in ("TOTAL", "INITIAL")
}


def wish(sandbox: Sandbox, **fields: str) -> dict[str, str]:
    plain = {"name": "ref", "permission": "write", "git_provider": "github.com", "git_username": "x-access-token"}
    return {"sandbox": str(sandbox.pk)} | plain | NO_TERMINALS | fields


def test_a_session_is_created_with_all_it_brings(admin: Client, alice: User, sandbox: Sandbox) -> None:
    secrets = {"new_git_token": "canary-1", "new_env": '{"A": "canary-2"}', "new_host_token": "canary-3"}
    answer = admin.post(ADD, wish(sandbox, permission="read", git_email="r@example.com", **secrets), follow=True)
    session = sandbox.sessions.get(name="ref")
    assert (session.permission, session.created_by, session.environment) == ("read", alice, {"A": "canary-2"})
    assert session.git == Git(email="r@example.com", name="ref", token="canary-1")
    page = admin.get(f"/admin/sandbox_sessions/session/{session.pk}/change/").content.decode()
    assert "canary" not in answer.content.decode() + page
    assert "Set: A. Type to replace all of them." in page


def test_an_empty_field_keeps_a_secret_and_a_dash_clears_it(admin: Client, sandbox: Sandbox) -> None:
    admin.post(ADD, wish(sandbox, git_email="r@example.com", new_git_token="t", new_env='{"A": "1"}'))
    session = sandbox.sessions.get(name="ref")
    address = f"/admin/sandbox_sessions/session/{session.pk}/change/"
    admin.post(address, wish(sandbox, git_email="new@example.com"))
    session.refresh_from_db()
    assert (session.git.email, session.git.token, session.environment) == ("new@example.com", "t", {"A": "1"})
    admin.post(address, wish(sandbox, git_email="new@example.com", new_git_token="-", new_env="{}", permission="read"))
    session.refresh_from_db()
    assert (session.git.token, session.environment, session.permission) == ("", {}, "read")


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"name": "a b"}, "Use 1 to 20 letters"),
        ({"git_email": "x"}, "Enter an email address"),
        ({"new_git_token": "x"}, "git needs an email address"),
        ({"new_env": "FOO=bar"}, "This is not JSON"),
        ({"new_env": '{"A": 1}'}, "values are texts"),
        ({"new_env": '{"1A": ""}'}, "is not a name"),
    ],
)
def test_what_cannot_be_is_not_created(admin: Client, sandbox: Sandbox, fields: dict[str, str], words: str) -> None:
    answer = admin.post(ADD, wish(sandbox, **fields))
    assert words in answer.content.decode()
    assert not sandbox.sessions.exists()


def test_a_session_for_a_stranger_is_not_created(admin: Client, sandbox: Sandbox, charlie: User) -> None:
    answer = admin.post(ADD, wish(sandbox, user=str(charlie.pk)))
    assert "Invite them first" in answer.content.decode()


def test_a_members_session_has_what_their_role_gives(admin: Client, sandbox: Sandbox, vera: User) -> None:
    admin.post(ADD, wish(sandbox, user=str(vera.pk)))
    assert sandbox.sessions.get(user=vera).permission == "read"


def test_terminals_are_not_made_by_hand(admin: Client) -> None:
    assert admin.get("/admin/sandbox_sessions/terminal/add/").status_code == 403


def test_a_session_shows_its_newest_terminals_and_leads_to_all(admin: Client, bobs_session: Session) -> None:
    for number in range(25):
        bobs_session.open_terminal(by=None, title=f"shell {number:02}").mark_ended(0)
    page = admin.get(f"/admin/sandbox_sessions/session/{bobs_session.pk}/change/").content.decode()
    assert "shell 24" in page
    assert "shell 04" not in page
    address = f"/admin/sandbox_sessions/terminal/?session__id__exact={bobs_session.pk}"
    assert f'<a href="{address}">In a list</a>' in page
    assert "25 terminals" in admin.get(address).content.decode()
