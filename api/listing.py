"""One page of sandboxes in the list's order, found by where the page before ended: rows that come or go shift none."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from django.db.models import CharField, DateTimeField, Q, Value
from django.db.models.functions import Coalesce
from django.utils.dateparse import parse_datetime

from activity.refusals import Invalid
from sandboxes.models import Sandbox, SandboxQuerySet
from sandboxes.search import COLUMNS, Order

# Rows without a value stand last either way.
EARLIEST, LATEST = datetime(1970, 1, 1, tzinfo=UTC), datetime(9999, 1, 1, tzinfo=UTC)
LAST_TEXT = "\U0010fffd"


def page_of(
    rows: SandboxQuerySet, order: Order, after: list[Any] | None, limit: int
) -> tuple[list[Sandbox], list[Any] | None]:
    """Return the rows of a page, and the place behind which the next one begins; None at the end. Raises Invalid."""
    is_time = order.column == "used"
    if is_time:
        missing: Any = Value(EARLIEST if order.is_down else LATEST, DateTimeField())
    else:
        missing = Value("" if order.is_down else LAST_TEXT, CharField())
    ordered = rows.annotate(place=Coalesce(COLUMNS[order.column][1], missing))
    if after is not None:
        ordered = ordered.filter(behind(after, is_time=is_time, is_down=order.is_down))
    found = list(ordered.order_by("-place" if order.is_down else "place", "slug")[: limit + 1])
    return found[:limit], place_of(found[limit - 1]) if len(found) > limit else None


def place_of(row: Any) -> list[Any]:
    value = row.place.isoformat() if isinstance(row.place, datetime) else row.place
    return [value, row.slug]


def behind(after: list[Any], *, is_time: bool, is_down: bool) -> Q:
    try:
        text, slug = after
        value = parse_datetime(text) if is_time else str(text)
    except (TypeError, ValueError) as error:
        raise Invalid("This cursor belongs to another list. Begin at the first page.", code="bad_cursor") from error
    further = Q(place__lt=value) if is_down else Q(place__gt=value)
    return further | Q(place=value, slug__gt=slug)
