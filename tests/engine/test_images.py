"""The images that come with Sandlot: built when something has changed, and complete."""

from __future__ import annotations

import tarfile
from collections.abc import AsyncIterator
from io import BytesIO
from pathlib import Path

import pytest
import pytest_asyncio

from engine import BuildFailed, Engine, ImageMissing
from engine.images import base, ensure_images
from engine.images.holder import holder_reference
from engine.images.recipes import context_of, ensure_from, files_in, reference_of
from engine.labels import INPUTS, KIND, labels_of
from engine.storage import ImageTree
from engine.storage.archives import TreeRecord, archive_of, tree_archive
from tests.engine_fixtures import Place, new_place

pytestmark = [pytest.mark.engine, pytest.mark.asyncio(loop_scope="session")]


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def place(engine: Engine, instance: str, debian: ImageTree) -> AsyncIterator[Place]:
    place = await new_place(engine, instance, debian)
    await place.session("host")
    yield place
    await place.remove()


async def test_all_are_there_and_nothing_is_built_twice(engine: Engine, images: dict[str, str]) -> None:
    said: list[str] = []
    assert await ensure_images(engine, said.append) == images
    assert set(images) == {"debian", "busybox"}
    assert not said
    for reference in (*images.values(), holder_reference()):
        image = await engine.image(reference)
        assert (image.labels[KIND], image.labels[INPUTS]) == ("image", reference.partition(":")[2])


@pytest.mark.parametrize(
    "program",
    "bash git curl python3 vim less htop ps top tmux ssh nano ip make unzip apt-get".split(),
)
async def test_the_debian_template_has_what_people_expect(place: Place, program: str) -> None:
    assert (await place.sh(place.sessions[0], f"command -v {program}")).status == 0


async def test_the_debian_template_speaks_utf_8_and_tls(place: Place) -> None:
    script = "locale -a; LANG=en_US.UTF-8 python3 -c 'print(\"\\u00fc\")'; test -s /etc/ssl/certs/ca-certificates.crt"
    result = await place.sh(place.sessions[0], script)
    assert (result.status, result.stderr) == (0, b"")
    assert {"C.utf8", "en_US.utf8", "ü"} <= set(result.stdout.decode().split())


async def test_the_debian_template_gets_security_updates_and_carries_no_leftovers(place: Place) -> None:
    host = place.sessions[0]
    assert (await place.sh(host, "grep -rq security /etc/apt/sources.list /etc/apt/sources.list.d")).status == 0
    leftovers = "find /var/cache/apt /var/lib/apt/lists -type f -size +1k; find /var/log -name '*.log' -size +0"
    assert (await place.sh(host, leftovers)).stdout == b""


async def test_the_holder_image_is_one_static_program(engine: Engine, images: dict[str, str]) -> None:
    with tarfile.open(fileobj=BytesIO(b"".join(engine.export_tree(holder_reference())))) as archive:
        holder = archive.getmember("holder")
        program = archive.extractfile(holder)
        assert program is not None
        content = program.read()
    assert content.startswith(b"\x7fELF")
    assert holder.mode & 0o111
    assert len(content) < 512 * 1024
    assert b"ld-linux" not in content
    assert b"ld-musl" not in content


async def test_a_name_changes_with_every_input() -> None:
    files = {"Dockerfile": b"FROM scratch", "a": b"1"}
    names = {
        reference_of("x", "base", files),
        reference_of("x", "other", files),
        reference_of("x", "base", files | {"a": b"2"}),
        reference_of("x", "base", {"Dockerfile": b"FROM scratch", "b": b"1"}),
        reference_of("x", "base", {"Dockerfile": b"FROM scratcha", "a": b"1"}),
    }
    assert len(names) == 5
    assert reference_of("x", "base", dict(reversed(files.items()))) in names


async def test_a_build_that_fails_says_which_step_and_leaves_no_image(
    engine: Engine, instance: str, images: dict[str, str]
) -> None:
    files = {"Dockerfile": b"ARG BASE\nFROM ${BASE}\nRUN echo before; echo the reason >&2; exit 7\n"}
    said: list[str] = []
    with pytest.raises(BuildFailed, match=r"(?s)sandlot/test.*exit.*7.*the reason"):
        await ensure_from(engine, f"sandlot/test:{instance}", files, images["debian"], said.append)
    assert any("before" in line for line in said)
    with pytest.raises(ImageMissing):
        await engine.image(f"sandlot/test:{instance}")


