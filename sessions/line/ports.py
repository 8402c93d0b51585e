"""Ports over a line: what listens in a session's network, and how it changes. Twin: `holder/ports.h`."""

from __future__ import annotations

import struct
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from enum import IntEnum, IntFlag

from sessions.holder import FrameReader, ProtocolError, framed, unpack
from sessions.line.line import Line
from sessions.line.wire import Kind

# While someone looks or waits; else every few seconds.
LOOK_MS, SELDOM_MS = 1000, 5000


class PortFrame(IntEnum):
    """First byte of every frame."""

    WATCH = 0x60
    OPEN = 0x61
    CLOSED = 0x62
    LOOKED = 0x63


class PortFlag(IntFlag):
    ONLY_LOCAL = 1


@dataclass(frozen=True)
class Port:
    """A TCP port on which something listens. `pid` is 0 when it is a process of another session."""

    number: int
    only_local: bool
    pid: int
    program: str


async def watched(line: Line, *, every_ms: int = LOOK_MS) -> AsyncGenerator[dict[int, Port]]:
    """Yield all ports, by number: once at the start, and whenever they have changed. With 0 only once.

    Raises LineError, ProtocolError.
    """
    channel = line.channel(Kind.PORTS)
    ports: dict[int, Port] = {}
    changed, frames = True, FrameReader()
    try:
        await channel.write(framed(struct.pack("!BH", PortFrame.WATCH, every_ms)))
        while data := await channel.read():
            channel.consumed(len(data))
            for frame in frames.feed(data):
                if frame[0] == PortFrame.LOOKED:
                    if changed:
                        yield dict(ports)
                    changed = False
                else:
                    take(ports, frame)
                    changed = True
    finally:
        channel.close()


def take(ports: dict[int, Port], frame: bytes) -> None:
    """Carry out what one frame says. Raises ProtocolError."""
    if frame[0] == PortFrame.OPEN:
        number, flags, pid = unpack("!HBI", frame)
        ports[number] = Port(number, bool(flags & PortFlag.ONLY_LOCAL), pid, frame[8:].decode(errors="replace"))
    elif frame[0] == PortFrame.CLOSED:
        (number,) = unpack("!H", frame)
        ports.pop(number, None)
    else:
        raise ProtocolError(f"The holder sent a frame of type 0x{frame[0]:02x} about ports.")
