"""The terminal's wire, subprotocol `sandlot.terminal.v1`: frames between browser, server and holder.

Twins: `static/src/lib/wire/protocol.js`, `holder/frames.h`. Integers are big-endian. On the websocket a binary
message is type (u8) and body; on the holder's stdio each frame has a u32 length before it, see `sessions.holder`.
"""

from __future__ import annotations

import json
import struct
from dataclasses import asdict, dataclass
from enum import IntEnum, IntFlag
from typing import Any

from sessions.holder import FrameTooLong, Program, ProtocolError, framed, unpack

SUBPROTOCOL = "sandlot.terminal.v1"
# One keystroke or one slice of a paste; a paste is cut on the wire only.
INPUT_MAX_BYTES = 16 * 1024
OUTPUT_MAX_BYTES = 64 * 1024
# A hello is about 200 bytes.
TEXT_MAX_BYTES = 4 * 1024
NAME_MAX_BYTES = 64
COLS, ROWS = range(2, 1001), range(1, 501)


class Frame(IntEnum):
    """First byte of every frame."""

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


# What goes to the browser as it came from the holder.
TO_BROWSER = frozenset(range(Frame.OUTPUT, Frame.QUERY + 1))


def check_from_browser(message: bytes) -> Frame:
    """Return the type of a binary message that a browser may send. Raises ProtocolError."""
    kind, size = message[0] if message else 0, len(message)
    if kind == Frame.INPUT and 5 < size <= 5 + INPUT_MAX_BYTES:
        return Frame.INPUT
    if kind == Frame.ACK and size == 9:
        return Frame.ACK
    if kind == Frame.RESIZE and size == 5:
        return Frame.RESIZE
    raise ProtocolError(f"A binary message of {size} bytes with type 0x{kind:02x} is not INPUT, RESIZE or ACK.")


@dataclass(frozen=True)
class Hello:
    """The browser's first message. `offset` is what it has parsed of epoch `epoch`; both None for a fresh start.

    `lines`: how many the browser keeps, so that no older ones need be replayed; 0 for all that there are. `queries`:
    whether it knows QUERY; a page that was loaded before an update does not.
    """

    client: bytes
    epoch: int | None
    offset: int | None
    cols: int
    rows: int
    drive: bool
    lines: int = 0
    queries: bool = False

    @classmethod
    def from_text(cls, text: str) -> Hello:
        """Parse the JSON. Raises ProtocolError."""
        try:
            data = parse_text(text)
            if data["type"] != "hello":
                raise ProtocolError("The first message must be hello.")
            epoch = None if data.get("epoch") is None else int(data["epoch"], 16)
            offset = None if data.get("offset") is None else int(data["offset"])
            client = bytes.fromhex(data["client"])
            size = int(data["cols"]), int(data["rows"])
            drive, lines, queries = bool(data.get("drive")), int(data.get("lines") or 0), bool(data.get("queries"))
            hello = cls(client, epoch, offset, *size, drive, lines, queries)
        except (KeyError, OverflowError, TypeError, ValueError) as error:
            raise ProtocolError(f"The hello is malformed: {error}.") from error
        hello._check()
        return hello

    def _check(self) -> None:
        if len(self.client) != 16:
            raise ProtocolError("The hello's client must be 32 hex digits.")
        if not all(0 <= (value or 0) < 1 << 64 for value in (self.epoch, self.offset)):
            raise ProtocolError("The hello's epoch and offset must fit 64 bits.")
        if not (0 < self.cols < 1 << 16 and 0 < self.rows < 1 << 16):
            raise ProtocolError("The hello's size must be positive and fit 16 bits.")
        if not 0 <= self.lines < 1 << 32:
            raise ProtocolError("The hello's lines must not be negative and fit 32 bits.")

    @property
    def resumes(self) -> bool:
        return self.epoch is not None and self.offset is not None


def parse_text(text: str, most: int = TEXT_MAX_BYTES) -> dict[str, Any]:
    """Return a text message's JSON object, which has a type, of any of our websockets. Raises ProtocolError."""
    if len(text) > most:
        raise FrameTooLong(f"A text message may have {most} characters.")
    try:
        data = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ProtocolError(f"A text message must be JSON: {error}.") from error
    if not isinstance(data, dict) or not isinstance(data.get("type"), str):
        raise ProtocolError("A text message must be a JSON object with a type.")
    return data


