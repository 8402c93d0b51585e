"""Tar archives on their way: an image's export becomes the content of an image tree."""

import contextlib
import io
import re
import tarfile
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from engine import EngineRefused

# Every session has its own of these (dev, proc, sys by the engine), or the sandbox has (.sandlot, project).
NOT_SHARED = frozenset({"dev", "proc", "sys", "run", "tmp", ".sandlot", "project", ".dockerenv"})

# Where the image's files lie in the volume of an image tree; beside them lie the skeleton and the manifest.
FILES = "files"

# Folder names become part of mount options, which know no quoting.
FOLDER_NAME = re.compile(r"^[A-Za-z0-9._+@-]+$")

# Pieces on the way to the engine: an image has ten thousands of small files, and each piece costs a chunk of HTTP.
PIECE_BYTES = 512 * 1024

# Encoding of names that are not ASCII, and of extended attributes, which are bytes.
ENCODING, ERRORS = "utf-8", "surrogateescape"


@dataclass(frozen=True, slots=True)
class Folder:
    """A top-level folder of an image, with what its counterpart in a sandbox must look like."""

    name: str
    mode: int
    uid: int
    gid: int


@dataclass
class TreeRecord:
    """What was seen while an image went by: its top-level folders, and everything else at the top.

    The rest (links such as /bin -> usr/bin, single files) is kept as entries of an archive.
    """

    folders: dict[str, Folder] = field(default_factory=dict)
    rest: list[bytes] = field(default_factory=list)

    def skeleton(self) -> bytes:
        """Return an archive with the rest and with an empty folder wherever something will be mounted."""
        mounts = sorted(NOT_SHARED - {".dockerenv"} | set(self.folders))
        # A mount in memory takes over the mode of the folder it covers: /tmp must be open to every user.
        folders = [_folder_entry(name, 0o1777 if name == "tmp" else 0o755, 0, 0) for name in mounts]
        return b"".join([*folders, *self.rest, _end()])


def tree_archive(export: Iterator[bytes], record: TreeRecord) -> Iterator[bytes]:
    """Yield the archive that fills an image tree from an image's export, and note in `record` what went by.

    Owners, modes, times, hard links and extended attributes stay as they are. Raises EngineRefused for an image
    whose folders cannot be shared.
    """
    return _coalesced(_tree_entries(export, record))


def archive_of(files: Mapping[str, bytes]) -> Iterator[bytes]:
    """Yield an archive of these files, in this order, owned by root."""
    for name, content in files.items():
        entry = tarfile.TarInfo(name)
        entry.size = len(content)
        yield b"".join(_packed(entry, [content]))
    yield _end()


def archive_of_folders(folders: Iterable[Folder]) -> Iterator[bytes]:
    """Yield an archive of empty folders; the names are paths, parents come first."""
    for folder in folders:
        yield _folder_entry(folder.name, folder.mode, folder.uid, folder.gid)
    yield _end()


def _tree_entries(export: Iterator[bytes], record: TreeRecord) -> Iterator[bytes]:
    with contextlib.closing(_Incoming(export)) as incoming, tarfile.open(fileobj=incoming, mode="r|") as source:
        for member in source:
            # The archive keeps every entry it has seen; an image has more than one wants to keep.
            source.members = []  # type: ignore[attr-defined]
            yield from _tree_entry(source, member, record)
    if "root" not in record.folders:
        # Every session is root and has this home, also where the image has none.
        record.folders["root"] = Folder("root", 0o700, 0, 0)
        yield _folder_entry(f"{FILES}/root", 0o700, 0, 0)
    yield _end()


def _tree_entry(source: tarfile.TarFile, member: tarfile.TarInfo, record: TreeRecord) -> Iterator[bytes]:
    path = member.name.removeprefix("./").strip("/")
    top, _, below = path.partition("/")
    if not path or top in NOT_SHARED or (member.islnk() and _top(member.linkname) in NOT_SHARED):
        return
    if not below and member.isdir():
        record.folders[top] = _checked(Folder(top, member.mode, member.uid, member.gid))
    elif not below:
        yield from _rest_entry(source, member, top, record)
        return
    _move(member, path)
    yield from _packed(member, _content(source, member))


def _rest_entry(source: tarfile.TarFile, member: tarfile.TarInfo, top: str, record: TreeRecord) -> Iterator[bytes]:
    """Keep what is no folder for the skeleton; a file lies in the tree as well, for the hard links to it."""
    if top == "root":
        return
    content = list(_content(source, member))
    if member.islnk():
        # What it is one with lies in another file system from now on.
        member.type, member.linkname = tarfile.SYMTYPE, "/" + member.linkname.removeprefix("./").strip("/")
    record.rest.extend(_packed(member, content))
    if member.isreg():
        _move(member, top)
        yield from _packed(member, content)


def _move(member: tarfile.TarInfo, path: str) -> None:
    """Put an entry below FILES, with what it links to when that is a hard link."""
    member.name = f"{FILES}/{path}"
    member.pax_headers = {name: value for name, value in member.pax_headers.items() if name != "path"}
    if member.islnk():
        member.linkname = f"{FILES}/{member.linkname.removeprefix('./').strip('/')}"
        member.pax_headers.pop("linkpath", None)


def _top(path: str) -> str:
    return path.removeprefix("./").strip("/").partition("/")[0]


def _checked(folder: Folder) -> Folder:
    if not FOLDER_NAME.match(folder.name):
        raise EngineRefused(f"the image has a top-level folder named {folder.name!r}, which cannot be shared")
    return folder


def _content(source: tarfile.TarFile, member: tarfile.TarInfo) -> Iterator[bytes]:
    file = source.extractfile(member) if member.isreg() else None
    while file and (piece := file.read(PIECE_BYTES)):
        yield piece


def _packed(entry: tarfile.TarInfo, content: Iterable[bytes]) -> Iterator[bytes]:
    yield entry.tobuf(tarfile.PAX_FORMAT, ENCODING, ERRORS)
    yield from content
    if entry.isreg():
        yield bytes(-entry.size % tarfile.BLOCKSIZE)


def _folder_entry(path: str, mode: int, uid: int, gid: int) -> bytes:
    entry = tarfile.TarInfo(path)
    entry.type = tarfile.DIRTYPE
    entry.mode, entry.uid, entry.gid, entry.mtime = mode, uid, gid, int(time.time())
    return b"".join(_packed(entry, ()))


def _end() -> bytes:
    return bytes(2 * tarfile.BLOCKSIZE)


def _coalesced(pieces: Iterator[bytes]) -> Iterator[bytes]:
    waiting = bytearray()
    for piece in pieces:
        waiting += piece
        if len(waiting) >= PIECE_BYTES:
            yield bytes(waiting)
            waiting.clear()
    yield bytes(waiting)


class _Incoming(io.RawIOBase):
    """Pieces as a file to read from, as tarfile wants one."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces
        self._rest = memoryview(b"")

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1, /) -> bytes:
        """Return at most `size` bytes, b"" at the end."""
        while not self._rest:
            piece = next(self._pieces, None)
            if piece is None:
                return b""
            self._rest = memoryview(piece)
        found, self._rest = self._rest[:size], self._rest[size:]
        return bytes(found)

    def close(self) -> None:
        if isinstance(self._pieces, contextlib.AbstractContextManager) or hasattr(self._pieces, "close"):
            self._pieces.close()
        super().close()
