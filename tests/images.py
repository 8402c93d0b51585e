"""`python -m tests.images`: build the images of the tests' sandboxes, before the time of the first test begins to run.

Built when missing and kept. On a fresh machine that takes minutes, with two test processes that both find them missing
longer than a test may.
"""

from __future__ import annotations

import asyncio
import os
import sys

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

from django.conf import settings

from config.management.steps import Steps
from engine.docker import DockerEngine
from engine.images import ensure_images


async def main() -> None:
    engine = DockerEngine(settings.SANDLOT_ENGINE_URL, "images")
    try:
        with Steps(sys.stdout, settings.DATA_DIR / "images.log") as step:
            step("Looking at the images")
            await ensure_images(engine, step)
    finally:
        await engine.close()


if __name__ == "__main__":
    asyncio.run(main())
