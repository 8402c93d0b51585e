"""A nearly full disk refuses what is new, with a sentence, and nothing else."""

from __future__ import annotations

import shutil
from collections import namedtuple
from dataclasses import replace
from pathlib import Path

import pytest

from engine import EngineFacts, space
from engine.space import GIB, DiskLow

Usage = namedtuple("Usage", "total used free")

FACTS = EngineFacts(
    name="here",
    version="20.10",
    api_version="1.41",
    kernel="6",
    operating_system="Debian",
    architecture="x86_64",
    storage_driver="overlay2",
    root_folder="/",
    cpus=2,
    memory_bytes=1,
    runtimes=("runc",),
    security=(),
    cgroup_version="2",
    containers_running=0,
)


def disk(monkeypatch: pytest.MonkeyPatch, total: int, free: int) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: Usage(total, total - free, free))


@pytest.mark.parametrize(("total", "free"), [(20 * GIB, GIB), (1000 * GIB, 40 * GIB), (10 * GIB, 0)])
def test_too_little_is_refused_with_the_figures(monkeypatch: pytest.MonkeyPatch, total: int, free: int) -> None:
    disk(monkeypatch, total, free)
    with pytest.raises(DiskLow, match=rf"{free / GIB:.1f} GiB are free"):
        space.check(FACTS)


@pytest.mark.parametrize(("total", "free"), [(20 * GIB, 3 * GIB), (1000 * GIB, 60 * GIB)])
def test_enough_is_enough(monkeypatch: pytest.MonkeyPatch, total: int, free: int) -> None:
    disk(monkeypatch, total, free)
    space.check(FACTS)


def test_an_engine_elsewhere_is_not_judged_by_our_disk(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    disk(monkeypatch, 10 * GIB, 0)
    space.check(replace(FACTS, root_folder=str(tmp_path / "nowhere")))
