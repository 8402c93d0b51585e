"""HTTP to the engine's socket, as little as streams need: one connection, one request after the other.

The control plane goes through docker-py. What lives long (exec streams, events, waiting for an exit) does
not: docker-py costs a thread for each, keeps a read timeout of 60 s on it, and can lose bytes that arrive
together with the answer's head. Here they stay in the connection's buffer.
"""

import asyncio
import json
import ssl
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self, cast
from urllib.parse import parse_qs, urlsplit

from engine.errors import (
    Conflict,
    DiskFull,
    EngineAway,
    EngineError,
    EngineRefused,
    ImageMissing,
    NameTaken,
    NotFound,
)

# Heads of the engine are a few hundred bytes, exec and inspect answers a few kilobytes.
HEAD_LIMIT_BYTES = 64 * 1024
BODY_LIMIT_BYTES = 16 * 1024 * 1024

# What the engine leaves out when a container is to run on a runtime that it does not know.
RUNTIME_MISSING = (
    "The engine does not have this runtime. Install it on the engine's machine and name it in its daemon.json, "
    "or choose another one for the template, then Retry."
)


@dataclass(frozen=True, slots=True)
class EngineAddress:
    """Where the engine listens: a unix socket's path, or host and port, with TLS when `tls_folder` is set.

    `tls_folder` holds ca.pem, cert.pem and key.pem, as Docker's own client expects them.
    """

    path: str = ""
    host: str = ""
    port: int = 0
    tls_folder: Path | None = None

    @classmethod
    def parse(cls, url: str) -> Self:
        """Read "unix:///path", "tcp://host:port" or "tcp://host:port?tls=/folder". Raises ValueError."""
        parts = urlsplit(url)
        if parts.scheme == "unix" and parts.path:
            return cls(path=parts.path)
        if parts.scheme == "tcp" and parts.hostname and parts.port:
            folders = parse_qs(parts.query).get("tls")
            return cls(host=parts.hostname, port=parts.port, tls_folder=Path(folders[0]) if folders else None)
        raise ValueError(f"{url!r} is not an engine's address: unix:///path or tcp://host:port[?tls=/folder]")

    def __str__(self) -> str:
        return f"unix://{self.path}" if self.path else f"tcp://{self.host}:{self.port}"

    def ssl_context(self) -> ssl.SSLContext | None:
        """Return the context that proves both sides to each other, None without TLS."""
        if self.tls_folder is None:
            return None
        context = ssl.create_default_context(cafile=str(self.tls_folder / "ca.pem"))
        context.load_cert_chain(self.tls_folder / "cert.pem", self.tls_folder / "key.pem")
        return context


@dataclass(frozen=True, slots=True)
class Answer:
    """The head of an answer; header names in lower case."""

    status: int
    headers: dict[str, str]


def refusal(status: int, message: str, about: str) -> EngineError:
    """Return the error for an answer that is not a success. The only place that knows what a status means."""
    text = f"{about}: {message.strip()}"
    lowered = message.lower()
    if "no space left on device" in lowered or "disk quota exceeded" in lowered:
        return DiskFull(text)
    if status == 404:
        return ImageMissing(text) if "no such image" in lowered else NotFound(text)
    if status == 409:
        return (
            NameTaken(text)
            if "already in use by container" in lowered or "already exists" in lowered
            else Conflict(text)
        )
    if "active endpoints" in lowered or "is not running" in lowered:
        return Conflict(text)
    if "unknown runtime" in lowered or "invalid runtime name" in lowered:
        return EngineRefused(f"{text}. {RUNTIME_MISSING}")
    return EngineRefused(text)


