"""Free space on the engine's disk, as far as this machine can see it."""

from __future__ import annotations

import shutil
from pathlib import Path

from engine import EngineFacts

GIB = 1024**3
# Below the larger of the two nothing new is created: the rest is for those who work there already.
LEAST_BYTES, LEAST_SHARE = 2 * GIB, 0.05


class DiskLow(Exception):  # noqa: N818
    """There is too little room to create something; the text says how much is missing."""


def check(facts: EngineFacts) -> None:
    """Raise DiskLow when the engine's disk is nearly full. An engine on another machine cannot be checked."""
    root = Path(facts.root_folder)
    if not root.is_dir():
        return
    usage = shutil.disk_usage(root)
    least = max(LEAST_BYTES, int(usage.total * LEAST_SHARE))
    if usage.free < least:
        raise DiskLow(
            f"The disk is nearly full: {usage.free / GIB:.1f} GiB are free, {least / GIB:.1f} GiB are needed. "
            "Delete sandboxes or make room, then Retry."
        )
