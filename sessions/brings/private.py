"""Files into a session's private folder, through the holder's stdin: nothing of them is ever in an argv.

The list's format has a twin: holder/records.h. Knows neither the database nor a request.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping

from engine import Engine, EngineError
from sessions.holder import HOLDER

# As in holder/limits.h, which says why.
PATH_BYTES = 255
FILE_BYTES = 256 * 1024
RECORDS_MAX = 64
LIST_BYTES = 1024 * 1024

_END = b"\x00"
_WRITE = 1
_REMOVE = 2


async def put(engine: Engine, container: str, files: Mapping[str, bytes | None]) -> None:
    """Write and remove files in the private folder of a running session, in order; each is replaced in one step.

    Paths are relative to the folder; missing folders are made (0700), files are 0600. None removes, and is fine when
    there is nothing. Raises ValueError as `pack` does, and EngineError: with the holder's words when a file could not
    be put. Then those before it were.
    """
    result = await engine.exec_run(container, [HOLDER, "private"], stdin=pack(files))
    if result.status != 0:
        said = result.stderr.decode(errors="replace").strip() or result.stdout.decode(errors="replace").strip()
        raise EngineError(f"The private folder of {container} could not be filled: {said or f'status {result.status}'}")


def pack(files: Mapping[str, bytes | None]) -> bytes:
    """Return the list that `holder private` reads. Raises ValueError with a sentence that holds no content."""
    if len(files) > RECORDS_MAX:
        raise ValueError(f"At most {RECORDS_MAX} files can be put at once, not {len(files)}.")
    packed = b"".join(_record(path, content) for path, content in files.items()) + _END
    if len(packed) > LIST_BYTES:
        raise ValueError(f"The files are {len(packed)} bytes together, more than {LIST_BYTES}.")
    return packed


def _record(path: str, content: bytes | None) -> bytes:
    name = _checked(path)
    if content is None:
        return struct.pack("!BH", _REMOVE, len(name)) + name
    if len(content) > FILE_BYTES:
        raise ValueError(f"The file {path!r} is {len(content)} bytes long, more than {FILE_BYTES}.")
    return struct.pack("!BH", _WRITE, len(name)) + name + struct.pack("!I", len(content)) + content


def _checked(path: str) -> bytes:
    try:
        name = path.encode()
    except UnicodeEncodeError as error:
        raise ValueError(f"The path {path!r} is not text.") from error
    if not 1 <= len(name) <= PATH_BYTES:
        raise ValueError(f"A path has 1 to {PATH_BYTES} bytes, not {len(name)}.")
    if "\0" in path or any(part in {"", ".", ".."} for part in path.split("/")):
        raise ValueError(f"The path {path!r} leaves the folder or has an empty part.")
    return name
