"""Files of a session: list, look, read, write, make, move, copy, remove, find, search. And the ports that listen."""

from __future__ import annotations

import base64
import re
from contextlib import aclosing
from typing import Any
from urllib.parse import parse_qsl

from django.http import HttpRequest, HttpResponse
from ninja import Router
from ninja.params.functions import Query
from ninja.responses import Status

from accounts.models import Scope
from activity.refusals import Invalid, Refused
from api import describing
from api.cursors import cursor_after, place_in
from api.operations import answers, caller, needs
from api.schemas import (
    PATH,
    FileCopy,
    FileEntry,
    FileMatch,
    FileMove,
    FoundFile,
    HowToWrite,
    Page,
    PartTaken,
    PortOut,
    WhatToSearch,
)
from sessions.command.acting import on_loop
from sessions.files import doing, paths
from sessions.line import files, ports
from sessions.line.file_frames import DATA_MAX_BYTES, Entry, FileFlag, SearchFlag
from sessions.line.files import Place
from sessions.line.line import Line
from sessions.models import Session
from sessions.rights.table import Act

router = Router(tags=["Files"])

READ, WRITE = needs(Scope.FILES_READ), needs(Scope.FILES_WRITE)
AT = "/{id}/sessions/{name}"
LISTED, LISTED_MAX, FOUND_MAX = 200, 1000, 1000
RANGE = re.compile(r"bytes=(\d{1,18})-(\d{1,18})?")
PROBLEMS = (400, 404, 409, 422, 503)
CONTENT = {"description": "The content.", "content": {"application/octet-stream": {"schema": {"format": "binary"}}}}


class TooLarge(Refused):
    """The file is larger than one answer brings."""

    status, code = 413, "too_large"


def session_of(request: HttpRequest, slug: str, name: str) -> Session:
    """Return the session whose files the caller may use. Raises Refused."""
    me = caller(request)
    session = me.session(slug, name, Act.TYPE)
    doing.allow(me.user, session)
    return session


def path_in(request: HttpRequest) -> bytes:
    """Return the path that the query names, as its bytes. Raises Invalid."""
    query = request.META.get("QUERY_STRING", "").encode(errors="surrogateescape").decode("latin-1")
    named = dict(parse_qsl(query, keep_blank_values=True, encoding="latin-1"))
    return paths.path_of(named.get("path", "").encode("latin-1"))


@router.get(f"{AT}/files", auth=READ, response=answers({200: Page[FileEntry]}, *PROBLEMS), operation_id="list_files")
def list_files(
    request: HttpRequest,
    id: str,  # noqa: A002
    name: str,
    path: str = Query("", description=PATH),  # noqa: ARG001 - read as bytes
    limit: int = Query(LISTED, ge=1, le=LISTED_MAX),
    cursor: str = Query("", max_length=2000),
) -> Any:
    """List a folder, in order of its names' bytes."""
    folder = path_in(request)
    asked = f"files {paths.encoded(folder)}"
    place = place_in(cursor, asked)
    after = base64.b64decode(str(place[0])) if place else b""
    session = session_of(request, id, name)
    entries, more = on_loop(doing.do(session, lambda line: files.list_folder(line, folder, limit=limit, after=after)))
    following = cursor_after([base64.b64encode(entries[-1].name).decode()], asked) if more and entries else None
    return {"items": [describing.file(entry, folder) for entry in entries], "next_cursor": following}


@router.get(f"{AT}/files/entry", auth=READ, response=answers({200: FileEntry}, *PROBLEMS), operation_id="get_file")
def get_file(
    request: HttpRequest,
    response: HttpResponse,
    id: str,  # noqa: A002
    name: str,
    path: str = Query("", description=PATH),  # noqa: ARG001
    follow: bool = Query(False, description="What a link leads to, instead of the link."),
) -> Any:
    """Look at one file, folder or link."""
    at = path_in(request)
    entry = on_loop(doing.do(session_of(request, id, name), lambda line: files.stat(line, at, follow=follow)))
    return described(response, entry, at)


def described(response: HttpResponse, entry: Entry, path: bytes) -> dict[str, Any]:
    response.headers["ETag"] = paths.etag_of(entry)
    return describing.file(entry, path.rpartition(b"/")[0], path)


