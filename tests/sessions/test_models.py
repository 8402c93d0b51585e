"""Sessions and terminals as rows."""

from __future__ import annotations

import pytest
from django.core.exceptions import ValidationError
from pytest_django import DjangoAssertNumQueries

from accounts.models import Role, Team, User
from accounts.vault import sealed
from accounts.vault.vault import VaultError
from activity.refusals import TooMany
from sandboxes.models import Sandbox, State
from sessions.brings.git import Git
from sessions.models import TERMINALS_PER_SESSION, Permission, Session, SessionState
from sessions.names import session_id_for, validate_session_id


# --- ids ------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("name", "taken", "made"),
    [
        ("Ada Lovelace", set(), "ada-lovelace"),
        ("Ada Lovelace", {"ada-lovelace"}, "ada-lovelace-2"),
        ("Vera Molnár", set(), "vera-molnar"),
        ("李小龙", set(), "lixiaolong"),
        ("張偉", set(), "zhangwei"),
        ("張偉", {"zhangwei"}, "zhangwei-2"),
        ("Łukasz Żak", set(), "lukasz-zak"),
        ("Мария Склодовская-Кюри", set(), "mariya-sklodovskaya"),
        ("🚀", set(), "w-x"),
        ("::::", set(), "w-x"),
        ("A very long name indeed", set(), "a-very-long-name-ind"),
        ("pitcher-host", set(), "pitcher-host-2"),
        ("BOB", {"Bob"}, "bob-2"),
    ],
)
def test_an_id_is_made_from_the_name(name: str, taken: set[str], made: str) -> None:
    assert session_id_for(name, "w.x@example.com", taken) == made
    validate_session_id(made)


def test_people_without_a_letter_in_name_or_address_share_no_stock_name() -> None:
    ids = {session_id_for("🚀", address, set()) for address in ("🚀@example.com", "🛸@example.com")}
    assert len(ids) == 2
    for made in ids:
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


def test_an_id_is_free_again_once_its_container_is_gone(sandbox: Sandbox) -> None:
    Session.connect(sandbox, "guest")[0].end()
    with pytest.raises(ValidationError, match="guest was ended and is still being removed"):
        Session.connect(sandbox, "guest")
    Session.objects.filter(name="guest").delete()
    assert Session.connect(sandbox, "guest")[1]


def test_in_a_stopped_sandbox_an_ended_session_is_gone_at_once(sandbox: Sandbox) -> None:
    session, _ = Session.connect(sandbox, "guest")
    sandbox.stop()
    sandbox.reach(State.STOPPED, boot_reached=sandbox.boot)
    session.end()
    assert Session.connect(sandbox, "guest")[1]


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
    with pytest.raises(TooMany, match="Close one first"):
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


# --- create and connect ---------------------------------------------------------------------------------------------
def test_connecting_with_an_id_that_is_there_gives_the_same_session_unchanged(
    sandbox: Sandbox, alice: User, bob: User
) -> None:
    first, is_new = Session.connect(sandbox, "some-ref", by=bob, permission=Permission.READ)
    again, is_new_again = Session.connect(sandbox, "some-ref", by=alice)
    assert (first, is_new, is_new_again) == (again, True, False)
    assert (again.permission, again.created_by) == (Permission.READ, bob)


@pytest.mark.parametrize("name", ["", "pitcher-host"])
def test_without_an_id_it_is_the_global_session(sandbox: Sandbox, bob: User, name: str) -> None:
    session, _ = Session.connect(sandbox, name, by=bob, permission=Permission.READ)
    assert session == Session.for_global(sandbox)
    assert session.can_write


def test_a_session_for_a_member_has_what_their_role_gives(sandbox: Sandbox, alice: User, vera: User) -> None:
    session, _ = Session.connect(sandbox, "for-vera", by=alice, user=vera, permission=Permission.WRITE)
    assert not session.can_write
    assert Session.for_person(sandbox, vera) == session


@pytest.mark.parametrize("bad", ["a b", "ä", "a" * 21, "../up"])
def test_a_session_with_a_bad_id_is_not_made(sandbox: Sandbox, bob: User, bad: str) -> None:
    with pytest.raises(ValidationError, match="1 to 20 letters"):
        Session.connect(sandbox, bad, by=bob)
    assert not sandbox.sessions.exists()


