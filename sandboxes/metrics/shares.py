"""How much of its limits a sandbox uses, for bars."""

from __future__ import annotations

from datetime import datetime

from sandboxes.metrics.readings import Share
from sandboxes.models import Sandbox, Usage
from sandboxes.words import in_cores, in_size

UNKNOWN = "–"


def shares_of(sandbox: Sandbox, now: datetime | None = None) -> list[Share]:
    """Return how much of its limits a sandbox uses, for bars; with dashes while nobody has looked since it started.

    Lists load it with `select_related("usage")`: no query of its own.
    """
    usage: Usage | None = getattr(sandbox, "usage", None)
    disk = [disk_share(sandbox, usage.disk_bytes)] if usage and usage.disk_bytes is not None else []
    if not sandbox.is_running:
        return disk
    if usage is None or not usage.is_fresh(now):
        cores, memory = in_cores(sandbox.cpu_millis), in_size(sandbox.memory_bytes)
        return [Share("CPU", UNKNOWN, cores, 0.0), Share("Memory", UNKNOWN, memory, 0.0), *disk]
    cpu_millis, memory_bytes = sandbox.cpu_millis * usage.sessions, sandbox.memory_bytes * usage.sessions
    return [
        Share("CPU", in_cores(usage.cpu_millis), in_cores(cpu_millis), usage.cpu_millis / (cpu_millis or 1)),
        Share("Memory", in_size(usage.memory_bytes), in_size(memory_bytes), usage.memory_bytes / (memory_bytes or 1)),
        *disk,
    ]


def disk_share(sandbox: Sandbox, used_bytes: int) -> Share:
    return Share("Disk", in_size(used_bytes), in_size(sandbox.disk_bytes), used_bytes / sandbox.disk_bytes)
