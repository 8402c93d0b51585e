"""Shells behind different bridges, the same client code for all: ours, terminado's, and the engine's own TTY exec."""

from __future__ import annotations

import asyncio
import json
import secrets
import struct
import time
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Self

from engine.wire import Connection, EngineAddress
from sessions.terminal.protocol import SUBPROTOCOL, Frame
from tests.bench.wire import BINARY, TEXT, Wire

# As the page does it: an eighth of the holder's window, or what is left after a moment.
ACK_EVERY_BYTES = 32 * 1024
ACK_IDLE_S = 0.1
# Longer than any mark, so that one that is cut in two is found.
TAIL_BYTES = 64
# What terminado puts before each piece of output; '"]' follows it.
STDOUT = b'["stdout", "'
ANSWER_S = 30.0


class Shell(ABC):
    """What is the same for all: type, count what comes, wait for a mark or for the echo of a key."""

    def __init__(self) -> None:
        self.received_bytes = 0
        self.ended: str = ""
        self._mark = b""
        self._tail = b""
        self._found: asyncio.Future[None] | None = None
        self._echoed: asyncio.Future[None] | None = None

    @abstractmethod
    def type(self, data: bytes) -> None:
        """Send what a person types."""

    @abstractmethod
    def close(self) -> None:
        """Hang up."""

    def took(self, data: bytes) -> None:
        """Count output and wake whoever waits for it."""
        self.received_bytes += len(data)
        if self._echoed is not None and not self._echoed.done():
            self._echoed.set_result(None)
        if self._found is not None:
            seen = self._tail + data
            if self._mark in seen and not self._found.done():
                self._found.set_result(None)
            self._tail = seen[-TAIL_BYTES:]

    def fail(self, why: str) -> None:
        """The bridge hung up."""
        self.ended = why
        for waiting in (self._found, self._echoed):
            if waiting is not None and not waiting.done():
                waiting.set_exception(ConnectionError(why))

    async def until(self, mark: bytes, typed: bytes = b"", within_s: float = ANSWER_S) -> float:
        """Type, and return the seconds until the output has the mark."""
        self._mark, self._tail = mark, b""
        self._found = asyncio.get_running_loop().create_future()
        began = time.perf_counter()
        try:
            if typed:
                self.type(typed)
            await asyncio.wait_for(self._found, within_s)
        finally:
            self._found = None
        return time.perf_counter() - began

    async def run(self, command: str, within_s: float = ANSWER_S) -> float:
        """Run a command to its end and return the seconds. The shell puts the mark together, so its echo is not it."""
        mark = secrets.token_hex(6)
        return await self.until(mark.encode(), f"{command}; echo {mark[:6]}''{mark[6:]}\r".encode(), within_s)

    async def start_echo(self) -> None:
        """From now on a program sends back each byte that is typed, and nothing else does."""
        await self.until(b"ready", b"stty -icanon -echo; echo rea''dy; exec cat\r")

    async def echo(self) -> float:
        """Return the seconds from a key to its echo."""
        self._echoed = asyncio.get_running_loop().create_future()
        began = time.perf_counter()
        self.type(b"x")
        await self._echoed
        return time.perf_counter() - began


