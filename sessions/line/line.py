"""A line: one stream to a session's holder, and the channels on it. Knows neither websocket nor database.

LineError             a channel did not do what it was opened for
├── LineLost          the whole line ended: the container, the engine or the connection went
│   └── HolderTooOld  the container's holder knows no lines: it was started by an earlier version
└── ChannelRefused    the holder closed the channel; `code` and text say why
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable
from contextlib import suppress

from engine import Engine, EngineError, ExecStream, StreamLost
from sessions.holder import HOLDER, ProtocolError
from sessions.line.wire import (
    CREDIT_BYTES,
    CREDIT_LUMP_BYTES,
    DATA_MAX_BYTES,
    Code,
    Cutter,
    Frame,
    Kind,
    LineFlag,
    LineFrame,
    packed,
)

logger = logging.getLogger(__name__)

# The holder says hello at once; a machine under load takes longer to start a process.
HELLO_S = 10.0
# What a program answers that does not know how it was called.
STATUS_USAGE = 64
# A line on which nothing came for so long is asked, and given up when it does not answer for as long again.
SILENT_S = 15.0


class LineError(Exception):
    """A channel did not do what it was opened for."""


class LineLost(LineError):  # noqa: N818 - reads as what it is
    """The whole line ended."""


class HolderTooOld(LineLost):
    """The container's holder knows no lines."""


class ChannelRefused(LineError):  # noqa: N818
    """The holder closed the channel."""

    def __init__(self, code: int, text: str) -> None:
        super().__init__(text)
        self.code = code


class Channel:
    """One channel of a line. One reader and one writer at a time; each direction has a credit of its own."""

    def __init__(self, line: Line, number: int) -> None:
        self._line = line
        self.number = number
        self._arrived: deque[bytes] = deque()
        self._owed = 0
        self._credit = CREDIT_BYTES
        self._changed = asyncio.Event()
        self._writable = asyncio.Event()
        self._ended = self._said_end = False
        self._failure: LineError | None = None
        self.is_open = False

    async def read(self) -> bytes:
        """Return what has come, at least a byte; b"" once the holder sends no more. Raises LineLost, ChannelRefused.

        What was read is paid back by `consumed`; without it the holder stops after 256 KiB.
        """
        while not self._arrived:
            if self._ended:
                return b""
            if self._failure is not None:
                raise self._failure
            self._changed.clear()
            await self._changed.wait()
        return self._arrived.popleft()

    def consumed(self, size: int) -> None:
        """Let the holder send so much more."""
        self._owed += size
        if self._owed >= CREDIT_LUMP_BYTES and self._failure is None and not self._ended:
            self._line.send(packed(self.number, LineFrame.CREDIT, self._owed.to_bytes(4, "big")))
            self._owed = 0

    async def write(self, data: bytes | memoryview) -> None:
        """Send data; waits for credit. Raises LineLost, ChannelRefused, also when the holder has closed the channel."""
        rest = memoryview(data)
        while rest:
            while self._credit == 0 and self._failure is None:
                self._writable.clear()
                await self._writable.wait()
            if self._failure is not None:
                raise self._failure
            size = min(len(rest), self._credit, DATA_MAX_BYTES)
            self._credit -= size
            self._line.send(packed(self.number, LineFrame.DATA, rest[:size]))
            rest = rest[size:]
        await self._line.drain()

    async def opened(self) -> None:
        """Return once a DIAL is connected. Raises LineLost, ChannelRefused."""
        while not self.is_open:
            if self._failure is not None:
                raise self._failure
            self._changed.clear()
            await self._changed.wait()

    def end(self) -> None:
        """Send no more; reading goes on."""
        if not self._said_end and self._failure is None:
            self._said_end = True
            self._line.send(packed(self.number, LineFrame.END))
            self._leave_if_over()

    def close(self) -> None:
        """Let go of the channel, whatever is on its way. May be called at any time and more than once."""
        if self._failure is None:
            self._failure = LineError("The channel is closed.")
            if not (self._ended and self._said_end):
                self._line.send(packed(self.number, LineFrame.CLOSE, int(Code.FAILED).to_bytes(2, "big")))
        self._arrived.clear()
        self._changed.set()
        self._writable.set()
        self._line.left(self)

    # -- what the line calls

    def take(self, frame: Frame) -> None:
        """Handle a frame of this channel."""
        if frame.type == LineFrame.DATA:
            self._arrived.append(frame.body)
        elif frame.type == LineFrame.CREDIT:
            self._credit += int.from_bytes(frame.body, "big")
            self._writable.set()
        elif frame.type == LineFrame.OPENED:
            self.is_open = True
        elif frame.type == LineFrame.END:
            self._ended = True
            self._leave_if_over()
        elif frame.type == LineFrame.CLOSE:
            code, text = int.from_bytes(frame.body[:2], "big"), frame.body[2:].decode(errors="replace")
            self.fail(ChannelRefused(code, text))
            self._line.left(self)
        self._changed.set()

    def fail(self, failure: LineError) -> None:
        """End with an error; what has come before can still be read."""
        if self._failure is None:
            self._failure = failure
        self._changed.set()
        self._writable.set()

    def _leave_if_over(self) -> None:
        if self._ended and self._said_end:
            self._line.left(self)


