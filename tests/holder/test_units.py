"""The C parts alone, under the sanitizers, and a bounded fuzz run."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.holder.conftest import make


@pytest.mark.timeout(600)
def test_units_under_the_sanitizers() -> None:
    said = make("test")
    for unit in ("ring", "frames", "modes", "history", "container", "records", "confine", "slots", "streams", "window"):
        assert f"test_{unit}" in said


@pytest.mark.timeout(600)
def test_fuzzing_what_comes_from_outside_finds_nothing() -> None:
    said = make("fuzz")
    assert said.count("stat::number_of_executed_units") == 5


def test_the_binary_is_static_and_small(built: Path) -> None:
    described = subprocess.run(["file", built], capture_output=True, text=True, check=True).stdout
    assert "statically linked" in described
    assert built.stat().st_size < 224 * 1024


@pytest.mark.parametrize(
    ("output", "preamble"),
    [
        (b"", b""),
        (b"\x1b[?2004h\x1b[31mred", b"\x1b[0;31m\x1b[?2004h\x1b[4G"),
        (b"\x1b]2;t\xc3\xadtle\x07" + b"x" * 200_000, b"\x1b]2;t\xc3\xadtle\x1b\\"),
    ],
)
def test_the_preamble_of_any_output_can_be_asked_for(binary: Path, output: bytes, preamble: bytes) -> None:
    assert subprocess.run([binary, "modes"], input=output, capture_output=True, check=True).stdout == preamble


def test_the_preamble_is_for_a_terminal_of_the_size_that_is_given(binary: Path) -> None:
    def preamble(*words: str) -> bytes:
        return subprocess.run([binary, "modes", *words], input=b"\x1b[1;30r", capture_output=True, check=True).stdout

    assert preamble() == b""  # the whole screen of 24 rows
    assert preamble("--size", "80x30") == b""
    assert preamble("--size", "80x40") == b"\x1b[1;30r"


@pytest.mark.parametrize("size", ["", "80", "80x", "x24", "80x24x", "0x24", "70000x24", "80 24"])
def test_a_size_that_is_none_is_refused(binary: Path, size: str) -> None:
    assert subprocess.run([binary, "modes", "--size", size], capture_output=True, check=False).returncode == 64
