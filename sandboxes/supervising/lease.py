"""Who supervises: the name under which this process takes the lease, and whether another one's owner is dead."""

from __future__ import annotations

import hashlib
import math
import os
import socket
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path

from sandboxes.models import Lease

# A supervisor on another machine is missed after this.
LEASE_LIFETIME = timedelta(seconds=10)
# Asked for this often, so that a few renewals may fail before the lease ends.
RENEW_S = 1.0
# The owner stops this long before anybody may follow: what it has begun needs a moment to end.
MARGIN_S = 3.0


def since_boot() -> float:
    """Return seconds on a clock that nobody sets and that goes on while the machine sleeps."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


def _started_at(pid: int) -> str:
    """Return the kernel's start time of a process (clock ticks since boot), "" when there is none."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return ""
    return stat.rpartition(")")[2].split()[19]


@cache
def this_place() -> str:
    """Return the host's name with what tells apart two hosts, or two containers, of one name.

    A pid means the same process only within one boot of one kernel and one of its pid namespaces.
    """
    boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    pids = os.readlink("/proc/self/ns/pid")  # noqa: PTH115  # "pid:[4026531836]" is no path
    return f"{socket.gethostname()[:60]}/{hashlib.sha256(f'{boot} {pids}'.encode()).hexdigest()[:12]}"


def this_process() -> str:
    """Return place, pid and start time: together they name one process, also after the pid is used again."""
    return f"{this_place()} {os.getpid()} {_started_at(os.getpid())}"


def is_dead(owner: str) -> bool:
    """Whether the owner ran at this place and does not any more. A killed server is followed at once."""
    try:
        place, pid, started_at = owner.split(" ")
        return place == this_place() and _started_at(int(pid)) != started_at
    except ValueError:
        return False


class Claim:
    """One process's claim to the lease of an engine: `renew()` it again and again, act only while `is_held`.

    The times of the machines are compared nowhere, so a clock that is set changes nothing: the owner counts from the
    moment before it asked the database, and others from the moment at which they first saw the row as it is now.
    """

    def __init__(self, engine: str, owner: str, clock: Callable[[], float] = since_boot) -> None:
        self.engine, self.owner, self.clock = engine, owner, clock
        self._held_until = -math.inf
        self._seen: tuple[str, datetime] | None = None
        self._seen_at = -math.inf

    @property
    def is_held(self) -> bool:
        """Whether no other process can have the lease by now. It ends by itself while the database is away."""
        return self.clock() < self._held_until

    def renew(self) -> bool:
        """Take or renew the lease; False while a living other holds it. Raises DatabaseError; then it runs on."""
        asked_at = self.clock()
        is_ours = Lease.take(self.engine, self.owner, LEASE_LIFETIME) or self._follow()
        self._held_until = asked_at + LEASE_LIFETIME.total_seconds() - MARGIN_S if is_ours else -math.inf
        return is_ours

    def _follow(self) -> bool:
        """Take the lease of an owner that is dead, or that did not renew it for its whole lifetime."""
        current = Lease.objects.filter(engine=self.engine).values_list("owner", "expires_at").first()
        if current is None:
            return False
        if current != self._seen:
            self._seen, self._seen_at = current, self.clock()
        is_over = self.clock() - self._seen_at >= LEASE_LIFETIME.total_seconds()
        if not is_over and not is_dead(current[0]):
            return False
        return Lease.take_over(self.engine, current, self.owner, LEASE_LIFETIME)
