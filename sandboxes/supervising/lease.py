"""Who supervises: the name under which this process takes the lease, and whether another one's owner is dead."""

from __future__ import annotations

import os
import socket
from datetime import timedelta
from pathlib import Path

from sandboxes.models import Lease

# Renewed at every turn of half a second; a supervisor on another machine is missed after this.
LEASE_LIFETIME = timedelta(seconds=10)


def _started_at(pid: int) -> str:
    """Return the kernel's start time of a process (clock ticks since boot), "" when there is none."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return ""
    return stat.rpartition(")")[2].split()[19]


def this_process() -> str:
    """Return host, pid and start time: together they name one process, also after the pid is used again."""
    return f"{socket.gethostname()} {os.getpid()} {_started_at(os.getpid())}"


def is_dead(owner: str) -> bool:
    """Whether the owner ran on this machine and does not any more. A killed server is followed at once."""
    try:
        host, pid, started_at = owner.split(" ")
        return host == socket.gethostname() and _started_at(int(pid)) != started_at
    except ValueError:
        return False


def hold(engine: str, owner: str) -> bool:
    """Take or renew the lease on an engine; False while a living other holds it."""
    if Lease.take(engine, owner, LEASE_LIFETIME):
        return True
    current = Lease.objects.filter(engine=engine).values_list("owner", flat=True).first()
    if current is None or not is_dead(current):
        return False
    Lease.release(engine, current)
    return Lease.take(engine, owner, LEASE_LIFETIME)
