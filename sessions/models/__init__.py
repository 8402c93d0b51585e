"""Sessions, their terminals, and what people keep about them, as rows."""

from sessions.models.layout import Layout
from sessions.models.preferences import Preferences
from sessions.models.session import (
    SESSIONS_PER_SANDBOX,
    TERMINALS_PER_SESSION,
    Permission,
    Session,
    SessionQuerySet,
    SessionState,
    Terminal,
    TerminalQuerySet,
    TooManyTerminalsError,
    permission_of,
)

__all__ = [
    "SESSIONS_PER_SANDBOX",
    "TERMINALS_PER_SESSION",
    "Layout",
    "Permission",
    "Preferences",
    "Session",
    "SessionQuerySet",
    "SessionState",
    "Terminal",
    "TerminalQuerySet",
    "TooManyTerminalsError",
    "permission_of",
]
