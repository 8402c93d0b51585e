"""Sizes, rates, lengths and moments of time in words.

Twins: static/src/lib/words/units.js; `clock`: static/src/pages/times.js.
"""

from __future__ import annotations

from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal

from django.utils import timezone

DAY_S, HOUR_S, MINUTE_S = 86_400, 3600, 60
# Largest first.
UNITS = ((365 * DAY_S, "year"), (30 * DAY_S, "month"), (DAY_S, "day"), (HOUR_S, "hour"), (MINUTE_S, "minute"))
GIB = 1024**3
MIB = 1024**2


def fixed(value: float, digits: int) -> str:
    """Return a number with so many digits behind the point; halves are rounded up, as a page's script does it."""
    return str(Decimal(value).quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP))


def in_size(count: int) -> str:
    """Return bytes for people: 512 MB, 1.5 GB. Powers of 1024, as the engine counts."""
    value, unit = (count / GIB, "GB") if count >= GIB else (count / MIB, "MB")
    return f"{fixed(value, 1).removesuffix('.0')} {unit}"


def in_rate(bytes_per_s: int) -> str:
    """Return bytes per second for people: 0 B/s, 12 KB/s, 3.4 MB/s."""
    if bytes_per_s < 1024:
        return f"{bytes_per_s} B/s"
    return f"{fixed(bytes_per_s / 1024, 0)} KB/s" if bytes_per_s < MIB else f"{in_size(bytes_per_s)}/s"


def in_cores(millis: int) -> str:
    """Return thousandths of a core for people: 1 core, 0.5 cores."""
    cores = fixed(millis / 1000, 2).rstrip("0").rstrip(".")
    return f"{cores} core" if cores == "1" else f"{cores} cores"


def in_seconds(seconds: float) -> str:
    """Return a duration for a log: 0.4 s, 12 s, 1 min 5 s."""
    if seconds < 10:
        return f"{fixed(seconds, 1)} s"
    minutes, rest = divmod(int(fixed(seconds, 0)), 60)
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"


def in_largest_unit(seconds: int) -> str:
    """Return a length of time as "3 hours" or "1 day", rounded down; "" for less than a minute."""
    for unit_s, name in UNITS:
        if seconds >= unit_s:
            count = seconds // unit_s
            return f"{count} {name}{'s' if count > 1 else ''}"
    return ""


def ago(moment: datetime) -> str:
    """Return how long ago a moment was: 3 hours ago, just now."""
    length = in_largest_unit(int((timezone.now() - moment).total_seconds()))
    return f"{length} ago" if length else "just now"


def time_left(moment: datetime) -> str:
    """Return how long it is until a moment: in 6 days, soon."""
    length = in_largest_unit(int((moment - timezone.now()).total_seconds()))
    return f"in {length}" if length else "soon"


def in_words(seconds: int) -> str:
    """Return a length of time: 15 min, 1 h, 1 h 30 min, 3 days. Whole minutes; the rest is dropped."""
    if seconds >= DAY_S and seconds % DAY_S == 0:
        days = seconds // DAY_S
        return f"{days} day{'s' if days > 1 else ''}"
    hours, minutes = divmod(seconds // MINUTE_S, 60)
    return " ".join(part for part in (f"{hours} h" if hours else "", f"{minutes} min" if minutes else "") if part)


def clock(moment: datetime, now: datetime) -> str:
    """Return a moment as someone would say it today: 13:50, or 22 Nov, 13:50 on another day. In the moments' zone."""
    return f"{moment:%H:%M}" if moment.date() == now.date() else f"{moment:%-d %b, %H:%M}"
