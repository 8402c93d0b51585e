"""Who may look at a terminal and type into it, when a socket opens and while it stays open."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import pytest
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from django.contrib.sessions.models import Session as BrowserSession
from django.core.exceptions import ValidationError
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.logins import Login, TokenLogin
from accounts.models import ApiToken, Role, Scope, Team, User
from activity.refusals import Close, Refused
from sandboxes.models import Sandbox
from sessions.models import Session, SessionState, SessionToken, Terminal, session_token
from sessions.rights.admission import TerminalAdmission, admit, expelled
from sessions.rights.proof import Proof, SessionLogin


def signed_in(user: User) -> Login:
    browser = SessionStore()
    browser[SESSION_KEY], browser[BACKEND_SESSION_KEY] = str(user.pk), "backend"
    browser[HASH_SESSION_KEY] = user.get_session_auth_hash()
    browser.save()
    login = Login.of(user, browser)
    assert login is not None
    return login


def terminal_of(session: Session, *, opened: bool = False) -> Terminal:
    session.reach(SessionState.RUNNING)
    terminal = session.open_terminal(by=session.user)
    if opened:
        terminal.mark_opened()
    return terminal


def refusal(login: Proof | None, terminal: Terminal) -> Close:
    with pytest.raises(Refused) as caught:
        admit(login, terminal.pk)
    return caught.value.close


def outcome(*admissions: TerminalAdmission) -> list[Close | None]:
    reasons = expelled(admissions)
    return [reasons[admission].close if admission in reasons else None for admission in admissions]


@pytest.fixture
def bobs_admission(bob: User, bobs_session: Session) -> TerminalAdmission:
    return admit(signed_in(bob), terminal_of(bobs_session).pk)


def test_bob_types_into_his_own_terminal(bobs_admission: TerminalAdmission) -> None:
    assert bobs_admission.may_drive
    assert bobs_admission.shell is not None
    assert bobs_admission.shell.env["TERM"] == "xterm-256color"
    assert bobs_admission.container.endswith(".quiet-otter.bob")


def test_alice_looks_at_bobs_terminal_and_cannot_type(alice: User, bobs_session: Session) -> None:
    assert not admit(signed_in(alice), terminal_of(bobs_session, opened=True).pk).may_drive


def test_who_only_looks_starts_no_shell(alice: User, bobs_session: Session) -> None:
    assert refusal(signed_in(alice), terminal_of(bobs_session)) == Close.RESTARTING


def test_variables_that_do_not_open_start_no_shell(bob: User, bobs_session: Session) -> None:
    bobs_session.set_environment({"A": "1"})
    Session.objects.filter(pk=bobs_session.pk).update(env=bobs_session.env[:-2] + "AA")
    assert refusal(signed_in(bob), terminal_of(bobs_session)) == Close.GONE


def test_vera_the_viewer_types_only_in_her_own_read_session(
    vera: User, sandbox: Sandbox, bobs_session: Session
) -> None:
    own = Session.for_person(sandbox, vera)
    assert not own.can_write
    assert admit(signed_in(vera), terminal_of(own).pk).may_drive
    assert not admit(signed_in(vera), terminal_of(bobs_session, opened=True).pk).may_drive


def test_writers_type_into_the_global_session_and_viewers_do_not(bob: User, vera: User, sandbox: Sandbox) -> None:
    terminal = terminal_of(Session.for_global(sandbox), opened=True)
    assert admit(signed_in(bob), terminal.pk).may_drive
    assert not admit(signed_in(vera), terminal.pk).may_drive


def test_charlie_learns_nothing(charlie: User, bobs_session: Session) -> None:
    terminal = terminal_of(bobs_session)
    assert refusal(signed_in(charlie), terminal) == Close.NOT_ALLOWED
    assert refusal(signed_in(charlie), Terminal(pk=uuid4())) == Close.NOT_ALLOWED


def test_nobody_is_refused_as_signed_out(bobs_session: Session) -> None:
    assert refusal(None, terminal_of(bobs_session)) == Close.SIGNED_OUT


def test_a_disabled_user_is_refused(bob: User, bobs_session: Session) -> None:
    login = signed_in(bob)
    User.objects.filter(pk=bob.pk).update(is_active=False)
    assert refusal(login, terminal_of(bobs_session)) == Close.SIGNED_OUT


def test_a_session_that_is_not_up_yet_asks_to_come_back(bob: User, bobs_session: Session) -> None:
    terminal = bobs_session.open_terminal(by=bob)
    assert refusal(signed_in(bob), terminal) == Close.RESTARTING


def test_an_opened_terminal_is_never_started_a_second_time(bob: User, bobs_session: Session) -> None:
    terminal = terminal_of(bobs_session)
    terminal.mark_opened()
    assert admit(signed_in(bob), terminal.pk).shell is None


def test_nobody_is_expelled_while_nothing_changed(bobs_admission: TerminalAdmission) -> None:
    assert outcome(bobs_admission) == [None]


def test_logout_expels_the_one_browser_that_did_it(bob: User, bobs_admission: TerminalAdmission) -> None:
    other = admit(signed_in(bob), bobs_admission.terminal_id)
    assert isinstance(bobs_admission.login, Login)
    BrowserSession.objects.filter(session_key=bobs_admission.login.key).delete()
    assert outcome(bobs_admission, other) == [Close.SIGNED_OUT, None]


def test_a_new_password_expels(bob: User, bobs_admission: TerminalAdmission) -> None:
    bob.set_password("another good password")
    bob.save()
    assert outcome(bobs_admission) == [Close.SIGNED_OUT]


def test_a_disabled_account_expels(bob: User, bobs_admission: TerminalAdmission) -> None:
    User.objects.filter(pk=bob.pk).update(is_active=False)
    assert outcome(bobs_admission) == [Close.SIGNED_OUT]


def test_a_lost_membership_expels(bob: User, team: Team, bobs_admission: TerminalAdmission) -> None:
    team.memberships.get(user=bob).revoke()
    assert outcome(bobs_admission) == [Close.NOT_ALLOWED]


def test_an_ended_session_expels_everybody(
    alice: User, bobs_session: Session, bobs_admission: TerminalAdmission
) -> None:
    Terminal(pk=bobs_admission.terminal_id).mark_opened()
    looking = admit(signed_in(alice), bobs_admission.terminal_id)
    bobs_session.end()
    assert outcome(bobs_admission, looking) == [Close.GONE, Close.GONE]


def test_a_deleted_user_is_gone(bob: User, bobs_admission: TerminalAdmission) -> None:
    bob.delete()
    assert outcome(bobs_admission) == [Close.SIGNED_OUT]


def test_a_role_that_types_less_makes_the_socket_come_back(bob: User, team: Team, sandbox: Sandbox) -> None:
    admission = admit(signed_in(bob), terminal_of(Session.for_global(sandbox)).pk)
    team.memberships.get(user=bob).change_role(Role.VIEWER)
    assert outcome(admission) == [Close.RESTARTING]


def test_the_watch_asks_as_often_for_many_as_for_one(
    bob: User, bobs_session: Session, bobs_admission: TerminalAdmission
) -> None:
    admissions = [bobs_admission, *(admit(signed_in(bob), terminal_of(bobs_session).pk) for _ in range(9))]
    with CaptureQueriesContext(
        connection,
    ) as one:
        expelled(admissions[:1])
    with CaptureQueriesContext(connection) as ten:
        expelled(admissions)
    assert len(ten) == len(one) == 5


# --- programs -------------------------------------------------------------------------------------------------------
def by_token(user: User, *scopes: Scope, team: Team | None = None) -> TokenLogin:
    return TokenLogin.of(ApiToken.make(user, "a program", scopes, team=team)[0])


def test_a_token_types_where_its_person_may(bob: User, bobs_session: Session) -> None:
    assert admit(by_token(bob, Scope.TERMINALS_WRITE), terminal_of(bobs_session).pk).may_drive


def test_a_token_that_may_look_does_not_type(bob: User, bobs_session: Session) -> None:
    assert not admit(by_token(bob, Scope.TERMINALS_READ), terminal_of(bobs_session, opened=True).pk).may_drive


def test_a_token_types_in_nobody_elses_session(alice: User, bobs_session: Session) -> None:
    assert not admit(by_token(alice, Scope.TERMINALS_WRITE), terminal_of(bobs_session, opened=True).pk).may_drive


def test_a_token_without_the_scope_and_one_for_another_team_see_nothing(bob: User, bobs_session: Session) -> None:
    terminal = terminal_of(bobs_session)
    elsewhere = Team.objects.create(name="Elsewhere")
    elsewhere.add(bob, Role.OWNER)
    assert refusal(by_token(bob, Scope.SANDBOXES_WRITE), terminal) == Close.NOT_ALLOWED
    assert refusal(by_token(bob, Scope.TERMINALS_WRITE, team=elsewhere), terminal) == Close.NOT_ALLOWED
    assert refusal(TokenLogin.of(None), terminal) == Close.SIGNED_OUT


def test_a_revoked_token_expels_and_others_stay(
    bob: User, bobs_session: Session, bobs_admission: TerminalAdmission
) -> None:
    token, _ = ApiToken.make(bob, "a program", [Scope.TERMINALS_WRITE])
    admission = admit(TokenLogin.of(token), bobs_admission.terminal_id)
    assert outcome(bobs_admission, admission) == [None, None]
    token.revoke()
    assert outcome(bobs_admission, admission) == [None, Close.SIGNED_OUT]


def test_a_token_ends_with_the_membership_and_the_account(bob: User, team: Team, bobs_session: Session) -> None:
    terminal = terminal_of(bobs_session)
    admission = admit(by_token(bob, Scope.TERMINALS_WRITE, team=team), terminal.pk)
    User.objects.filter(pk=bob.pk).update(is_active=False)
    assert outcome(admission) == [Close.SIGNED_OUT]
    User.objects.filter(pk=bob.pk).update(is_active=True)
    team.memberships.get(user=bob).revoke()
    assert outcome(admission) == [Close.SIGNED_OUT]


# --- tokens of a session ----------------------------------------------------------------------------------------------
def for_session(session: Session, maker: User) -> tuple[SessionToken, SessionLogin]:
    token, _ = SessionToken.make(session, maker)
    return token, SessionLogin.of(token)


def test_a_session_token_does_what_its_maker_may_do_there(alice: User, bob: User, bobs_session: Session) -> None:
    terminal = terminal_of(bobs_session, opened=True)
    assert admit(for_session(bobs_session, bob)[1], terminal.pk).may_drive
    # Alice looks at bob's terminals, and so does her token.
    assert not admit(for_session(bobs_session, alice)[1], terminal.pk).may_drive


def test_a_session_token_opens_no_other_session(bob: User, sandbox: Sandbox, bobs_session: Session) -> None:
    _, login = for_session(bobs_session, bob)
    assert refusal(login, terminal_of(Session.for_global(sandbox), opened=True)) == Close.NOT_ALLOWED


def test_a_session_token_ends_in_each_of_its_ways(bob: User, team: Team, bobs_session: Session) -> None:
    terminal = terminal_of(bobs_session, opened=True)
    token, login = for_session(bobs_session, bob)
    admission = admit(login, terminal.pk)
    assert outcome(admission) == [None]
    SessionToken.objects.filter(pk=token.pk).update(expires_at=timezone.now())
    assert outcome(admission) == [Close.SIGNED_OUT]
    SessionToken.objects.get(pk=token.pk).renew()
    assert outcome(admission) == [None]
    User.objects.filter(pk=bob.pk).update(is_active=False)
    assert outcome(admission) == [Close.SIGNED_OUT]
    User.objects.filter(pk=bob.pk).update(is_active=True)
    token.revoke()
    assert outcome(admission) == [Close.SIGNED_OUT]
    _, another = for_session(bobs_session, bob)
    assert outcome(admit(another, terminal.pk)) == [None]
    # Who leaves the team leaves their session, and it ends.
    team.memberships.get(user=bob).revoke()
    assert refusal(another, terminal) == Close.SIGNED_OUT


def test_a_session_has_no_more_tokens_than_it_may_have(
    bob: User, bobs_session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(session_token, "TOKENS_PER_SESSION", 2)
    first, _ = SessionToken.make(bobs_session, bob)
    SessionToken.make(bobs_session, bob)
    with pytest.raises(ValidationError):
        SessionToken.make(bobs_session, bob)
    first.revoke()
    SessionToken.make(bobs_session, bob)


@pytest.mark.parametrize("seconds", [0, 59, 86_401])
def test_a_session_token_is_short(bob: User, bobs_session: Session, seconds: int) -> None:
    with pytest.raises(ValidationError):
        SessionToken.make(bobs_session, bob, timedelta(seconds=seconds))
