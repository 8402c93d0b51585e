"""Files over a line: one operation per FILES channel.

All of them raise FileRefused, LineError and ProtocolError.
"""

from __future__ import annotations

import asyncio
import struct
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterable, Sequence
from contextlib import asynccontextmanager
from typing import NamedTuple

from sessions.holder import FrameReader, ProtocolError, framed
from sessions.line.file_frames import (
    DATA_MAX_BYTES,
    Answer,
    Change,
    Data,
    Done,
    Entry,
    FileCode,
    FileFlag,
    FileFrame,
    FileRefused,
    Found,
    Match,
    Version,
    answer_of,
    text,
)
from sessions.line.line import Channel, Line, LineError
from sessions.line.wire import Kind


class Operation:
    """One operation under way. Open with `operation`; `read` until a Done."""

    def __init__(self, channel: Channel) -> None:
        self._channel = channel
        self._frames = FrameReader()
        self._answers: deque[Answer] = deque()

    async def say(self, frame: FileFrame, body: bytes = b"") -> None:
        await self._channel.write(framed(bytes([frame]) + body))

    async def read(self) -> Answer:
        """Return the next answer. Raises FileRefused, LineError, ProtocolError."""
        while not self._answers:
            data = await self._channel.read()
            if not data:
                raise FileRefused(FileCode.OTHER, "the operation ended without an answer")
            self._channel.consumed(len(data))
            for frame in self._frames.feed(data):
                self._answers.append(answer_of(frame))
        return self._answers.popleft()

    async def done(self) -> tuple[list[Answer], bytes]:
        """Read to the end; return the answers, and what the Done says."""
        answers: list[Answer] = []
        while not isinstance(answer := await self.read(), Done):
            answers.append(answer)
        return answers, answer.body


@asynccontextmanager
async def operation(line: Line, frame: FileFrame, body: bytes) -> AsyncGenerator[Operation]:
    """Begin an operation; whatever is left of it when the block ends is given up. Raises LineError."""
    channel = line.channel(Kind.FILES)
    try:
        under_way = Operation(channel)
        await under_way.say(frame, body)
        yield under_way
    finally:
        channel.close()


async def entry_from(under_way: Operation) -> Entry:
    """Return the one entry of an operation that answers with it. Raises FileRefused, LineError, ProtocolError."""
    return the_entry(await under_way.done())


def the_entry(told: tuple[list[Answer], bytes]) -> Entry:
    """Return the one entry that was answered. Raises ProtocolError."""
    for answer in told[0]:
        if isinstance(answer, Entry):
            return answer
    raise ProtocolError("The holder did not say what the file is like.")


# --- the operations -------------------------------------------------------------------------------------------------
async def list_folder(line: Line, path: bytes, *, limit: int = 0, after: bytes = b"") -> tuple[list[Entry], bool]:
    """Return the entries of a folder in order of their names' bytes, and whether there are more."""
    async with operation(line, FileFrame.LIST, text(path) + struct.pack("!I", limit) + text(after)) as under_way:
        answers, body = await under_way.done()
        return [answer for answer in answers if isinstance(answer, Entry)], bool(body[0])


async def stat(line: Line, path: bytes, *, follow: bool = False) -> Entry:
    flags = FileFlag.FOLLOW if follow else 0
    async with operation(line, FileFrame.STAT, text(path) + bytes([flags])) as under_way:
        return await entry_from(under_way)


async def read(line: Line, path: bytes, *, offset: int = 0, length: int = 0) -> AsyncGenerator[Entry | bytes]:
    """Yield what the file is like, and then its content from `offset` on; `length` 0 is to its end."""
    async with operation(line, FileFrame.READ, text(path) + struct.pack("!QQ", offset, length)) as under_way:
        while not isinstance(answer := await under_way.read(), Done):
            yield answer.data if isinstance(answer, Data) else as_entry(answer)


def as_entry(answer: Answer) -> Entry:
    if not isinstance(answer, Entry):
        raise ProtocolError("The holder did not answer with a file.")
    return answer


async def write(
    line: Line,
    path: bytes,
    content: AsyncIterable[bytes],
    *,
    flags: int = FileFlag.CREATE | FileFlag.REPLACE,
    mode: int = 0,
    version: Version | None = None,
) -> Entry:
    """Write a file, which appears whole or not at all; with `version` only in the place of that one."""
    flags |= FileFlag.MATCHING if version else 0
    body = text(path) + struct.pack("!BH", flags, mode) + (struct.pack("!QQQ", *version) if version else b"")
    async with operation(line, FileFrame.WRITE, body) as under_way:
        return the_entry(await exchange(under_way, content))


class Place(NamedTuple):
    """Where a part of an upload belongs; `upload` is a random number of the client's."""

    upload: int
    offset: int
    is_last: bool


