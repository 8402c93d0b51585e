"""Exec streams: every byte, in order, at full speed, and no process that outlives its stream."""

from __future__ import annotations

import asyncio
import hashlib
import secrets
from collections.abc import AsyncIterator, Iterator

import pytest
import pytest_asyncio
import uvloop
from django.conf import settings

from engine import Conflict, Engine, EngineTimeout, ExecStream, NotFound, StreamLost
from engine.docker import DockerEngine
from engine.storage import ImageTree
from engine.stream import READ_AHEAD_BYTES, Demultiplexer
from tests.engine_fixtures import MIB, MakePlace, Place, new_place

pytestmark = [pytest.mark.engine, pytest.mark.asyncio(loop_scope="session")]

FRAMES = b"\1\0\0\0\0\0\0\5hello\2\0\0\0\0\0\0\3bad\1\0\0\0\0\0\0\0\1\0\0\0\0\0\0\2, \1\0\0\0\0\0\0\5world"


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def place(engine: Engine, instance: str, busybox: ImageTree) -> AsyncIterator[Place]:
    place = await new_place(engine, instance, busybox)
    await place.session("host")
    yield place
    await place.remove()


@pytest.fixture
def container(place: Place) -> str:
    return place.sessions[0]


async def read_all(stream: ExecStream) -> bytes:
    pieces = []
    while piece := await stream.read():
        pieces.append(piece)
    return b"".join(pieces)


def cut_anywhere(data: bytes) -> Iterator[tuple[bytes, bytes, bytes]]:
    for first in range(len(data) + 1):
        for second in range(first, len(data) + 1):
            yield data[:first], data[first:second], data[second:]


async def test_frames_are_taken_apart_wherever_they_are_cut() -> None:
    for pieces in cut_anywhere(FRAMES):
        out, err = bytearray(), bytearray()
        frames = Demultiplexer(out.extend, err.extend)
        for piece in pieces:
            frames.feed(piece)
        assert (bytes(out), bytes(err)) == (b"hello, world", b"bad")


async def test_what_goes_in_comes_out(engine: Engine, container: str) -> None:
    sent = secrets.token_bytes(8 * MIB)
    stream = await engine.exec_stream(container, ["cat"])
    received = bytearray()

    async def send() -> None:
        for start in range(0, len(sent), 100_000):
            stream.write(sent[start : start + 100_000])
            await stream.drain()

    sending = asyncio.create_task(send())
    while len(received) < len(sent):
        received += await stream.read()
    await sending
    stream.close()
    assert hashlib.sha256(received).digest() == hashlib.sha256(sent).digest()


async def test_the_end_is_empty_and_has_a_status(engine: Engine, container: str) -> None:
    stream = await engine.exec_stream(container, ["sh", "-c", "echo out; echo oh dear >&2; exit 3"])
    assert await read_all(stream) == b"out\n"
    assert await stream.read() == b""
    assert await stream.exit_status() == 3
    assert stream.last_words == "oh dear"
    with pytest.raises(StreamLost):
        await stream.drain()
    stream.write(b"into the void")


async def test_a_reader_gets_at_least_what_it_waits_for(engine: Engine, container: str) -> None:
    stream = await engine.exec_stream(container, ["sh", "-c", "printf one; read go; printf two; read go; printf end"])
    stream.write(b"\n")
    assert await stream.read(6) == b"onetwo"
    stream.write(b"\n")
    assert await stream.read(6) == b"end"
    assert await stream.read(6) == b""


async def test_of_standard_error_only_the_end_is_kept(engine: Engine, container: str) -> None:
    stream = await engine.exec_stream(container, ["sh", "-c", "yes noise | head -c 1000000 >&2; echo last >&2"])
    assert await read_all(stream) == b""
    assert len(stream.last_words) <= 4096
    assert stream.last_words.endswith("last")