def test_the_number_of_sessions_is_bounded(sandbox: Sandbox, bob: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sessions.models.session.SESSIONS_PER_SANDBOX", 2)
    for name in ("one", "two"):
        Session.connect(sandbox, name, by=bob)
    with pytest.raises(ValidationError, match="End one first"):
        Session.connect(sandbox, "three", by=bob)
    assert Session.connect(sandbox, "two", by=bob)[1] is False


# --- what it brings along -------------------------------------------------------------------------------------------
CANARY = "canary-7f3a"


def test_secrets_come_back_and_stand_nowhere_in_clear(bobs_session: Session) -> None:
    bobs_session.set_git(Git(email="bob@example.com", name="Bob B.", token=CANARY))
    bobs_session.set_environment({"TOKEN": CANARY, "EMPTY": ""})
    bobs_session.set_host_token(CANARY)
    stored = Session.objects.get(pk=bobs_session.pk)
    assert (stored.git.token, stored.environment) == (CANARY, {"TOKEN": CANARY, "EMPTY": ""})
    assert sealed.get(stored, "host_token") == CANARY
    columns = Session.objects.filter(pk=stored.pk).values().get()
    assert CANARY not in repr(columns)
    assert "TOKEN" not in repr(columns)


def test_a_secret_moved_to_another_row_does_not_open(bobs_session: Session, sandbox: Sandbox) -> None:
    bobs_session.set_environment({"TOKEN": CANARY})
    other = Session.for_global(sandbox)
    Session.objects.filter(pk=other.pk).update(env=bobs_session.env)
    with pytest.raises(VaultError):
        _ = Session.objects.get(pk=other.pk).environment


def test_the_git_name_defaults_to_the_id(bobs_session: Session) -> None:
    bobs_session.set_git(Git(email="bob@example.com", name=bobs_session.name))
    assert (bobs_session.git_name, bobs_session.git.name) == ("", "bob")
    assert (bobs_session.git.provider, bobs_session.git.username) == ("github.com", "x-access-token")


def test_a_change_of_git_asks_for_the_private_folder_anew_and_of_variables_does_not(bobs_session: Session) -> None:
    bobs_session.note_private(1)
    bobs_session.set_environment({"A": "1"})
    assert Session.objects.get(pk=bobs_session.pk).has_private_files
    bobs_session.set_git(Git(email="bob@example.com"))
    assert not Session.objects.get(pk=bobs_session.pk).has_private_files


def test_bad_settings_change_nothing(bobs_session: Session) -> None:
    bobs_session.set_environment({"A": "1"})
    with pytest.raises(ValidationError):
        bobs_session.set_environment({"1A": ""})
    with pytest.raises(ValidationError):
        bobs_session.set_git(Git(email="nobody"))
    stored = Session.objects.get(pk=bobs_session.pk)
    assert (stored.environment, stored.git_email) == ({"A": "1"}, "")


# --- roles and accounts change --------------------------------------------------------------------------------------
def test_a_session_follows_its_persons_role_at_once(bobs_session: Session, bob: User) -> None:
    membership = bobs_session.sandbox.team.memberships.get(user=bob)
    membership.change_role(Role.VIEWER)
    assert Session.objects.get(pk=bobs_session.pk).permission == Permission.READ
    membership.change_role(Role.ADMIN)
    assert Session.objects.get(pk=bobs_session.pk).permission == Permission.WRITE


def test_a_session_ends_with_the_membership(bobs_session: Session, bob: User) -> None:
    bobs_session.sandbox.team.memberships.get(user=bob).revoke()
    bobs_session.refresh_from_db()
    assert bobs_session.ended_at is not None


def test_a_session_ends_when_its_account_is_disabled(bobs_session: Session, bob: User) -> None:
    bob.is_active = False
    bob.save()
    bobs_session.refresh_from_db()
    assert bobs_session.ended_at is not None


def test_a_login_or_another_team_changes_no_session(bobs_session: Session, bob: User) -> None:
    bob.save(update_fields=["last_login"])
    Team.objects.create(name="Elsewhere").add(bob, Role.VIEWER).revoke()
    bobs_session.refresh_from_db()
    assert (bobs_session.ended_at, bobs_session.permission) == (None, Permission.WRITE)
