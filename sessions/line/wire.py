"""What travels on a line: many channels over one stream. Twin: `holder/line_frames.h`.

A frame is u32 length of what follows, u32 channel, u8 type, body; integers are big-endian.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from enum import IntEnum, IntFlag
from typing import NamedTuple

from sessions.holder import FrameTooLong

VERSION = 1
# One DATA frame, and what may be on the way in one direction of a channel before credit comes back.
DATA_MAX_BYTES = 64 * 1024
CREDIT_BYTES = 256 * 1024
# Credit goes back in lumps.
CREDIT_LUMP_BYTES = 64 * 1024

_HEAD = struct.Struct("!IIB")


class LineFrame(IntEnum):
    """Fifth byte of a frame, behind the channel."""

    OPEN = 1
    OPENED = 2
    DATA = 3
    CREDIT = 4
    END = 5
    CLOSE = 6
    HELLO = 7
    PING = 8
    PONG = 9


class Kind(IntEnum):
    """What a channel is for."""

    COMMAND = 1
    FILES = 2
    PORTS = 3
    DIAL = 4


class Code(IntEnum):
    """Why the holder closed a channel."""

    FAILED = 1
    REFUSED = 2
    TOO_MANY = 3
    RESET = 4


class LineFlag(IntFlag):
    """Of HELLO."""

    ONLY_READS = 1


class Frame(NamedTuple):
    channel: int
    type: int
    body: bytes


def packed(channel: int, frame: LineFrame, body: bytes | memoryview = b"") -> bytes:
    """Return a whole frame."""
    return _HEAD.pack(len(body) + 5, channel, frame) + body


class Cutter:
    """Cuts the holder's byte stream into frames."""

    def __init__(self) -> None:
        self._kept = b""

    @property
    def missing(self) -> int:
        """Bytes without which there is no next frame, at least 1; as far as is known, so ask again."""
        if len(self._kept) < 4:
            return 9 - len(self._kept)
        return 4 + int.from_bytes(self._kept[:4], "big") - len(self._kept)

    def feed(self, data: bytes) -> Iterator[Frame]:
        """Yield the frames that are complete now. Raises FrameTooLong."""
        if self._kept:
            data = self._kept + data
        at, end = 0, len(data)
        while end - at >= 9:
            length, channel, kind = _HEAD.unpack_from(data, at)
            if not 5 <= length <= 5 + DATA_MAX_BYTES:
                raise FrameTooLong(f"The holder announced a frame of {length} bytes on a line.")
            if end - at - 4 < length:
                break
            yield Frame(channel, kind, data[at + 9 : at + 4 + length])
            at += 4 + length
        self._kept = data[at:]
