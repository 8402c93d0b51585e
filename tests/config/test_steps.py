"""What `manage.py prepare` shows of its steps."""

from __future__ import annotations

import io
import re
from pathlib import Path

import pytest

from config.management.steps import Steps


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_steps_are_shown_with_their_time_and_details_go_to_the_log(tmp_path: Path) -> None:
    out = io.StringIO()
    with Steps(out, tmp_path / "new/prepare.log") as step:
        step("Fetching")
        step("    \x1b[91mlayer 1\x1b[0m")
        step("Building")
    assert re.fullmatch(r"==> Fetching\n    done in \d s\n==> Building\n    done in \d s\n", out.getvalue())
    assert (tmp_path / "new/prepare.log").read_text() == "Fetching\n    layer 1\nBuilding\n"


def test_a_failure_shows_the_last_details_and_where_all_of_them_are(tmp_path: Path) -> None:
    out = io.StringIO()
    with pytest.raises(RuntimeError), Steps(out, tmp_path / "prepare.log") as step:
        step("Building")
        step("    no space left on device")
        raise RuntimeError("failed")
    assert out.getvalue().endswith(f"    no space left on device\nThe whole output is in {tmp_path}/prepare.log.\n")
    assert "done in" not in out.getvalue()


def test_a_long_step_gives_a_sign_of_life(tmp_path: Path) -> None:
    out = io.StringIO()
    clock = [0.0]
    with Steps(out, tmp_path / "prepare.log", lambda: clock[0]) as step:
        step("Building")
        for _ in range(24):
            clock[0] += 1
            step("    unpacking")
    assert out.getvalue() == "==> Building\n    ... 10 s\n    ... 20 s\n    done in 24 s\n"


def test_on_a_terminal_details_replace_each_other(tmp_path: Path) -> None:
    out = Terminal()
    with Steps(out, tmp_path / "prepare.log") as step:
        step("Building")
        step("    one")
        step("    two")
    assert "\r\x1b[K    one\r\x1b[K    two\r\x1b[K    done in" in out.getvalue()
