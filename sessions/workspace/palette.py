"""What the command palette offers a person: what they may see and do, as plain data for its script."""

from __future__ import annotations

from typing import Any

from django.db.models import Case, F, When
from django.urls import reverse

from accounts.current import Teams
from accounts.models import User
from sandboxes.models import Sandbox
from sandboxes.permissions import ROLES_FOR, Action
from sessions.models import Session, Terminal

# More than anybody scrolls through; the search on the page stays instant with all of them.
MAX_SANDBOXES = 500
MAX_SESSIONS = 200
MAX_TERMINALS = 200

LATELY = F("last_used_at").desc(nulls_last=True)


def offer(user: User, teams: Teams) -> dict[str, Any]:
    """Return {sandboxes, terminals, sessions, teams, places}, each a list of dicts, lately used ones first.

    Asks as often for one sandbox as for all. Twin, which says what each dict is for: static/src/lib/words/commands.js.
    """
    return {
        "sandboxes": [sandbox_entry(sandbox) for sandbox in sandboxes_of(user)],
        "terminals": [terminal_entry(terminal, user) for terminal in terminals_of(user)],
        "sessions": [session_entry(session, user) for session in sessions_of(user)],
        "teams": [team_entry(team.pk, str(team), is_current=team == teams.current) for team in teams.all],
        "places": places(user, teams),
    }


def sandboxes_of(user: User) -> list[Sandbox]:
    rows = Sandbox.objects.visible_to(user).with_rights_of(user).select_related("team")
    # What is shown and nothing else, here and below: turning seven dates of each row into objects is most of the work.
    shown = rows.only("slug", "title", "state", "desired", "team__name")
    return list(shown.order_by(LATELY, "slug")[:MAX_SANDBOXES])


def terminals_of(user: User) -> list[Terminal]:
    """Return the live ones, the person's own first."""
    rows = Terminal.objects.visible_to(user).live().select_related("session__sandbox")
    shown = rows.only("title", "session__name", "session__user_id", "session__sandbox__slug", "session__sandbox__title")
    own = Case(When(session__user=user, then=0), default=1)
    return list(
        shown.order_by(own, F("session__last_used_at").desc(nulls_last=True), "session", "number")[:MAX_TERMINALS]
    )


def sessions_of(user: User) -> list[Session]:
    rows = Session.objects.visible_to(user).select_related("sandbox")
    shown = rows.only("name", "state", "user_id", "sandbox__slug", "sandbox__title")
    return list(shown.order_by(LATELY, "name")[:MAX_SESSIONS])


def sandbox_entry(sandbox: Any) -> dict[str, Any]:
    return {
        "slug": sandbox.slug,
        "title": str(sandbox),
        "state": sandbox.get_state_display(),
        "team": str(sandbox.team),
        "url": sandbox.get_absolute_url(),
        "can": [operation.name for operation in sandbox.operations] if sandbox.can_operate else [],
    }


def terminal_entry(terminal: Terminal, user: User) -> dict[str, str]:
    session = terminal.session
    return {
        "title": terminal.title,
        "sandbox": str(session.sandbox),
        "session": session.name,
        "url": f"{address(session, user)}#terminal-{terminal.pk}",
    }


def session_entry(session: Session, user: User) -> dict[str, str]:
    return {
        "name": session.name,
        "sandbox": str(session.sandbox),
        "state": session.get_state_display(),
        "url": address(session, user),
    }


def address(session: Session, user: User) -> str:
    """Return the page of a session's terminals; one's own is the sandbox's."""
    if session.user_id == user.pk:
        return session.sandbox.get_absolute_url()
    return reverse("sessions:workspace_at", args=[session.sandbox.slug, session.name])


def team_entry(pk: int, name: str, *, is_current: bool) -> dict[str, Any]:
    return {"id": pk, "name": name, "url": reverse("accounts:switch"), "is_current": is_current}


def places(user: User, teams: Teams) -> list[dict[str, str]]:
    """Return where the person can go and what they can do anywhere: {title, icon, href or post}, perhaps `more`."""
    may_create = teams.current is not None and teams.current.role_of(user) in ROLES_FOR[Action.CREATE]
    everywhere = [
        {"title": "New sandbox", "icon": "plus", "href": reverse("sandboxes:create"), "more": "create"},
        {"title": "Sandboxes", "icon": "box", "href": reverse("sandboxes:list"), "more": "list home"},
        {"title": "Trash", "icon": "trash", "href": reverse("sandboxes:trash"), "more": "deleted restore"},
        {"title": "Team", "icon": "users", "href": reverse("accounts:team"), "more": "members invite people"},
        {"title": "Password", "icon": "key", "href": reverse("account_change_password"), "more": "settings change"},
        {"title": "Two-factor sign-in", "icon": "shield-lock", "href": reverse("mfa_index"), "more": "settings 2fa"},
        {"title": "Admin", "icon": "settings", "href": reverse("admin:index")},
        {"title": "Sign out", "icon": "logout", "post": reverse("account_logout"), "more": "log out leave"},
    ]
    closed = {title for title, is_open in (("New sandbox", may_create), ("Admin", user.is_staff)) if not is_open}
    return [place for place in everywhere if place["title"] not in closed]
