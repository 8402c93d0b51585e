"""What templates say often: icons, sizes, times ago, addresses of built files."""

from __future__ import annotations

from datetime import datetime

from django import template
from django.conf import settings
from django.contrib.staticfiles.storage import staticfiles_storage
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from sandboxes.words import clock, in_words

register = template.Library()
GIB = 1024**3
MIB = 1024**2
# Largest first; what is shorter than a minute is now.
SPANS = ((365 * 86400, "year"), (30 * 86400, "month"), (86400, "day"), (3600, "hour"), (60, "minute"))


@register.simple_tag
def asset(name: str) -> str:
    """Return the address of a built file; the plain one when it was not collected, so an error page never fails."""
    try:
        return staticfiles_storage.url(name)
    except ValueError:
        return f"{settings.STATIC_URL}{name}"


@register.simple_tag
def icon(name: str) -> SafeString:
    """Return an icon of the sprite. Decoration only: what it means stands beside it as text or label."""
    sprite = asset("icons.svg")
    return format_html('<svg class="icon" aria-hidden="true"><use href="{}#{}"></use></svg>', sprite, name)


@register.filter
def in_size(count: int) -> str:
    """Return bytes for people: 512 MB, 1.5 GB. Powers of 1024, as the engine counts."""
    value, unit = (count / GIB, "GB") if count >= GIB else (count / MIB, "MB")
    return f"{value:.1f}".removesuffix(".0") + f" {unit}"


@register.filter
def in_rate(bytes_per_s: int) -> str:
    """Return bytes per second for people: 0 B/s, 12 KB/s, 3.4 MB/s. Twin: static/src/lib/words/units.js."""
    if bytes_per_s < 1024:
        return f"{bytes_per_s} B/s"
    return f"{bytes_per_s / 1024:.0f} KB/s" if bytes_per_s < MIB else f"{in_size(bytes_per_s)}/s"


@register.filter
def in_cores(millis: int) -> str:
    """Return thousandths of a core for people: 1 core, 0.5 cores."""
    cores = f"{millis / 1000:.2f}".rstrip("0").rstrip(".")
    return f"{cores} core" if cores == "1" else f"{cores} cores"


@register.filter
def in_seconds(seconds: float) -> str:
    """Return a duration for a log: 0.4 s, 12 s, 1 min 5 s."""
    if seconds < 10:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"


@register.filter
def ago(moment: datetime) -> str:
    """Return how long ago, in its largest unit. Twin: static/src/pages/times.js."""
    seconds = int((timezone.now() - moment).total_seconds())
    for span, name in SPANS:
        if seconds >= span:
            count = seconds // span
            return f"{count} {name}{'s' if count > 1 else ''} ago"
    return "just now"


@register.filter
def time_left(moment: datetime) -> str:
    """Return how long until then, in its largest unit: in 6 days, in 3 hours, soon."""
    seconds = int((moment - timezone.now()).total_seconds())
    for span, name in SPANS:
        if seconds >= span:
            count = seconds // span
            return f"in {count} {name}{'s' if count > 1 else ''}"
    return "soon"


@register.simple_tag
def clock_time(moment: datetime) -> SafeString:
    """Return a <time> of the day, which the page's script turns into the reader's own zone."""
    said = clock(moment, timezone.now())
    return format_html('<time datetime="{}" data-clock>{} UTC</time>', moment.isoformat(), said)


register.filter("in_span", in_words)


@register.simple_tag
def time_ago(moment: datetime | None) -> SafeString | str:
    """Return a <time> that the page's script keeps up to date."""
    if moment is None:
        return "never"
    return format_html(
        '<time datetime="{}" data-ago title="{}">{}</time>',
        moment.isoformat(),
        f"{moment:%Y-%m-%d %H:%M} UTC",
        ago(moment),
    )
