"""Programs at the files' websocket and in tunnels to ports, for tests and benchmarks."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from sessions import flow
from sessions.files import protocol
from sessions.line.file_frames import DATA_MAX_BYTES
from sessions.ports import protocol as tunnel
from tests.commander import PATIENCE_S, Refused


@asynccontextmanager
async def socket_of(origin: str, path: str, token: str, subprotocol: str) -> AsyncIterator[ClientConnection]:
    """Open a websocket with a token."""
    connection = await connect(
        origin.replace("http", "ws", 1) + path,
        subprotocols=[Subprotocol(subprotocol)],
        additional_headers={"Authorization": f"Bearer {token}"},
        compression=None,
        max_size=None,
        ping_interval=None,
    )
    try:
        yield connection
    finally:
        await connection.close()


class Filer:
    """One socket of a session; its operations go on side by side."""

    def __init__(self, connection: ClientConnection) -> None:
        self._connection = connection
        self._last = 0
        self.waiting: dict[int, asyncio.Queue[dict[str, Any] | bytes]] = {}
        self.acked: dict[int, int] = {}
        self._heard = asyncio.Event()
        self._reading = asyncio.create_task(self._read())

    @classmethod
    @asynccontextmanager
    async def at(cls, origin: str, path: str, token: str) -> AsyncIterator[Filer]:
        async with socket_of(origin, path, token, protocol.SUBPROTOCOL) as connection:
            filer = cls(connection)
            try:
                yield filer
            finally:
                filer._reading.cancel()

    async def begin(self, kind: str, **words: Any) -> int:
        self._last += 1
        self.waiting[self._last] = asyncio.Queue()
        self.acked[self._last] = words.get("offset", 0)
        await self.say(kind, op=self._last, **words)
        return self._last

    async def say(self, kind: str, **words: Any) -> None:
        """Send a message. Raises Refused when the server has closed before."""
        try:
            await self._connection.send(json.dumps({"type": kind} | words))
        except ConnectionClosed as closed:
            raise Refused(self._connection.close_code or 1006, self._connection.close_reason or "") from closed

    async def next(self, op: int) -> dict[str, Any] | bytes:
        """Return the next message of an operation. Raises Refused."""
        async with asyncio.timeout(PATIENCE_S):
            told = await self.waiting[op].get()
        if isinstance(told, dict) and told["type"] == "refused":
            raise Refused(told["code"], told["text"])
        if isinstance(told, dict) and told["type"] == "closed":
            raise Refused(told["code"], told["text"])
        return told

    async def do(self, kind: str, **words: Any) -> dict[str, Any]:
        """Carry out one that answers at once. Raises Refused."""
        told = await self.next(await self.begin(kind, **words))
        assert isinstance(told, dict)
        assert told["type"] == "done"
        return told

    async def content(self, kind: str, **words: Any) -> tuple[bytes, dict[str, Any]]:
        """Read a file or an archive; return it and what was told at its end. Raises Refused."""
        op = await self.begin(kind, **words)
        content = bytearray()
        while True:
            told = await self.next(op)
            if isinstance(told, bytes):
                content += told
                await self.ack(op, words.get("offset", 0) + len(content))
            elif told["type"] == "done":
                return bytes(content), told

    async def ack(self, op: int, offset: int) -> None:
        if offset - self.acked[op] >= flow.ACK_EVERY_BYTES:
            self.acked[op] = offset
            await self._connection.send(protocol.ack_frame(op, offset))

    async def write(self, data: bytes, *, cut_at: int | None = None, **words: Any) -> dict[str, Any]:
        """Write a file; with `cut_at` only that many bytes, without an end. Raises Refused."""
        op = await self.begin("write", **words)
        first = words.get("offset", 0)
        for at in range(0, len(data) if cut_at is None else cut_at, DATA_MAX_BYTES):
            piece = data[at : at + DATA_MAX_BYTES]
            while self.waiting[op].empty() and first + at + len(piece) > self.acked[op] + flow.AHEAD_BYTES:
                self._heard.clear()
                await self._heard.wait()
            await self._connection.send(protocol.data_frame(op, first + at, piece))
        if cut_at is not None:
            return {}
        await self.say("end_input", op=op)
        told = await self.next(op)
        assert isinstance(told, dict)
        return told

    async def _read(self) -> None:
        try:
            async for message in self._connection:
                self._take(message)
        except ConnectionClosed:
            pass
        code, reason = self._connection.close_code or 1006, self._connection.close_reason or ""
        self._heard.set()
        for queue in self.waiting.values():
            queue.put_nowait({"type": "closed", "code": code, "text": reason})

    def _take(self, message: str | bytes) -> None:
        self._heard.set()
        if isinstance(message, str):
            told = json.loads(message)
            if "op" in told:
                self.waiting[told["op"]].put_nowait(told)
            return
        read = protocol.from_binary(message)
        if isinstance(read, protocol.Ack):
            self.acked[read.op] = read.offset
        else:
            self.waiting[read.op].put_nowait(read.data)


class Tunnel:
    """One connection to a port."""

    def __init__(self, connection: ClientConnection) -> None:
        self._connection = connection
        self.got, self.acked, self.sent, self.taken = bytearray(), 0, 0, 0
        self.told: list[str] = []

    @classmethod
    @asynccontextmanager
    async def to(cls, origin: str, path: str, token: str) -> AsyncIterator[Tunnel]:
        """Connect. Raises Refused."""
        async with socket_of(origin, path, token, tunnel.TUNNEL) as connection:
            self = cls(connection)
            await self.until("connected")
            yield self

    async def write(self, data: bytes) -> None:
        for at in range(0, len(data), DATA_MAX_BYTES):
            piece = data[at : at + DATA_MAX_BYTES]
            while self.sent + len(piece) > self.taken + flow.AHEAD_BYTES:
                await self.take()
            self.sent += len(piece)
            await self._connection.send(bytes([tunnel.DATA]) + piece)

    async def end(self) -> None:
        await self._connection.send(json.dumps({"type": "end"}))

    async def until(self, kind: str) -> None:
        """Take what comes until this is told. Raises Refused when the socket is closed before."""
        async with asyncio.timeout(PATIENCE_S):
            while kind not in self.told:
                await self.take()

    async def take(self) -> None:
        """Take one message. Raises Refused when the socket was closed."""
        try:
            message = await self._connection.recv()
        except ConnectionClosed as closed:
            raise Refused(self._connection.close_code or 1006, self._connection.close_reason or "") from closed
        if isinstance(message, str):
            self.told.append(json.loads(message)["type"])
        elif message[0] == tunnel.ACK:
            self.taken = int.from_bytes(message[1:], "big")
        else:
            self.got += message[1:]
            if len(self.got) - self.acked >= 64 * 1024:
                self.acked = len(self.got)
                with suppress(ConnectionClosed):  # the end may be among what has come
                    await self._connection.send(bytes([tunnel.ACK]) + self.acked.to_bytes(8, "big"))
