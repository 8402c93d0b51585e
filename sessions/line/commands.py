"""Commands over a line: the frames between a COMMAND channel and the holder. Twin: `holder/command_frames.h`.

Frames are those of `sessions.holder`: u32 length, u8 type, body; integers are big-endian. `Follower` is one
connection to a command; whoever comes back after a loss makes a new one, with the offsets that it has reached.
"""

from __future__ import annotations

import json
import struct
from collections import deque
from dataclasses import dataclass
from enum import IntEnum, IntFlag
from typing import Any, NamedTuple

from sessions.holder import FrameReader, HolderError, Program, ProtocolError, framed, unpack
from sessions.line.line import Channel, Line, LineError
from sessions.line.wire import Kind

INPUT_MAX_BYTES = 64 * 1024


class CommandFrame(IntEnum):
    """First byte of every frame."""

    START = 0x40
    ATTACH = 0x41
    LIST = 0x42
    INPUT = 0x43
    CLOSE_INPUT = 0x44
    SIGNAL = 0x45
    END = 0x46
    RESIZE = 0x47
    WELCOME = 0x50
    OUTPUT = 0x51
    GAP = 0x52
    INPUT_ACK = 0x53
    EXIT = 0x54
    LISTING = 0x55
    ERROR = 0x56


class CommandFlag(IntFlag):
    """How a command is started, and followed."""

    STDIN = 1
    PTY = 2
    # It waits while its kept output is full of what its follower has not read.
    PACED = 4
    # This follower hears of the end, and nothing of the output.
    QUIET = 8


class WelcomeFlag(IntFlag):
    CREATED = 1
    ENDED = 2
    INPUT_OPEN = 4


class ExitFlag(IntFlag):
    TIMED_OUT = 1


class Stream(IntEnum):
    STDOUT = 1
    STDERR = 2


class CommandRefused(LineError):  # noqa: N818
    """The holder refused: `code` says why, the text is a sentence without its full stop."""

    def __init__(self, code: HolderError, text: str) -> None:
        super().__init__(text)
        self.code = code


@dataclass(frozen=True)
class Start:
    """A command to start. `size` (columns, rows) puts it on a terminal of its own; `limit_s` 0 is no limit."""

    id: str
    program: Program
    stdin: bool = False
    size: tuple[int, int] | None = None
    paced: bool = True
    limit_s: float = 0
    quiet: bool = False

    def packed(self) -> bytes:
        """Return the START frame. One with the id of a command that is there attaches to it."""
        flags = CommandFlag(0)
        flags |= CommandFlag.STDIN if self.stdin else CommandFlag(0)
        flags |= CommandFlag.PTY if self.size else CommandFlag(0)
        flags |= CommandFlag.PACED if self.paced else CommandFlag(0)
        flags |= CommandFlag.QUIET if self.quiet else CommandFlag(0)
        rest = struct.pack("!IHH", round(self.limit_s * 1000), *(self.size or (0, 0))) + self.program.pack()
        return framed(bytes([CommandFrame.START]) + _which(flags, 0, self.id) + rest)


def _which(flags: CommandFlag, offset: int, command_id: str) -> bytes:
    name = command_id.encode()
    return struct.pack("!BQB", flags, offset, len(name)) + name


class Welcome(NamedTuple):
    """The first answer: what is kept of the output (offsets), and how much input was taken."""

    tail: int
    head: int
    input_taken: int
    pid: int
    created: bool
    ended: bool
    input_open: bool


class Output(NamedTuple):
    stream: Stream
    offset: int
    data: bytes


class Gap(NamedTuple):
    """Output from `start` to `end` is not kept any more."""

    start: int
    end: int


class InputTaken(NamedTuple):
    offset: int
    is_open: bool


class Exit(NamedTuple):
    """`status` is 128 + the signal of a command that was killed; `offset` is the end of the output."""

    status: int
    signal: int
    timed_out: bool
    offset: int
    seconds: float


Event = Welcome | Output | Gap | InputTaken | Exit


def event_of(frame: bytes) -> Event:
    """Return what a frame (type and body) says. Raises CommandRefused, ProtocolError."""
    kind = frame[0] if frame else 0
    if kind == CommandFrame.OUTPUT:
        stream, offset = unpack("!BQ", frame)
        return Output(Stream(stream), offset, frame[10:])
    if kind == CommandFrame.INPUT_ACK:
        offset, flags = unpack("!QB", frame)
        return InputTaken(offset, bool(flags & WelcomeFlag.INPUT_OPEN))
    if kind == CommandFrame.WELCOME:
        *numbers, flags = unpack("!QQQIB", frame)
        return Welcome(*numbers, *(bool(flags & flag) for flag in WelcomeFlag))
    if kind == CommandFrame.GAP:
        return Gap(*unpack("!QQ", frame))
    if kind == CommandFrame.EXIT:
        status, signal, flags, offset, ran_us = unpack("!BBBQQ", frame)
        return Exit(status, signal, bool(flags & ExitFlag.TIMED_OUT), offset, ran_us / 1e6)
    if kind == CommandFrame.ERROR:
        (code,) = unpack("!H", frame)
        raise CommandRefused(HolderError(code), frame[3:].decode(errors="replace"))
    raise ProtocolError(f"The holder sent a frame of type 0x{kind:02x} for a command.")


