"""The image with the holder: the program, built from its C sources, and what the first shell of a terminal reads."""

from functools import cache
from pathlib import Path

from engine import Engine, Progress
from engine.images.recipes import HERE, ensure_from, files_in, reference_of

SOURCES = Path(__file__).parents[2] / "holder"
# What the program is made of; tests beside it do not make another holder.
BUILT_FROM = ("*.c", "*.h", "Makefile", "profile.sh")


async def ensure_holder(engine: Engine, base: str, progress: Progress) -> str:
    """Return the reference of the holder's image, built on `base` when missing."""
    return await ensure_from(engine, holder_reference(), _files(), base, progress)


@cache
def holder_reference() -> str:
    """Return the name of the image of this version's holder. A program is the same whatever base compiled it."""
    return reference_of("holder", "", _files())


def _files() -> dict[str, bytes]:
    sources = sorted(path for pattern in BUILT_FROM for path in SOURCES.glob(pattern))
    return files_in(HERE / "holder") | {f"src/{path.name}": path.read_bytes() for path in sources}
