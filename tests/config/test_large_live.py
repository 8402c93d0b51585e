"""A large form arrives at the views of a real server, and one that is too large is answered with a page."""

from __future__ import annotations

import pytest

from tests.live import LiveServer

pytestmark = [pytest.mark.engine, pytest.mark.xdist_group("live")]
MIB = 1024 * 1024


def test_what_is_below_the_limit_is_read(live: LiveServer) -> None:
    answer = live.person().post("/team/rename/", name="x" * (MIB - 4096))
    assert answer.status_code == 200
    assert "at most 60 characters" in answer.text


def test_what_is_above_it_is_told(live: LiveServer) -> None:
    answer = live.person().post("/team/rename/", name="x" * 2 * MIB)
    assert answer.status_code == 413
    assert "This is more than a form may send" in answer.text
