"""The base image: Debian's slim image, or the same made here where no registry answers."""

import asyncio
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from subprocess import PIPE, Popen

from engine import Engine, ImageMissing, Progress
from engine.images.recipes import details
from engine.labels import SHARED, labels_of

SUITE = "bookworm"
PULLED = f"debian:{SUITE}-slim"
# Count this up when the recipe below makes another image: all others are then built anew, on that one.
RECIPE = 1
MADE = f"sandlot/base:{SUITE}-{RECIPE}"

PIECE_BYTES = 1024 * 1024


async def ensure_base(engine: Engine, progress: Progress) -> str:
    """Return the reference of the base image. Raises ImageMissing when there is no way to get one."""
    for reference in (PULLED, MADE):
        try:
            await engine.image(reference)
        except ImageMissing:
            continue
        return reference
    progress(f"Fetching {PULLED}")
    try:
        await engine.pull_image(PULLED, details(progress))
    except ImageMissing as error:
        progress("No registry answers: making the base image with debootstrap")
        await _make(engine, str(error), progress)
        return MADE
    return PULLED


async def _make(engine: Engine, why: str, progress: Progress) -> None:
    if shutil.which("debootstrap") is None or os.geteuid() != 0:
        raise ImageMissing(
            f"There is no base image. {why}. Either let the engine reach a registry, or load the image {PULLED} into "
            "it (docker load), or install debootstrap and run this once as root."
        )
    with tempfile.TemporaryDirectory(prefix="sandlot-base-") as folder:
        root = Path(folder) / "root"
        await _debootstrap(root, progress)
        await asyncio.to_thread(_finish, root)
        progress("Importing the base image")
        with _packed(root) as archive:
            await engine.import_image(archive, MADE, labels_of(SHARED, "image"))


async def _debootstrap(root: Path, progress: Progress) -> None:
    process = await asyncio.create_subprocess_exec(
        "debootstrap",
        "--variant=minbase",
        SUITE,
        str(root),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    last = ""
    while process.stdout and (line := await process.stdout.readline()):
        last = line.decode(errors="replace").strip()
        details(progress)(last)
    if await process.wait() != 0:
        raise ImageMissing(f"There is no base image, and debootstrap could not make one: {last}")


def _finish(root: Path) -> None:
    """Take out what debootstrap copied from this machine or left behind, and let apt see updates."""
    sources = root / "etc/apt/sources.list"
    sources.write_text(_with_updates(sources.read_text()))
    for name in ("etc/hostname", "etc/resolv.conf"):
        (root / name).write_text("")
    for folder in ("var/cache/apt/archives", "var/lib/apt/lists", "var/log"):
        for path in (root / folder).rglob("*"):
            if path.is_file():
                path.unlink()


def _with_updates(sources: str) -> str:
    """Return the sources with updates and security updates, from the mirror that debootstrap took.

    Debian's own naming: security updates lie beside the archive, in a folder with "-security" at its name's end.
    """
    kind, mirror, suite, *components = sources.split()
    lines = [[kind, mirror, suite, *components], [kind, mirror, f"{suite}-updates", *components]]
    if mirror.rstrip("/").endswith("/debian"):
        lines.append([kind, mirror.rstrip("/") + "-security", f"{suite}-security", *components])
    return "".join(" ".join(words) + "\n" for words in lines)


@contextmanager
def _packed(root: Path) -> Iterator[Iterator[bytes]]:
    """Give the folder as an archive, with owners by number."""
    with Popen(["tar", "--numeric-owner", "--one-file-system", "-C", str(root), "-c", "."], stdout=PIPE) as packing:
        stream = packing.stdout
        if stream is None:
            raise ImageMissing("tar could not be started")
        yield iter(lambda: stream.read(PIECE_BYTES), b"")