async def test_closing_a_stream_ends_its_process(engine: Engine, container: str, place: Place) -> None:
    await place.sh(container, "mkfifo /tmp/news")
    stream = await engine.exec_stream(container, ["sh", "-c", "echo ready; cat; echo ended > /tmp/news"])
    assert await stream.read() == b"ready\n"
    stream.close()
    stream.close()
    assert (await place.sh(container, "cat /tmp/news")).stdout == b"ended\n"
    with pytest.raises(StreamLost):
        await stream.drain()


async def test_a_reader_that_stops_stops_the_writer(engine: Engine, container: str, place: Place) -> None:
    stream = await engine.exec_stream(container, ["sh", "-c", "head -c 50000000 /dev/zero; echo > /tmp/done"])
    first = await stream.read()
    # Each of these takes many times as long as the whole output would.
    for _ in range(10):
        assert (await place.sh(container, "test -e /tmp/done")).status == 1
    assert stream._waiting_bytes <= READ_AHEAD_BYTES + 256 * 1024  # type: ignore[attr-defined]
    assert len(first) + len(await read_all(stream)) == 50_000_000
    assert (await place.sh(container, "test -e /tmp/done")).status == 0


async def test_many_streams_at_once_do_not_mix(engine: Engine, container: str) -> None:
    async def echo(number: int) -> bytes:
        stream = await engine.exec_stream(container, ["cat"])
        stream.write(b"%d" % number)
        answer = await stream.read()
        stream.close()
        return answer

    assert await asyncio.gather(*(echo(number) for number in range(20))) == [b"%d" % n for n in range(20)]


async def test_streams_work_on_uvloop_too(container: str, instance: str) -> None:
    async def there() -> tuple[int, int]:
        engine = DockerEngine(settings.SANDLOT_ENGINE_URL, instance)
        stream = await engine.exec_stream(container, ["head", "-c", "30000000", "/dev/zero"])
        length, status = len(await read_all(stream)), await stream.exit_status()
        await engine.close()
        return length, status

    assert await asyncio.to_thread(uvloop.run, there()) == (30_000_000, 0)


async def test_a_program_that_is_not_there_says_so(engine: Engine, container: str) -> None:
    result = await engine.exec_run(container, ["no-such-program"])
    assert result.status in {126, 127}
    assert b"no-such-program" in result.stdout


async def test_a_run_gets_input_and_gives_bounded_output(engine: Engine, container: str) -> None:
    sent = secrets.token_bytes(3 * MIB)
    whole = await engine.exec_run(container, ["sha256sum"], stdin=sent)
    assert whole.stdout.split()[0].decode() == hashlib.sha256(sent).hexdigest()
    cut = await engine.exec_run(container, ["cat"], stdin=sent, limit_bytes=MIB)
    assert (cut.stdout, cut.truncated) == (sent[:MIB], True)


async def test_a_program_need_not_read_its_input(engine: Engine, container: str) -> None:
    result = await engine.exec_run(container, ["echo", "done"], stdin=bytes(32 * 1024))
    assert (result.status, result.stdout) == (0, b"done\n")


async def test_a_run_that_takes_too_long_is_given_up(engine: Engine, container: str) -> None:
    with pytest.raises(EngineTimeout, match=r"sleep .* not done within 0\.3 s"):
        await engine.exec_run(container, ["sleep", "60"], deadline_s=0.3)


async def test_streams_into_what_is_not_there_or_not_running(
    engine: Engine, make_place: MakePlace, busybox: ImageTree
) -> None:
    with pytest.raises(NotFound):
        await engine.exec_stream("sandlot-no-such-container", ["true"])
    place = await make_place(busybox)
    host = await place.session("host")
    await engine.stop_container(host, grace_s=0)
    with pytest.raises(Conflict):
        await engine.exec_stream(host, ["true"])


async def test_a_stream_ends_with_its_container(engine: Engine, make_place: MakePlace, busybox: ImageTree) -> None:
    place = await make_place(busybox)
    host = await place.session("host")
    stream = await engine.exec_stream(host, ["sh", "-c", "echo ready; exec sleep 1000"])
    assert await stream.read() == b"ready\n"
    await engine.remove_container(host)
    with pytest.raises(StreamLost):
        await stream.read()
