"""docs/limits.md says what the code does."""

from __future__ import annotations

import importlib
import re
from datetime import timedelta

import pytest

from tests.live import ROOT

TEXT = (ROOT / "docs/limits.md").read_text()
ROWS = re.findall(r"^\| (.+?) \| (.+?) \| `(.+?)` `(.+?)` \|$", TEXT, re.MULTILINE)
UNITS = {"": 1, "s": 1, "h": 3600, "day": 86_400, "days": 86_400, "KiB": 1024, "MiB": 1024**2}


def value_of(path: str, name: str) -> float:
    """Return a constant of a module, or of a header that multiplies numbers; times in seconds."""
    if path.endswith(".h"):
        text = re.search(rf"^#define {name} (.+)$", (ROOT / path).read_text(), re.MULTILINE)
        assert text, name
        product = 1
        for factor in re.findall(r"\d+", text[1]):
            product *= int(factor)
        return product
    value = getattr(importlib.import_module(path.removesuffix(".py").replace("/", ".")), name)
    return value.total_seconds() if isinstance(value, timedelta) else float(value)


@pytest.mark.parametrize(("what", "limit", "path", "name"), ROWS)
def test_a_limit_is_as_it_is_said(what: str, limit: str, path: str, name: str) -> None:
    number, _, unit = limit.partition(" ")
    assert float(number) * UNITS[unit] == value_of(path, name), what


def test_the_list_is_read_whole() -> None:
    first_table = TEXT.split("## Sizes")[0]
    assert len(ROWS) == first_table.count("\n| ") - 1
    assert len(ROWS) > 30
