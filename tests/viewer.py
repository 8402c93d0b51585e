"""A viewer of a terminal without a browser: the websocket protocol as the page speaks it, for tests and benchmarks."""

from __future__ import annotations

import asyncio
import json
import re
import secrets
import struct
import time
from collections.abc import Callable
from contextlib import suppress
from ssl import SSLContext
from types import TracebackType
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Origin, Subprotocol

from activity.refusals import Close
from sessions.holder import FRAME_MAX_BYTES
from sessions.terminal import protocol
from sessions.terminal.protocol import Frame

# The page acknowledges after each parsed 32 KiB.
ACK_EVERY_BYTES = 32 * 1024
# Bracketed paste and the like, which a shell says around its prompt, and the carriage returns of a terminal.
CONTROL = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]|\r")


class Refusal(Exception):  # noqa: N818
    """The server closed with a code; the text is its last notice."""

    def __init__(self, code: int, text: str) -> None:
        super().__init__(f"{code}: {text}")
        self.code, self.text = code, text


class Viewer:
    """Keeps everything it saw: `output` from `start` on, the last size, presence, exit status."""

    def __init__(
        self,
        origin: str,
        cookie: str,
        terminal_id: str,
        *,
        client: str = "",
        drive: bool = True,
        token: str = "",
        tls: SSLContext | None = None,
    ) -> None:
        self.origin, self.cookie, self.terminal_id, self.token, self.tls = origin, cookie, terminal_id, token, tls
        self.client, self.drive = client or secrets.token_hex(16), drive
        self.output, self.start = bytearray(), 0
        self.epoch: str | None = None
        self.welcome: dict[str, Any] = {}
        self.presence: dict[str, Any] = {}
        self.notices: list[dict[str, Any]] = []
        self.size = (0, 0)
        self.exit_status: int | None = None
        self.live = False
        self.acks = True
        self.keep = True
        self.seq = 0
        self.acked_seq = 0
        self._acked_offset = 0
        self._unacked: dict[int, bytes] = {}
        self._changed = asyncio.Condition()
        self._task: asyncio.Task[None] | None = None
        self._socket: ClientConnection | None = None
        self.ended: Refusal | None = None
        # When, as `time.time()` says it.
        self.ended_at = 0.0

    @property
    def offset(self) -> int:
        """The absolute offset behind the last byte that was seen."""
        return self.start + len(self.output)

    # --- connection ----------------------------------------------------------------------------------------------
    async def open(self, cols: int = 80, rows: int = 24, **changes: Any) -> Viewer:
        """Connect, say hello and wait for the welcome and for who is there; resumes where the last connection ended."""
        await self.knock()
        hello = {
            "type": "hello",
            "client": self.client,
            "epoch": self.epoch,
            "offset": self.offset if self.epoch else None,
            "cols": cols,
            "rows": rows,
            "drive": self.drive,
        } | changes
        # Who is refused is refused at once: then the hello finds a closed door, and the reader knows why.
        await self._send(json.dumps(hello))
        await self.until(lambda: bool(self.welcome and self.presence), "welcome, and who else is here")
        return self

    async def knock(self) -> None:
        """Connect and say nothing yet."""
        url = self.origin.replace("http", "ws", 1) + f"/ws/terminals/{self.terminal_id}/"
        self.live, self.ended, self.welcome, self.presence = False, None, {}, {}
        self._socket = await connect(
            url,
            # A program has no origin and no cookies.
            origin=None if self.token else Origin(self.origin),
            subprotocols=[Subprotocol(protocol.SUBPROTOCOL)],
            additional_headers={"Authorization": f"Bearer {self.token}"} if self.token else {"Cookie": self.cookie},
            ssl=self.tls,
            compression=None,
            max_size=2 * FRAME_MAX_BYTES,
            # A browser sends no pings either: only the server decides that a connection is dead.
            ping_interval=None,
        )
        self._task = asyncio.create_task(self._read())

    async def arrive(self, within_s: float = 20.0) -> Viewer:
        """Open, coming back as the page does while the session is being restarted."""
        async with asyncio.timeout(within_s):
            while True:
                try:
                    return await self.open()
                except Refusal as refusal:
                    if refusal.code not in (Close.RESTARTING, Close.ENGINE_AWAY):
                        raise
                    await asyncio.sleep(0.1)

    async def __aenter__(self) -> Viewer:
        return await self.arrive()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        if self._socket is not None:
            await self._socket.close()
        if self._task is not None:
            await asyncio.wait([self._task])

    async def cut(self) -> None:
        """Lose the network: no closing handshake."""
        assert self._socket is not None
        assert self._task is not None
        self._socket.transport.abort()
        await asyncio.wait([self._task])

    async def cut_and_resume(self) -> None:
        """Lose the network and come back; input that was not acknowledged is sent again."""
        await self.cut()
        await self.open()

    # --- what comes ----------------------------------------------------------------------------------------------
    async def _read(self) -> None:
        assert self._socket is not None
        try:
            async for message in self._socket:
                await self._take(message)
        except ConnectionClosed:
            pass
        finally:
            code = self._socket.close_code or 1006
            self.ended_at = time.time()
            self.ended = Refusal(code, self.notices[-1]["text"] if self.notices else "")
            async with self._changed:
                self._changed.notify_all()

    async def _take(self, message: str | bytes) -> None:
        if isinstance(message, str):
            await self._take_json(json.loads(message))
        else:
            await self._take_frame(message)
        async with self._changed:
            self._changed.notify_all()

    async def _take_json(self, data: dict[str, Any]) -> None:
        if data["type"] == "welcome":
            if self.epoch != data["epoch"]:
                self.epoch, self.seq = data["epoch"], data["last_seq"]
            self._forget_until(data["last_seq"])
            self.welcome = data
            for frame in list(self._unacked.values()):
                await self._send(frame)
        elif data["type"] == "presence":
            self.presence = data
        elif data["type"] == "notice":
            self.notices.append(data)

    async def _take_frame(self, data: bytes) -> None:
        kind = data[0]
        if kind == Frame.OUTPUT:
            await self._take_output(data)
        elif kind == Frame.RESET:
            (self.start,) = struct.unpack_from("!Q", data, 1)
            self.output.clear()
            self._acked_offset = self.start
        elif kind == Frame.REPLAY_END:
            self.live = True
        elif kind == Frame.SIZE:
            self.size = struct.unpack_from("!HH", data, 1)
        elif kind == Frame.INPUT_ACK:
            self._forget_until(struct.unpack_from("!I", data, 1)[0])
        elif kind == Frame.EXIT:
            self.exit_status = struct.unpack_from("!i", data, 1)[0]

    async def _take_output(self, data: bytes) -> None:
        (offset,) = struct.unpack_from("!Q", data, 1)
        assert offset == self.offset, f"a hole: got {offset}, expected {self.offset}"
        if self.keep:
            self.output += data[9:]
        else:
            self.start += len(data) - 9
        if self.acks and self.offset - self._acked_offset >= ACK_EVERY_BYTES:
            await self.ack()

    async def ack(self) -> None:
        self._acked_offset = self.offset
        await self._send(struct.pack("!BQ", Frame.ACK, self.offset))

    def _forget_until(self, seq: int) -> None:
        self.acked_seq = max(self.acked_seq, seq)
        self._unacked = {number: frame for number, frame in self._unacked.items() if number > seq}

    # --- what goes -----------------------------------------------------------------------------------------------
    async def _send(self, message: str | bytes) -> None:
        assert self._socket is not None
        # What is not acknowledged is sent again after the next welcome.
        with suppress(ConnectionClosed):
            await self._socket.send(message)

    async def type(self, data: str | bytes) -> None:
        """Type or paste: numbered slices, at most 16 unacknowledged."""
        data = data.encode() if isinstance(data, str) else data
        for at in range(0, len(data), protocol.INPUT_MAX_BYTES):
            await self.until(lambda: len(self._unacked) < 16, "room for input")
            self.seq += 1
            piece = data[at : at + protocol.INPUT_MAX_BYTES]
            frame = struct.pack("!BI", Frame.INPUT, self.seq) + piece
            self._unacked[self.seq] = frame
            await self._send(frame)

    async def resize(self, cols: int, rows: int) -> None:
        await self._send(struct.pack("!BHH", Frame.RESIZE, cols, rows))

    async def say(self, **words: Any) -> None:
        await self._send(json.dumps(words))

    async def send_raw(self, message: str | bytes) -> None:
        await self._send(message)

    # --- waiting -------------------------------------------------------------------------------------------------
    async def until(self, question: Callable[[], bool], what: str, within_s: float = 20.0) -> None:
        """Wait until the question is answered with yes. Raises Refusal when the connection ends first."""
        try:
            async with asyncio.timeout(within_s), self._changed:
                while not question():
                    if self.ended is not None:
                        raise self.ended
                    await self._changed.wait()
        except TimeoutError:
            tail = bytes(self.output[-400:])
            raise AssertionError(f"Not within {within_s:g} s: {what}; the last output: {tail!r}") from None

    async def sees(self, text: str | bytes, within_s: float = 20.0, *, after: int = 0) -> None:
        """Wait for a text in the output, from the absolute offset `after` on."""
        wanted = text.encode() if isinstance(text, str) else text

        def seen() -> bool:
            return self.output.find(wanted, max(0, after - self.start)) >= 0

        await self.until(seen, f"output has {wanted!r}", within_s)

    async def run(self, command: str, within_s: float = 30.0) -> str:
        """Type a command and return what it printed. The mark is put together by the shell, so its echo is not it."""
        mark = secrets.token_hex(6)
        begin = self.offset
        await self.type(f"{command}; echo {mark[:6]}''{mark[6:]}\r")
        await self.sees(mark, within_s)
        said = bytes(self.output[max(0, begin - self.start) :]).decode(errors="replace").partition(mark)[0]
        # What was typed before the prompt stood there is echoed a second time, behind it.
        typed = max(said.rfind(mark[:6]), 0)
        return CONTROL.sub("", said[typed:].partition("\n")[2])

    async def refused(self, within_s: float = 10.0) -> Refusal:
        """Wait for the end of the connection and return it."""
        await self.until_ended(within_s)
        assert self.ended is not None
        return self.ended

    async def until_ended(self, within_s: float = 10.0) -> None:
        async with asyncio.timeout(within_s), self._changed:
            await self._changed.wait_for(lambda: self.ended is not None)