class Connection(asyncio.Protocol):
    """One connection to the engine. Everything it raises is an EngineError; EngineAway when it breaks."""

    def __init__(self, address: EngineAddress) -> None:
        self._address = address
        self._received = bytearray()
        self._arrived = asyncio.Event()
        self._ended = False
        self.is_lost = False
        self.transport: asyncio.Transport

    @classmethod
    async def open(cls, address: EngineAddress) -> Self:
        """Connect. Raises EngineAway."""
        loop = asyncio.get_running_loop()
        try:
            if address.path:
                _, connection = await loop.create_unix_connection(lambda: cls(address), address.path)
            else:
                _, connection = await loop.create_connection(
                    lambda: cls(address), address.host, address.port, ssl=address.ssl_context()
                )
        except OSError as error:
            raise EngineAway(f"nothing answers at {address}: {error.strerror or error}") from error
        return connection

    # -- what the event loop calls

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        self._received += data
        self._arrived.set()

    def eof_received(self) -> bool:
        self._ended = True
        self._arrived.set()
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        self._ended = self.is_lost = True
        self._arrived.set()

    # -- requests and answers

    def send(self, method: str, path: str, body: object = None, *, upgrade: bool = False) -> None:
        """Queue a request; `body` becomes JSON."""
        content = b"" if body is None else json.dumps(body).encode()
        head = [
            f"{method} {path} HTTP/1.1",
            "Host: engine",
            f"Content-Length: {len(content)}",
            *(["Content-Type: application/json"] if content else []),
            *(["Connection: Upgrade", "Upgrade: tcp"] if upgrade else []),
        ]
        self.transport.write("\r\n".join(head).encode() + b"\r\n\r\n" + content)

    async def answer(self) -> Answer:
        """Return the head of the next answer and leave everything behind it where it is."""
        head = await self._until(b"\r\n\r\n", HEAD_LIMIT_BYTES)
        first, *lines = head.decode("latin-1").split("\r\n")
        headers = {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        return Answer(int(first.split()[1]), headers)

    async def request(self, method: str, path: str, body: object = None, *, about: str) -> Any:
        """Return the JSON of one whole exchange, None when it is empty. Raises what `refusal` says."""
        self.send(method, path, body)
        answer = await self.answer()
        content = b"".join([piece async for piece in self.body(answer)])
        if answer.status >= 400:
            raise refusal(answer.status, error_message(content), about)
        return json.loads(content) if content else None

    async def body(self, answer: Answer) -> AsyncIterator[bytes]:
        """Yield the pieces of an answer's body as they come."""
        if answer.status in {204, 304}:
            return
        if answer.headers.get("transfer-encoding", "").lower() != "chunked":
            yield await self._exactly(int(answer.headers.get("content-length", "0")))
            return
        while size := int((await self._until(b"\r\n", HEAD_LIMIT_BYTES)).split(b";")[0], 16):
            yield await self._exactly(size)
            await self._exactly(2)
        await self._until(b"\r\n", HEAD_LIMIT_BYTES)

    def take_rest(self) -> bytes:
        """Return what has arrived behind the last answer and was not asked for."""
        rest = bytes(self._received)
        self._received.clear()
        return rest

    def close(self) -> None:
        self.transport.abort()

    # -- reading

    async def _until(self, mark: bytes, limit: int) -> bytes:
        while (end := self._received.find(mark)) < 0:
            if len(self._received) > limit:
                raise EngineAway(f"{self._address} does not speak like an engine")
            await self._more()
        found = bytes(self._received[:end])
        del self._received[: end + len(mark)]
        return found

    async def _exactly(self, count: int) -> bytes:
        if count > BODY_LIMIT_BYTES:
            raise EngineRefused(f"the engine's answer has {count} bytes")
        while len(self._received) < count:
            await self._more()
        found = bytes(self._received[:count])
        del self._received[:count]
        return found

    async def _more(self) -> None:
        if self._ended:
            raise EngineAway(f"{self._address} closed the connection")
        self._arrived.clear()
        await self._arrived.wait()


def error_message(content: bytes) -> str:
    """Return the sentence in an engine's error answer, which is JSON with a "message" but for a few old paths."""
    try:
        return str(json.loads(content)["message"])
    except (ValueError, KeyError, TypeError):
        return content.decode(errors="replace") or "no reason given"
