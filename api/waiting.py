"""Long polls: bounded, and no connection to the database is held in between."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

from django.db import connection

Row = TypeVar("Row")

WAIT_MAX_S = 20
LOOK_S = 0.25


def waited_for(find: Callable[[], Row], is_reached: Callable[[Row], bool], wait_s: float) -> Row:
    """Return what `find` finds once it is as wanted, and after `wait_s` seconds as it is."""
    deadline = time.monotonic() + wait_s
    found = find()
    while not is_reached(found) and time.monotonic() < deadline:
        connection.close()
        time.sleep(LOOK_S)
        found = find()
    return found
