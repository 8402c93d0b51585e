"""Sessions and terminals as rows."""

from __future__ import annotations

import pytest
from django.core.exceptions import ValidationError
from pytest_django import DjangoAssertNumQueries

from accounts.models import Role, User
from sandboxes.models import Sandbox
from sessions.models import TERMINALS_PER_SESSION, Permission, Session, SessionState, TooManyTerminalsError
from sessions.names import session_id_for, validate_session_id


# --- ids ------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("name", "taken", "made"),
    [
        ("Ada Lovelace", set(), "ada-lovelace"),
        ("Ada Lovelace", {"ada-lovelace"}, "ada-lovelace-2"),
        ("Vera Molnár", set(), "vera-molnar"),
        ("李小龙", set(), "guest"),
        ("A very long name indeed", set(), "a-very-long-name-ind"),
        ("pitcher-host", set(), "pitcher-host-2"),
        ("BOB", {"Bob"}, "bob-2"),
    ],
)
def test_an_id_is_made_from_the_name(name: str, taken: set[str], made: str) -> None:
    assert session_id_for(name, taken) == made
    validate_session_id(made)


@pytest.mark.parametrize("bad", ["", "a b", "ä", "a" * 21, "a\n", "a.b"])
def test_bad_ids_are_refused(bad: str) -> None:
    with pytest.raises(ValidationError):
        validate_session_id(bad)


# --- a person's session ---------------------------------------------------------------------------------------------
def test_a_person_has_one_session_per_sandbox(sandbox: Sandbox, bob: User) -> None:
    assert Session.for_person(sandbox, bob) == Session.for_person(sandbox, bob)


def test_coming_back_only_reads(
    sandbox: Sandbox, bob: User, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    Session.for_person(sandbox, bob)
    with django_assert_max_num_queries(2):
        Session.for_person(sandbox, bob)


def test_the_role_gives_the_permission(sandbox: Sandbox, bob: User, vera: User) -> None:
    assert Session.for_person(sandbox, bob).can_write
    assert not Session.for_person(sandbox, vera).can_write


def test_a_new_role_changes_the_permission_at_the_next_visit(sandbox: Sandbox, bob: User) -> None:
    Session.for_person(sandbox, bob)
    sandbox.team.memberships.get(user=bob).change_role(Role.VIEWER)
    assert Session.for_person(sandbox, bob).permission == Permission.READ


def test_two_of_the_same_name_get_two_ids(sandbox: Sandbox, bob: User, charlie: User) -> None:
    charlie.name = "Bob"
    assert Session.for_person(sandbox, bob).name == "bob"
    assert Session.for_person(sandbox, charlie).name == "bob-2"


def test_there_is_one_global_session(sandbox: Sandbox) -> None:
    session = Session.for_global(sandbox)
    assert session == Session.for_global(sandbox)
    assert (session.name, session.user, session.can_write) == ("pitcher-host", None, True)


def test_an_ended_session_has_no_live_terminals(bobs_session: Session) -> None:
    terminal = bobs_session.open_terminal(by=bobs_session.user)
    bobs_session.end()
    terminal.refresh_from_db()
    assert not terminal.is_live
    assert terminal.end_reason == "The session was ended."
    assert not bobs_session.is_open


def test_retry_helps_only_after_a_failure(bobs_session: Session) -> None:
    bobs_session.reach(SessionState.RUNNING)
    bobs_session.retry()
    assert bobs_session.state == SessionState.RUNNING
    bobs_session.reach(SessionState.FAILED, "No memory.")
    bobs_session.retry()
    assert (bobs_session.state, bobs_session.reason) == (SessionState.WAITING, "")


# --- terminals ------------------------------------------------------------------------------------------------------
def test_a_title_is_free_again_once_its_terminal_ended_and_a_number_is_not(bobs_session: Session) -> None:
    first, second = (bobs_session.open_terminal(by=None) for _ in range(2))
    assert (first.title, second.title) == ("Terminal 1", "Terminal 2")
    first.mark_ended(0)
    third = bobs_session.open_terminal(by=None)
    assert (third.title, third.number) == ("Terminal 1", 3)


def test_a_session_has_at_most_so_many_terminals(bobs_session: Session) -> None:
    terminals = [bobs_session.open_terminal(by=None) for _ in range(TERMINALS_PER_SESSION)]
    with pytest.raises(TooManyTerminalsError, match="Close one first"):
        bobs_session.open_terminal(by=None)
    terminals[0].mark_ended(0)
    bobs_session.open_terminal(by=None)


def test_the_first_word_on_how_it_ended_stands(bobs_session: Session) -> None:
    terminal = bobs_session.open_terminal(by=None)
    terminal.mark_ended(3)
    terminal.mark_ended(None, "Lost.")
    terminal.refresh_from_db()
    assert (terminal.exit_status, terminal.end_reason) == (3, "")


def test_a_title_is_tidied(bobs_session: Session) -> None:
    terminal = bobs_session.open_terminal(by=None)
    terminal.rename("  build \n and   test ")
    assert terminal.title == "build and test"


@pytest.mark.parametrize("title", ["", "   ", "x" * 61])
def test_bad_titles_are_refused(bobs_session: Session, title: str) -> None:
    terminal = bobs_session.open_terminal(by=None)
    with pytest.raises(ValidationError):
        terminal.rename(title)
    terminal.refresh_from_db()
    assert terminal.title == "Terminal 1"