class LinkFlag(IntFlag):
    MAY_DRIVE = 1
    WANT_DRIVE = 2
    CREATE = 4
    RESUME = 8
    QUERIES = 16


def link(hello: Hello, name: str, *, may_drive: bool, shell: Program | None) -> bytes:
    """Return the LINK frame, ready for the holder: who looks, from where, and the shell if it may be started."""
    flags = LinkFlag(0)
    flags |= LinkFlag.MAY_DRIVE if may_drive else LinkFlag(0)
    flags |= LinkFlag.WANT_DRIVE if may_drive and hello.drive else LinkFlag(0)
    flags |= LinkFlag.CREATE if shell else LinkFlag(0)
    flags |= LinkFlag.RESUME if hello.resumes else LinkFlag(0)
    flags |= LinkFlag.QUERIES if hello.queries else LinkFlag(0)
    who = name.encode()[:NAME_MAX_BYTES].decode(errors="ignore").encode()
    # A holder that was started before lines could be asked for reads them without RESUME as nothing, and replays all.
    start = (hello.offset if hello.resumes else hello.lines) or 0
    head = struct.pack("!BBQQHH", 1, flags, hello.epoch or 0, start, hello.cols, hello.rows)
    body = head + hello.client + bytes([len(who)]) + who + (shell.pack() if shell else b"")
    return framed(bytes([Frame.LINK]) + body)


@dataclass(frozen=True)
class Welcome:
    """The holder's answer to LINK. `last_seq`: the last input frame it took from this client, 0 for none.

    `queries`: whether it says by QUERY which questions of programs are this viewer's; an older one does not.
    """

    epoch: int
    offset: int
    cols: int
    rows: int
    link: int
    last_seq: int
    created: bool
    exited: bool
    queries: bool

    @classmethod
    def unpack(cls, message: bytes) -> Welcome:
        epoch, offset, cols, rows, number, last_seq, flags = unpack("!QQHHIIB", message)
        return cls(epoch, offset, cols, rows, number, last_seq, bool(flags & 1), bool(flags & 2), bool(flags & 4))

    def as_json(self) -> dict[str, Any]:
        return {
            "type": "welcome",
            "epoch": f"{self.epoch:016x}",
            "offset": self.offset,
            "cols": self.cols,
            "rows": self.rows,
            "link": self.link,
            "last_seq": self.last_seq,
            "created": self.created,
            "exited": self.exited,
            "queries": self.queries,
        }


@dataclass(frozen=True)
class Viewer:
    """Someone who looks at a terminal, by the number of their link."""

    link: int
    name: str
    may_drive: bool


@dataclass(frozen=True)
class Presence:
    """Who looks and who drives (a link's number, 0 for nobody), as the holder says it."""

    driver: int
    viewers: tuple[Viewer, ...]

    @classmethod
    def unpack(cls, message: bytes) -> Presence:
        """Raises ProtocolError."""
        try:
            driver, count = struct.unpack_from("!IB", message, 1)
            viewers, at = [], 6
            for _ in range(count):
                number, flags, length = struct.unpack_from("!IBB", message, at)
                name = message[at + 6 : at + 6 + length].decode(errors="replace")
                viewers.append(Viewer(number, name, bool(flags & 1)))
                at += 6 + length
        except struct.error as error:
            raise ProtocolError("The holder sent a malformed PRESENCE.") from error
        return cls(driver, tuple(viewers))

    def why_not_hand(self, link: int, other: int) -> str | None:
        """Return why the viewer `link` cannot hand the keyboard to `other`; None when nothing speaks against it."""
        to = next((viewer for viewer in self.viewers if viewer.link == other), None)
        if self.driver != link:
            return "You do not have the keyboard, so it was not handed on."
        if to is None:
            return "They do not look at this terminal any more. You keep the keyboard."
        if not to.may_drive:
            return f"{to.name} may look at this terminal, not type into it. You keep the keyboard."
        return None

    def as_json(self) -> dict[str, Any]:
        return {"type": "presence", "driver": self.driver, "viewers": [asdict(viewer) for viewer in self.viewers]}


def hand(words: dict[str, Any]) -> int:
    """Return the number of the link that a `hand` message gives the keyboard to. Raises ProtocolError."""
    link = words.get("to")
    if type(link) is not int or not 0 < link < 1 << 32:
        raise ProtocolError("A hand needs the number of a viewer's link as `to`.")
    return link
