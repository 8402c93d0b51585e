"""Terminals from the outside of a page: opening the first one, ending one."""

from __future__ import annotations

from asgiref.sync import async_to_sync

from accounts.models import User
from sandboxes.engine import EngineError, get_engine
from sandboxes.permissions import Action
from sessions.access import may_type
from sessions.containers import container_name
from sessions.link import HOLDER
from sessions.models import Session, Terminal


def at_hand(session: Session, user: User) -> list[Terminal]:
    """Return the session's live terminals; a first one is opened when there is none."""
    return list(session.terminals.live()) or [session.open_terminal(by=user)]


def may_end(terminal: Terminal, user: User) -> bool:
    """Who types into a terminal may end it, and who manages the sandbox."""
    session = terminal.session
    role = session.sandbox.team.role_of(user)
    return may_type(user, session, role) or session.sandbox.permits(Action.MANAGE, user)


def end(terminal: Terminal, by: User) -> None:
    """End a terminal on somebody's word: its shell is hung up and, after 5 s, killed by the holder.

    Raises EngineError when the engine cannot be asked; then the terminal goes on.
    """
    if terminal.opened_at is not None and terminal.session.is_running:
        async_to_sync(_hang_up)(container_name(terminal.session), str(terminal.pk))
    terminal.mark_ended(None, f"Ended by {by}.")


async def _hang_up(container: str, terminal_id: str) -> None:
    """Ask the holder; it answers 3 when it does not know the terminal any more, which is as good as ended."""
    result = await get_engine().exec_run(container, [HOLDER, "end", terminal_id])
    if result.status not in (0, 3):
        raise EngineError(f"The holder could not end the terminal: {result.stderr.decode(errors='replace')}")
