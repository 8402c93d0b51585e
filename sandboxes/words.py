"""Lengths and moments of time in words."""

from __future__ import annotations

from datetime import datetime

DAY_S, HOUR_S, MINUTE_S = 86_400, 3600, 60


def in_words(seconds: int) -> str:
    """Return a length of time: 15 min, 1 h, 1 h 30 min, 3 days. Whole minutes; the rest is dropped."""
    if seconds >= DAY_S and seconds % DAY_S == 0:
        days = seconds // DAY_S
        return f"{days} day{'s' if days > 1 else ''}"
    hours, minutes = divmod(seconds // MINUTE_S, 60)
    return " ".join(part for part in (f"{hours} h" if hours else "", f"{minutes} min" if minutes else "") if part)


def clock(moment: datetime, now: datetime) -> str:
    """Return a moment as somebody would say it today: 13:50, or 22 Nov, 13:50 on another day. In the moments' zone."""
    return f"{moment:%H:%M}" if moment.date() == now.date() else f"{moment:%-d %b, %H:%M}"
