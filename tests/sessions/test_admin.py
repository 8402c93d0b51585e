"""Sessions and terminals in the admin."""

from __future__ import annotations

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from accounts.models import User
from sandboxes.engine import EngineError
from sandboxes.models import Sandbox
from sessions import terminals
from sessions.models import Session
from tests.visitors import browser_of


@pytest.fixture
def admin(alice: User) -> Client:
    return browser_of(alice)


def act(admin: Client, model: str, action: str, *rows: object) -> str:
    fields = {"action": action, "_selected_action": rows}
    return admin.post(f"/admin/sandbox_sessions/{model}/", fields, follow=True).content.decode()


@pytest.mark.parametrize("model", ["session", "terminal"])
def test_lists_ask_the_same_number_of_questions_for_any_number_of_rows(
    admin: Client, sandbox: Sandbox, model: str, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(15):
        user = User.objects.create_user(f"{number}@example.com")
        sandbox.team.add(user)
        Session.for_person(sandbox, user).open_terminal(by=user)
    with django_assert_max_num_queries(8):
        assert admin.get(f"/admin/sandbox_sessions/{model}/?q=otter").status_code == 200


def test_a_session_with_its_terminals(
    admin: Client, bobs_session: Session, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for _ in range(10):
        bobs_session.open_terminal(by=bobs_session.user)
    with django_assert_max_num_queries(8):
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


@pytest.mark.parametrize("model", ["session", "terminal"])
def test_rows_are_not_made_by_hand(admin: Client, model: str) -> None:
    assert admin.get(f"/admin/sandbox_sessions/{model}/add/").status_code == 403
