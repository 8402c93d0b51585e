"""Names of the containers that sessions run in."""

from __future__ import annotations

from django.conf import settings

from sandboxes.models import Sandbox
from sessions.models import Session
from sessions.names import GLOBAL_SESSION_ID


def container_name(session: Session) -> str:
    """Return the container's name: unique on the engine, readable in its list."""
    return named(session.sandbox, session.name)


def global_container_name(sandbox: Sandbox) -> str:
    """Return the name of the container that owns the sandbox's network."""
    return named(sandbox, GLOBAL_SESSION_ID)


def named(sandbox: Sandbox, session_name: str) -> str:
    return f"sandlot-{settings.SANDLOT_INSTANCE}-{sandbox.slug}-{session_name}"
