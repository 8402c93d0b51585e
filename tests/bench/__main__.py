"""`make bench`: measure, and print each figure beside its target. Names choose some of the measures."""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable

import uvloop

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

from tests.bench import api, crowd, echo, looking, opening, painted, peers, stalled, throughput
from tests.bench.place import Place, measuring_place
from tests.bench.report import Row, as_table

# Long enough to meet whoever else wants the core.
BUSY_S = 0.2

MEASURES: dict[str, Callable[[Place], Awaitable[list[Row]]]] = {
    "echo": echo.measure,
    "throughput": throughput.measure,
    "opening": opening.measure,
    "painted": painted.measure,
    "stalled": stalled.measure,
    "crowd": crowd.measure,
    "looking": looking.measure,
    "api": api.measure,
    "peers": peers.measure,
}

# Measured in a process of its own, with a database of its own: it needs neither server nor engine.
PAGES = "pages"


def main() -> None:
    asked = arguments()
    # Whoever ends it early wants nothing left behind either.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("Ended early."))
    names = asked.names or [PAGES, *MEASURES]
    if PAGES in names:
        command = [sys.executable, "-m", "tests.bench.pages", *(["--quick"] if asked.quick else [])]
        subprocess.run(command, check=True)
        names = [name for name in names if name != PAGES]
    if names:
        measure_there(asked, names)


def measure_there(asked: argparse.Namespace, names: list[str]) -> None:
    """Measure what needs a real server and engine."""
    with measuring_place(quick=asked.quick, stall_s=asked.stall_seconds) as place:
        rows = uvloop.run(measured(place, names))
    print(f"\nAll together, on {machine()}:\n\n{as_table(rows)}")


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument(
        "names", nargs="*", choices=[PAGES, *MEASURES, []], metavar="name", help=", ".join([PAGES, *MEASURES])
    )
    parser.add_argument("--quick", action="store_true", help="fewer rounds, about two minutes")
    parser.add_argument("--stall-seconds", type=float, help="how long stalled clients stall; 60, or 12 with --quick")
    asked = parser.parse_args()
    if asked.stall_seconds is None:
        asked.stall_seconds = 12.0 if asked.quick else 60.0
    return asked


async def measured(place: Place, names: list[str]) -> list[Row]:
    rows: list[Row] = []
    for name in names:
        began = time.monotonic()
        mine = await MEASURES[name](place)
        took = f"{time.monotonic() - began:.0f} s; a busy process then got {free_share():.0%} of a core"
        print(f"\n{name} ({took})\n{as_table(mine)}", flush=True)
        rows += mine
    return rows


def machine() -> str:
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return f"{os.cpu_count()} cores, {memory:.0f} GiB"


def free_share() -> float:
    """Return which share of a core a busy process gets now: below 1, fixed limits say more of others than of us."""
    began, used = time.perf_counter(), time.process_time()
    while time.process_time() - used < BUSY_S:
        pass
    return BUSY_S / (time.perf_counter() - began)


if __name__ == "__main__":
    main()
