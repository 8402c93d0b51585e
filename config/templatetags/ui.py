"""What templates say often: icons, sizes, times ago, addresses of built files."""

from __future__ import annotations

from datetime import datetime

from django import template
from django.conf import settings
from django.contrib.staticfiles.storage import staticfiles_storage
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from sandboxes.words import ago, clock, in_cores, in_rate, in_seconds, in_size, in_words, time_left

register = template.Library()
for filter_of_words in (in_size, in_rate, in_cores, in_seconds, ago, time_left):
    register.filter(filter_of_words)
register.filter("in_span", in_words)


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


@register.simple_tag
def clock_time(moment: datetime) -> SafeString:
    """Return a <time> of the day, which the page's script turns into the reader's own zone."""
    said = clock(moment, timezone.now())
    return format_html('<time datetime="{}" data-clock>{} UTC</time>', moment.isoformat(), said)


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
