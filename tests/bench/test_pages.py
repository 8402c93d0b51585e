"""Pages ask the database as often for many rows as for a few, and the bench prints it. No time is asserted."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

import pytest
from django.db import transaction

from tests.bench import pages
from tests.bench.crowded import Size, plant


def figures(count: int) -> list[pages.Figure]:
    """Ask for every page, over so many rows of everything, and leave nothing behind."""
    found: list[pages.Figure] = []
    with contextlib.suppress(Undone), transaction.atomic():
        found = pages.measure(plant(Size.tiny(count)), rounds=0)
        raise Undone
    return found


class Undone(Exception):  # noqa: N818  # "raise Undone" is the sentence
    """Takes back what was planted."""


@pytest.mark.django_db
def test_every_page_asks_as_often_for_many_rows_as_for_a_few() -> None:
    few, many = figures(3), figures(30)
    assert {each.page.name: each.queries for each in many} == {each.page.name: each.queries for each in few}
    assert max(each.queries for each in many) <= 15


def test_a_page_that_misses_its_limit_is_marked() -> None:
    slow = pages.Figure(pages.Page("list", "/"), 0.5, [0.1, 0.3], [0.1, 0.1], queries=9, sent_bytes=2048)
    quick = pages.Figure(pages.Page("admin: teams", "/", pages.ADMIN_S), 0.5, [0.1, 0.3], [0.1, 0.1], 9, 2048)
    _, _, first, second = pages.page_table([slow, quick]).splitlines()
    assert [cell.strip() for cell in first.split("|")][1:-1] == [
        "list",
        "500",
        "300",
        "300",
        "100",
        "200",
        "9",
        "2",
        "NO",
    ]
    assert second.endswith("| yes   |")


def test_what_a_page_loads_is_held_against_its_budget(tmp_path: Path) -> None:
    for name in ("app.css", "terminal.css", "app.js", "palette.js"):
        (tmp_path / name).write_bytes(bytes(1024))
    (tmp_path / "terminal.js").write_bytes(os.urandom(300 * 1024))
    lines = pages.bundle_table(tmp_path).splitlines()
    assert lines[2].endswith("| 60    | yes   |")
    assert "metrics.css is not built" in lines[3]
    assert lines[6].endswith("| 250   | NO    |")
