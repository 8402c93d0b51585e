"""What travels on a FILES channel. Twin: `holder/file_frames.h`.

Frames are those of `sessions.holder`; integers are big-endian. Names and paths are bytes, for that is what they are.

    FileRefused    the holder refused or could not: `code` says why, the text is a sentence without its full stop
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum, IntFlag
from typing import NamedTuple

from sessions.holder import ProtocolError
from sessions.line.line import LineError

DATA_MAX_BYTES = 64 * 1024
PATH_MAX_BYTES = 4095
PATHS_MAX = 256


class FileFrame(IntEnum):
    """First byte of every frame."""

    LIST = 0x01
    STAT = 0x02
    READ = 0x03
    WRITE = 0x04
    PART = 0x05
    FOLDER = 0x06
    MOVE = 0x07
    COPY = 0x08
    REMOVE = 0x09
    TAR = 0x0A
    FIND = 0x0B
    SEARCH = 0x0C
    WATCH = 0x0D
    DATA = 0x20
    END = 0x21
    ENTRY = 0x81
    FOUND = 0x82
    MATCH = 0x83
    EVENT = 0x84
    DONE = 0x8E
    FAILED = 0x8F


class FileFlag(IntFlag):
    CREATE = 1
    REPLACE = 2
    PARENTS = 4
    MATCHING = 8
    RECURSIVE = 16
    FOLLOW = 32
    LAST = 64


class SearchFlag(IntFlag):
    ANY_CASE = 1
    EXPRESSION = 2


class FileKind(IntEnum):
    """NOTHING: of a link's target, when there is none."""

    NOTHING = 0
    FILE = 1
    FOLDER = 2
    LINK = 3
    OTHER = 4


class FileWhat(IntEnum):
    """What happened in a watched folder. RELOAD: too much to tell, so look anew."""

    WATCHING = 0
    APPEARED = 1
    CHANGED = 2
    GONE = 3
    RELOAD = 4


class FileCode(IntEnum):
    MALFORMED = 1
    NOT_FOUND = 2
    EXISTS = 3
    NOT_ALLOWED = 4
    NOT_A_FILE = 5
    NOT_A_FOLDER = 6
    NOT_EMPTY = 7
    LINK_REFUSED = 8
    HAS_CHANGED = 9
    OFFSET = 10
    NO_SPACE = 11
    BUSY = 12
    OTHER = 13


class FileRefused(LineError):  # noqa: N818
    """The holder refused, or could not."""

    def __init__(self, code: FileCode, text: str) -> None:
        super().__init__(text)
        self.code = code


class Version(NamedTuple):
    """What tells one state of a file from another."""

    mtime_ns: int
    size: int
    inode: int


@dataclass(frozen=True)
class Entry:
    """What is known of a file or folder. `target` is where a link leads, `target_kind` what is there."""

    kind: FileKind
    mode: int
    uid: int
    gid: int
    size: int
    mtime_ns: int
    inode: int
    name: bytes
    target: bytes
    target_kind: FileKind

    @property
    def version(self) -> Version:
        return Version(self.mtime_ns, self.size, self.inode)


class Found(NamedTuple):
    """A name that was looked for, as a path below the folder."""

    kind: FileKind
    path: bytes


class Match(NamedTuple):
    """A line in which a text was found; `column` counts bytes, and `text` may be cut."""

    line: int
    column: int
    path: bytes
    text: bytes


class Change(NamedTuple):
    """Something in the watched folder of this index; an empty name is the folder itself."""

    what: FileWhat
    folder: int
    name: bytes


class Data(NamedTuple):
    data: bytes


class Done(NamedTuple):
    body: bytes


Answer = Entry | Found | Match | Change | Data | Done


def text(value: bytes) -> bytes:
    return struct.pack("!H", len(value)) + value


def answer_of(frame: bytes) -> Answer:
    """Return what a frame (type and body) says. Raises FileRefused, ProtocolError."""
    kind, body = frame[0] if frame else 0, frame[1:]
    try:
        return READERS[kind](body)
    except KeyError:
        raise ProtocolError(f"The holder sent a frame of type 0x{kind:02x} about files.") from None
    except (struct.error, ValueError, IndexError) as error:
        raise ProtocolError(f"The holder sent a malformed frame of type 0x{kind:02x} about files.") from error


_ENTRY = struct.Struct("!BHIIQQQ")


def entry_of(body: bytes) -> Entry:
    kind, mode, uid, gid, size, mtime_ns, inode = _ENTRY.unpack_from(body)
    name, at = text_at(body, _ENTRY.size)
    target, at = text_at(body, at)
    return Entry(FileKind(kind), mode, uid, gid, size, mtime_ns, inode, name, target, FileKind(body[at]))


def found_of(body: bytes) -> Found:
    return Found(FileKind(body[0]), text_at(body, 1)[0])


def match_of(body: bytes) -> Match:
    line, column = struct.unpack_from("!II", body)
    path, at = text_at(body, 8)
    return Match(line, column, path, text_at(body, at)[0])


def change_of(body: bytes) -> Change:
    what, folder = struct.unpack_from("!BH", body)
    return Change(FileWhat(what), folder, text_at(body, 3)[0])


def refusal_of(body: bytes) -> Answer:
    """Raises FileRefused."""
    (code,) = struct.unpack_from("!H", body)
    raise FileRefused(FileCode(code), body[2:].decode(errors="replace"))


def text_at(body: bytes, at: int) -> tuple[bytes, int]:
    """Return the text at `at`, and the place behind it. Raises ValueError when it is cut."""
    (size,) = struct.unpack_from("!H", body, at)
    value = body[at + 2 : at + 2 + size]
    if len(value) != size:
        raise ValueError("cut")
    return value, at + 2 + size


READERS: dict[int, Callable[[bytes], Answer]] = {
    FileFrame.DATA: Data,
    FileFrame.DONE: Done,
    FileFrame.ENTRY: entry_of,
    FileFrame.FOUND: found_of,
    FileFrame.MATCH: match_of,
    FileFrame.EVENT: change_of,
    FileFrame.FAILED: refusal_of,
}
