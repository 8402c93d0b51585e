"""Where the kernel's counters of a container are found: both versions of cgroups, both drivers of the engine."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine import Refusals
from engine.docker import cgroups

ID = "4eae3ff30bd3"
PLACES = [
    f"pids/docker/{ID}",
    f"pids/system.slice/docker-{ID}.scope",
    f"docker/{ID}",
    f"system.slice/docker-{ID}.scope",
]


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(cgroups, "ROOTS", (tmp_path / "pids", tmp_path))
    return tmp_path


def count(folder: Path, *, limit: str = "512", events: str = "max 3\n") -> None:
    folder.mkdir(parents=True)
    (folder / "pids.max").write_text(f"{limit}\n")
    (folder / "pids.events").write_text(events)


@pytest.mark.parametrize("place", PLACES)
def test_refusals_are_read_where_the_engine_keeps_them(root: Path, place: str) -> None:
    count(root / place)
    assert cgroups.refusals_of(ID) == Refusals(count=3, limit=512)


def test_no_limit_is_none(root: Path) -> None:
    count(root / PLACES[0], limit="max", events="max 0\n")
    assert cgroups.refusals_of(ID) == Refusals(count=0, limit=0)


def test_of_an_engine_on_another_machine_nothing_is_known(root: Path) -> None:
    assert cgroups.refusals_of(ID) is None


def test_a_kernel_that_counts_no_refusals_is_not_misread(root: Path) -> None:
    count(root / PLACES[0], events="")
    assert cgroups.refusals_of(ID) is None
