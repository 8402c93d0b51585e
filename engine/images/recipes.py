"""Building an image from a folder with a Dockerfile, unless the same was built before."""

import hashlib
import io
import tarfile
from collections.abc import Iterable, Mapping
from pathlib import Path

from engine import Engine, ImageMissing, Progress
from engine.labels import INPUTS, SHARED, labels_of

HERE = Path(__file__).parent


async def ensure_built(engine: Engine, name: str, base: str, progress: Progress) -> str:
    """Return the reference of the image that the folder `name` beside this file describes, built when missing."""
    files = files_in(HERE / name)
    return await ensure_from(engine, reference_of(name, base, files), files, base, progress)


async def ensure_from(engine: Engine, reference: str, files: Mapping[str, bytes], base: str, progress: Progress) -> str:
    """Return the reference again once there is an image of it, built from `files` (path -> content)."""
    try:
        await engine.image(reference)
    except ImageMissing:
        progress(f"Building {reference}")
        labels = {**labels_of(SHARED, "image"), INPUTS: reference.partition(":")[2]}
        await engine.build_image(context_of(files), reference, labels, details(progress), arguments={"BASE": base})
    return reference


def details(progress: Progress) -> Progress:
    """Return where a tool's own lines go: indented, which tells them from the steps."""
    return lambda line: progress(f"    {line}")


def reference_of(name: str, base: str, files: Mapping[str, bytes]) -> str:
    """Return the name of an image: it changes with every byte that goes in."""
    parts = [base.encode(), *(part for path in sorted(files) for part in (path.encode(), files[path]))]
    return f"sandlot/{name}:{digest_of(parts)}"


def digest_of(parts: Iterable[bytes]) -> str:
    """Return twelve hex digits for some pieces; where one ends and the next begins counts."""
    whole = hashlib.sha256()
    for part in parts:
        whole.update(len(part).to_bytes(8) + part)
    return whole.hexdigest()[:12]


def files_in(folder: Path) -> dict[str, bytes]:
    """Return relative path -> content of all files below a folder."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def context_of(files: Mapping[str, bytes]) -> bytes:
    """Return the archive a build starts from."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for path, content in files.items():
            entry = tarfile.TarInfo(path)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    return buffer.getvalue()
