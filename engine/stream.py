"""Programs inside running containers: the exec stream, by our own asyncio client.

One connection carries the three steps: create the exec, start it, and from then on raw bytes both ways.
Towards the program they are its standard input. From it they come in frames of 8 bytes (u8 stream, three
zeros, u32 big-endian length) and then the piece. Source: Docker Engine API, "Attach to a container".

Without a terminal on the engine's side a stream cannot leak: when the connection closes, the program gets the
end of its input and the engine lets go of it.
"""

import asyncio
import contextlib
from collections.abc import Callable, Sequence
from urllib.parse import quote

from engine.errors import EngineError, EngineRefused, EngineTimeout, StreamLost
from engine.values import ExecResult
from engine.wire import Connection, EngineAddress, error_message, refusal

# Bytes waiting for the reader before the connection is no longer read. With one more read of the event loop on
# top (256 KiB) this bounds a stream to half a MiB in this process, whatever its reader does.
READ_AHEAD_BYTES = 256 * 1024
WRITE_AHEAD_BYTES = 256 * 1024
# What a reader may wait for; far below READ_AHEAD_BYTES, where no more is read.
LEAST_MAX_BYTES = 64 * 1024
# Of standard error the last lines are enough to say what went wrong.
LAST_WORDS_BYTES = 4096

HEADER_BYTES = 8
STDERR = 2

# The engine notes the exit a moment after the streams closed. Measured below 20 ms; the rest is for a busy machine.
EXIT_NOTED_S = 5.0


class Programs:
    """Starts programs in containers of one engine."""

    def __init__(self, address: EngineAddress, api_version: str) -> None:
        self._address = address
        self._root = f"/v{api_version}"

    async def stream(
        self, container: str, argv: Sequence[str], *, deadline_s: float, stderr_bytes: int = LAST_WORDS_BYTES
    ) -> "DockerExecStream":
        """See Engine.exec_stream; `stderr_bytes` is how much of standard error's end is kept."""
        about = f"running {argv[0]} in {container}"
        connection = None
        try:
            async with asyncio.timeout(deadline_s):
                connection = await Connection.open(self._address)
                exec_id = await self._create(connection, container, argv, about)
                await self._start(connection, exec_id, about)
        except BaseException as error:
            if connection:
                connection.close()
            if isinstance(error, TimeoutError):
                raise EngineTimeout(f"{about}: no answer within {deadline_s:g} s") from error
            raise
        return DockerExecStream(connection, self, exec_id, about, stderr_bytes)

    async def run(
        self, container: str, argv: Sequence[str], *, stdin: bytes, deadline_s: float, limit_bytes: int
    ) -> ExecResult:
        """See Engine.exec_run."""
        if stdin and self._address.tls_folder:
            raise EngineRefused(f"running {argv[0]} in {container}: over TLS the end of its input cannot be sent")
        try:
            async with asyncio.timeout(deadline_s):
                stream = await self.stream(container, argv, deadline_s=deadline_s, stderr_bytes=limit_bytes)
                try:
                    return await _run_to_end(stream, stdin, limit_bytes)
                finally:
                    stream.close()
        except TimeoutError as error:
            raise EngineTimeout(f"running {argv[0]} in {container}: not done within {deadline_s:g} s") from error

    async def exit_status(self, exec_id: str, about: str) -> int:
        """Return the status of an exec whose streams have closed. Raises StreamLost when the engine does not know it.

        It does not while the program still runs (then only the connection was lost), when the engine is away
        or was started anew, and when the container is gone.
        """
        try:
            async with asyncio.timeout(EXIT_NOTED_S):
                return await self._noted_exit(exec_id, about)
        except (EngineError, TimeoutError) as error:
            raise StreamLost(f"{about}: the connection was lost") from error

    async def _noted_exit(self, exec_id: str, about: str) -> int:
        connection = await Connection.open(self._address)
        try:
            pause_s = 0.005
            while True:
                facts = await connection.request("GET", f"{self._root}/exec/{exec_id}/json", about=about)
                if not facts["Running"] and facts["ExitCode"] is not None:
                    return int(facts["ExitCode"])
                await asyncio.sleep(pause_s)
                pause_s = min(pause_s * 2, 0.2)
        finally:
            connection.close()

    async def _create(self, connection: Connection, container: str, argv: Sequence[str], about: str) -> str:
        wanted = {"AttachStdin": True, "AttachStdout": True, "AttachStderr": True, "Tty": False, "Cmd": list(argv)}
        path = f"{self._root}/containers/{quote(container, safe='')}/exec"
        made: dict[str, str] = await connection.request("POST", path, wanted, about=about)
        return made["Id"]

    async def _start(self, connection: Connection, exec_id: str, about: str) -> None:
        wanted = {"Detach": False, "Tty": False}
        connection.send("POST", f"{self._root}/exec/{exec_id}/start", wanted, upgrade=True)
        answer = await connection.answer()
        if answer.status not in {101, 200}:
            content = b"".join([piece async for piece in connection.body(answer)])
            raise refusal(answer.status, error_message(content), about)


