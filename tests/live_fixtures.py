"""Fixtures around the real server."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.live import LiveServer


@contextmanager
def serving() -> Iterator[LiveServer]:
    """A server with a database and images of its own; afterwards nothing of it is left."""
    server = LiveServer()
    try:
        server.prepare()
        server.start()
        yield server
    finally:
        server.close()


@pytest.fixture(scope="session")
def live() -> Iterator[LiveServer]:
    """One running server for all tests that do not hurt it."""
    with serving() as server:
        yield server


@pytest.fixture(scope="module")
def server() -> Iterator[LiveServer]:
    """A server of a file's own: its tests kill it, or its people come and go."""
    with serving() as server:
        yield server
