"""Entries as a file: CSV for a spreadsheet, JSON for a program. Sent in pieces, never held as a whole."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import AsyncIterator, Iterator
from typing import Any

from asgiref.sync import sync_to_async
from django.core.handlers.asgi import ASGIRequest
from django.http import HttpRequest, HttpResponseBase, StreamingHttpResponse
from django.utils import timezone

from activity.models import Entry, EntryQuerySet

FORMATS = {"csv": "text/csv; charset=utf-8", "json": "application/json"}
# About 40 MB. The server has no brake for a slow reader, so what is sent is bounded; dates lead to the rest.
ROWS_MAX = 100_000
BATCH = 1000
COLUMNS = "number at actor via address verb target_kind target_id target sandbox team outcome detail hash".split()
# What a spreadsheet would take for a formula.
FORMULA = ("=", "+", "-", "@", "\t", "\r")


def export(
    request: HttpRequest, entries: EntryQuerySet, kind: str, name: str, *, shows_addresses: bool
) -> HttpResponseBase:
    """Return the newest entries as a download in one of FORMATS."""
    write = {"csv": as_csv, "json": as_json}[kind]
    pieces = write(entries, shows_addresses=shows_addresses)
    # Django reads a plain iterator to its end before it sends the first piece, when it serves asynchronously.
    body: Any = one_by_one(pieces) if isinstance(request, ASGIRequest) else pieces
    file = f"{name}-activity-{timezone.now():%Y-%m-%d}.{kind}"
    return StreamingHttpResponse(
        body,
        content_type=FORMATS[kind],
        headers={"Content-Disposition": f'attachment; filename="{file}"', "Cache-Control": "no-store"},
    )


async def one_by_one(pieces: Iterator[str]) -> AsyncIterator[str]:
    while piece := await sync_to_async(lambda: next(pieces, ""))():
        yield piece


def as_csv(entries: EntryQuerySet, *, shows_addresses: bool) -> Iterator[str]:
    """Yield a head line, then rows; cells that a spreadsheet would compute get an apostrophe in front."""
    yield line_of(COLUMNS)
    for batch in batches(entries):
        rows = (values_of(entry, shows_addresses=shows_addresses) for entry in batch)
        yield "".join(line_of([as_cell(value) for value in row.values()]) for row in rows)


def as_json(entries: EntryQuerySet, *, shows_addresses: bool) -> Iterator[str]:
    """Yield an array with one object in a line."""
    mark = "[\n"
    for batch in batches(entries):
        rows = (values_of(entry, shows_addresses=shows_addresses) for entry in batch)
        yield mark + ",\n".join(json.dumps(row, ensure_ascii=False) for row in rows)
        mark = ",\n"
    yield "\n]\n" if mark != "[\n" else "[]\n"


def batches(entries: EntryQuerySet) -> Iterator[list[Entry]]:
    """Yield the newest ROWS_MAX entries; each batch is a query of its own, so no connection is held between them."""
    rows = entries.order_by("-number")
    batch = list(rows[:BATCH])
    for _ in range(ROWS_MAX // BATCH):
        if not batch:
            return
        yield batch
        batch = list(rows.filter(number__lt=batch[-1].number)[:BATCH])


def values_of(entry: Entry, *, shows_addresses: bool) -> dict[str, Any]:
    values = {name: getattr(entry, name) for name in COLUMNS}
    return values | {"at": entry.at.isoformat(), "address": entry.address if shows_addresses else ""}


def as_cell(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False) if isinstance(value, dict) else str(value)
    return f"'{text}" if text.startswith(FORMULA) else text


def line_of(cells: Any) -> str:
    line = io.StringIO()
    csv.writer(line).writerow(cells)
    return line.getvalue()
