"""What a server does beside the dashboard goes on, whatever becomes of it."""

from __future__ import annotations

import asyncio
import logging
import os
import signal

import pytest

from config.management.commands import serve
from sandboxes.supervising import keeping


async def nothing() -> None:
    """Instead of looking after connections."""


async def test_a_part_that_dies_is_logged_and_started_again_until_a_signal(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    runs = 0
    goes_on = asyncio.Event()

    async def part() -> None:
        nonlocal runs
        runs += 1
        if runs < 3:
            raise RuntimeError(f"death {runs}")
        goes_on.set()
        await asyncio.Event().wait()

    monkeypatch.setattr(keeping, "FIRST_WAIT_S", 0.01)
    # There is no database here, nor a thread for one: what another test left in it must not be waited for.
    monkeypatch.setattr(keeping, "sync_to_async", lambda _: nothing)
    monkeypatch.setitem(serve.PARTS, "supervisor", part)
    running = asyncio.create_task(serve.Command()._run_until_signal("supervisor"))
    await asyncio.wait_for(goes_on.wait(), 20)
    assert [record.levelno for record in caplog.records] == [logging.ERROR] * 2
    assert "The supervisor stopped unexpectedly." in caplog.text
    os.kill(os.getpid(), signal.SIGTERM)
    await asyncio.wait_for(running, 20)
    assert runs == 3
