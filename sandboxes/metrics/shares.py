"""How much of its limits a sandbox uses, for bars."""

from __future__ import annotations

from datetime import datetime

from sandboxes.metrics.readings import Share
from sandboxes.models import Sandbox, Usage
from sandboxes.words import in_cores, in_size


def shares_of(sandbox: Sandbox, now: datetime | None = None) -> list[Share]:
    """Return how much of its limits a sandbox uses, for bars; [] when nobody has looked lately.

    Lists load it with `select_related("usage")`: no query of its own.
    """
    usage: Usage | None = getattr(sandbox, "usage", None)
    if usage is None or not usage.is_fresh(now) or not sandbox.is_running:
        return [disk_share(sandbox, usage.disk_bytes)] if usage and usage.disk_bytes is not None else []
    cores, memory = sandbox.cpu_millis * usage.sessions, sandbox.memory_bytes * usage.sessions
    shares = [
        Share("CPU", in_cores(usage.cpu_millis), in_cores(cores), usage.cpu_millis / (cores or 1)),
        Share("Memory", in_size(usage.memory_bytes), in_size(memory), usage.memory_bytes / (memory or 1)),
    ]
    return shares if usage.disk_bytes is None else [*shares, disk_share(sandbox, usage.disk_bytes)]


def disk_share(sandbox: Sandbox, used_bytes: int) -> Share:
    return Share("Disk", in_size(used_bytes), in_size(sandbox.disk_bytes), used_bytes / sandbox.disk_bytes)