class Follower:
    """One connection to a command. `read` until an Exit; `close` in any case."""

    def __init__(self, channel: Channel) -> None:
        self._channel = channel
        self._frames = FrameReader()
        self._events: deque[Event] = deque()

    @classmethod
    async def start(cls, line: Line, start: Start) -> Follower:
        """Raises LineLost. That the program runs is known with the Welcome."""
        return await cls._opened(line, start.packed())

    @classmethod
    async def attach(
        cls, line: Line, command_id: str, offset: int = 0, *, paced: bool = False, quiet: bool = False
    ) -> Follower:
        """Follow a command that is there, from an offset of its output on. Raises LineLost."""
        flags = (CommandFlag.PACED if paced else CommandFlag(0)) | (CommandFlag.QUIET if quiet else CommandFlag(0))
        return await cls._opened(line, framed(bytes([CommandFrame.ATTACH]) + _which(flags, offset, command_id)))

    @classmethod
    async def _opened(cls, line: Line, first: bytes) -> Follower:
        channel = line.channel(Kind.COMMAND)
        try:
            await channel.write(first)
        except BaseException:
            channel.close()
            raise
        return cls(channel)

    async def read(self, *, consumed: bool = True) -> Event | None:
        """Return what happened next; None when the holder is done. Raises LineError, ProtocolError.

        With `consumed=False` the caller pays the output's bytes back itself, once its own reader has them.
        """
        while not self._events:
            data = await self._channel.read()
            if not data:
                return None
            for frame in self._frames.feed(data):
                event = event_of(frame)
                kept_back = len(event.data) if isinstance(event, Output) and not consumed else 0
                self._channel.consumed(4 + len(frame) - kept_back)
                self._events.append(event)
        return self._events.popleft()

    async def welcome(self) -> Welcome:
        """Return the first answer. Raises LineError, ProtocolError."""
        event = await self.read()
        if not isinstance(event, Welcome):
            raise ProtocolError("The holder did not welcome the follower of a command.")
        return event

    def consumed(self, size: int) -> None:
        """Let the holder send so much more."""
        self._channel.consumed(size)

    async def write(self, offset: int, data: bytes) -> None:
        """Send input that begins at `offset` of all its input. Raises LineError."""
        for at in range(0, len(data), INPUT_MAX_BYTES):
            piece = data[at : at + INPUT_MAX_BYTES]
            await self._channel.write(framed(struct.pack("!BQ", CommandFrame.INPUT, offset + at) + piece))

    async def close_input(self, offset: int) -> None:
        """Say that the input ends at `offset`. Raises LineError."""
        await self._channel.write(framed(struct.pack("!BQ", CommandFrame.CLOSE_INPUT, offset)))

    async def signal(self, number: int) -> None:
        await self._channel.write(framed(struct.pack("!BB", CommandFrame.SIGNAL, number)))

    async def resize(self, cols: int, rows: int) -> None:
        await self._channel.write(framed(struct.pack("!BHH", CommandFrame.RESIZE, cols, rows)))

    async def end(self) -> None:
        """Ask for its end: SIGTERM, and SIGKILL after five seconds."""
        await self._channel.write(framed(bytes([CommandFrame.END])))

    def leave(self) -> None:
        """Let go once what was sent has arrived."""
        self._channel.end()

    def close(self) -> None:
        """Let go at once."""
        self._channel.close()


async def listed(line: Line) -> dict[str, dict[str, Any]]:
    """Return the commands that the holder keeps, by id: running, status, signal, timed_out, tail, head, ran_ms, pid.

    Raises LineError, ProtocolError.
    """
    channel = line.channel(Kind.COMMAND)
    try:
        await channel.write(framed(bytes([CommandFrame.LIST])))
        frames = FrameReader()
        while data := await channel.read():
            channel.consumed(len(data))
            for frame in frames.feed(data):
                if frame[0] != CommandFrame.LISTING:
                    event_of(frame)
                return {command["id"]: command for command in json.loads(frame[1:])}
    finally:
        channel.close()
    raise ProtocolError("The holder did not list its commands.")
