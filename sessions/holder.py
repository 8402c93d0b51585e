"""What is said to the holder of a session, whichever way: where it is, its frames, its errors, a program to start.

A frame is u32 length (of type and body), u8 type, body; integers are big-endian. Twins: `holder/frames.h`,
`holder/errors.h`, `holder/program.h`.

    ProtocolError       what came is not a frame of this protocol
    └── FrameTooLong    it says it is longer than any frame may be
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any

HOLDER = "/.sandlot/holder"
# A RESET carries modes, title, colours: far below. The holder keeps to the same figure.
FRAME_MAX_BYTES = 1024 * 1024


class HolderError(IntEnum):
    """Codes of the holder's ERROR frame."""

    MALFORMED = 1
    UNKNOWN_TERMINAL = 2
    TOO_MANY_TERMINALS = 3
    TOO_MANY_LINKS = 4
    CANNOT_START = 5
    NOT_ALLOWED = 6
    INPUT_WINDOW = 7
    TOO_SLOW = 8
    REPLACED = 9
    UNKNOWN_COMMAND = 10
    TOO_MANY_COMMANDS = 11
    NO_PROGRAM = 12
    NOT_EXECUTABLE = 13
    NO_FOLDER = 14
    INPUT_GAP = 15


class ProtocolError(Exception):
    """What came is not a frame of this protocol; the text says which rule it breaks."""


class FrameTooLong(ProtocolError):  # noqa: N818  # reads as what it is, below a name with Error
    """It says it is longer than any frame may be."""


def framed(message: bytes) -> bytes:
    """Return a message with the length that the holder's stdio needs."""
    return struct.pack("!I", len(message)) + message


def unpack(form: str, message: bytes) -> tuple[Any, ...]:
    """Unpack a frame's body behind its type. Raises ProtocolError when it does not fit."""
    try:
        return struct.unpack_from(form, message, 1)
    except struct.error as error:
        raise ProtocolError(f"A frame of type 0x{message[0]:02x} is too short.") from error


@dataclass(frozen=True)
class Program:
    """What to start: no argv means root's login shell; `env` is the whole environment."""

    env: dict[str, str]
    cwd: str
    argv: Sequence[str] = field(default_factory=tuple)

    def pack(self) -> bytes:
        cwd = self.cwd.encode()
        argv = [argument.encode() for argument in self.argv]
        env = [f"{name}={value}".encode() for name, value in self.env.items()]
        parts = [struct.pack("!H", len(cwd)), cwd]
        for items in (argv, env):
            parts.append(struct.pack("!H", len(items)))
            parts += [struct.pack("!I", len(item)) + item for item in items]
        return b"".join(parts)


class FrameReader:
    """Cuts the holder's byte stream into frames.

    Most reads hold one whole frame: that one is handed on as a single slice of what was read.
    """

    def __init__(self) -> None:
        self._kept = b""

    @property
    def missing(self) -> int:
        """Bytes without which there is no next frame, at least 1; as far as is known, so ask again."""
        if len(self._kept) < 4:
            return 4 - len(self._kept)
        return 4 + int.from_bytes(self._kept[:4], "big") - len(self._kept)

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Yield the frames (type and body) that are complete now. Raises ProtocolError, FrameTooLong."""
        if self._kept:
            data = self._kept + data
        at, end = 0, len(data)
        while end - at >= 4:
            length = int.from_bytes(data[at : at + 4], "big")
            if not 0 < length <= FRAME_MAX_BYTES:
                raise FrameTooLong(f"The holder announced a frame of {length} bytes.")
            if end - at - 4 < length:
                break
            yield data[at + 4 : at + 4 + length]
            at += 4 + length
        self._kept = data[at:]
