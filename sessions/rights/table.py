"""The policy of sessions: who may do what with one. Pages, admin and sockets ask here.

It stands on the table of roles in `sandboxes.permissions`: each cell below names what a person must be allowed in the
sandbox, so one table says what a role is worth and this one how a session adds to it.
"""

from __future__ import annotations

from enum import StrEnum

from accounts.models import User
from activity.refusals import NotAllowed
from sandboxes import permissions
from sandboxes.permissions import Action
from sessions.models import Session


class Act(StrEnum):
    """What someone wants to do with a session."""

    LOOK = "look"  # see it in the list, and what its terminals show
    TYPE = "type"  # open terminals in it, type into them, rename and close them
    CONFIGURE = "configure"  # its environment, git identity and tokens
    END = "end"  # it and its terminals


class Tie(StrEnum):
    """What a session is to a person."""

    OWN = "own"
    GLOBAL = "global"
    OTHER = "other"


NEVER = None

# Nobody types into someone else's session: the shell there reads a private folder that is not theirs.
# People with a read session of their own work in it, and change nothing about it.
NEEDED: dict[Tie, dict[Act, Action | None]] = {
    Tie.OWN: {Act.LOOK: Action.VIEW, Act.TYPE: Action.VIEW, Act.CONFIGURE: Action.WRITE, Act.END: Action.VIEW},
    Tie.GLOBAL: {Act.LOOK: Action.VIEW, Act.TYPE: Action.WRITE, Act.CONFIGURE: Action.MANAGE, Act.END: NEVER},
    Tie.OTHER: {Act.LOOK: Action.VIEW, Act.TYPE: NEVER, Act.CONFIGURE: Action.MANAGE, Act.END: Action.MANAGE},
}

REFUSALS: dict[Act, str] = {
    Act.LOOK: "This session does not exist, or you may not see it.",
    Act.TYPE: "You may look at this session's terminals, not type into them.",
    Act.CONFIGURE: "Environment, git and tokens of this session are not yours to change. Nothing was changed.",
    Act.END: "This session is not yours to end. Nothing was ended.",
}


def tie_of(user: User, session: Session) -> Tie:
    """Return what the session is to the person. Without a user of its own it is its maker's."""
    if session.is_global:
        return Tie.GLOBAL
    owner = session.user_id or session.created_by_id
    return Tie.OWN if owner == user.pk else Tie.OTHER


def may(user: User, act: Act, session: Session, role: str | None) -> bool:
    """Answer for a person with this role in the sandbox's team. `session.sandbox` is read."""
    needed = NEEDED[tie_of(user, session)][act]
    if needed is NEVER:
        return False
    return permissions.may(user, needed, role, is_creator=session.sandbox.created_by_id == user.pk)


def acts_of(user: User, session: Session, role: str | None) -> frozenset[Act]:
    """Return all that the person may do with the session: what a page asks, once."""
    return frozenset(act for act in Act if may(user, act, session, role))


def require(user: User, act: Act, session: Session, then: str = "") -> None:
    """Raises NotAllowed when the person may not do this with the session; `then` says what was not done."""
    if not may(user, act, session, session.sandbox.team.role_of(user)):
        raise NotAllowed(f"{REFUSALS[act]} {then}".rstrip(), session)
