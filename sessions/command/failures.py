"""What a failure of line, holder or engine means to whoever asked for something with a command."""

from __future__ import annotations

from activity.refusals import EngineSilent, Invalid, NotNow, Over, Refused, TooMany
from engine import Conflict, EngineAway, EngineError, EngineTimeout, NotFound
from sessions.holder import HolderError, ProtocolError
from sessions.line.commands import CommandRefused
from sessions.line.line import ChannelRefused, HolderTooOld, LineError, LineLost
from sessions.models import Command

# All that can go wrong on the way to the holder.
ERRORS = (EngineError, LineError, ProtocolError, TimeoutError)


def refusal_of(error: Exception, command: Command | None = None) -> Refused:
    """Return what a failure of line or engine means to whoever asked."""
    if isinstance(error, CommandRefused):
        return refused_by_holder(error, command)
    if isinstance(error, ChannelRefused):
        return TooMany(f"{error}. Nothing was started.", command, code="too_many_channels")
    if isinstance(error, EngineAway | EngineTimeout | TimeoutError):
        return EngineSilent("The engine does not answer. Nothing was changed.", command)
    if isinstance(error, HolderTooOld):
        text = "This session was started by an earlier version of Sandlot, which ran terminals only. Nothing was done."
        return NotNow(text, command, code="session_outdated")
    if isinstance(error, NotFound | Conflict | LineLost):
        return NotNow(f"The session is restarting, or its line was lost: {error}", command, code="line_lost")
    return EngineSilent(f"The engine refused: {error}", command)


REFUSED_BY_HOLDER: dict[HolderError, tuple[type[Refused], str]] = {
    HolderError.NO_PROGRAM: (Invalid, "program_not_found"),
    HolderError.NOT_EXECUTABLE: (Invalid, "program_not_executable"),
    HolderError.NO_FOLDER: (Invalid, "folder_not_found"),
    HolderError.TOO_MANY_COMMANDS: (TooMany, "too_many_commands"),
    HolderError.UNKNOWN_COMMAND: (Over, "command_forgotten"),
    HolderError.INPUT_GAP: (Invalid, "input_gap"),
    HolderError.CANNOT_START: (NotNow, "cannot_start"),
}


def refused_by_holder(error: CommandRefused, command: Command | None) -> Refused:
    kind, code = REFUSED_BY_HOLDER.get(error.code, (Invalid, "refused"))
    sentence = f"{error}"[:1].upper() + f"{error}"[1:]
    return kind(f"{sentence}.", command, code=code)
