"""What is told of files as JSON, over HTTP and websockets alike."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sessions.files import paths
from sessions.line.file_frames import Entry, Found, Match

# The last second that every calendar here knows; a file may say any.
LAST_TIME = 253_402_300_799


def below(folder: bytes, name: bytes) -> bytes:
    return folder.rstrip(b"/") + b"/" + name


def file(entry: Entry, path: bytes) -> dict[str, Any]:
    """Describe a file, folder or link."""
    return {
        "path": paths.encoded(path),
        "name": paths.shown(path.rpartition(b"/")[2] or b"/"),
        "kind": entry.kind.name.lower(),
        "size": entry.size,
        "mode": f"{entry.mode:04o}",
        "uid": entry.uid,
        "gid": entry.gid,
        "modified_at": datetime.fromtimestamp(min(entry.mtime_ns / 1e9, LAST_TIME), UTC).isoformat(),
        "target": paths.shown(entry.target) if entry.target else None,
        "target_kind": entry.target_kind.name.lower() if entry.target_kind else None,
        "etag": paths.etag_of(entry),
    }


def found(each: Found, folder: bytes) -> dict[str, Any]:
    return {
        "path": paths.encoded(below(folder, each.path)),
        "name": paths.shown(each.path),
        "kind": each.kind.name.lower(),
    }


def match(each: Match, folder: bytes) -> dict[str, Any]:
    told = {"path": paths.encoded(below(folder, each.path)), "name": paths.shown(each.path)}
    return told | {"line": each.line, "column": each.column, "text": paths.shown(each.text)}
