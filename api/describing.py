"""Rows as the API shows them."""

from __future__ import annotations

from signal import Signals
from typing import Any

from accounts.models import ApiToken, Team, User
from activity.models import Entry
from api.callers import Caller
from sandboxes.models import Sandbox, Step, Template
from sandboxes.models import Usage as UsageRow
from sandboxes.models.operations import operations_in
from sandboxes.permissions import Action, may
from sessions.models import Command, Session, SessionToken, Terminal
from sessions.rights.table import Act, acts_of


def person(user: User | None) -> dict[str, Any] | None:
    return {"id": user.pk, "name": user.display_name, "email": user.email} if user else None


def team_name(team: Team) -> dict[str, Any]:
    return {"id": team.pk, "name": team.name}


def team(row: Team, caller: Caller) -> dict[str, Any]:
    role = caller.roles.get(row.pk)
    return team_name(row) | {"role": role or "", "may_create": may(caller.user, Action.CREATE, role)}


def template(row: Template) -> dict[str, Any]:
    names = ("title", "description", "icon", "memory_bytes", "cpu_millis", "pids_limit", "disk_bytes", "idle_timeout_s")
    return {"id": row.slug} | {name: getattr(row, name) for name in names}


SHOWN_AS_THEY_ARE = (
    *("title", "description", "state", "reason", "next_action", "created_at", "state_at", "last_used_at"),
    *("idle_timeout_s", "stops_at", "memory_bytes", "cpu_millis", "pids_limit", "disk_bytes", "trashed_at", "purge_at"),
)


# What rows have in common with others.
SHARED = ("template", "team", "created_by", "last_used_by")


def sandbox(row: Sandbox, caller: Caller) -> dict[str, Any]:
    """Describe a sandbox that came from `caller.sandboxes`: asks the database for nothing more."""
    may_operate = caller.may(Action.OPERATE, row)
    return {name: getattr(row, name) for name in SHOWN_AS_THEY_ARE} | {
        "id": row.slug,
        "team": team_name(row.team),
        "template": row.template.slug,
        "owner": person(row.created_by),
        "wanted": row.desired,
        "operations": [each.name for each in operations_in(row.state, row.desired)] if may_operate else [],
        "last_used_by": str(row.last_used_by) if row.last_used_by else None,
        "stops_because": row.idle_cause if row.stops_at else None,
        "usage": usage(row),
        "address": row.get_absolute_url(),
    }


def usage(row: Sandbox) -> dict[str, Any]:
    """What it uses now. What a look from before its start saw says nothing."""
    seen: UsageRow | None = getattr(row, "usage", None)
    is_now = seen is not None and row.is_running and seen.is_fresh()
    shown = {name: getattr(seen, name) if is_now else None for name in ("at", "cpu_millis", "memory_bytes", "pids")}
    return shown | {"disk_bytes": seen.disk_bytes if seen else None}


def step(row: Step) -> dict[str, Any]:
    return {name: getattr(row, name) for name in ("operation", "title", "outcome", "detail", "started_at", "took_s")}


def entry(row: Entry) -> dict[str, Any]:
    return {
        name: getattr(row, name) for name in ("number", "at", "actor", "via", "verb", "target", "outcome", "detail")
    }


def session(row: Session, caller: Caller, role: str | None) -> dict[str, Any]:
    """Describe a session. `row.sandbox` is read, and of its secrets no more than whether they are there."""
    acts = acts_of(caller.user, row, role)
    names = ("is_global", "permission", "state", "reason", "created_at", "last_used_at")
    return {name: getattr(row, name) for name in names} | {
        "id": row.name,
        "sandbox": row.sandbox.slug,
        "person": person(row.user),
        "created_by": person(row.created_by),
        "git": {
            "email": row.git_email,
            "name": row.git_name or row.name,
            "provider": row.git_provider,
            "username": row.git_username,
            "has_token": bool(row.git_token),
        },
        "env": sorted(row.environment) if Act.CONFIGURE in acts else [],
        "has_host_token": bool(row.host_token),
        "may": sorted(acts),
        "terminals": sum(each.is_live for each in row.terminals.all()),
    }


def terminal(row: Terminal) -> dict[str, Any]:
    """Describe a terminal; `row.session.sandbox` is read."""
    return {
        "id": str(row.pk),
        "sandbox": row.session.sandbox.slug,
        "session": row.session.name,
        "title": row.title,
        "state": "running" if row.is_live else "ended",
        "exit_status": row.exit_status,
        "created_at": row.created_at,
        "created_by": str(row.created_by) if row.created_by else None,
        "end_reason": row.end_reason,
        "socket": f"/ws/terminals/{row.pk}/",
    }


def command(row: Command) -> dict[str, Any]:
    """Describe a command; `row.session.sandbox` is read."""
    names = ("argv", "exit_status", "timed_out", "ran_s", "created_at", "ended_at", "end_reason")
    return {name: getattr(row, name) for name in names} | {
        "id": str(row.pk),
        "sandbox": row.session.sandbox.slug,
        "session": row.session.name,
        "state": "running" if row.is_live else "ended",
        "signal": Signals(row.signal).name if row.signal else None,
        "created_by": str(row.created_by) if row.created_by else None,
        "socket": f"/ws/commands/{row.pk}/",
    }


def token(row: ApiToken, caller: Caller) -> dict[str, Any]:
    names = ("name", "scopes", "created_at", "expires_at", "last_used_at", "last_used_from")
    return {name: getattr(row, name) for name in names} | {
        "id": row.pk,
        "begins_with": row.shown,
        "team": team_name(row.team) if row.team else None,
        "is_current": row == caller.token,
    }


def session_token(row: SessionToken) -> dict[str, Any]:
    names = ("created_at", "expires_at", "last_used_at", "last_used_from")
    return {name: getattr(row, name) for name in names} | {
        "id": row.pk,
        "begins_with": row.shown,
        "made_by": person(row.user),
    }
