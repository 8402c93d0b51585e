"""Operations on files, as a program words them: checked by their types, carried out over a session's line.

Those that answer at once have `over(line)`, which returns what is told. Raises Invalid for a path that is none, and
FileRefused, LineError and ProtocolError.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from activity.refusals import Invalid
from sessions.files import describing, paths
from sessions.line import files
from sessions.line.file_frames import PATHS_MAX, FileFlag, SearchFlag, Version
from sessions.line.line import Line

LISTED, LISTED_MAX, FOUND_MAX = 200, 1000, 1000
OFFSET_MAX = (1 << 63) - 1


def as_path(value: Any) -> Any:
    return paths.decoded(value) if isinstance(value, str) else value


def as_needle(value: Any) -> Any:
    if isinstance(value, str) and "\0" in value:
        raise Invalid("What is looked for must not contain NUL.", code="bad_text")
    return value.encode(errors="surrogatepass") if isinstance(value, str) else value


Path = Annotated[bytes, BeforeValidator(as_path)]
Needle = Annotated[bytes, BeforeValidator(as_needle), Field(max_length=800)]
Offset = Annotated[int, Field(ge=0, le=OFFSET_MAX)]
WORKSPACE = paths.WORKSPACE


class Operation(BaseModel):
    """Anything that is asked about a path. A program that mistypes a field hears of it."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    path: Path = WORKSPACE


class AtOnce(Operation, ABC):
    """One that answers in one piece."""

    @abstractmethod
    async def over(self, line: Line) -> dict[str, Any]:
        """Carry it out over a session's line; return what is told of it."""


class ListFolder(AtOnce):
    """In order of the names' bytes; `after` is the name behind which the page begins."""

    type: Literal["list"] = "list"
    limit: int = Field(LISTED, ge=1, le=LISTED_MAX)
    after: Annotated[bytes, BeforeValidator(paths.name_of)] = b""

    async def over(self, line: Line) -> dict[str, Any]:
        entries, more = await files.list_folder(line, self.path, limit=self.limit, after=self.after)
        told = [describing.file(entry, describing.below(self.path, entry.name)) for entry in entries]
        following = paths.encoded(entries[-1].name) if more and entries else None
        return {"items": told, "next_after": following}


class Stat(AtOnce):
    type: Literal["stat"] = "stat"
    follow: bool = False

    async def over(self, line: Line) -> dict[str, Any]:
        return {"file": describing.file(await files.stat(line, self.path, follow=self.follow), self.path)}


class MakeFolder(AtOnce):
    type: Literal["folder"] = "folder"
    parents: bool = False
    exist_ok: bool = False

    async def over(self, line: Line) -> dict[str, Any]:
        flags = self.parents * FileFlag.PARENTS | self.exist_ok * FileFlag.REPLACE
        return {"file": describing.file(await files.make_folder(line, self.path, flags=flags), self.path)}


class Move(AtOnce):
    type: Literal["move"] = "move"
    to: Path
    replace: bool = False

    async def over(self, line: Line) -> dict[str, Any]:
        return {"file": describing.file(await files.move(line, self.path, self.to, replace=self.replace), self.to)}


class Copy(AtOnce):
    type: Literal["copy"] = "copy"
    to: Path
    replace: bool = False
    recursive: bool = False

    async def over(self, line: Line) -> dict[str, Any]:
        flags = self.replace * FileFlag.REPLACE | self.recursive * FileFlag.RECURSIVE
        return {"file": describing.file(await files.copy(line, self.path, self.to, flags=flags), self.to)}


class Remove(AtOnce):
    type: Literal["remove"] = "remove"
    recursive: bool = False

    async def over(self, line: Line) -> dict[str, Any]:
        return {"removed": await files.remove(line, self.path, recursive=self.recursive)}


class Find(AtOnce):
    type: Literal["find"] = "find"
    text: Needle = b""
    limit: int = Field(LISTED, ge=1, le=FOUND_MAX)

    async def over(self, line: Line) -> dict[str, Any]:
        found, more = await files.find(line, self.path, self.text, limit=self.limit)
        return {"items": [describing.found(each, self.path) for each in found], "more": more}


class Search(AtOnce):
    type: Literal["search"] = "search"
    text: Needle = Field(min_length=1)
    any_case: bool = False
    expression: bool = False
    limit: int = Field(LISTED, ge=1, le=FOUND_MAX)

    async def over(self, line: Line) -> dict[str, Any]:
        flags = self.any_case * SearchFlag.ANY_CASE | self.expression * SearchFlag.EXPRESSION
        matches, more = await files.search(line, self.path, self.text, limit=self.limit, flags=flags)
        return {"items": [describing.match(each, self.path) for each in matches], "more": more}


# --- what goes on for longer, over a websocket; writing also over HTTP -----------------------------------------------
class Read(Operation):
    """From `offset` on; `length` 0 is to the end."""

    type: Literal["read"] = "read"
    offset: Offset = 0
    length: Offset = 0


class Write(Operation):
    """A file appears whole or not at all.

    With `upload`, a random number of the program's, it may come in parts, and what a cut left is gone on with.
    """

    type: Literal["write"] = "write"
    create: bool = True
    replace: bool = True
    parents: bool = False
    mode: int = Field(0, ge=0, le=0o7777)
    if_match: str = Field("", max_length=100)
    upload: Offset | None = None
    offset: Offset = 0
    last: bool = True

    def check(self) -> None:
        """Raises Invalid for what cannot be, before anything is written."""
        if self.version is not None and self.upload is not None:
            raise Invalid("If-Match is for a file that comes at once. Nothing was written.", code="bad_etag")

    @property
    def version(self) -> Version | None:
        """The version that alone may be replaced. Raises Invalid."""
        return None if self.if_match.strip() in ("", "*") else paths.version_of(self.if_match)

    async def content_over(self, line: Line, content: Any) -> dict[str, Any]:
        """Write what the asynchronous iterator `content` yields."""
        self.check()
        flags = self.create * FileFlag.CREATE | self.replace * FileFlag.REPLACE | self.parents * FileFlag.PARENTS
        if self.upload is None:
            entry = await files.write(line, self.path, content, flags=flags, mode=self.mode, version=self.version)
            return {"file": describing.file(entry, self.path)}
        place = files.Place(self.upload, self.offset, self.last)
        told = await files.part(line, self.path, content, place, flags=flags, mode=self.mode)
        return {"next_offset": told} if isinstance(told, int) else {"file": describing.file(told, self.path)}


class Several(BaseModel):
    """Something about several files or folders."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    paths: list[Path] = Field(min_length=1, max_length=PATHS_MAX)


class Tar(Several):
    """An archive of them, each named from its own last component on."""

    type: Literal["tar"] = "tar"


class Watch(Several):
    """Folders; what is beneath them is not watched."""

    type: Literal["watch"] = "watch"


CHANGING: tuple[type[BaseModel], ...] = (MakeFolder, Move, Copy, Remove, Write)
