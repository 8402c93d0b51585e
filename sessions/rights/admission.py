"""May this person look at what runs in a session, and type into it? Asked when a socket opens and while it is open."""

from __future__ import annotations

import logging
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import NamedTuple
from uuid import UUID

from accounts.logins import Login
from accounts.models import Membership, Scope, User
from accounts.vault.vault import VaultError
from activity.log import VISIT, record
from activity.models import Outcome
from activity.refusals import Close, Hidden, NotAllowed, NotNow, Over, Refused, SignedOut
from sandboxes.models import Desired, State
from sessions.brings.program import shell_of
from sessions.containers import container_name
from sessions.holder import Program
from sessions.models import Session, SessionState, Terminal
from sessions.rights.proof import Proof, reaches, still_good
from sessions.rights.table import Act, may, require

logger = logging.getLogger(__name__)


def signed_out(login: Proof | None) -> Refused:
    if login is None or isinstance(login, Login):
        return SignedOut("You are signed out. What runs here keeps running: sign in again to go on.")
    return SignedOut("This token is mistyped, expired or revoked. What runs keeps running.")


def missing_scope(scope: Scope) -> Refused:
    return NotAllowed(f"This token lacks the scope {scope}.", code="missing_scope")


def not_here() -> Refused:
    return Hidden("This terminal does not exist, or you may not see it.")


def session_over() -> Refused:
    return Over("The session was ended.")


def paused() -> Refused:
    return NotNow("The sandbox is paused. What runs in it goes on where it stood once it is resumed.", code="paused")


class Access(NamedTuple):
    """What it takes to be there: a scope and an act, and another scope to change anything."""

    scope: Scope
    act: Act
    driving: Scope


# Whoever reads files in a session reads its private folder.
COMMANDS = Access(Scope.TERMINALS_READ, Act.LOOK, Scope.TERMINALS_WRITE)
FILES = Access(Scope.FILES_READ, Act.TYPE, Scope.FILES_WRITE)
TUNNELS = Access(Scope.TERMINALS_WRITE, Act.TYPE, Scope.TERMINALS_WRITE)


@dataclass(frozen=True, eq=False)
class Admission:
    """A person's admitted place in a session: at a terminal, its commands, its files or its ports."""

    login: Proof
    session_id: int
    container: str
    name: str
    may_drive: bool
    access: Access = field(default=COMMANDS, kw_only=True)


@dataclass(frozen=True, eq=False)
class TerminalAdmission(Admission):
    """`shell` is there while the terminal was never opened."""

    terminal_id: UUID
    title: str
    shell: Program | None


def person_of(login: Proof | None, scope: Scope = Scope.TERMINALS_READ) -> tuple[Proof, User]:
    """Return who that is, if what they bring is good for this. Raises SignedOut, NotAllowed."""
    if login is None or not still_good([login]):
        raise signed_out(login)
    if not login.grants(scope):
        raise missing_scope(scope)
    return login, User.objects.get(pk=login.user_id)


def admit_to(login: Proof | None, session: Session | None, access: Access = COMMANDS) -> Admission:
    """Return the person's admission to what is in a session. Raises Refused with the reason."""
    login, user = person_of(login, access.scope)
    role = session.sandbox.team.role_of(user) if session else None
    if session is None or role is None or not reaches(login, session):
        raise Hidden("This session does not exist, or you may not see it.", code="unknown_session")
    require(user, access.act, session)
    require_running(session)
    may_drive = may_type(login, user, session, role, access.driving)
    return Admission(login, session.pk, container_name(session), user.display_name, may_drive, access=access)


def require_running(session: Session) -> None:
    """Raises NotNow, with the reason and the way on."""
    if session.sandbox.state == State.PAUSED:
        raise paused()
    if session.state == SessionState.RUNNING:
        return
    if session.sandbox.desired == Desired.STOPPED:
        raise NotNow(f"{session.sandbox} is stopped. What is in it is there again once it is started.", code="stopped")
    if session.state == SessionState.FAILED:
        raise NotNow(f"The session {session.name} could not be started: {session.reason}", code="session_failed")
    raise NotNow(f"The session {session.name} is not running yet. It connects by itself.", code="not_running")