class Ours(Shell):
    """Through the browser's protocol and the real server, acknowledging as the page does."""

    def __init__(self) -> None:
        super().__init__()
        self.offset = 0
        self.acks = True
        self.messages = 0
        self._acked = 0
        self._seq = 0
        self._idle: asyncio.TimerHandle | None = None
        self._welcomed: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
        self.wire: Wire

    @classmethod
    async def open(cls, port: int, cookie: str, terminal_id: str, prompt: bytes = b"# ") -> Self:
        """Connect, say hello and wait for the prompt. Raises ConnectionError with the server's words."""
        shell = cls()
        await shell.connect(port, cookie, terminal_id)
        seen = asyncio.ensure_future(shell.until(prompt))
        hello = {"type": "hello", "client": secrets.token_hex(16), "epoch": None, "offset": None}
        shell.wire.send(TEXT, json.dumps(hello | {"cols": 80, "rows": 24, "drive": True}).encode())
        try:
            await shell._welcomed
            await seen
        except BaseException:
            seen.cancel()
            shell.close()
            raise
        return shell

    async def connect(self, port: int, cookie: str, terminal_id: str) -> None:
        path = f"/ws/terminals/{terminal_id}/"
        self.wire = await Wire.connect(port, path, self._message, subprotocol=SUBPROTOCOL, cookie=cookie)
        self.wire.closed.add_done_callback(lambda _: self.fail(self.ended or "The server hung up."))

    def type(self, data: bytes) -> None:
        self._seq += 1
        self.wire.send(BINARY, struct.pack("!BI", Frame.INPUT, self._seq) + data)

    def close(self) -> None:
        """End the terminal, so that nothing of it disturbs the next measure."""
        self._stop_timer()
        if not self.wire.closed.done():
            self.wire.send(TEXT, b'{"type":"end"}')
            self.wire.close()

    def fail(self, why: str) -> None:
        super().fail(why)
        if not self._welcomed.done():
            self._welcomed.set_exception(ConnectionError(why))

    def _message(self, opcode: int, payload: bytes) -> None:
        self.messages += 1
        if opcode == TEXT:
            self._words(json.loads(payload))
        elif payload[0] == Frame.OUTPUT:
            self.offset = int.from_bytes(payload[1:9], "big") + len(payload) - 9
            if self.acks:
                self._acknowledge()
            self.took(payload[9:])

    def _words(self, words: dict[str, Any]) -> None:
        if words["type"] == "welcome" and not self._welcomed.done():
            self._welcomed.set_result(words)
        elif words["type"] == "notice":
            self.ended = words["text"]

    def _acknowledge(self) -> None:
        if self.offset - self._acked >= ACK_EVERY_BYTES:
            self._ack()
        elif self._idle is None:
            self._idle = asyncio.get_running_loop().call_later(ACK_IDLE_S, self._ack)

    def _ack(self) -> None:
        self._stop_timer()
        self._acked = self.offset
        if not self.wire.closed.done():
            self.wire.send(BINARY, struct.pack("!BQ", Frame.ACK, self.offset))

    def _stop_timer(self) -> None:
        if self._idle is not None:
            self._idle.cancel()
            self._idle = None


class Terminado(Shell):
    """JSON text frames; what they hold is not parsed, which is in its favour."""

    wire: Wire

    @classmethod
    async def open(cls, port: int) -> Self:
        shell = cls()
        shell.wire = await Wire.connect(port, "/ws", shell._message)
        shell.wire.closed.add_done_callback(lambda _: shell.fail("terminado hung up."))
        # Its first message may come before anybody waits for the prompt; a command answers in any case.
        shell.wire.send(TEXT, b'["set_size", 24, 80]')
        await shell.run("true")
        return shell

    def type(self, data: bytes) -> None:
        self.wire.send(TEXT, json.dumps(["stdin", data.decode()]).encode())

    def close(self) -> None:
        self.wire.close()

    def _message(self, opcode: int, payload: bytes) -> None:
        if opcode == TEXT and payload.startswith(STDOUT):
            self.took(payload[len(STDOUT) : -2])


class TtyExec(Shell, asyncio.Protocol):
    """The engine's own terminal, read by a plain asyncio client: no bridge at all."""

    def __init__(self, connection: Connection) -> None:
        super().__init__()
        self._connection = connection
        connection.transport.set_protocol(self)

    @classmethod
    async def open(cls, container: str) -> Self:
        connection = await Connection.open(EngineAddress.parse("unix:///var/run/docker.sock"))
        wanted = {"AttachStdin": True, "AttachStdout": True, "AttachStderr": True, "Tty": True, "Cmd": ["bash"]}
        made = await connection.request("POST", f"/v1.41/containers/{container}/exec", wanted, about="bench")
        connection.send("POST", f"/v1.41/exec/{made['Id']}/start", {"Detach": False, "Tty": True}, upgrade=True)
        await connection.answer()
        shell = cls(connection)
        await shell.run("true")
        return shell

    def type(self, data: bytes) -> None:
        self._connection.transport.write(data)

    def close(self) -> None:
        # The engine would leave the program alone with its terminal.
        self.type(b"\x03\x04exit\r")
        self._connection.transport.close()

    def data_received(self, data: bytes) -> None:
        self.took(data)

    def connection_lost(self, exc: Exception | None) -> None:
        self.fail("The engine hung up.")


@asynccontextmanager
async def closing(*shells: Shell) -> AsyncIterator[None]:
    try:
        yield
    finally:
        for shell in shells:
            shell.close()
