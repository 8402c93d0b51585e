"""A line to a holder on this machine: `holder line` over pipes, as the engine gives it to the server."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from engine import StreamLost
from sessions.holder import Program
from sessions.line.commands import Exit, Follower, Gap, Output, Start, Stream, Welcome
from sessions.line.line import Line
from tests.holder.conftest import Holder

ENVIRONMENT = {"PATH": "/usr/local/bin:/usr/bin:/bin", "LANG": "C.UTF-8", "HOME": "/tmp"}
# Longest wait for something that is sure to come; only a failing test gets there.
PATIENCE_S = 30.0


class PipeStream:
    """An ExecStream over the pipes of a process."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process
        assert process.stdin
        assert process.stdout
        self._stdin, self._stdout = process.stdin, process.stdout
        self._closed = False

    async def read(self, least: int = 1) -> bytes:
        return await self._stdout.read(256 * 1024)

    def write(self, data: bytes | bytearray | memoryview) -> None:
        if not self._closed:
            self._stdin.write(data)

    async def drain(self) -> None:
        try:
            await self._stdin.drain()
        except ConnectionError as error:
            raise StreamLost(str(error)) from error

    async def exit_status(self) -> int:
        return await self.process.wait()

    @property
    def last_words(self) -> str:
        return ""

    def close(self) -> None:
        self._closed = True
        self._stdin.close()


@asynccontextmanager
async def line_to(holder: Holder) -> AsyncIterator[Line]:
    """Open a line; its process must have ended well when it is closed."""
    process = await asyncio.create_subprocess_exec(
        *holder.command("line"), stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, limit=256 * 1024
    )
    line = await Line.over(PipeStream(process))
    try:
        yield line
    finally:
        line.close()
        assert process.stdout
        await asyncio.sleep(0)  # its reader lets go of the pipe
        while await process.stdout.read(256 * 1024):
            pass
        assert await asyncio.wait_for(process.wait(), PATIENCE_S) == 0


def wanted(*argv: str, name: str = "c", env: dict[str, str] | None = None, cwd: str = "/", **how: object) -> Start:
    """Return a command to start; `how` as in Start."""
    return Start(name, Program(ENVIRONMENT | (env or {}), cwd, argv), **how)  # type: ignore[arg-type]


def shell(script: str, **how: object) -> Start:
    return wanted("/bin/sh", "-c", script, **how)  # type: ignore[arg-type]


class Seen:
    """What a follower was told until the end."""

    def __init__(self) -> None:
        self.welcome: Welcome | None = None
        self.out, self.err = bytearray(), bytearray()
        self.gaps: list[Gap] = []
        self.exit: Exit | None = None
        self.offset = 0

    async def follow(self, follower: Follower) -> Seen:
        """Read to the end. Output must come without holes but those that are told."""
        async with asyncio.timeout(PATIENCE_S):
            while (event := await follower.read()) is not None:
                self.take(event)
        follower.close()
        return self

    def take(self, event: object) -> None:
        if isinstance(event, Output):
            assert event.offset == self.offset
            self.offset += len(event.data)
            (self.out if event.stream == Stream.STDOUT else self.err).extend(event.data)
        elif isinstance(event, Gap):
            assert event.start == self.offset
            self.offset = event.end
            self.gaps.append(event)
        elif isinstance(event, Welcome):
            self.welcome = event
        elif isinstance(event, Exit):
            assert event.offset == self.offset
            self.exit = event


async def run(line: Line, start: Start, stdin: bytes = b"") -> Seen:
    """Run a command to its end, with this input."""
    follower = await Follower.start(line, start)
    if start.stdin:
        writing = asyncio.create_task(feed(follower, stdin))
        seen = await Seen().follow(follower)
        await asyncio.gather(writing, return_exceptions=True)
        return seen
    return await Seen().follow(follower)


async def feed(follower: Follower, stdin: bytes) -> None:
    await follower.write(0, stdin)
    await follower.close_input(len(stdin))
