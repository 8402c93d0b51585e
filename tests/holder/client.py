"""A viewer of a terminal, spoken to over the pipes of `holder attach` (or any pair of descriptors).

Frames are those of holder/frames.h: u32 length, u8 type, body, all numbers big-endian.
"""

from __future__ import annotations

import os
import select
import socket
import struct
import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from pathlib import Path
from typing import NamedTuple, Self

# Longest wait for something that is sure to come; only a failing test gets there.
PATIENCE_S = 20.0
WINDOW_BYTES = 256 * 1024
INPUT_BYTES = 16 * 1024
INPUT_FRAMES = 16


class T(IntEnum):
    """Frame types."""

    INPUT = 0x01
    RESIZE = 0x02
    ACK = 0x03
    LINK = 0x10
    DRIVE = 0x11
    END = 0x12
    HAND = 0x13
    OUTPUT = 0x21
    RESET = 0x22
    REPLAY_END = 0x23
    GAP = 0x24
    SIZE = 0x25
    INPUT_ACK = 0x26
    EXIT = 0x27
    QUERY = 0x28
    WELCOME = 0x30
    PRESENCE = 0x31
    ERROR = 0x32


class Frame(NamedTuple):
    type: int
    body: bytes


class Closed(Exception):  # noqa: N818 - a state, not a fault
    """The holder has ended the link."""


@dataclass(frozen=True)
class Welcome:
    epoch: int
    head: int
    cols: int
    rows: int
    link: int
    last_seq: int
    flags: int

    @property
    def created(self) -> bool:
        return bool(self.flags & 1)

    @property
    def ended(self) -> bool:
        return bool(self.flags & 2)


@dataclass(frozen=True)
class Presence:
    driver: int
    # link id -> (name, may drive)
    viewers: dict[int, tuple[str, bool]]


@dataclass(frozen=True)
class Program:
    """What CREATE starts; without argv a login shell."""

    argv: Sequence[str] = ()
    env: Sequence[str] = (
        "PATH=/usr/local/bin:/usr/bin:/bin",
        "PS1=$ ",
        "TERM=xterm-256color",
        "LANG=C.UTF-8",
        "HOME=/tmp",
    )
    cwd: str = "/"

    def encoded(self) -> bytes:
        cwd = self.cwd.encode()
        return struct.pack(">H", len(cwd)) + cwd + _words(self.argv) + _words(self.env)


def _words(words: Sequence[str]) -> bytes:
    encoded = [word.encode() for word in words]
    return struct.pack(">H", len(encoded)) + b"".join(struct.pack(">I", len(word)) + word for word in encoded)


def shell(command: str, **env: str) -> Program:
    """Return a program that runs `command` by /bin/sh, with these variables added to the usual ones."""
    return Program(("/bin/sh", "-c", command), (*Program.env, *(f"{name}={value}" for name, value in env.items())))


def encode(frame_type: int, body: bytes = b"") -> bytes:
    return struct.pack(">IB", len(body) + 1, frame_type) + body


def link_body(
    client: bytes,
    *,
    name: str = "ada",
    program: Program | None = None,
    resume: tuple[int, int] | None = None,
    lines: int = 0,
    size: tuple[int, int] = (80, 24),
    may_drive: bool = True,
    want_drive: bool = True,
    knows_queries: bool = False,
) -> bytes:
    """Return the body of LINK; `program` creates, `resume` is (epoch, offset), else `lines` are kept, 0 for all."""
    flags = may_drive | want_drive << 1 | (program is not None) << 2 | (resume is not None) << 3 | knows_queries << 4
    epoch, start = resume or (0, lines)
    encoded = name.encode()
    head = struct.pack(">BBQQHH16sB", 1, flags, epoch, start, *size, client, len(encoded))
    return head + encoded + (program.encoded() if program else b"")