@router.get(
    f"{AT}/files/content",
    auth=READ,
    response=answers({}, *PROBLEMS, 413, 416),
    operation_id="read_file",
    openapi_extra={"responses": {200: CONTENT, 206: CONTENT}},
)
def read_file(request: HttpRequest, id: str, name: str, path: str = Query("", description=PATH)) -> Any:  # noqa: A002, ARG001
    """Read a file, or with Range a part of it: 8 MiB at most at a time. Links are followed."""
    at = path_in(request)
    wanted = RANGE.fullmatch(request.headers.get("Range", ""))
    offset = int(wanted[1]) if wanted else 0
    last = int(wanted[2]) if wanted and wanted[2] else offset + doing.PIECE_MAX_BYTES - 1
    # One byte more says whether there is more.
    length = min(max(0, last - offset) + 1, doing.PIECE_MAX_BYTES) + (0 if wanted else 1)
    session = session_of(request, id, name)
    entry, data = on_loop(doing.do(session, lambda line: doing.read_piece(line, at, offset, length)))
    if not wanted and len(data) > doing.PIECE_MAX_BYTES:
        raise TooLarge("This file is larger than 8 MiB. Read it in parts, with Range.")
    if wanted and not data and offset:
        raise NothingThere(f"The file has {entry.size} bytes. Ask for a part of these.")
    return content(entry, data, offset if wanted else None)


class NothingThere(Refused):
    """A range behind the end."""

    status, code = 416, "range_not_satisfiable"


def content(entry: Entry, data: bytes, offset: int | None) -> HttpResponse:
    """Answer with bytes that no browser takes for a page."""
    answer = HttpResponse(data, content_type="application/octet-stream", status=200 if offset is None else 206)
    answer.headers["ETag"] = paths.etag_of(entry)
    answer.headers["X-Content-Type-Options"] = "nosniff"
    answer.headers["Content-Security-Policy"] = "sandbox"
    answer.headers["Content-Disposition"] = "attachment"
    answer.headers["Accept-Ranges"] = "bytes"
    if offset is not None:
        size = max(entry.size, offset + len(data))
        answer.headers["Content-Range"] = f"bytes {offset}-{offset + len(data) - 1}/{size}"
    return answer


@router.put(
    f"{AT}/files/content",
    auth=WRITE,
    response=answers({200: FileEntry, 202: PartTaken}, *PROBLEMS, 412, 413, 507),
    operation_id="write_file",
    openapi_extra={"requestBody": {"required": False, "content": {"application/octet-stream": {"schema": {}}}}},
)
def write_file(
    request: HttpRequest,
    response: HttpResponse,
    id: str,  # noqa: A002
    name: str,
    how: HowToWrite = Query(),  # noqa: B008 - how the framework names a query
) -> Any:
    """Write a file, which appears whole: a mebibyte at most at once, and more in parts of one `upload`.

    With If-Match only the version with that ETag is replaced.
    """
    at, body = path_in(request), request.body
    flags = how.create * FileFlag.CREATE | how.replace * FileFlag.REPLACE | how.parents * FileFlag.PARENTS
    etag = request.headers.get("If-Match")
    version = paths.version_of(etag) if etag and etag.strip() != "*" else None
    if how.upload is not None and version is not None:
        raise Invalid("If-Match is for a file that comes at once. Nothing was written.", code="bad_etag")
    session = session_of(request, id, name)

    async def put(line: Line) -> Entry | int:
        if how.upload is None:
            return await files.write(line, at, pieces(body), flags=flags, mode=how.mode or 0, version=version)
        place = Place(how.upload, how.offset, how.last)
        return await files.part(line, at, pieces(body), place, flags=flags, mode=how.mode or 0)

    entry = on_loop(doing.do(session, put))
    if isinstance(entry, int):
        return Status(202, {"next_offset": entry})
    return Status(200, described(response, entry, at))


async def pieces(body: bytes) -> Any:
    for at in range(0, len(body), DATA_MAX_BYTES):
        yield body[at : at + DATA_MAX_BYTES]


@router.put(
    f"{AT}/files/folders", auth=WRITE, response=answers({200: FileEntry}, *PROBLEMS, 507), operation_id="make_folder"
)
def make_folder(
    request: HttpRequest,
    response: HttpResponse,
    id: str,  # noqa: A002
    name: str,
    path: str = Query("", description=PATH),  # noqa: ARG001
    parents: bool = Query(False, description="Make the folders above it."),
    exist_ok: bool = Query(False, description="Whether it may be there."),
) -> Any:
    """Make a folder."""
    at, flags = path_in(request), parents * FileFlag.PARENTS | exist_ok * FileFlag.REPLACE
    session = session_of(request, id, name)
    entry = on_loop(doing.do(session, lambda line: files.make_folder(line, at, flags=flags)))
    return described(response, entry, at)


