"""The files' websocket, subprotocol `sandlot.files.v1`: what a program says, and what it is told.

Many operations at a time, 16 at most, each with a number `op` of the program's choice, free again once it is over.
JSON from the program: an operation of `operations` by its `type`, with its fields; end_input and cancel with its
`op`; ping. From the server, with the `op`: entry (of a read, before its content), changed (of a watch), done, refused;
pong, notice. Paths are percent-encoded bytes. Binary messages are, with offsets as u64 in the content:

    DATA  u8 0x20, u32 op, offset, bytes    of a read or an archive from the server, of a write from the program;
                                            512 KiB at most ahead of the last ACK
    ACK   u8 0x03, u32 op, offset           what the other side has taken
"""

from __future__ import annotations

import struct
from typing import Annotated, Any, NamedTuple

from pydantic import BaseModel, Field, TypeAdapter, ValidationError

from activity.refusals import Invalid
from sessions.files import operations, paths
from sessions.holder import ProtocolError
from sessions.line.file_frames import DATA_MAX_BYTES, Change, FileWhat

SUBPROTOCOL = "sandlot.files.v1"
DATA, ACK = 0x20, 0x03
UNDER_WAY_MAX = 16
OP_MAX = 0xFFFFFFFF
# A watch names 256 folders.
TEXT_MAX_BYTES = 2 * 1024 * 1024

_HEAD = struct.Struct("!BIQ")

Asked = (
    operations.ListFolder
    | operations.Stat
    | operations.MakeFolder
    | operations.Move
    | operations.Copy
    | operations.Remove
    | operations.Find
    | operations.Search
    | operations.Read
    | operations.Write
    | operations.Tar
    | operations.Watch
)
_ASKED: TypeAdapter[Asked] = TypeAdapter(Annotated[Asked, Field(discriminator="type")])


class Content(NamedTuple):
    op: int
    offset: int
    data: bytes


class Ack(NamedTuple):
    op: int
    offset: int


def from_binary(message: bytes) -> Content | Ack:
    """Return what a binary message says. Raises ProtocolError."""
    if _HEAD.size <= len(message) <= _HEAD.size + DATA_MAX_BYTES:
        kind, op, offset = _HEAD.unpack_from(message)
        if kind == DATA and len(message) > _HEAD.size:
            return Content(op, offset, message[_HEAD.size :])
        if kind == ACK and len(message) == _HEAD.size:
            return Ack(op, offset)
    raise ProtocolError(f"A binary message of {len(message)} bytes is not DATA or ACK of {SUBPROTOCOL}.")


def data_frame(op: int, offset: int, data: bytes) -> bytes:
    return _HEAD.pack(DATA, op, offset) + data


def ack_frame(op: int, offset: int) -> bytes:
    return _HEAD.pack(ACK, op, offset)


def op_of(words: dict[str, Any]) -> int:
    """Return the number of an operation. Raises ProtocolError."""
    op = words.get("op")
    if type(op) is not int or not 0 <= op <= OP_MAX:
        raise ProtocolError(f"`op` is a number of the program's choice, 0 to {OP_MAX}.")
    return op


def asked_of(words: dict[str, Any]) -> BaseModel:
    """Return the operation that is asked for. Raises Invalid with a sentence."""
    try:
        return _ASKED.validate_python({name: value for name, value in words.items() if name != "op"})
    except ValidationError as error:
        told = [sentence_of(each["loc"], each["msg"]) for each in error.errors()[:5]]
        raise Invalid(f"{' '.join(told)} Nothing was done.") from error


def sentence_of(where: tuple[int | str, ...], text: str) -> str:
    # The first part names the kind of operation.
    return f"{'.'.join(map(str, where[1:])) or 'type'}: {text.rstrip('.')}."


def changed(op: int, change: Change, folders: list[bytes]) -> dict[str, Any]:
    """Return what is told of a change; `path` is null when all is to be looked at anew."""
    folder = folders[change.folder]
    path = folder if not change.name else folder.rstrip(b"/") + b"/" + change.name
    told = None if change.what == FileWhat.RELOAD else paths.encoded(path)
    return {"type": "changed", "op": op, "what": change.what.name.lower(), "path": told}
