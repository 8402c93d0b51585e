"""Files over a line: every operation of the real program, what it refuses, and what a neighbour could plant."""

from __future__ import annotations

import asyncio
import hashlib
import io
import os
import random
import subprocess
import tarfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from sessions.line import files
from sessions.line.file_frames import FileCode, FileFlag, FileKind, FileRefused, FileWhat, SearchFlag
from sessions.line.files import Place
from sessions.line.line import Line
from tests.holder.conftest import Holder, Start
from tests.holder.line import PATIENCE_S, line_to


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "files"
    folder.mkdir()
    return folder


@pytest.fixture
async def line(holder: Holder) -> AsyncIterator[Line]:
    async with line_to(holder) as line:
        yield line


def at(path: Path, name: str | bytes = "") -> bytes:
    return bytes(path) if not name else bytes(path) + b"/" + os.fsencode(name)


def names_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


async def pieces(*data: bytes) -> AsyncIterator[bytes]:
    for each in data:
        yield each


async def content(line: Line, path: bytes, **how: int) -> bytes:
    return b"".join([piece async for piece in files.read(line, path, **how) if isinstance(piece, bytes)])


def refused(code: FileCode) -> pytest.RaisesExc[FileRefused]:
    return pytest.raises(FileRefused, check=lambda error: error.code == code)


# --- looking --------------------------------------------------------------------------------------------------------
async def test_a_folder_is_listed_in_order_with_all_that_is_known(line: Line, folder: Path) -> None:
    (folder / "b").write_bytes(b"12345")
    (folder / "b").chmod(0o640)
    (folder / "a").mkdir()
    (folder / "link").symlink_to("a")
    (folder / "broken").symlink_to("nowhere")
    os.mkfifo(folder / "pipe")
    entries, more = await files.list_folder(line, at(folder))
    assert not more
    assert [entry.name for entry in entries] == [b"a", b"b", b"broken", b"link", b"pipe"]
    a, b, broken, link, pipe = entries
    assert [each.kind for each in entries] == [2, 1, 3, 3, 4]
    assert (b.size, b.mode, b.inode) == (5, 0o640, (folder / "b").stat().st_ino)
    assert b.mtime_ns == (folder / "b").stat().st_mtime_ns
    assert (link.target, link.target_kind) == (b"a", FileKind.FOLDER)
    assert (broken.target, broken.target_kind) == (b"nowhere", FileKind.NOTHING)
    assert (a.kind, pipe.kind) == (FileKind.FOLDER, FileKind.OTHER)


async def test_names_are_bytes(line: Line, folder: Path) -> None:
    names = [b"\xff\xfe", "ö".encode(), b"a\nb", b" ", b"x" * 255]
    for name in names:
        await files.write(line, at(folder, name), pieces(name))
    entries, _ = await files.list_folder(line, at(folder))
    assert [entry.name for entry in entries] == sorted(names)
    for name in names:
        assert await content(line, at(folder, name)) == name


async def test_many_entries_come_in_pages(line: Line, folder: Path) -> None:
    for number in range(1, 20_001):
        (folder / f"{number:06}").touch()
    first, more = await files.list_folder(line, at(folder), limit=1000)
    assert (len(first), more, first[0].name, first[-1].name) == (1000, True, b"000001", b"001000")
    last, more = await files.list_folder(line, at(folder), limit=1000, after=b"019500")
    assert (len(last), more, last[0].name) == (500, False, b"019501")


async def test_a_link_is_followed_when_it_is_asked_for(line: Line, folder: Path) -> None:
    (folder / "file").write_bytes(b"123")
    (folder / "link").symlink_to("file")
    assert (await files.stat(line, at(folder, "link"))).kind == FileKind.LINK
    assert (await files.stat(line, at(folder, "link"), follow=True)).size == 3
    assert await content(line, at(folder, "link")) == b"123"
    assert (await files.stat(line, b"/")).kind == FileKind.FOLDER


