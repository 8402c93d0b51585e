"""An engine that is away, hangs or talks nonsense: an error that says so, within the deadline."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from engine import (
    DiskFull,
    EngineAway,
    EngineError,
    EngineRefused,
    EngineTimeout,
    ImageMissing,
    NameTaken,
    StreamLost,
    VolumeSpec,
)
from engine import stream as stream_module
from engine.docker import DockerEngine
from engine.docker.images import _repository_and_tag
from engine.wire import EngineAddress, refusal

Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]

# Every kind of call: control plane, transfer, own connections.
CALLS: dict[str, Callable[[DockerEngine, float], Awaitable[object]]] = {
    "ping": lambda engine, deadline_s: engine.ping(deadline_s=deadline_s),
    "list": lambda engine, deadline_s: engine.containers({}, deadline_s=deadline_s),
    "create": lambda engine, deadline_s: engine.ensure_volume(VolumeSpec("x", {}), deadline_s=deadline_s),
    "stream": lambda engine, deadline_s: engine.exec_stream("x", ["true"], deadline_s=deadline_s),
    "run": lambda engine, deadline_s: engine.exec_run("x", ["true"], deadline_s=deadline_s),
}


@asynccontextmanager
async def fake_engine(folder: Path, handler: Handler) -> AsyncIterator[DockerEngine]:
    """A server at a socket that behaves as the test needs, and an engine object that talks to it."""

    async def handled(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await handler(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass  # the other side gave up, which is what these tests are about
        finally:
            writer.close()

    server = await asyncio.start_unix_server(handled, folder / "engine.sock")
    engine = DockerEngine(f"unix://{folder / 'engine.sock'}", "test-faults")
    try:
        yield engine
    finally:
        server.close()
        await engine.close()


def answering(answers: dict[str, bytes]) -> Handler:
    """Return a handler that answers each request whose first line has a key in it with the bytes of that key."""

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while head := await reader.readuntil(b"\r\n\r\n"):
            first, *lines = head.decode().split("\r\n")
            lengths = [int(line.split(":")[1]) for line in lines if line.lower().startswith("content-length")]
            await reader.readexactly(lengths[0] if lengths else 0)
            writer.write(next(answer for key, answer in answers.items() if key in first))
            if "/start " in first:
                return

    return handler


def reply(status: str, body: bytes) -> bytes:
    return b"HTTP/1.1 %b\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%b" % (
        status.encode(),
        len(body),
        body,
    )


VERSION = {"/version": reply("200 OK", b'{"ApiVersion": "1.41", "MinAPIVersion": "1.12"}')}


async def never(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read()


async def hang_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Close at once."""


async def nonsense(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"220 mail.example.com ESMTP\r\n\r\n")


@pytest.mark.parametrize("call", CALLS)
async def test_an_engine_that_is_not_there_is_away(call: str, tmp_path: Path) -> None:
    engine = DockerEngine(f"unix://{tmp_path}/none.sock", "test-faults")
    with pytest.raises(EngineAway, match="nothing answers"):
        await CALLS[call](engine, 10)
    await engine.close()


@pytest.mark.parametrize("call", CALLS)
async def test_an_engine_that_hangs_costs_no_more_than_the_deadline(call: str, tmp_path: Path) -> None:
    async with fake_engine(tmp_path, never) as engine:
        begun = time.monotonic()
        with pytest.raises(EngineTimeout, match=r"within 0\.3 s"):
            await CALLS[call](engine, 0.3)
        assert time.monotonic() - begun < 5


async def test_many_calls_to_a_hanging_engine_all_end_in_time(tmp_path: Path) -> None:
    async with fake_engine(tmp_path, never) as engine:
        begun = time.monotonic()
        results = await asyncio.gather(*(engine.ping(deadline_s=0.3) for _ in range(100)), return_exceptions=True)
        assert all(isinstance(result, EngineTimeout) for result in results)
        assert time.monotonic() - begun < 5


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("handler", [hang_up, nonsense])
async def test_an_engine_that_talks_nonsense_is_away(call: str, handler: Handler, tmp_path: Path) -> None:
    async with fake_engine(tmp_path, handler) as engine:
        with pytest.raises(EngineAway):
            await CALLS[call](engine, 10)


