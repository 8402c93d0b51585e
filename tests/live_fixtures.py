"""Fixtures around the real server."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.live import LiveServer


@pytest.fixture(scope="session")
def live() -> Iterator[LiveServer]:
    """One running server for all tests that do not hurt it."""
    server = LiveServer()
    try:
        server.prepare()
        server.start()
        yield server
    finally:
        server.close()


@pytest.fixture
def fragile() -> Iterator[LiveServer]:
    """A server of its own, for tests that kill it."""
    server = LiveServer()
    try:
        server.prepare()
        server.start()
        yield server
    finally:
        server.close()