async def test_a_part_of_a_file_is_read(line: Line, folder: Path) -> None:
    (folder / "file").write_bytes(bytes(range(256)) * 1000)
    assert await content(line, at(folder, "file"), offset=250, length=10) == bytes(range(250, 256)) + bytes(range(4))
    assert await content(line, at(folder, "file"), offset=255_990) == bytes(range(246, 256))
    assert await content(line, at(folder, "file"), offset=999_999) == b""
    assert await content(line, b"/proc/self/stat") != b""


@pytest.mark.parametrize(
    ("path", "code"),
    [
        (b"/nowhere", FileCode.NOT_FOUND),
        (b"/etc/passwd/x", FileCode.NOT_A_FOLDER),
        (b"/etc", FileCode.NOT_A_FILE),
        (b"/dev/zero", FileCode.NOT_A_FILE),
        (b"relative", FileCode.MALFORMED),
        (b"", FileCode.MALFORMED),
        (b"/a/../b", FileCode.MALFORMED),
        (b"/a/./b", FileCode.MALFORMED),
        (b"/a//b", FileCode.MALFORMED),
        (b"/a/", FileCode.MALFORMED),
        (b"/a\0b", FileCode.MALFORMED),
        (b"/" + b"x" * 256, FileCode.MALFORMED),
        (b"/x" * 3000, FileCode.MALFORMED),
    ],
)
async def test_what_cannot_be_read_says_why(line: Line, path: bytes, code: FileCode) -> None:
    with refused(code):
        await content(line, path)
    assert line.channels == 0


async def test_a_named_pipe_and_a_socket_do_not_hold_anyone_up(line: Line, folder: Path) -> None:
    os.mkfifo(folder / "pipe")
    async with asyncio.timeout(PATIENCE_S):
        with refused(FileCode.NOT_A_FILE):
            await content(line, at(folder, "pipe"))
        with refused(FileCode.NOT_A_FILE):
            await files.write(line, at(folder, "pipe"), pieces(b"x"))


# --- writing --------------------------------------------------------------------------------------------------------
async def test_a_file_appears_whole_and_keeps_what_it_was(line: Line, folder: Path) -> None:
    entry = await files.write(line, at(folder, "new"), pieces(b"1", b"", b"23"), mode=0o600)
    assert (entry.name, entry.size, entry.mode) == (b"new", 3, 0o600)
    (folder / "new").chmod(0o751)
    os.chown(folder / "new", 1234, 1234)
    await files.write(line, at(folder, "new"), pieces(b"changed"))
    found = (folder / "new").stat()
    assert (found.st_mode & 0o7777, found.st_uid, (folder / "new").read_bytes()) == (0o751, 1234, b"changed")
    assert names_in(folder) == ["new"]


async def test_a_hundred_million_bytes_pass_both_ways(line: Line, folder: Path) -> None:
    block = random.Random(1).randbytes(1_000_000)
    await files.write(line, at(folder, "large"), pieces(*[block] * 100))
    digest = hashlib.sha256()
    async for piece in files.read(line, at(folder, "large")):
        if isinstance(piece, bytes):
            digest.update(piece)
    assert digest.digest() == hashlib.sha256(block * 100).digest()


async def test_what_is_cut_leaves_nothing(holder: Holder, folder: Path) -> None:
    (folder / "kept").write_bytes(b"old")

    async def broken() -> AsyncIterator[bytes]:
        yield b"half"
        raise ConnectionError("the browser went")

    async with line_to(holder) as line:
        with pytest.raises(ConnectionError):
            await files.write(line, at(folder, "kept"), broken())
        async with asyncio.timeout(PATIENCE_S):
            while names_in(folder) != ["kept"]:
                await asyncio.sleep(0.01)
    assert (folder / "kept").read_bytes() == b"old"


