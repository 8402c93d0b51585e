"""A program at the commands' websocket, for tests and benchmarks."""

from __future__ import annotations

import asyncio
import json
import struct
from types import TracebackType
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from sessions.command import protocol
from sessions.line.commands import INPUT_MAX_BYTES, CommandFrame, Stream

ACK_EVERY_BYTES = 64 * 1024
# Longest wait for something that is sure to come; only a failing test gets there.
PATIENCE_S = 60.0


class Refused(Exception):  # noqa: N818
    """The server refused; or it closed the socket, with that code."""

    def __init__(self, code: str | int, text: str) -> None:
        super().__init__(f"{code}: {text}")
        self.code, self.text = code, text


class Commander:
    """One socket of a session: runs one command after the other, and keeps what came of the last one."""

    def __init__(self, origin: str, path: str, token: str) -> None:
        self.url, self.token = origin.replace("http", "ws", 1) + path, token
        self._socket: ClientConnection | None = None
        self._more_taken = asyncio.Event()
        self.forget()

    def forget(self) -> None:
        self.id = ""
        self.out, self.err = bytearray(), bytearray()
        self.offset = self.acked = self.taken = 0
        self.gaps: list[tuple[int, int]] = []
        self.exit: dict[str, Any] | None = None
        self.started: dict[str, Any] | None = None

    async def __aenter__(self) -> Commander:
        self._socket = await connect(
            self.url,
            subprotocols=[Subprotocol(protocol.SUBPROTOCOL)],
            additional_headers={"Authorization": f"Bearer {self.token}"},
            compression=None,
            max_size=None,
            ping_interval=None,
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._socket is not None:
            await self._socket.close()

    async def say(self, kind: str, **words: Any) -> None:
        assert self._socket
        await self._socket.send(json.dumps({"type": kind} | words))

    async def start(self, command: str | list[str], **words: Any) -> None:
        """Start a command, and return when the server says that it runs. Raises Refused."""
        self.forget()
        await self.say("start", **({"command": command} if isinstance(command, str) else {"argv": command}), **words)
        while self.started is None:
            await self.take()

    async def attach(self, command_id: str, offset: int = 0) -> None:
        self.started = self.exit = None
        self.offset = self.acked = offset
        await self.say("attach", id=command_id, offset=offset)
        while self.started is None:
            await self.take()

    async def run(self, command: str | list[str], stdin: bytes | None = None, **words: Any) -> dict[str, Any]:
        """Run a command to its end and return how it ended. Raises Refused."""
        await self.start(command, input=stdin is not None, **words)
        writing = asyncio.create_task(self.write(stdin)) if stdin is not None else None
        try:
            return await self.end()
        finally:
            if writing is not None:
                writing.cancel()
                await asyncio.gather(writing, return_exceptions=True)

    async def end(self) -> dict[str, Any]:
        async with asyncio.timeout(PATIENCE_S):
            while self.exit is None:
                await self.take()
        return self.exit

    async def write(self, data: bytes, *, at: int = 0, ends: bool = True) -> None:
        """Send input, never too far ahead of what was taken."""
        assert self._socket
        for start in range(0, len(data), INPUT_MAX_BYTES):
            piece = data[start : start + INPUT_MAX_BYTES]
            while at + start + len(piece) > self.taken + protocol.INPUT_AHEAD_BYTES:
                self._more_taken.clear()
                await self._more_taken.wait()
            await self._socket.send(struct.pack("!BQ", CommandFrame.INPUT, at + start) + piece)
        if ends:
            await self.say("end_input", offset=at + len(data))

    async def take(self) -> None:
        """Handle the next message. Raises Refused."""
        assert self._socket
        try:
            message = await self._socket.recv()
        except ConnectionClosed as closed:
            raise Refused(self._socket.close_code or 1006, self._socket.close_reason or "") from closed
        if isinstance(message, bytes):
            await self._take_output(message)
        else:
            self._take_json(json.loads(message))

    async def _take_output(self, message: bytes) -> None:
        assert self._socket
        kind, stream, offset = struct.unpack_from("!BBQ", message)
        assert (kind, offset) == (CommandFrame.OUTPUT, self.offset)
        (self.out if stream == Stream.STDOUT else self.err).extend(message[10:])
        self.offset += len(message) - 10
        if self.offset - self.acked >= ACK_EVERY_BYTES:
            self.acked = self.offset
            await self._socket.send(struct.pack("!BQ", protocol.ACK, self.offset))

    def _take_json(self, words: dict[str, Any]) -> None:
        if words["type"] == "started":
            self.started, self.id, self.taken = words, words["id"], words["input_taken"]
        elif words["type"] == "input":
            self.taken = words["taken"]
            self._more_taken.set()
        elif words["type"] == "gap":
            assert words["from"] == self.offset
            self.gaps.append((words["from"], words["to"]))
            self.offset = words["to"]
        elif words["type"] == "exit":
            assert words["offset"] == self.offset
            self.exit = words
        elif words["type"] == "refused":
            raise Refused(words["code"], words["text"])
