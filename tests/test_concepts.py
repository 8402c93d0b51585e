"""The list of where things are is true: each file is there, and the name stands in it."""

from __future__ import annotations

import re

import pytest

from tests.live import ROOT

SECTION = (ROOT / "docs" / "design.md").read_text().partition("## Where things are\n")[2].partition("\n## ")[0]
ROWS = [line.strip("|").split("|") for line in SECTION.splitlines() if line.startswith("| ") and "`" in line]
QUOTED = re.compile(r"`([^`]+)`")
CONCEPTS = [
    (concept.strip(), file, name)
    for concept, files, names in ROWS
    for file, name in zip(QUOTED.findall(files), QUOTED.findall(names), strict=True)
]


def test_the_list_has_at_least_25_concepts() -> None:
    assert len({concept for concept, _, _ in CONCEPTS}) >= 25


@pytest.mark.parametrize(("concept", "file", "name"), CONCEPTS)
def test_each_stands_where_the_list_says(concept: str, file: str, name: str) -> None:
    assert re.search(rf"(?<!\w){re.escape(name)}(?!\w)", (ROOT / file).read_text()), f"{concept}: no {name} in {file}"
