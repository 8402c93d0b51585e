"""Content on its way through a websocket, in either direction, never further ahead than was taken."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Awaitable, Callable

from sessions.holder import ProtocolError

AHEAD_BYTES = 512 * 1024
# Acknowledgements come in lumps.
ACK_EVERY_BYTES = 128 * 1024
# A program that neither sends nor takes anything for so long holds a process of the session for nothing.
STALLED_S = 120.0


class Outflow:
    """Content for the program, which acknowledges what it has read."""

    def __init__(
        self, offset: int, send: Callable[[int, bytes], Awaitable[None]], *, stalled_s: float | None = STALLED_S
    ) -> None:
        self._send, self._stalled_s = send, stalled_s
        self.sent = self._acked = offset
        self._room = asyncio.Event()

    async def write(self, data: bytes) -> None:
        """Send a piece; waits until there is room. Raises TimeoutError."""
        while self.sent + len(data) > self._acked + AHEAD_BYTES:
            self._room.clear()
            async with asyncio.timeout(self._stalled_s):
                await self._room.wait()
        await self._send(self.sent, data)
        self.sent += len(data)

    def acknowledge(self, offset: int) -> None:
        """The program has read so far. Raises ProtocolError."""
        if offset > self.sent:
            raise ProtocolError(f"ACK of byte {offset} came before it was sent.")
        self._acked = max(self._acked, offset)
        self._room.set()


class Inflow:
    """Content from the program, which is told what was taken."""

    def __init__(
        self, offset: int, tell: Callable[[int], Awaitable[None]], *, stalled_s: float | None = STALLED_S
    ) -> None:
        self._tell, self._stalled_s = tell, stalled_s
        self._got = self._taken = self._told = offset
        self._waiting: deque[bytes] = deque()
        self._changed = asyncio.Event()
        self._is_whole = False

    def put(self, data: bytes, offset: int | None = None) -> None:
        """Take a piece from the socket. Raises ProtocolError when it comes out of order or too far ahead."""
        if self._is_whole:
            raise ProtocolError("DATA came behind the end.")
        if offset is not None and offset != self._got:
            raise ProtocolError(f"DATA goes on at byte {self._got}, not at {offset}.")
        if self._got + len(data) > self._told + AHEAD_BYTES:
            raise ProtocolError(f"DATA may be sent {AHEAD_BYTES // 1024} KiB ahead, not more.")
        self._got += len(data)
        self._waiting.append(data)
        self._changed.set()

    def end(self) -> None:
        self._is_whole = True
        self._changed.set()

    async def pieces(self) -> AsyncGenerator[bytes]:
        """Yield what has come, to its end. Raises TimeoutError."""
        while True:
            while not self._waiting:
                if self._is_whole:
                    return
                self._changed.clear()
                async with asyncio.timeout(self._stalled_s):
                    await self._changed.wait()
            data = self._waiting.popleft()
            yield data
            self._taken += len(data)
            if self._taken - self._told >= ACK_EVERY_BYTES:
                self._told = self._taken
                await self._tell(self._taken)