async def test_only_the_version_that_was_read_is_replaced(line: Line, folder: Path) -> None:
    entry = await files.write(line, at(folder, "file"), pieces(b"one"))
    newer = await files.write(line, at(folder, "file"), pieces(b"two"), version=entry.version)
    with refused(FileCode.HAS_CHANGED):
        await files.write(line, at(folder, "file"), pieces(b"three"), version=entry.version)
    assert (folder / "file").read_bytes() == b"two"
    assert newer.version != entry.version


@pytest.mark.parametrize(
    ("name", "flags", "code"),
    [
        ("file", FileFlag.CREATE, FileCode.EXISTS),
        ("none", FileFlag.REPLACE, FileCode.NOT_FOUND),
        ("link", FileFlag.CREATE | FileFlag.REPLACE, FileCode.LINK_REFUSED),
        ("inner", FileFlag.CREATE | FileFlag.REPLACE, FileCode.NOT_A_FILE),
        ("none/file", FileFlag.CREATE, FileCode.NOT_FOUND),
        ("file/x", FileFlag.CREATE | FileFlag.PARENTS, FileCode.NOT_A_FOLDER),
    ],
)
async def test_what_may_not_be_written_is_refused(
    line: Line, folder: Path, name: str, flags: FileFlag, code: FileCode
) -> None:
    (folder / "file").write_bytes(b"old")
    (folder / "inner").mkdir()
    (folder / "link").symlink_to("file")
    with refused(code):
        await files.write(line, at(folder, name), pieces(b"new"), flags=flags)
    assert (folder / "file").read_bytes() == b"old"
    assert names_in(folder) == ["file", "inner", "link"]


async def test_folders_above_it_are_made_when_it_is_asked_for(line: Line, folder: Path) -> None:
    await files.write(line, at(folder, "a/b/c"), pieces(b"x"), flags=FileFlag.CREATE | FileFlag.PARENTS)
    assert (folder / "a/b/c").read_bytes() == b"x"


async def test_an_upload_goes_on_where_it_was_cut(line: Line, folder: Path) -> None:
    path = at(folder, "large")
    assert await files.part(line, path, pieces(b"12345"), Place(7, 0, is_last=False)) == 5
    with pytest.raises(FileRefused) as wrong:
        await files.part(line, path, pieces(b"12345"), Place(7, 0, is_last=False))
    assert (wrong.value.code, str(wrong.value)) == (FileCode.OFFSET, "5")
    assert not (folder / "large").exists()
    entry = await files.part(line, path, pieces(b"678"), Place(7, 5, is_last=True))
    assert not isinstance(entry, int)
    assert entry.size == 8
    assert (folder / "large").read_bytes() == b"12345678"
    assert names_in(folder) == ["large"]


async def test_a_full_disk_is_told_and_leaves_nothing(line: Line, folder: Path) -> None:
    small = folder / "small"
    small.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", small], check=True)
    try:
        with refused(FileCode.NO_SPACE):
            await files.write(line, at(small, "file"), pieces(bytes(3_000_000)))
        assert names_in(small) == []
        (folder / "other").write_bytes(b"x")
        moved = await files.move(line, at(folder, "other"), at(small, "moved"))  # to another file system
        assert moved.size == 1
        assert not (folder / "other").exists()
        with refused(FileCode.BUSY):
            await files.remove(line, at(folder), recursive=True)
        assert (small / "moved").exists()
    finally:
        subprocess.run(["umount", small], check=True)


# --- trees ----------------------------------------------------------------------------------------------------------
@pytest.fixture
def tree(folder: Path) -> Path:
    """A tree in which a neighbour has planted links that lead out of it."""
    outside = folder.parent / "outside"
    outside.mkdir()
    (outside / "secret").write_bytes(b"secret needle")
    tree = folder / "tree"
    (tree / "inner/empty").mkdir(parents=True)
    (tree / "inner/file").write_bytes(b"first\nsecond needle here\n")
    (tree / "inner/file").chmod(0o755)
    (tree / b"\xff".decode(errors="surrogateescape")).write_bytes(b"odd")
    (tree / "out").symlink_to(outside)
    (tree / "inner/up").symlink_to("../..")
    os.link(tree / "inner/file", tree / "same")
    (tree / ("long" * 50)).write_bytes(b"x")
    return tree


