"""The one policy: which role may do what. Pages, admin, sockets and API all ask here."""

from __future__ import annotations

from enum import StrEnum

from accounts.models import GRANTABLE, Role, User


class Action(StrEnum):
    """What someone wants to do with a sandbox of a team."""

    VIEW = "view"
    CREATE = "create"
    OPERATE = "operate"  # start, stop, pause, resume, restart, retry
    WRITE = "write"  # type into terminals, change files
    SHARE = "share"  # create sessions for someone else
    MANAGE = "manage"  # delete, change settings, end other people's sessions


EVERYONE = frozenset(Role.values)
WRITERS = EVERYONE - {Role.VIEWER}
MANAGERS = frozenset({Role.OWNER.value, Role.ADMIN.value})

ROLES_FOR: dict[Action, frozenset[str]] = {
    Action.VIEW: EVERYONE,
    Action.CREATE: WRITERS,
    Action.OPERATE: WRITERS,
    Action.WRITE: WRITERS,
    Action.SHARE: WRITERS,
    Action.MANAGE: MANAGERS,
}

# What people read who may see the sandbox and not do this there.
REFUSALS: dict[Action, str] = {
    Action.VIEW: "This sandbox does not exist, or you may not see it.",
    Action.CREATE: "Viewers of a team do not create sandboxes. Ask an owner or admin to make you a member.",
    Action.OPERATE: "Viewers of a team do not start, stop, pause or restart its sandboxes. Nothing was changed.",
    Action.WRITE: "Viewers of a team change nothing in its sandboxes. Nothing was changed.",
    Action.SHARE: "Your role lets you look, not create sessions. Ask an owner or admin of the team.",
    Action.MANAGE: "Only owners and admins of the team and who created the sandbox may do this. Nothing was changed.",
}


# What each action is, in words, for people who choose a role.
WORDS: dict[Action, str] = {
    Action.VIEW: "look at sandboxes and terminals",
    Action.CREATE: "create sandboxes",
    Action.OPERATE: "start, pause and stop them",
    Action.WRITE: "work in them and change files",
    Action.SHARE: "make sessions for others",
    Action.MANAGE: "change settings, delete sandboxes and end sessions",
}


def words_of(role: str) -> str:
    """Return what a role may do as one sentence, made from the tables that decide."""
    words = [WORDS[action] for action in Action if role in ROLES_FOR[action]]
    if role in GRANTABLE:
        words.append("invite and manage " + ("everybody" if Role.OWNER in GRANTABLE[role] else "all but owners"))
    return f"May {', '.join(words)}."


def may(user: User, action: Action, role: str | None, *, is_creator: bool = False) -> bool:
    """Answer for a person with this role in the sandbox's team; who created a sandbox may also manage it."""
    if not user.is_active or role is None:
        return False
    return role in ROLES_FOR[action] or (action is Action.MANAGE and is_creator and role in WRITERS)