def admit(login: Proof | None, terminal_id: UUID) -> TerminalAdmission:
    """Return the person's admission at a terminal. Raises Refused with the reason."""
    login, user = person_of(login)
    terminal = Terminal.objects.visible_to(user).select_related("session__sandbox__team").filter(pk=terminal_id).first()
    if terminal is None or not reaches(login, terminal.session):
        raise not_here()
    session = terminal.session
    require_running(session)
    may_drive = may_type(login, user, session, session.sandbox.team.role_of(user))
    return TerminalAdmission(
        login=login,
        terminal_id=terminal_id,
        session_id=session.pk,
        container=container_name(session),
        name=user.display_name,
        title=terminal.title,
        may_drive=may_drive,
        shell=shell_to_start(terminal, may_drive=may_drive),
    )


def may_type(
    login: Proof, user: User, session: Session, role: str | None, scope: Scope = Scope.TERMINALS_WRITE
) -> bool:
    """Whether the keyboard can be theirs: by the person's right, and by the token's scope."""
    return login.grants(scope) and may(user, Act.TYPE, session, role)


def shell_to_start(terminal: Terminal, *, may_drive: bool) -> Program | None:
    """Return the shell of a terminal that was never opened. Whoever only looks waits until it is. Raises Refused."""
    if terminal.opened_at is not None or not terminal.is_live:
        return None
    if not may_drive:
        raise NotNow("This terminal was not opened yet. It connects by itself.")
    try:
        return shell_of(terminal.session)
    except VaultError as error:
        logger.error("The variables of %s do not open: %s", terminal.session, error)  # noqa: TRY400  # it is all said
        text = "The variables of this session cannot be opened. Whoever runs the server finds the reason in its log."
        raise Over(text) from error


def let_in(login: Proof | None, terminal_id: UUID) -> TerminalAdmission:
    """Admit and record it; a link that comes back within the same visit is not a new one. Raises Refused."""
    terminal = Terminal.objects.select_related("session__sandbox__team").filter(pk=terminal_id).first()
    try:
        admission = admit(login, terminal_id)
    except Refused as refusal:
        if refusal.close is Close.NOT_ALLOWED:
            record("terminal.attach", terminal, outcome=Outcome.REFUSED, once_in=VISIT)
        raise
    record("terminal.attach", terminal, once_in=VISIT)
    return admission


def note_end_wish(terminal_id: UUID) -> None:
    """Record that the person of a socket asks for the end of a shell, which the holder then reports."""
    record("terminal.end", Terminal.objects.select_related("session__sandbox__team").get(pk=terminal_id))


def expelled(admissions: Collection[Admission]) -> dict[Admission, Refused]:
    """Return the admissions whose right has ended, with the reason; seven queries whatever their number."""
    if not admissions:
        return {}
    good = still_good({admission.login for admission in admissions})
    sessions = Session.objects.select_related("sandbox").in_bulk({admission.session_id for admission in admissions})
    users = User.objects.in_bulk({admission.login.user_id for admission in admissions})
    roles = {
        (team_id, user_id): role
        for team_id, user_id, role in Membership.objects.filter(
            user_id__in=users, team_id__in={session.sandbox.team_id for session in sessions.values()}
        ).values_list("team_id", "user_id", "role")
    }
    reasons: dict[Admission, Refused] = {}
    for admission in admissions:
        session, user = sessions.get(admission.session_id), users.get(admission.login.user_id)
        if admission.login not in good or user is None:
            reasons[admission] = signed_out(admission.login)
        elif session is None:
            reasons[admission] = session_over()
        elif why := why_out(admission, session, user, roles.get((session.sandbox.team_id, user.pk))):
            reasons[admission] = why
    return reasons


def why_out(admission: Admission, session: Session, user: User, role: str | None) -> Refused | None:
    """Return why someone who is signed in may not stay connected; None when they may."""
    if role is None:
        return not_here()
    if session.ended_at is not None:
        return session_over()
    if session.sandbox.state == State.PAUSED:
        return paused()
    driving = may_type(admission.login, user, session, role, admission.access.driving)
    if driving != admission.may_drive or not may(user, admission.access.act, session, role):
        return NotNow("Your rights here have changed.")
    return None
