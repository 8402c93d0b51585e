"""Paths and versions of files as text. A path travels as percent-encoded bytes, for a name need not be valid UTF-8."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import quote_from_bytes, unquote_to_bytes

from activity.refusals import Invalid
from sessions.line.file_frames import PATH_MAX_BYTES, Entry, Version

WORKSPACE = b"/project/workspace"
NAME_MAX_BYTES = 255
ETAG = re.compile(r'"([0-9a-f]{1,16})-([0-9a-f]{1,16})-([0-9a-f]{1,16})"')


def decoded(text: str) -> bytes:
    """Return the path that percent-encoded text means. Raises Invalid."""
    return path_of(unquote_to_bytes(text))


def path_of(raw: bytes) -> bytes:
    """Return the path that is meant; one without a leading slash is in the workspace. Raises Invalid."""
    path = raw if raw.startswith(b"/") else WORKSPACE + (b"/" + raw if raw else b"")
    path = path.rstrip(b"/") or b"/"
    if b"\0" in path:
        raise malformed("A path must not contain NUL.")
    if len(path) > PATH_MAX_BYTES:
        raise malformed(f"A path has {PATH_MAX_BYTES} bytes at most.")
    for name in path[1:].split(b"/") if path != b"/" else []:
        if name in (b"", b".", b".."):
            raise malformed('A path has no empty names, no "." and no "..": say where it leads.')
        if len(name) > NAME_MAX_BYTES:
            raise malformed(f"A name has {NAME_MAX_BYTES} bytes at most.")
    return path


def name_of(value: Any) -> Any:
    """Return the name that percent-encoded text means; what is no text stays."""
    return unquote_to_bytes(value) if isinstance(value, str) else value


def malformed(text: str) -> Invalid:
    return Invalid(f"{text} Nothing was changed.", code="malformed_path")


def encoded(path: bytes) -> str:
    """Return a path as it stands in an address."""
    return quote_from_bytes(path, safe="/~")


def shown(name: bytes) -> str:
    """Return a name for people; what is no valid UTF-8 becomes U+FFFD."""
    return name.decode(errors="replace")


def etag_of(entry: Entry) -> str:
    return f'"{entry.mtime_ns:x}-{entry.size:x}-{entry.inode:x}"'


def version_of(etag: str) -> Version:
    """Return the version that an ETag names. Raises Invalid."""
    match = ETAG.fullmatch(etag.strip())
    if match is None:
        raise Invalid("If-Match needs the ETag of a file. Nothing was changed.", code="bad_etag")
    return Version(*(int(part, 16) for part in match.groups()))
