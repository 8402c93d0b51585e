"""Files of a session: list, look, read, write, make, move, copy, remove, find, search."""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator
from typing import Any
from urllib.parse import parse_qsl

from django.http import HttpRequest, HttpResponse
from ninja import Router
from ninja.params.functions import Query
from ninja.responses import Status

from accounts.models import Scope
from activity.refusals import Refused
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
    WhatToSearch,
)
from sessions.command.acting import on_loop
from sessions.files import doing, operations, paths
from sessions.files.operations import FOUND_MAX, LISTED, LISTED_MAX
from sessions.line.file_frames import DATA_MAX_BYTES, Entry
from sessions.line.line import Line
from sessions.models import Session
from sessions.rights.table import Act

router = Router(tags=["Files"])

READ, WRITE = needs(Scope.FILES_READ), needs(Scope.FILES_WRITE)
AT = "/{id}/sessions/{name}"
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


def done(session: Session, operation: operations.AtOnce) -> dict[str, Any]:
    """Return what an operation tells. Raises Refused."""
    return on_loop(doing.do(session, operation.over))


def described(response: HttpResponse, told: dict[str, Any]) -> dict[str, Any]:
    """Return the file that was told of, with its ETag."""
    file: dict[str, Any] = told["file"]
    response.headers["ETag"] = file["etag"]
    return file


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
    operation = operations.ListFolder(path=folder, limit=limit, after=paths.name_of(str(place[0])) if place else b"")
    told = done(session_of(request, id, name), operation)
    following = cursor_after([told["next_after"]], asked) if told["next_after"] is not None else None
    return {"items": told["items"], "next_cursor": following}


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
    operation = operations.Stat(path=path_in(request), follow=follow)
    return described(response, done(session_of(request, id, name), operation))


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
    body = request.body
    operation = operations.Write(
        path=path_in(request),
        create=how.create,
        replace=how.replace,
        parents=how.parents,
        mode=how.mode or 0,
        if_match=request.headers.get("If-Match", ""),
        upload=how.upload,
        offset=how.offset,
        last=how.last,
    )
    operation.check()
    session = session_of(request, id, name)

    async def put(line: Line) -> dict[str, Any]:
        return await operation.content_over(line, pieces(body))

    told = on_loop(doing.do(session, put))
    return Status(202, told) if "next_offset" in told else Status(200, described(response, told))


async def pieces(body: bytes) -> AsyncGenerator[bytes]:
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
    operation = operations.MakeFolder(path=path_in(request), parents=parents, exist_ok=exist_ok)
    return described(response, done(session_of(request, id, name), operation))


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
    operation = operations.Move(path=path_in(request), to=paths.decoded(body.to), replace=body.replace)
    return described(response, done(session_of(request, id, name), operation))


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
    operation = operations.Copy(
        path=path_in(request), to=paths.decoded(body.to), replace=body.replace, recursive=body.recursive
    )
    return described(response, done(session_of(request, id, name), operation))


@router.delete(f"{AT}/files", auth=WRITE, response=answers({204: None}, *PROBLEMS), operation_id="remove_file")
def remove_file(
    request: HttpRequest,
    id: str,  # noqa: A002
    name: str,
    path: str = Query("", description=PATH),  # noqa: ARG001
    recursive: bool = Query(False, description="A folder with all beneath it. No link is followed."),
) -> Any:
    """Remove a file, link or folder."""
    done(session_of(request, id, name), operations.Remove(path=path_in(request), recursive=recursive))
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
    operation = operations.Find(path=path_in(request), text=operations.as_needle(text), limit=limit)
    return {"items": done(session_of(request, id, name), operation)["items"]}


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
    operation = operations.Search(
        path=path_in(request),
        text=operations.as_needle(what.text),
        any_case=what.any_case,
        expression=what.expression,
        limit=what.limit,
    )
    return {"items": done(session_of(request, id, name), operation)["items"]}
