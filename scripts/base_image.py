"""Whether the engine has the base of our images, or can fetch it. Usage: python -m scripts.base_image

Exit status 0: it has it now; 1: it has not, and no registry answers: then someone has to make it.
"""

import asyncio
import os
import sys

from engine import Engine, ImageMissing
from engine.images.base import MADE, PULLED
from sandboxes.engines import engine_named


async def has_base(engine: Engine) -> bool:
    """Return whether either base image is there now; try to pull it once."""
    for reference in (PULLED, MADE):
        try:
            await engine.image(reference)
        except ImageMissing:
            continue
        return True
    try:
        await engine.pull_image(PULLED, lambda _line: None)
    except ImageMissing:
        return False
    return True


async def main() -> int:
    """Return the exit status."""
    engine = engine_named()
    try:
        return 0 if await has_base(engine) else 1
    finally:
        await engine.close()


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    sys.exit(asyncio.run(main()))