@dataclass
class Viewer:
    """One link. Keeps what a browser would keep: the output, the offset, the size, what is acknowledged."""

    read_fd: int
    write_fd: int
    process: subprocess.Popen[bytes] | None = None
    client: bytes = field(default_factory=lambda: os.urandom(16))
    acks: bool = True  # acknowledge output as it comes

    output: bytearray = field(default_factory=bytearray)
    offset: int = 0  # of the next byte of output
    replayed: bool = False
    sizes: list[tuple[int, int, int]] = field(default_factory=list)  # offset, cols, rows
    resets: list[tuple[int, bytes]] = field(default_factory=list)
    gaps: list[tuple[int, int]] = field(default_factory=list)
    queries: list[bytes] = field(default_factory=list)  # b"": from here on this viewer answers
    welcome: Welcome | None = None
    presence: Presence | None = None
    error: tuple[int, str] | None = None
    exit: tuple[int, int] | None = None
    typed_seq: int = 0
    acked_seq: int = 0
    _received: bytearray = field(default_factory=bytearray)
    _control: int = -1  # the socket that stands for the process of `holder attach`

    @classmethod
    def attach(cls, command: Sequence[str], *, client: bytes | None = None) -> Self:
        """Start `holder attach ...` (or an exec of it) and speak over its pipes."""
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0)
        assert process.stdin
        assert process.stdout
        return cls(process.stdout.fileno(), process.stdin.fileno(), process, client or os.urandom(16))

    @classmethod
    def dial(cls, folder: Path, terminal: str, *, client: bytes | None = None) -> Self:
        """Do what `holder attach` does, without a process: hand a pair of pipes to the holder's socket."""
        read_end, their_out = os.pipe()
        their_in, write_end = os.pipe()
        with socket.socket(socket.AF_UNIX) as control:
            control.connect(str(folder / "holder.sock"))
            socket.send_fds(control, [f"attach {terminal}\n".encode()], [their_in, their_out])
            viewer = cls(read_end, write_end, client=client or os.urandom(16))
            viewer._control = control.detach()
        os.close(their_in)
        os.close(their_out)
        return viewer

    # ---- to the holder ----

    def send(self, frame_type: int, body: bytes = b"") -> None:
        self.send_raw(encode(frame_type, body))

    def send_raw(self, data: bytes) -> None:
        while data:
            data = data[os.write(self.write_fd, data) :]

    def link(
        self,
        *,
        name: str = "ada",
        program: Program | None = None,
        resume: tuple[int, int] | None = None,
        lines: int = 0,
        size: tuple[int, int] = (80, 24),
        may_drive: bool = True,
        want_drive: bool = True,
        knows_queries: bool = False,
    ) -> Self:
        """Send LINK. A resume goes on where the viewer was: output and offset are kept."""
        body = link_body(
            self.client,
            name=name,
            program=program,
            resume=resume,
            lines=lines,
            size=size,
            may_drive=may_drive,
            want_drive=want_drive,
            knows_queries=knows_queries,
        )
        if resume:
            self.offset = resume[1]
        self.send(T.LINK, body)
        return self

    def type(self, data: bytes) -> int:
        """Send one INPUT frame and return its number."""
        self.typed_seq += 1
        self.send(T.INPUT, struct.pack(">I", self.typed_seq) + data)
        return self.typed_seq

    def ack(self, offset: int | None = None) -> None:
        self.send(T.ACK, struct.pack(">Q", self.offset if offset is None else offset))

    def resize(self, cols: int, rows: int) -> None:
        self.send(T.RESIZE, struct.pack(">HH", cols, rows))

    def hand(self, other: Viewer) -> None:
        """Give the keyboard to another viewer of the terminal."""
        assert other.welcome
        self.send(T.HAND, struct.pack(">I", other.welcome.link))

    def close(self) -> None:
        """Go away like a browser whose connection broke."""
        for fd in (self.read_fd, self.write_fd, self._control):
            if fd >= 0 and not self.process:
                os.close(fd)
        if self.process:
            assert self.process.stdin
            assert self.process.stdout
            self.process.stdin.close()
            self.process.stdout.close()
            self.process.wait(PATIENCE_S)
            self.process = None
        self.read_fd = self.write_fd = self._control = -1

    # ---- from the holder ----

    def _cut(self) -> Frame | None:
        if len(self._received) < 4:
            return None
        length = int.from_bytes(self._received[:4])
        if len(self._received) < 4 + length:
            return None
        frame = Frame(self._received[4], bytes(self._received[5 : 4 + length]))
        del self._received[: 4 + length]
        return frame

    def poll(self, wait_s: float = 0.0) -> Frame | None:
        """Return the next frame, None when none comes in time. Raises Closed."""
        deadline = time.monotonic() + wait_s
        while (frame := self._cut()) is None:
            if not self._wait_readable(deadline - time.monotonic()):
                return None
            data = os.read(self.read_fd, 1024 * 1024)
            if not data:
                raise Closed
            self._received += data
        self._note(frame)
        return frame

    def _wait_readable(self, wait_s: float) -> bool:
        waiter = select.poll()
        waiter.register(self.read_fd, select.POLLIN)
        return bool(waiter.poll(max(0.0, wait_s) * 1000))

    def next(self, wait_s: float = PATIENCE_S) -> Frame:
        frame = self.poll(wait_s)
        if frame is None:
            raise TimeoutError(f"no frame within {wait_s} s; output so far ends with {bytes(self.output[-200:])!r}")
        return frame

    def until(self, done: Callable[[Self], object], wait_s: float = PATIENCE_S) -> Self:
        """Take frames until `done(self)`."""
        deadline = time.monotonic() + wait_s
        while not done(self):
            self.next(deadline - time.monotonic())
        return self

    def until_output(self, text: bytes) -> Self:
        return self.until(lambda viewer: text in viewer.output)

    def until_replayed(self) -> Self:
        return self.until(lambda viewer: viewer.replayed)

    def until_drives(self) -> Self:
        return self.until(lambda viewer: viewer.drives)

    def until_exit(self) -> int:
        """Return the exit status."""
        self.until(lambda viewer: viewer.exit)
        assert self.exit
        return self.exit[0]

    def until_closed(self) -> Self:
        try:
            while True:
                self.next()
        except Closed:
            return self

    def paste(self, data: bytes) -> None:
        """Type all of it as a browser does: 16 KiB frames, at most 16 of them unacknowledged."""
        for start in range(0, len(data), INPUT_BYTES):
            self.until(lambda viewer: viewer.typed_seq - viewer.acked_seq < INPUT_FRAMES)
            self.type(data[start : start + INPUT_BYTES])
        self.until(lambda viewer: viewer.acked_seq == viewer.typed_seq)

    @property
    def drives(self) -> bool:
        return bool(self.welcome and self.presence and self.presence.driver == self.welcome.link)

    @property
    def place(self) -> tuple[int, int]:
        """(epoch, offset) for a later resume."""
        assert self.welcome
        return self.welcome.epoch, self.offset

    def _note(self, frame: Frame) -> None:
        note = _NOTES.get(frame.type)
        if note:
            note(self, frame.body)


