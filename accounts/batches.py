"""Many rows, a few at a time."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeVar

from django.db.models import Model, QuerySet

# Rows in memory at a time.
BATCH = 200
Row = TypeVar("Row", bound=Model)


def in_batches(rows: QuerySet[Row]) -> Iterator[Row]:
    """Yield the rows by primary key; they may be changed or deleted meanwhile.

    No cursor stays open between two batches: SQLite refuses to write through one that still reads an older state.
    """
    rows = rows.order_by("pk")
    batch = list(rows[:BATCH])
    while batch:
        last = batch[-1].pk
        yield from batch
        batch = list(rows.filter(pk__gt=last)[:BATCH])
