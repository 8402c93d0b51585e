"""A large form arrives at the views of a real server, and one that is too large is answered with a page."""

from __future__ import annotations

from pathlib import Path

import pytest
import requests

from tests.live import LiveServer

pytestmark = [pytest.mark.engine, pytest.mark.xdist_group("live")]
MIB = 1024 * 1024


def test_what_is_below_the_limit_is_read(live: LiveServer) -> None:
    answer = live.person().post("/team/rename/", name="x" * (MIB - 4096))
    assert answer.status_code == 200
    assert "at most 60 characters" in answer.text


def test_what_is_far_above_it_is_refused_before_anything_reads_it(live: LiveServer) -> None:
    body = b"x" * 64 * MIB
    before = peak_bytes(live)
    answer = requests.post(f"{live.origin}/accounts/login/", data=body, timeout=30)
    assert answer.status_code == 413
    assert "more than may be sent" in answer.text
    assert peak_bytes(live) - before < 32 * MIB


def peak_bytes(live: LiveServer) -> int:
    """Return the most memory that the server ever held."""
    status = Path(f"/proc/{live.processes[0].pid}/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) * 1024


def test_what_is_above_it_is_told(live: LiveServer) -> None:
    answer = live.person().post("/team/rename/", name="x" * 2 * MIB)
    assert answer.status_code == 413
    assert "This is more than a form may send" in answer.text