class Demultiplexer:
    """Takes the frames apart; they may be cut at any byte. Gives pieces of standard output and error as they come."""

    def __init__(self, on_stdout: Callable[[bytes], None], on_stderr: Callable[[bytes], None]) -> None:
        self._on_stdout = on_stdout
        self._on_stderr = on_stderr
        self._head = b""
        self._give = on_stdout
        self._left = 0

    def feed(self, data: bytes) -> None:
        """Take the next bytes of the connection."""
        position = 0
        while position < len(data):
            if self._left:
                piece = data[position : position + self._left]
                self._left -= len(piece)
                position += len(piece)
                self._give(piece)
            else:
                missing = HEADER_BYTES - len(self._head)
                self._head += data[position : position + missing]
                position += missing
                if len(self._head) == HEADER_BYTES:
                    self._give = self._on_stderr if self._head[0] == STDERR else self._on_stdout
                    self._left = int.from_bytes(self._head[4:])
                    self._head = b""


class DockerExecStream(asyncio.Protocol):
    """See ExecStream for what it promises."""

    def __init__(self, connection: Connection, programs: Programs, exec_id: str, about: str, stderr_bytes: int) -> None:
        self._programs = programs
        self._exec_id = exec_id
        self._about = about
        self._waiting: list[bytes] = []
        self._waiting_bytes = 0
        self._stderr = bytearray()
        self._stderr_bytes = stderr_bytes
        self._frames = Demultiplexer(self._keep_stdout, self._keep_stderr)
        self._least = 1
        self._reading_paused = False
        self._ended = False
        self._status: int | None = None
        self._arrived = asyncio.Event()
        self._writable = asyncio.Event()
        self._writable.set()
        self._take_over(connection)

    # -- for the caller

    async def read(self, least: int = 1) -> bytes:
        self._least = min(least, LEAST_MAX_BYTES)
        while self._waiting_bytes < self._least and not self._ended:
            self._arrived.clear()
            await self._arrived.wait()
        if not self._waiting:
            await self.exit_status()
            return b""
        data = self._waiting[0] if len(self._waiting) == 1 else b"".join(self._waiting)
        self._waiting.clear()
        self._waiting_bytes = 0
        if self._reading_paused:
            self._reading_paused = False
            self._transport.resume_reading()
        return data

    def write(self, data: bytes | bytearray | memoryview) -> None:
        if not self._transport.is_closing():
            self._transport.write(data)

    def write_eof(self) -> None:
        """Send the end of input and keep reading. Over TLS, which cannot close one half, nothing happens."""
        if self._transport.can_write_eof() and not self._transport.is_closing():
            self._transport.write_eof()

    async def drain(self) -> None:
        await self._writable.wait()
        if self._ended:
            raise StreamLost(f"{self._about}: the stream has ended")

    async def exit_status(self) -> int:
        while not self._ended:
            self._arrived.clear()
            await self._arrived.wait()
        if self._status is None:
            self._status = await self._programs.exit_status(self._exec_id, self._about)
        return self._status

    @property
    def stderr(self) -> bytes:
        """The end of standard error, as much as was asked to be kept."""
        return bytes(self._stderr)

    @property
    def last_words(self) -> str:
        return self._stderr.decode(errors="replace").strip()

    def close(self) -> None:
        self._transport.abort()

    # -- what the event loop calls

    def data_received(self, data: bytes) -> None:
        self._frames.feed(data)
        if self._waiting_bytes >= READ_AHEAD_BYTES and not self._reading_paused:
            self._reading_paused = True
            self._transport.pause_reading()
        # Waking a reader costs more than most pieces are worth.
        if self._waiting_bytes >= self._least:
            self._arrived.set()

    def connection_lost(self, exc: Exception | None) -> None:
        self._ended = True
        self._arrived.set()
        self._writable.set()

    def pause_writing(self) -> None:
        self._writable.clear()

    def resume_writing(self) -> None:
        self._writable.set()

    # -- inside

    def _take_over(self, connection: Connection) -> None:
        self._transport = connection.transport
        self._transport.set_write_buffer_limits(high=WRITE_AHEAD_BYTES)
        self._transport.set_protocol(self)
        self._ended = connection.is_lost
        if rest := connection.take_rest():
            self.data_received(rest)

    def _keep_stdout(self, piece: bytes) -> None:
        self._waiting.append(piece)
        self._waiting_bytes += len(piece)

    def _keep_stderr(self, piece: bytes) -> None:
        self._stderr += piece
        del self._stderr[: -self._stderr_bytes]


async def _run_to_end(stream: DockerExecStream, stdin: bytes, limit_bytes: int) -> ExecResult:
    writing = asyncio.ensure_future(_feed(stream, stdin))
    try:
        stdout = bytearray()
        truncated = False
        while piece := await stream.read():
            truncated = truncated or len(stdout) + len(piece) > limit_bytes
            stdout += piece[: limit_bytes - len(stdout)]
        return ExecResult(await stream.exit_status(), bytes(stdout), stream.stderr, truncated)
    finally:
        writing.cancel()


async def _feed(stream: DockerExecStream, stdin: bytes) -> None:
    # A program may end without reading its input: then nobody is left to miss the rest.
    with contextlib.suppress(StreamLost):
        stream.write(stdin)
        await stream.drain()
    stream.write_eof()
