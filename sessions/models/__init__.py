"""Sessions, their terminals, and what people keep about them, as rows."""

from sessions.models.command import COMMANDS_PER_SESSION, Command, CommandQuerySet
from sessions.models.layout import Layout
from sessions.models.preferences import Preferences
from sessions.models.session import (
    SESSIONS_PER_SANDBOX,
    Permission,
    Session,
    SessionQuerySet,
    SessionState,
    permission_of,
)
from sessions.models.session_token import SessionToken, SessionTokenQuerySet
from sessions.models.terminal import TERMINALS_PER_SESSION, Terminal, TerminalQuerySet

__all__ = [
    "COMMANDS_PER_SESSION",
    "SESSIONS_PER_SANDBOX",
    "TERMINALS_PER_SESSION",
    "Command",
    "CommandQuerySet",
    "Layout",
    "Permission",
    "Preferences",
    "Session",
    "SessionQuerySet",
    "SessionState",
    "SessionToken",
    "SessionTokenQuerySet",
    "Terminal",
    "TerminalQuerySet",
    "permission_of",
]
