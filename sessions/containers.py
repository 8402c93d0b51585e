"""Names of the containers that sessions run in, and the labels that say whose a container is."""

from __future__ import annotations

from django.conf import settings

from engine import site
from engine.labels import labels_of
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
    return site.named(settings.SANDLOT_INSTANCE, sandbox.slug, session_name)


def identity_of(session: Session) -> dict[str, str]:
    """Return the labels that only this session's container carries."""
    return labels_of(settings.SANDLOT_INSTANCE, "session", sandbox=session.sandbox.slug, session=session.name)