def seen(tree: Path) -> Iterator[tuple[str, str, bytes | str]]:
    for path in sorted(tree.rglob("*")):
        name = str(path.relative_to(tree))
        if path.is_symlink():
            yield name, "link", str(path.readlink())
        elif path.is_dir():
            yield name, oct(path.stat().st_mode), ""
        else:
            yield name, oct(path.stat().st_mode), path.read_bytes()


async def test_a_tree_is_copied_and_no_link_followed(line: Line, folder: Path, tree: Path) -> None:
    entry = await files.copy(line, at(tree), at(folder, "copy"), flags=FileFlag.RECURSIVE)
    assert entry.kind == FileKind.FOLDER
    assert list(seen(folder / "copy")) == list(seen(tree))
    assert (folder / "copy/inner").stat().st_mtime_ns == (tree / "inner").stat().st_mtime_ns
    with refused(FileCode.NOT_A_FILE):
        await files.copy(line, at(tree), at(folder, "other"))
    with refused(FileCode.EXISTS):
        await files.copy(line, at(tree), at(folder, "copy"), flags=FileFlag.RECURSIVE)
    with refused(FileCode.MALFORMED):
        await files.copy(line, at(tree), at(tree, "inner/again"), flags=FileFlag.RECURSIVE)


async def test_a_tree_is_removed_and_what_its_links_lead_to_stays(line: Line, folder: Path, tree: Path) -> None:
    with refused(FileCode.NOT_EMPTY):
        await files.remove(line, at(tree))
    assert await files.remove(line, at(tree), recursive=True) == 9
    assert not tree.exists()
    assert (folder.parent / "outside/secret").exists()
    with refused(FileCode.NOT_FOUND):
        await files.remove(line, at(tree))
    with refused(FileCode.BUSY):
        await files.remove(line, b"/", recursive=True)


async def test_things_are_moved_and_nothing_is_replaced_unasked(line: Line, folder: Path, tree: Path) -> None:
    before = list(seen(tree))
    await files.move(line, at(tree), at(folder, "moved"))
    assert list(seen(folder / "moved")) == before
    for name in ("a", "b"):
        (folder / name).write_bytes(name.encode())
    with refused(FileCode.EXISTS):
        await files.move(line, at(folder, "a"), at(folder, "b"))
    await files.move(line, at(folder, "a"), at(folder, "b"), replace=True)
    assert (folder / "b").read_bytes() == b"a"


async def test_a_folder_is_made(line: Line, folder: Path) -> None:
    await files.make_folder(line, at(folder, "a/b"), flags=FileFlag.PARENTS, mode=0o750)
    assert (folder / "a/b").stat().st_mode & 0o7777 == 0o750
    with refused(FileCode.EXISTS):
        await files.make_folder(line, at(folder, "a/b"))
    await files.make_folder(line, at(folder, "a/b"), flags=FileFlag.REPLACE)


async def test_an_archive_holds_all_and_follows_no_link(line: Line, folder: Path, tree: Path) -> None:
    os.mkfifo(tree / "pipe")
    data = b"".join([piece async for piece in files.tar(line, [at(tree), at(folder.parent, "outside/secret")])])
    with tarfile.open(fileobj=io.BytesIO(data), encoding="utf-8", errors="surrogateescape") as archive:
        members = {member.name: member for member in archive.getmembers()}
        assert members["tree/out"].linkname == str(folder.parent / "outside")
        assert members["tree/inner/file"].mode == 0o755
        assert "tree/pipe" not in members
        kept = archive.extractfile("secret")
        assert kept
        assert kept.read() == b"secret needle"
        archive.extractall(folder / "out", filter="fully_trusted")  # noqa: S202 - we made it
    (tree / "pipe").unlink()
    assert list(seen(folder / "out/tree")) == list(seen(tree))