async def part(
    line: Line,
    path: bytes,
    content: AsyncIterable[bytes],
    place: Place,
    *,
    flags: int = FileFlag.CREATE | FileFlag.REPLACE,
    mode: int = 0,
) -> Entry | int:
    """Write the next part of an upload; return where it goes on, or with the last one the file.

    Raises FileRefused with FileCode.OFFSET, whose text is the right offset, when it goes on elsewhere.
    """
    flags |= FileFlag.LAST if place.is_last else 0
    body = text(path) + struct.pack("!BHQQ", flags, mode, place.upload, place.offset)
    async with operation(line, FileFrame.PART, body) as under_way:
        answers, done = await exchange(under_way, content)
        return the_entry((answers, done)) if place.is_last else int.from_bytes(done, "big")


async def exchange(under_way: Operation, content: AsyncIterable[bytes]) -> tuple[list[Answer], bytes]:
    """Send content, and return what is answered. A refusal comes at once, also while content is still waited for."""
    sending, answering = asyncio.create_task(send(under_way, content)), asyncio.create_task(under_way.done())
    both = {sending, answering}
    try:
        done, _ = await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
        if sending in done:
            sending.result()
        return await answering
    finally:
        for task in both:
            task.cancel()
        await asyncio.gather(*both, return_exceptions=True)


async def send(under_way: Operation, content: AsyncIterable[bytes]) -> None:
    """Send content and its end. Stops when the holder has refused: its answer says why."""
    try:
        async for piece in content:
            for at in range(0, len(piece), DATA_MAX_BYTES):
                await under_way.say(FileFrame.DATA, piece[at : at + DATA_MAX_BYTES])
        await under_way.say(FileFrame.END)
    except FileRefused:
        raise
    except LineError:
        return  # what the holder said before it closed is still to be read


async def make_folder(line: Line, path: bytes, *, flags: int = 0, mode: int = 0) -> Entry:
    """PARENTS: with those above it; REPLACE: it may be there."""
    async with operation(line, FileFrame.FOLDER, text(path) + struct.pack("!BH", flags, mode)) as under_way:
        return await entry_from(under_way)


async def move(line: Line, path: bytes, other: bytes, *, replace: bool = False) -> Entry:
    flags = FileFlag.REPLACE if replace else 0
    async with operation(line, FileFrame.MOVE, text(path) + text(other) + bytes([flags])) as under_way:
        return await entry_from(under_way)


async def copy(line: Line, path: bytes, other: bytes, *, flags: int = 0) -> Entry:
    """RECURSIVE: a folder with all beneath it, links as links; REPLACE: a file that is there."""
    async with operation(line, FileFrame.COPY, text(path) + text(other) + bytes([flags])) as under_way:
        return await entry_from(under_way)


async def remove(line: Line, path: bytes, *, recursive: bool = False) -> int:
    """Remove a file, a link or a folder; return how many entries went."""
    flags = FileFlag.RECURSIVE if recursive else 0
    async with operation(line, FileFrame.REMOVE, text(path) + bytes([flags])) as under_way:
        _, body = await under_way.done()
        return int.from_bytes(body, "big")


async def tar(line: Line, paths: Sequence[bytes]) -> AsyncGenerator[bytes]:
    """Yield an archive of these files and folders, named from their own last component on."""
    body = struct.pack("!H", len(paths)) + b"".join(map(text, paths))
    async with operation(line, FileFrame.TAR, body) as under_way:
        while not isinstance(answer := await under_way.read(), Done):
            if isinstance(answer, Data):
                yield answer.data


async def find(line: Line, path: bytes, needle: bytes, *, limit: int = 0) -> tuple[list[Found], bool]:
    """Return paths below a folder that hold `needle`, and whether there may be more."""
    async with operation(line, FileFrame.FIND, text(path) + struct.pack("!I", limit) + text(needle)) as under_way:
        answers, body = await under_way.done()
        return [answer for answer in answers if isinstance(answer, Found)], bool(body[0])


async def search(line: Line, path: bytes, needle: bytes, *, limit: int = 0, flags: int = 0) -> tuple[list[Match], bool]:
    """Return lines of files below a folder that hold `needle`, and whether there may be more."""
    body = text(path) + struct.pack("!IB", limit, flags) + text(needle)
    async with operation(line, FileFrame.SEARCH, body) as under_way:
        answers, done = await under_way.done()
        return [answer for answer in answers if isinstance(answer, Match)], bool(done[0])


async def watch(line: Line, paths: Sequence[bytes]) -> AsyncGenerator[Change]:
    """Yield what changes in these folders, a WATCHING first. Ends when it is closed."""
    body = struct.pack("!H", len(paths)) + b"".join(map(text, paths))
    async with operation(line, FileFrame.WATCH, body) as under_way:
        while True:
            answer = await under_way.read()
            if isinstance(answer, Change):
                yield answer