async def test_where_no_base_can_be_had_the_text_says_what_to_do(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(base, "PULLED", "localhost:1/sandlot-none:none")
    monkeypatch.setattr(base, "MADE", "sandlot/none:none")
    monkeypatch.setenv("PATH", "")
    with pytest.raises(ImageMissing, match=r"docker load.*install debootstrap"):
        await base.ensure_base(engine, lambda _: None)


async def test_apt_sources_of_a_made_base_have_updates_and_security() -> None:
    found = base._with_updates("deb http://mirror.example.com/debian bookworm main\n")
    assert found.splitlines() == [
        "deb http://mirror.example.com/debian bookworm main",
        "deb http://mirror.example.com/debian bookworm-updates main",
        "deb http://mirror.example.com/debian-security bookworm-security main",
    ]


async def test_an_image_is_made_from_an_archive_and_removed_twice(engine: Engine, instance: str) -> None:
    tag = f"sandlot/imported:{instance}"
    made = await engine.import_image(archive_of({"a": b"1"}), tag, labels_of(instance, "image"))
    assert made.tags == (tag,)
    assert await engine.images(labels_of(instance, "image")) == [made]
    await engine.remove_image(tag)
    await engine.remove_image(tag)
    assert not await engine.images(labels_of(instance, "image"))


async def test_a_context_has_the_files_of_its_folder(tmp_path: Path) -> None:
    (tmp_path / "tree").mkdir()
    (tmp_path / "tree" / "a").write_bytes(b"1")
    with tarfile.open(fileobj=BytesIO(context_of(files_in(tmp_path)))) as archive:
        assert archive.getnames() == ["tree/a"]


def exported(*entries: tuple[str, bytes, str]) -> bytes:
    """Return an archive as an engine exports one: (name, type, what it links to)."""
    buffer = BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for name, kind, target in entries:
            entry = tarfile.TarInfo(name)
            entry.type, entry.linkname, entry.mode = kind, target, 0o750
            entry.size = 3 if kind == tarfile.REGTYPE else 0
            archive.addfile(entry, BytesIO(b"abc"))
    return buffer.getvalue()


async def test_a_tree_keeps_what_is_shared_and_a_skeleton_the_rest() -> None:
    long_name = "usr/" + "ü" * 120
    export = exported(
        ("bin", tarfile.SYMTYPE, "usr/bin"),
        ("dev/null", tarfile.CHRTYPE, ""),
        ("hello", tarfile.REGTYPE, ""),
        ("linuxrc", tarfile.LNKTYPE, "usr/sh"),
        ("proc/x", tarfile.REGTYPE, ""),
        ("usr", tarfile.DIRTYPE, ""),
        (long_name, tarfile.REGTYPE, ""),
        ("usr/again", tarfile.LNKTYPE, long_name),
        ("usr/hello", tarfile.LNKTYPE, "hello"),
        ("usr/null", tarfile.LNKTYPE, "dev/null"),
    )
    record = TreeRecord()
    cut = iter([export[:700], export[700:701], b"", export[701:]])
    with tarfile.open(fileobj=BytesIO(b"".join(tree_archive(cut, record)))) as tree:
        assert tree.getnames() == [
            "files/hello", "files/usr", f"files/{long_name}", "files/usr/again", "files/usr/hello", "files/root",
        ]  # fmt: skip
        assert tree.getmember("files/usr/again").linkname == f"files/{long_name}"
    assert {folder.name: oct(folder.mode) for folder in record.folders.values()} == {"usr": "0o750", "root": "0o700"}
    with tarfile.open(fileobj=BytesIO(record.skeleton())) as skeleton:
        links = {entry.name: entry.linkname for entry in skeleton if entry.issym()}
        assert links == {"bin": "usr/bin", "linuxrc": "/usr/sh"}
        assert {"usr", "root", "tmp", "project", ".sandlot", "hello"} <= set(skeleton.getnames())
