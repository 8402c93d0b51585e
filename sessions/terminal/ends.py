"""Terminals from the outside of a page: opening the first one, ending one."""

from __future__ import annotations

import json
import logging
from typing import Any
from uuid import UUID

from asgiref.sync import async_to_sync

from accounts.models import User
from activity.refusals import EngineSilent, Hidden, NotAllowed, NotNow, Over, TooMany
from engine import EngineError
from sandboxes.engines import engine_named
from sandboxes.models import Desired, State
from sessions.containers import container_name
from sessions.holder import HOLDER
from sessions.models import Session, Terminal
from sessions.rights.table import Act, acts_of, require

logger = logging.getLogger(__name__)


def at_hand(session: Session, user: User, *, may_open: bool) -> list[Terminal]:
    """Return the session's live terminals; a first one is opened when there is none and the person may."""
    note_ends(session)
    alive = list(session.terminals.live())
    return alive if alive or not may_open else [session.open_terminal(by=user)]


def open_another(session: Session, user: User) -> Terminal:
    """Return a new terminal in a session where the person types. Raises NotNow, NotAllowed, Over, TooMany.

    There are too many only when as many shells as there may be are really alive.
    """
    sandbox = session.sandbox
    if sandbox.desired != Desired.RUNNING:
        raise NotNow(f"{sandbox} is not running. No terminal was opened.", session, code="not_running")
    require(user, Act.TYPE, session, "No terminal was opened.")
    if session.ended_at is not None:
        raise Over(f"The session {session.name} was just ended. No terminal was opened.", session, code="session_over")
    try:
        return session.open_terminal(by=user)
    except TooMany:
        note_ends(session)
        return session.open_terminal(by=user)


def note_ends(session: Session) -> None:
    """Write down which shells ended while nobody looked. Without an answer of the engine all count as alive."""
    opened = list(session.terminals.live().exclude(opened_at=None))
    if not opened or not session.is_running:
        return
    try:
        held = async_to_sync(_held)(container_name(session))
    except EngineError as error:
        logger.info("The terminals of %s could not be listed: %s", session, error)
        return
    for terminal in opened:
        shell = held.get(str(terminal.pk))
        if shell is None:
            terminal.mark_ended(None, "It ended while nobody was watching.")
        elif not shell["running"]:
            terminal.mark_ended(shell["status"])


async def _held(container: str) -> dict[str, dict[str, Any]]:
    """Return the holder's terminals by id; each has running and status."""
    result = await engine_named().exec_run(container, [HOLDER, "list"])
    if result.status != 0:
        raise EngineError(f"The holder could not list its terminals: {result.stderr.decode(errors='replace')}")
    return {shell["id"]: shell for shell in json.loads(result.stdout)}


# A shell that waits for its person. Under a name of these other than the terminal's own process runs a script.
SHELLS = {"ash", "bash", "busybox", "dash", "fish", "ksh", "sh", "zsh"}


def program_in(terminal: Terminal) -> str | None:
    """Return the name of what runs in the foreground; None when only the shell waits, or nothing runs any more.

    Raises EngineSilent when nobody can tell.
    """
    if not terminal.is_live or terminal.opened_at is None or not terminal.session.is_running:
        return None
    try:
        held = async_to_sync(_held)(container_name(terminal.session)).get(str(terminal.pk))
    except EngineError as error:
        raise EngineSilent(f"What runs there is not known: {error}", terminal) from error
    if held is None or not held["running"]:
        return None
    name = str(held["foreground"])
    return None if held.get("busy") is False and name in SHELLS else name or "a program"


def changeable(terminal_id: UUID, user: User) -> Terminal:
    """Return a terminal that the person may rename and end. Raises Hidden, NotAllowed.

    That is anyone who types into it, and anyone who may end its session.
    """
    seen = Terminal.objects.visible_to(user).select_related("session__sandbox__team").filter(pk=terminal_id).first()
    if seen is None:
        raise Hidden("This terminal does not exist, or you may not see it.", code="unknown_terminal")
    acts = acts_of(user, seen.session, seen.session.sandbox.team.role_of(user))
    if not {Act.TYPE, Act.END} & acts:
        raise NotAllowed("This terminal is someone else's. Nothing was changed.", seen)
    return seen


def end(terminal: Terminal, by: User) -> None:
    """End a terminal because someone asks for it: its shell is hung up and, after 5 s, killed by the holder.

    What `nohup` or `setsid` started goes on until the session ends.

    Raises EngineSilent when the engine cannot be asked, NotNow while the sandbox is paused; then the terminal goes on.
    """
    if terminal.session.sandbox.state == State.PAUSED:
        text = f"The terminal goes on: {terminal.session.sandbox} is paused. Resume it first."
        raise NotNow(text, terminal, code="paused")
    if terminal.opened_at is not None and terminal.session.is_running:
        try:
            async_to_sync(_hang_up)(container_name(terminal.session), str(terminal.pk))
        except EngineError as error:
            raise EngineSilent(f"The terminal goes on: {error}", terminal) from error
    terminal.mark_ended(None, f"Ended by {by}.", by=by)


async def _hang_up(container: str, terminal_id: str) -> None:
    """Ask the holder; it answers 3 when it does not know the terminal any more, which is as good as ended."""
    result = await engine_named().exec_run(container, [HOLDER, "end", terminal_id])
    if result.status not in (0, 3):
        raise EngineError(f"The holder could not end the terminal: {result.stderr.decode(errors='replace')}")
