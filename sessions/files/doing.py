"""Carries out operations on files for whoever may type in a session, and says what went wrong.

For the event loop; `sessions.command.acting.on_loop` carries it out for a view.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from accounts.models import User
from activity.refusals import EngineSilent, Invalid, NotAllowed, Refused
from sandboxes.models import Use
from sessions.command.failures import ERRORS, refusal_of
from sessions.containers import container_name
from sessions.line import files
from sessions.line.file_frames import Entry, FileCode, FileRefused
from sessions.line.line import Line
from sessions.line.lines import line_to
from sessions.models import Session
from sessions.rights.admission import require_running
from sessions.uses import note_use, record_visit

Answer = TypeVar("Answer")

VERB = "session.files"
# An operation on files is done by then, or given up: a tree of a hundred thousand files takes seconds.
OPERATION_S = 120.0
# What one answer brings of a file.
PIECE_MAX_BYTES = 8 * 1024 * 1024


class Missing(Refused):
    status, code = 404, "file_not_found"


class Taken(Refused):
    status, code = 409, "file_exists"


class Changed(Refused):
    status, code = 412, "file_changed"


class Full(Refused):
    status, code = 507, "disk_full"


REFUSALS: dict[FileCode, tuple[type[Refused], str]] = {
    FileCode.MALFORMED: (Invalid, "malformed_path"),
    FileCode.NOT_FOUND: (Missing, "file_not_found"),
    FileCode.EXISTS: (Taken, "file_exists"),
    FileCode.NOT_ALLOWED: (NotAllowed, "read_only"),
    FileCode.NOT_A_FILE: (Invalid, "not_a_file"),
    FileCode.NOT_A_FOLDER: (Invalid, "not_a_folder"),
    FileCode.NOT_EMPTY: (Taken, "folder_not_empty"),
    FileCode.LINK_REFUSED: (Invalid, "is_a_link"),
    FileCode.HAS_CHANGED: (Changed, "file_changed"),
    FileCode.OFFSET: (Taken, "wrong_offset"),
    FileCode.NO_SPACE: (Full, "disk_full"),
    FileCode.BUSY: (Taken, "file_busy"),
    FileCode.OTHER: (Taken, "file_failed"),
}


def refused_by_holder(error: FileRefused) -> Refused:
    """Return what the holder's refusal means, with its sentence."""
    kind, code = REFUSALS[error.code]
    if error.code == FileCode.OFFSET:
        text = f"The upload goes on at byte {error}. Nothing of this part was written."
        return kind(text, code=code, details={"next_offset": int(str(error))})
    sentence = str(error)
    return kind(f"{sentence[:1].upper()}{sentence[1:]}.", code=code)


def allow(user: User, session: Session) -> None:
    """Let someone who may type there at the files of a session that runs, note the use and the visit. Raises NotNow."""
    require_running(session)
    record_visit(VERB, session, user)
    note_use(session, user, Use.FILES)


async def do(
    session: Session, work: Callable[[Line], Awaitable[Answer]], within_s: float | None = OPERATION_S
) -> Answer:
    """Do something over the session's line. Raises Refused."""
    try:
        async with asyncio.timeout(within_s):
            return await work(await line_to(container_name(session)))
    except FileRefused as error:
        raise refused_by_holder(error) from error
    except TimeoutError as error:
        text = f"This was given up after {OPERATION_S:g} s. What was done so far stays."
        raise EngineSilent(text, code="too_slow") from error
    except ERRORS as error:
        raise refusal_of(error) from error


async def read_piece(line: Line, path: bytes, offset: int, length: int) -> tuple[Entry, bytes]:
    """Return what a file is like, and `length` bytes of it at most."""
    data = bytearray()
    entry: Entry | None = None
    async for piece in files.read(line, path, offset=offset, length=length):
        if isinstance(piece, Entry):
            entry = piece
        else:
            data += piece
    if entry is None:
        raise FileRefused(FileCode.OTHER, "the file could not be read")
    return entry, bytes(data)