def _note_output(viewer: Viewer, body: bytes) -> None:
    (offset,) = struct.unpack_from(">Q", body)
    assert offset == viewer.offset, f"output at {offset}, expected {viewer.offset}"
    assert 1 <= len(body) - 8 <= 64 * 1024
    viewer.output += body[8:]
    viewer.offset += len(body) - 8
    if viewer.acks:
        viewer.ack()


def _note_reset(viewer: Viewer, body: bytes) -> None:
    (viewer.offset,) = struct.unpack_from(">Q", body)
    viewer.replayed = False
    viewer.resets.append((viewer.offset, body[8:]))
    viewer.output.clear()


def _note_size(viewer: Viewer, body: bytes) -> None:
    cols, rows = struct.unpack(">HH", body)
    viewer.sizes.append((viewer.offset, cols, rows))


def _note_presence(viewer: Viewer, body: bytes) -> None:
    driver, count = struct.unpack_from(">IB", body)
    viewers, at = {}, 5
    for _ in range(count):
        link, flags, size = struct.unpack_from(">IBB", body, at)
        viewers[link] = (body[at + 6 : at + 6 + size].decode(), bool(flags & 1))
        at += 6 + size
    assert at == len(body)
    viewer.presence = Presence(driver, viewers)


def _note_welcome(viewer: Viewer, body: bytes) -> None:
    viewer.welcome = Welcome(*struct.unpack(">QQHHIIB", body))


def _note_gap(viewer: Viewer, body: bytes) -> None:
    start, end = struct.unpack(">QQ", body)
    viewer.gaps.append((start, end))
    viewer.replayed = False


def _note_input_ack(viewer: Viewer, body: bytes) -> None:
    (viewer.acked_seq,) = struct.unpack(">I", body)


def _note_exit(viewer: Viewer, body: bytes) -> None:
    status, offset = struct.unpack(">iQ", body)
    viewer.exit = (status, offset)


def _note_error(viewer: Viewer, body: bytes) -> None:
    viewer.error = (int.from_bytes(body[:2]), body[2:].decode())


def _note_query(viewer: Viewer, body: bytes) -> None:
    assert viewer.replayed
    viewer.queries.append(body)


def _note_replay_end(viewer: Viewer, body: bytes) -> None:
    assert not body
    viewer.replayed = True


_NOTES: dict[int, Callable[[Viewer, bytes], None]] = {
    T.OUTPUT: _note_output,
    T.RESET: _note_reset,
    T.REPLAY_END: _note_replay_end,
    T.GAP: _note_gap,
    T.SIZE: _note_size,
    T.INPUT_ACK: _note_input_ack,
    T.EXIT: _note_exit,
    T.QUERY: _note_query,
    T.WELCOME: _note_welcome,
    T.PRESENCE: _note_presence,
    T.ERROR: _note_error,
}
