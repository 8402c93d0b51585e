"""The line itself: connections to ports, credit, ends, and frames that make no sense."""

from __future__ import annotations

import asyncio
import hashlib
import random
import socket
import struct
import subprocess
from collections.abc import Awaitable, Callable

import pytest

from sessions.line.line import ChannelRefused, Line, LineLost
from sessions.line.wire import CREDIT_BYTES, Code, Kind, LineFrame, packed
from tests.holder.conftest import Holder, Start
from tests.holder.line import PATIENCE_S, PipeStream, line_to

Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


async def listen(serve: Serve, host: str = "127.0.0.1") -> tuple[asyncio.Server, bytes]:
    """Return a server, and its port as a DIAL names it."""
    server = await asyncio.start_server(serve, host)
    return server, struct.pack("!H", server.sockets[0].getsockname()[1])


async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(65536):
        writer.write(data)
        await writer.drain()
    writer.close()


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
async def test_bytes_pass_both_ways_and_so_do_their_ends(holder: Holder, host: str) -> None:
    data = random.Random(1).randbytes(5_000_000)
    server, port = await listen(echo, host)
    async with server, line_to(holder) as line:
        channel = line.channel(Kind.DIAL, port)
        await channel.opened()
        writing = asyncio.create_task(channel.write(data))
        got = bytearray()
        async with asyncio.timeout(PATIENCE_S):
            while len(got) < len(data):
                piece = await channel.read()
                channel.consumed(len(piece))
                got += piece
            await writing
            channel.end()
            assert await channel.read() == b""
        assert hashlib.sha256(got).digest() == hashlib.sha256(data).digest()
        assert line.channels == 0


async def test_a_port_on_which_nothing_listens_is_refused(holder: Holder) -> None:
    server, port = await listen(echo)
    server.close()
    await server.wait_closed()
    async with line_to(holder) as line:
        with pytest.raises(ChannelRefused, match="Connection refused") as refused:
            await line.channel(Kind.DIAL, port).opened()
        assert refused.value.code == Code.REFUSED
        assert line.channels == 0


async def test_a_connection_that_nobody_reads_holds_its_sender_and_nobody_else(holder: Holder) -> None:
    async def flood(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(bytes(10_000_000))
        await writer.drain()

    flooding, flood_port = await listen(flood)
    echoing, echo_port = await listen(echo)
    async with flooding, echoing, line_to(holder) as line:
        stuck = line.channel(Kind.DIAL, flood_port)
        await stuck.opened()
        other = line.channel(Kind.DIAL, echo_port)
        for number in range(200):
            await other.write(b"%d" % number)
            async with asyncio.timeout(PATIENCE_S):
                assert await other.read() == b"%d" % number
        got = 0
        while got < CREDIT_BYTES:
            got += len(await stuck.read())
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.2):
                await stuck.read()
        assert got == CREDIT_BYTES
        stuck.close()


async def test_a_reset_connection_says_so(holder: Holder) -> None:
    async def reset(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        writer.transport.abort()

    server, port = await listen(reset)
    async with server, line_to(holder) as line:
        channel = line.channel(Kind.DIAL, port)
        await channel.write(b"x" * 100)
        with pytest.raises(ChannelRefused):
            async with asyncio.timeout(PATIENCE_S):
                while await channel.read():
                    pass
                await channel.write(bytes(1_000_000))


async def test_five_hundred_connections_and_no_more(holder: Holder) -> None:
    server, port = await listen(echo)
    async with server, line_to(holder) as line:
        channels = [line.channel(Kind.DIAL, port) for _ in range(512)]
        for channel in channels:
            await channel.opened()
        with pytest.raises(ChannelRefused) as refused:
            await line.channel(Kind.DIAL, port).opened()
        assert refused.value.code == Code.TOO_MANY
        for channel in channels:
            channel.close()
        again = line.channel(Kind.DIAL, port)
        await again.opened()


@pytest.mark.parametrize(
    "frames",
    [
        struct.pack("!I", 4) + bytes(4),
        struct.pack("!I", 1 << 20),
        packed(1, LineFrame.OPEN, bytes([Kind.DIAL])),
        packed(1, LineFrame.OPEN, bytes([Kind.DIAL, 0, 0])),
        packed(1, LineFrame.OPEN, bytes([Kind.COMMAND])) * 2,
        packed(7, LineFrame.DATA, b"x"),
        packed(1, LineFrame.OPEN, bytes([Kind.COMMAND])) + packed(1, LineFrame.DATA, b""),
        packed(1, LineFrame.OPEN, bytes([Kind.COMMAND])) + packed(1, LineFrame.CREDIT, b"x"),
        packed(1, LineFrame.OPEN, bytes([Kind.COMMAND])) + packed(1, LineFrame.OPENED),
    ],
)
async def test_a_frame_that_makes_no_sense_ends_the_line_and_not_the_holder(holder: Holder, frames: bytes) -> None:
    process = subprocess.run(holder.command("line"), input=frames, capture_output=True, check=False, timeout=20)
    assert process.returncode == 0
    assert b"makes no sense" in process.stderr
    assert holder.run("ready").returncode == 0


async def test_more_than_the_credit_ends_the_line(holder: Holder) -> None:
    """Nothing takes what is sent: the connection is never made, for the queue of those that wait is full."""
    with socket.socket() as full, socket.socket() as first, socket.socket() as second:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        for each in (first, second):
            each.setblocking(False)
            each.connect_ex(full.getsockname())
        async with line_to(holder) as line:
            channel = line.channel(Kind.DIAL, struct.pack("!H", full.getsockname()[1]))
            await channel.write(bytes(CREDIT_BYTES))
            line.send(packed(channel.number, LineFrame.DATA, b"x"))
            with pytest.raises(LineLost):
                async with asyncio.timeout(PATIENCE_S):
                    await channel.opened()


async def test_an_unknown_kind_is_refused_and_the_line_goes_on(holder: Holder) -> None:
    async with line_to(holder) as line:
        line.send(packed(1, LineFrame.OPEN, b"\xff"))
        server, port = await listen(echo)
        async with server:
            line._last = 1
            await line.channel(Kind.DIAL, port).opened()


async def test_the_session_says_whether_it_may_only_read(start: Start) -> None:
    async with line_to(start()) as line:
        assert not line.only_reads
    async with line_to(start("--read")) as line:
        assert line.only_reads


async def test_without_a_holder_there_is_no_line(holder: Holder, tmp_path_factory: pytest.TempPathFactory) -> None:
    nowhere = tmp_path_factory.mktemp("nowhere")
    process = await asyncio.create_subprocess_exec(
        holder.binary, "line", "--socket-dir", nowhere,
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    with pytest.raises(LineLost):
        await Line.over(PipeStream(process))
    assert await process.wait() == 69
