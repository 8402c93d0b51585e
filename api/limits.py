"""How often a program may ask: a bucket of tokens for each API token, and one for each address that has none.

Counted in each server process for itself; who runs several has as many times the rate.
"""

from __future__ import annotations

import math
import time
from collections import OrderedDict
from dataclasses import dataclass
from threading import Lock

# Requests within a window of seconds; a client that polls twice a second, or starts a hundred things at once, fits.
PER_TOKEN, PER_STRANGER, WINDOW_S = 600, 60, 60
BUCKETS_KEPT = 10_000


@dataclass(frozen=True)
class Rate:
    """What is left for one caller after this request."""

    name: str
    limit: int
    left: int
    # Seconds until there is room again, or until all of it is.
    reset_s: int

    @property
    def headers(self) -> dict[str, str]:
        """The fields of draft-ietf-httpapi-ratelimit-headers."""
        return {
            "RateLimit-Policy": f'"{self.name}";q={self.limit};w={WINDOW_S}',
            "RateLimit": f'"{self.name}";r={max(0, self.left)};t={self.reset_s}',
        }

    @property
    def is_over(self) -> bool:
        return self.left < 0


class Buckets:
    """Fills each bucket evenly over the window."""

    def __init__(self, name: str, limit: int) -> None:
        self.name, self.limit = name, limit
        self._levels: OrderedDict[str, tuple[float, float]] = OrderedDict()
        self._lock = Lock()

    def take(self, key: str, now: float | None = None) -> Rate:
        """Take one; with nothing left the rate says when to come back, and nothing is taken."""
        now = time.monotonic() if now is None else now
        per_s = self.limit / WINDOW_S
        with self._lock:
            level, at = self._levels.pop(key, (float(self.limit), now))
            level = min(float(self.limit), level + (now - at) * per_s)
            is_over = level < 1
            level -= 0 if is_over else 1
            self._levels[key] = (level, now)
            if len(self._levels) > BUCKETS_KEPT:
                self._levels.popitem(last=False)
        wait_s = (1 - level) / per_s if is_over else (self.limit - level) / per_s
        return Rate(self.name, self.limit, -1 if is_over else int(level), math.ceil(wait_s))


tokens = Buckets("token", PER_TOKEN)
strangers = Buckets("address", PER_STRANGER)
