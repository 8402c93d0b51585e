"""The commands' websocket, subprotocol `sandlot.command.v1`: what a client says, and what it is told.

JSON from the client: start, attach, end_input, signal, resize, end, ping. From the server: started, gap, input, exit,
refused, pong, notice. Binary messages are, with offsets as u64:

    INPUT   u8 0x43, offset, bytes               from the client, 192 KiB at most ahead of what was said to be taken
    ACK     u8 0x03, offset                      from the client: the output that it has read
    OUTPUT  u8 0x51, u8 stream, offset, bytes    from the server, 256 KiB at most ahead of the last ACK
"""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from signal import Signals
from typing import Any, NamedTuple
from uuid import UUID

from sessions.brings import environment
from sessions.holder import ProtocolError
from sessions.line.commands import INPUT_MAX_BYTES, CommandFrame, Exit, Gap, InputTaken, Output, Welcome

SUBPROTOCOL = "sandlot.command.v1"
ACK = 0x03
# Less than a channel's credit: what is within it never waits for a program that does not read.
INPUT_AHEAD_BYTES = 192 * 1024
# A start carries its words and variables.
TEXT_MAX_BYTES = 256 * 1024
WORDS_MAX, WORDS_MAX_BYTES = 1000, 128 * 1024
FOLDER_MAX_BYTES = 4096
LIMIT_MAX_S = 30 * 24 * 3600
SIGNALS = {each.name.removeprefix("SIG"): int(each) for each in Signals if each < 32}


@dataclass(frozen=True)
class Wanted:
    """What someone wants to run. `size` (columns, rows) puts it on a terminal of its own."""

    argv: Sequence[str]
    cwd: str = ""
    env: Mapping[str, str] = field(default_factory=dict)
    has_input: bool = False
    size: tuple[int, int] | None = None
    paced: bool = True
    limit_s: float = 0


class Input(NamedTuple):
    offset: int
    data: bytes


class Ack(NamedTuple):
    offset: int


def from_binary(message: bytes) -> Input | Ack:
    """Return what a binary message says. Raises ProtocolError."""
    kind = message[0] if message else 0
    if kind == CommandFrame.INPUT and 9 < len(message) <= 9 + INPUT_MAX_BYTES:
        return Input(int.from_bytes(message[1:9], "big"), message[9:])
    if kind == ACK and len(message) == 9:
        return Ack(int.from_bytes(message[1:9], "big"))
    raise ProtocolError(f"A binary message of {len(message)} bytes with type 0x{kind:02x} is not INPUT or ACK.")


def wanted_of(data: Mapping[str, Any]) -> Wanted:
    """Return what someone wants to run. Raises ProtocolError with a sentence."""
    size = data.get("size")
    return Wanted(
        argv=argv_of(data),
        cwd=text_of(data, "cwd", FOLDER_MAX_BYTES),
        env=variables_of(data.get("env") or {}),
        has_input=flag_of(data, "input", default=False),
        size=None if size is None else size_of(size),
        paced=flag_of(data, "paced", default=True),
        limit_s=limit_of(data.get("limit_s")),
    )


def argv_of(data: Mapping[str, Any]) -> list[str]:
    """Return its words: `argv`, or a shell's for `command`."""
    argv, command = data.get("argv"), data.get("command")
    if (argv is None) == (command is None):
        raise ProtocolError("Say either `argv`, a list of words, or `command`, a line for /bin/sh.")
    words = ["/bin/sh", "-c", command] if argv is None else argv
    if not isinstance(words, list) or not words or not all(isinstance(word, str) for word in words):
        raise ProtocolError("`argv` is a list of words, at least one; `command` is text.")
    if not words[0]:
        raise ProtocolError("The first word names the program: it must not be empty.")
    if len(words) > WORDS_MAX or sum(len(encoded(word, "A word")) for word in words) > WORDS_MAX_BYTES:
        raise ProtocolError(f"A command has {WORDS_MAX} words and {WORDS_MAX_BYTES // 1024} KiB at most.")
    return words


