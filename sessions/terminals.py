"""Terminals from the outside of a page: opening the first one, ending one."""

from __future__ import annotations

from accounts.models import User
from sessions.models import Session, Terminal


def at_hand(session: Session, user: User) -> list[Terminal]:
    """Return the session's live terminals; a first one is opened when there is none."""
    return list(session.terminals.live()) or [session.open_terminal(by=user)]


def end(terminal: Terminal, by: User) -> None:
    """End a terminal on somebody's word."""
    terminal.mark_ended(None, f"Ended by {by}.")