async def test_names_and_texts_are_found(line: Line, folder: Path, tree: Path) -> None:
    (tree / "node_modules").mkdir()
    (tree / "node_modules/needle").write_bytes(b"needle")
    (tree / "binary").write_bytes(b"needle\0")
    found, more = await files.find(line, at(tree), b"FILE")
    assert ([each.path for each in found], more) == ([b"inner/file"], False)
    found, _ = await files.find(line, at(tree), b"node")
    assert [each.path for each in found] == [b"node_modules"]
    matches, more = await files.search(line, at(tree), b"needle")
    assert {(each.path, each.line, each.column, each.text) for each in matches} == {
        (b"inner/file", 2, 7, b"second needle here"),
        (b"same", 2, 7, b"second needle here"),
    }
    expression = SearchFlag.EXPRESSION | SearchFlag.ANY_CASE
    matches, _ = await files.search(line, at(tree), b"^SEC.+h[eo]re$", flags=expression)
    assert len(matches) == 2
    assert (await files.search(line, at(tree), b"s.c"))[0] == []
    with refused(FileCode.MALFORMED):
        await files.search(line, at(tree), b"(", flags=SearchFlag.EXPRESSION)
    found, more = await files.find(line, at(tree), b"", limit=2)
    assert (len(found), more) == (2, True)


async def test_changes_in_a_folder_are_told(line: Line, folder: Path) -> None:
    (folder / "inner").mkdir()
    changes = files.watch(line, [at(folder), at(folder, "inner")])
    async with asyncio.timeout(PATIENCE_S):
        assert (await anext(changes)).what == FileWhat.WATCHING
        (folder / "new").write_bytes(b"x")
        assert await anext(changes) == (FileWhat.APPEARED, 0, b"new")
        (folder / "new").write_bytes(b"y")
        assert await anext(changes) == (FileWhat.CHANGED, 0, b"new")
        (folder / "new").rename(folder / "inner/other")
        both = {await anext(changes), await anext(changes)}
        assert both == {(FileWhat.GONE, 0, b"new"), (FileWhat.APPEARED, 1, b"other")}
        for number in range(1000):
            (folder / f"many{number}").touch()
        what = set()
        while FileWhat.RELOAD not in what:
            what.add((await anext(changes)).what)
    await changes.aclose()


async def test_a_long_walk_ends_when_nobody_waits_for_it(holder: Holder, line: Line, folder: Path) -> None:
    walking = files.tar(line, [b"/usr"])
    await anext(walking)
    await walking.aclose()
    with refused(FileCode.NOT_FOUND):
        await files.stat(line, b"/nowhere")
    assert line.channels == 0

    def workers() -> int:
        listed = subprocess.run(["pgrep", "-fc", str(holder.folder)], capture_output=True, text=True, check=False)
        return int(listed.stdout)

    async with asyncio.timeout(PATIENCE_S):
        while workers() > 2:  # the holder and the line
            await asyncio.sleep(0.02)


async def test_a_session_that_may_only_read_changes_nothing(start: Start, folder: Path, tree: Path) -> None:
    """The kernel keeps it from writing as well: tests/sessions/test_read_session.py."""
    async with line_to(start("--read")) as line:
        outside = Path("/var/sandlot-not-there")
        for change in (
            files.write(line, at(outside), pieces(b"x")),
            files.make_folder(line, at(outside)),
            files.remove(line, b"/etc/passwd"),
            files.move(line, b"/etc/passwd", b"/etc/gone"),
            files.copy(line, b"/etc/passwd", b"/etc/copy"),
        ):
            with pytest.raises(FileRefused, match="may only read") as caught:
                await change
            assert caught.value.code == FileCode.NOT_ALLOWED
        assert await content(line, b"/etc/passwd") == Path("/etc/passwd").read_bytes()
        assert (await files.write(line, at(folder, "own"), pieces(b"x"))).size == 1  # beneath /tmp