def encoded(text: str, what: str) -> bytes:
    """Return text as a program gets it. Raises ProtocolError."""
    if "\0" in text:
        raise ProtocolError(f"{what} must not contain NUL.")
    try:
        return text.encode()
    except UnicodeEncodeError as error:
        raise ProtocolError(f"{what} is not valid Unicode.") from error


def text_of(data: Mapping[str, Any], name: str, most: int) -> str:
    text = data.get(name) or ""
    if not isinstance(text, str) or len(encoded(text, f"`{name}`")) > most:
        raise ProtocolError(f"`{name}` is text of {most} bytes at most.")
    return text


def flag_of(data: Mapping[str, Any], name: str, *, default: bool) -> bool:
    flag = data.get(name, default)
    if not isinstance(flag, bool):
        raise ProtocolError(f"`{name}` is true or false.")
    return flag


def variables_of(env: Any) -> dict[str, str]:
    """Return variables. Raises ProtocolError."""
    if not isinstance(env, dict) or not all(isinstance(value, str) for value in env.values()):
        raise ProtocolError("`env` is an object of names and texts.")
    for name, value in env.items():
        if not environment.NAME.fullmatch(name):
            raise ProtocolError(f"{name[:40]!r} is not a name for a variable: letters, digits and _, no digit first.")
        encoded(value, f"The variable {name}")
    if sum(len(name) + len(value.encode()) for name, value in env.items()) > WORDS_MAX_BYTES:
        raise ProtocolError(f"The variables are more than {WORDS_MAX_BYTES // 1024} KiB.")
    return env


def size_of(size: Any) -> tuple[int, int]:
    """Return columns and rows. Raises ProtocolError."""
    is_pair = isinstance(size, list | tuple) and len(size) == 2 and all(type(each) is int for each in size)
    if not is_pair or not (2 <= size[0] <= 1000 and 1 <= size[1] <= 500):
        raise ProtocolError("A size is columns (2 to 1000) and rows (1 to 500).")
    return size[0], size[1]


def limit_of(limit_s: Any) -> float:
    """Return the time limit in seconds, 0 for none. Raises ProtocolError."""
    if limit_s is None:
        return 0
    if isinstance(limit_s, bool) or not isinstance(limit_s, int | float) or not 0.001 <= limit_s <= LIMIT_MAX_S:
        raise ProtocolError("`limit_s` is 0.001 seconds to 30 days, or null for none.")
    return float(limit_s)


def signal_of(name: Any) -> int:
    """Return the number of a signal: "INT" or "SIGINT". Raises ProtocolError."""
    number = SIGNALS.get(name.removeprefix("SIG")) if isinstance(name, str) else None
    if number is None:
        raise ProtocolError(f"There is no signal {str(name)[:20]!r}. INT, TERM, KILL, HUP, USR1 are some.")
    return number


def offset_of(data: Mapping[str, Any]) -> int:
    """Return an offset. Raises ProtocolError."""
    offset = data.get("offset", 0)
    if type(offset) is not int or not 0 <= offset < 1 << 63:
        raise ProtocolError("`offset` is a number of bytes.")
    return offset


def id_of(data: Mapping[str, Any]) -> UUID:
    """Return the id of a command. Raises ProtocolError."""
    try:
        return UUID(str(data.get("id")))
    except ValueError as error:
        raise ProtocolError("`id` is a command's id.") from error


def output_frame(event: Output) -> bytes:
    """Return a binary message with output."""
    return struct.pack("!BBQ", CommandFrame.OUTPUT, event.stream, event.offset) + event.data


def as_json(event: Welcome | Gap | InputTaken | Exit) -> dict[str, Any]:
    """Return what is told as JSON."""
    if isinstance(event, Welcome):
        names = ("tail", "head", "input_taken", "created", "ended", "input_open")
        return {"type": "started"} | {name: getattr(event, name) for name in names}
    if isinstance(event, Gap):
        return {"type": "gap", "from": event.start, "to": event.end}
    if isinstance(event, InputTaken):
        return {"type": "input", "taken": event.offset, "open": event.is_open}
    return {"type": "exit"} | event._asdict()
