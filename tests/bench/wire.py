"""A websocket client that costs next to nothing, so that the benchmark measures servers: no masks of its own making,
no queues, one callback per message."""

from __future__ import annotations

import asyncio
import base64
import os
import struct
from collections.abc import Callable
from typing import cast

OnMessage = Callable[[int, bytes], None]
TEXT, BINARY, CLOSE, PING, PONG = 1, 2, 8, 9, 10


class Wire(asyncio.Protocol):
    """Connect with `Wire.connect`; `on_message(opcode, payload)` is called for each message."""

    def __init__(self, on_message: OnMessage) -> None:
        self.on_message = on_message
        self._buffer = bytearray()
        self._upgraded: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.closed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._transport: asyncio.Transport | None = None
        self._parts = bytearray()

    @classmethod
    async def connect(
        cls, port: int, path: str, on_message: OnMessage, *, subprotocol: str = "", cookie: str = "", origin: str = ""
    ) -> Wire:
        loop = asyncio.get_running_loop()
        transport, wire = await loop.create_connection(lambda: cls(on_message), "127.0.0.1", port)
        key = base64.b64encode(os.urandom(16)).decode()
        headers = {
            "Host": f"localhost:{port}",
            "Connection": "Upgrade",
            "Upgrade": "websocket",
            "Sec-WebSocket-Version": "13",
            "Sec-WebSocket-Key": key,
            "Sec-WebSocket-Protocol": subprotocol,
            "Cookie": cookie,
            "Origin": origin or f"http://localhost:{port}",
        }
        lines = [f"GET {path} HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items() if value)]
        transport.write(("\r\n".join(lines) + "\r\n\r\n").encode())
        await asyncio.wait_for(wire._upgraded, 20)
        return wire

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transports have the methods, not the class.
        self._transport = cast("asyncio.Transport", transport)

    def connection_lost(self, exc: Exception | None) -> None:
        if not self._upgraded.done():
            self._upgraded.set_exception(ConnectionError("The server hung up during the handshake."))
        if not self.closed.done():
            self.closed.set_result(None)

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        if not self._upgraded.done():
            head, found, rest = bytes(self._buffer).partition(b"\r\n\r\n")
            if not found:
                return
            if b" 101 " not in head.split(b"\r\n")[0]:
                self._upgraded.set_exception(ConnectionError(head.decode()))
                return
            self._buffer = bytearray(rest)
            self._upgraded.set_result(None)
        self._cut()

    def _cut(self) -> None:
        buffer, at, end = self._buffer, 0, len(self._buffer)
        while end - at >= 2:
            size, head = buffer[at + 1] & 0x7F, 2
            if size >= 126:
                head = 4 if size == 126 else 10
                if end - at < head:
                    break
                size = int.from_bytes(buffer[at + 2 : at + head], "big")
            if end - at < head + size:
                break
            self._take(buffer[at], bytes(buffer[at + head : at + head + size]))
            at += head + size
        del buffer[:at]

    def _take(self, first: int, payload: bytes) -> None:
        opcode = first & 0x0F
        if opcode == PING:
            self.send(PONG, payload)
        elif opcode != CLOSE:
            self.on_message(opcode, payload)

    def send(self, opcode: int, payload: bytes) -> None:
        """Send one message; its mask is zero, which a server cannot tell from a random one."""
        size = len(payload)
        first = 0x80 | opcode
        head = bytes([first, 0x80 | size]) if size < 126 else struct.pack("!BBH", first, 0x80 | 126, size)
        assert self._transport is not None
        self._transport.write(head + b"\0\0\0\0" + payload)

    def close(self) -> None:
        """Hang up behind what was sent."""
        assert self._transport is not None
        self._transport.close()

    def stop_reading(self) -> None:
        """Stall: the kernel's buffers fill, then the server's."""
        assert self._transport is not None
        self._transport.pause_reading()