@router.patch(
    f"{AT}/files", auth=WRITE, response=answers({200: FileEntry}, *PROBLEMS, 413, 507), operation_id="move_file"
)
def move_file(
    request: HttpRequest,
    response: HttpResponse,
    id: str,  # noqa: A002
    name: str,
    body: FileMove,
    path: str = Query("", description=PATH),  # noqa: ARG001
) -> Any:
    """Move or rename a file, folder or link."""
    at, to = path_in(request), paths.decoded(body.to)
    session = session_of(request, id, name)
    entry = on_loop(doing.do(session, lambda line: files.move(line, at, to, replace=body.replace)))
    return described(response, entry, to)


@router.put(
    f"{AT}/files/copies", auth=WRITE, response=answers({200: FileEntry}, *PROBLEMS, 413, 507), operation_id="copy_file"
)
def copy_file(
    request: HttpRequest,
    response: HttpResponse,
    id: str,  # noqa: A002
    name: str,
    body: FileCopy,
    path: str = Query("", description=PATH),  # noqa: ARG001
) -> Any:
    """Copy a file, or a folder with all beneath it. Links are copied as links."""
    at, to = path_in(request), paths.decoded(body.to)
    flags = body.replace * FileFlag.REPLACE | body.recursive * FileFlag.RECURSIVE
    session = session_of(request, id, name)
    entry = on_loop(doing.do(session, lambda line: files.copy(line, at, to, flags=flags)))
    return described(response, entry, to)


@router.delete(f"{AT}/files", auth=WRITE, response=answers({204: None}, *PROBLEMS), operation_id="remove_file")
def remove_file(
    request: HttpRequest,
    id: str,  # noqa: A002
    name: str,
    path: str = Query("", description=PATH),  # noqa: ARG001
    recursive: bool = Query(False, description="A folder with all beneath it. No link is followed."),
) -> Any:
    """Remove a file, link or folder."""
    at = path_in(request)
    on_loop(doing.do(session_of(request, id, name), lambda line: files.remove(line, at, recursive=recursive)))
    return Status(204, None)


@router.get(
    f"{AT}/files/find", auth=READ, response=answers({200: Page[FoundFile]}, *PROBLEMS), operation_id="find_files"
)
def find_files(
    request: HttpRequest,
    id: str,  # noqa: A002
    name: str,
    path: str = Query("", description=PATH),  # noqa: ARG001
    text: str = Query("", max_length=200, description="In the path below the folder, in any case."),
    limit: int = Query(LISTED, ge=1, le=FOUND_MAX),
) -> Any:
    """Find names below a folder: 200,000 looked at, in two seconds at most. Not in .git, node_modules and the like."""
    folder, needle = path_in(request), needle_of(text)
    session = session_of(request, id, name)
    found, _ = on_loop(doing.do(session, lambda line: files.find(line, folder, needle, limit=limit)))
    return {"items": [describing.found(each, folder) for each in found]}


@router.get(
    f"{AT}/files/search", auth=READ, response=answers({200: Page[FileMatch]}, *PROBLEMS), operation_id="search_files"
)
def search_files(
    request: HttpRequest,
    id: str,  # noqa: A002
    name: str,
    what: WhatToSearch = Query(),  # noqa: B008
) -> Any:
    """Search lines of text files below a folder, up to a mebibyte each, in two seconds at most."""
    folder, needle = path_in(request), needle_of(what.text)
    flags = what.any_case * SearchFlag.ANY_CASE | what.expression * SearchFlag.EXPRESSION
    session = session_of(request, id, name)
    matches, _ = on_loop(
        doing.do(session, lambda line: files.search(line, folder, needle, limit=what.limit, flags=flags))
    )
    return {"items": [describing.match(each, folder) for each in matches]}


def needle_of(text: str) -> bytes:
    """Return what is looked for. Raises Invalid."""
    if "\0" in text:
        raise Invalid("What is looked for must not contain NUL.", code="bad_text")
    return text.encode(errors="surrogatepass")


@router.get(f"{AT}/ports", auth=READ, response=answers({200: Page[PortOut]}, *PROBLEMS), operation_id="list_ports")
def list_ports(request: HttpRequest, id: str, name: str) -> Any:  # noqa: A002
    """List the TCP ports on which something in the sandbox listens. Programs of other sessions have no name here."""
    found = on_loop(doing.do(session_of(request, id, name), listening))
    return {"items": [describing.port(port) for port in sorted(found.values(), key=lambda port: port.number)]}


async def listening(line: Line) -> dict[int, ports.Port]:
    async with aclosing(ports.watched(line, every_ms=0)) as looks:
        return await anext(looks)