async def test_events_of_an_engine_that_goes_away_end_with_an_error(tmp_path: Path) -> None:
    event = b'{"Action":"die","Actor":{"ID":"1","Attributes":{"name":"x","exitCode":"3","a":"b"}},"timeNano":1}\n'
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n%b\r\n" % (len(event), event)

    async def one_event(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        request = await reader.readuntil(b"\r\n\r\n")
        writer.write(head if b"/events" in request else VERSION["/version"])

    async with fake_engine(tmp_path, one_event) as engine:
        events = engine.events({})
        seen = await anext(events)
        assert (seen.action, seen.container, seen.exit_code, seen.labels) == ("die", "x", 3, {"a": "b"})
        with pytest.raises(EngineAway):
            await anext(events)


async def test_a_stream_whose_process_still_runs_was_lost(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream_module, "EXIT_NOTED_S", 0.2)
    answers = {
        **VERSION,
        "/start ": b"HTTP/1.1 101 UPGRADED\r\nUpgrade: tcp\r\n\r\n\1\0\0\0\0\0\0\2hi",
        "/json ": reply("200 OK", b'{"Running": true, "ExitCode": null}'),
        "/exec ": reply("201 Created", b'{"Id": "1"}'),
    }
    async with fake_engine(tmp_path, answering(answers)) as engine:
        stream = await engine.exec_stream("x", ["true"])
        # Came in one piece with the head of the answer.
        assert await stream.read() == b"hi"
        with pytest.raises(StreamLost):
            await stream.read()


async def test_a_full_disk_is_said_to_be_full(tmp_path: Path) -> None:
    full = reply("500 Internal Server Error", b'{"message": "write /x: no space left on device"}')
    async with fake_engine(tmp_path, answering({**VERSION, "/volumes/create": full})) as engine:
        with pytest.raises(DiskFull, match="creating volume x"):
            await CALLS["create"](engine, 10)


@pytest.mark.parametrize(
    ("status", "message", "error"),
    [
        (404, "No such image: x:latest", ImageMissing),
        (409, 'Conflict. The container name "/x" is already in use by container "1"', NameTaken),
        (500, "driver failed: no space left on device", DiskFull),
        (400, "invalid reference format", EngineRefused),
    ],
)
async def test_what_an_answer_means(status: int, message: str, error: type[EngineError]) -> None:
    found = refusal(status, message, "creating x")
    assert type(found) is error
    assert str(found) == f"creating x: {message}"


@pytest.mark.parametrize("message", ["Unknown runtime specified runsc", "unknown or invalid runtime name: runsc"])
async def test_a_runtime_that_is_missing_is_said_with_what_to_do(message: str) -> None:
    found = refusal(400, message, "creating x")
    assert type(found) is EngineRefused
    assert str(found).startswith(f"creating x: {message}. The engine does not have this runtime. Install it")


@pytest.mark.parametrize("url", ["", "unix://", "tcp://host", "http://host:1", "ssh://host"])
async def test_an_address_that_is_none_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match="not an engine's address"):
        EngineAddress.parse(url)


@pytest.mark.parametrize(
    ("reference", "parts"),
    [
        ("debian", ("debian", "latest")),
        ("debian:slim", ("debian", "slim")),
        ("host:5000/a/b", ("host:5000/a/b", "latest")),
        ("host:5000/a/b:c", ("host:5000/a/b", "c")),
    ],
)
async def test_a_reference_is_a_repository_and_a_tag(reference: str, parts: tuple[str, str]) -> None:
    assert _repository_and_tag(reference) == parts


async def test_certificates_that_are_not_there_are_said_so(tmp_path: Path) -> None:
    engine = DockerEngine(f"tcp://localhost:1?tls={tmp_path}", "test-faults")
    with pytest.raises(EngineRefused, match="asking for a sign of life"):
        await engine.ping()
    await engine.close()


async def test_an_address_over_tls() -> None:
    address = EngineAddress.parse("tcp://engine.example.com:2376?tls=/etc/engine")
    assert (address.host, address.port, address.tls_folder) == ("engine.example.com", 2376, Path("/etc/engine"))
