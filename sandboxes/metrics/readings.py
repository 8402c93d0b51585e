"""What a sandbox uses, from the counters of its sessions' containers. Knows neither engine nor database.

Limits hold for each session; a reading adds all sessions of a sandbox up, so its allowance is the limit times
`sessions`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from engine import Stats

# A fork that fails does not always leave the counter at its very limit: what failed has ended by the next look.
PIDS_SPARE = 2
# From here on a bar warns.
HIGH, FULL = 0.8, 0.95


@dataclass(frozen=True, slots=True)
class Look:
    """One session's counters now. `owns_network`: it joins nobody's, so what it sent and received is its own."""

    session: str
    owns_network: bool
    now: Stats
    before: Stats | None = None


@dataclass(frozen=True, slots=True)
class Reading:
    """What all sessions of a sandbox use together. CPU in thousandths of a core, network in bytes per second."""

    sessions: int
    cpu_millis: int
    memory_bytes: int
    pids: int
    received_bps: int
    sent_bps: int


def reading_of(looks: Iterable[Look]) -> Reading:
    """Add up the sessions of one sandbox. A session that is seen for the first time has no rates yet."""
    looks = list(looks)
    # Who joins a network shows the counters of whom it joins: those were counted already.
    owners = [look for look in looks if look.owns_network]
    return Reading(
        sessions=len(looks),
        cpu_millis=round(sum(rate(look, "cpu_ns") for look in looks) / 1e6),
        memory_bytes=sum(look.now.memory_bytes for look in looks),
        pids=sum(look.now.pids for look in looks),
        received_bps=round(sum(rate(look, "received_bytes") for look in owners)),
        sent_bps=round(sum(rate(look, "sent_bytes") for look in owners)),
    )


def rate(look: Look, counter: str) -> float:
    """Return how much a counter grew per second; 0 without an earlier look or when it began anew in between."""
    if look.before is None:
        return 0.0
    seconds = (look.now.at - look.before.at).total_seconds()
    grown: int = getattr(look.now, counter) - getattr(look.before, counter)
    return grown / seconds if seconds > 0 and grown > 0 else 0.0


def is_out_of_pids(stats: Stats) -> bool:
    """Whether a session has as many processes as it may have."""
    return 0 < stats.pids_limit <= stats.pids + PIDS_SPARE


@dataclass(frozen=True, slots=True)
class Share:
    """How much of an allowance is used: what bars and warnings say. `percent` is cut at 100, `level` is not.

    `used` is a dash while nobody has measured it.
    """

    name: str
    used: str
    allowed: str
    fraction: float

    @property
    def percent(self) -> int:
        return max(0, min(100, round(self.fraction * 100)))

    @property
    def level(self) -> str:
        """ "full" from 95 %, "high" from 80 %, else ""."""
        return "full" if self.fraction >= FULL else "high" if self.fraction >= HIGH else ""