class Line:
    """Open with `Line.open`; `channel` as often as wanted; `close` in the end."""

    def __init__(self, stream: ExecStream, *, on_idle: Callable[[Line], None] | None = None) -> None:
        self._stream = stream
        self._cutter = Cutter()
        self._channels: dict[int, Channel] = {}
        self._last = 0
        self._on_idle = on_idle
        self._greeted = asyncio.Event()
        self.lost: LineLost | None = None
        self.only_reads = False
        self._reading = asyncio.create_task(self._read())

    @classmethod
    async def open(cls, engine: Engine, container: str, *, on_idle: Callable[[Line], None] | None = None) -> Line:
        """Start `holder line` in a container and wait for its hello. Raises EngineError, LineLost."""
        return await cls.over(await engine.exec_stream(container, [HOLDER, "line"]), on_idle=on_idle)

    @classmethod
    async def over(cls, stream: ExecStream, *, on_idle: Callable[[Line], None] | None = None) -> Line:
        """Return the line over a stream that leads to `holder line`. Raises LineLost."""
        line = cls(stream, on_idle=on_idle)
        with suppress(TimeoutError):
            async with asyncio.timeout(HELLO_S):
                await line._greeted.wait()
        if line.lost is None and not line._greeted.is_set():
            line._lose("The session's holder does not answer.")
        if line.lost is not None:
            raise line.lost
        return line

    @property
    def channels(self) -> int:
        return len(self._channels)

    def channel(self, kind: Kind, args: bytes = b"") -> Channel:
        """Open a channel; data can be written at once. Raises LineLost."""
        if self.lost is not None:
            raise self.lost
        self._last += 1
        channel = self._channels[self._last] = Channel(self, self._last)
        self.send(packed(channel.number, LineFrame.OPEN, bytes([kind]) + args))
        return channel

    def close(self) -> None:
        """Drop the line; `holder line` ends with it. Commands go on."""
        self._lose("The line was closed.")

    # -- for channels

    def send(self, frame: bytes) -> None:
        self._stream.write(frame)

    async def drain(self) -> None:
        """Wait until more can be written. Raises LineLost."""
        try:
            await self._stream.drain()
        except StreamLost as error:
            self._lose(str(error))
            raise self.lost or LineLost(str(error)) from error

    def left(self, channel: Channel) -> None:
        """Forget a channel that is over."""
        if self._channels.pop(channel.number, None) and not self._channels and self._on_idle is not None:
            self._on_idle(self)

    # -- inside

    async def _read(self) -> None:
        try:
            while data := await self._next():
                for frame in self._cutter.feed(data):
                    self._take(frame)
            said, status = self._stream.last_words, await self._stream.exit_status()
            kind = HolderTooOld if status == STATUS_USAGE and not self._greeted.is_set() else LineLost
            self._lose(said or "The session's holder ended the line.", kind)
        except (EngineError, ProtocolError) as error:
            self._lose(str(error))

    async def _next(self) -> bytes:
        """Return what came next; a line that says nothing is asked once. b"" when it is over."""
        for _ in range(2):
            try:
                async with asyncio.timeout(SILENT_S):
                    return await self._stream.read(self._cutter.missing)
            except TimeoutError:
                self.send(packed(0, LineFrame.PING, bytes(4)))
        return b""

    def _take(self, frame: Frame) -> None:
        if frame.channel == 0:
            if frame.type == LineFrame.HELLO:
                self.only_reads = bool(frame.body[1] & LineFlag.ONLY_READS)
                self._greeted.set()
            return
        # One that this side has closed may still get what was on its way.
        if (channel := self._channels.get(frame.channel)) is not None:
            channel.take(frame)

    def _lose(self, why: str, kind: type[LineLost] = LineLost) -> None:
        if self.lost is not None:
            return
        self.lost = kind(why.strip())
        self._stream.close()
        self._greeted.set()
        if asyncio.current_task() is not self._reading:
            self._reading.cancel()
        for channel in list(self._channels.values()):
            channel.fail(self.lost)
        self._channels.clear()
        if self._on_idle is not None:
            self._on_idle(self)
