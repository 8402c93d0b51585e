"""Twenty clients ask for `yes` and then read nothing: what the dashboard keeps for them, and what others notice."""

from __future__ import annotations

import asyncio
import time

from tests.bench.echo import keys
from tests.bench.place import Place, memory_bytes
from tests.bench.report import Row, against
from tests.bench.shells import Ours, closing

MIB = 1024 * 1024
CLIENTS = 20
GROWTH_MAX_BYTES = 32 * MIB


async def measure(place: Place) -> list[Row]:
    stalled = [await place.ours() for _ in range(CLIENTS)]
    neighbour = await place.ours()
    async with closing(neighbour, *stalled):
        await neighbour.start_echo()
        before, calm = memory_bytes(place.server_pid), await typing_for(neighbour, place.stall_s / 4)
        for shell in stalled:
            stall(shell)
        grown, busy = await watched(place, neighbour, place.stall_s, before)
    what = f"{CLIENTS} stalled clients on `yes` for {place.stall_s:.0f} s"
    return [
        Row(f"{what}: the dashboard grows", "<= 32 MiB", f"{grown / MIB:.1f} MiB", holds=grown <= GROWTH_MAX_BYTES),
        against("echo in a terminal of the same session, against before", busy, calm, 50, 2.0),
        against("echo in a terminal of the same session, against before", busy, calm, 99, 2.0),
    ]


def stall(shell: Ours) -> None:
    """Ask for everything, take nothing: neither acknowledge nor read."""
    shell.acks = False
    shell.type(b"yes\r")
    shell.wire.stop_reading()


async def watched(place: Place, neighbour: Ours, seconds: float, before: int) -> tuple[int, list[float]]:
    """Return by how much the dashboard grew at most, and the neighbour's times."""
    grown, times = 0, []
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        times += await typing_for(neighbour, min(1.0, seconds))
        grown = max(grown, memory_bytes(place.server_pid) - before)
    return grown, times


async def typing_for(shell: Ours, seconds: float) -> list[float]:
    """Type 50 keys a second."""
    times: list[float] = []
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        times += await keys(shell, 1)
        await asyncio.sleep(0.02)
    return times
