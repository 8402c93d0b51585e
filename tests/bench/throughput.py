"""`cat` of a large file until its last byte is there: ours to a client that acknowledges, and the others in turns."""

from __future__ import annotations

import statistics

from tests.bench.place import Place
from tests.bench.report import Row
from tests.bench.shells import Shell, Terminado, TtyExec, closing

FILE = "/project/workspace/sample.txt"
PIECE_BYTES = 20_000_000


async def measure(place: Place) -> list[Row]:
    turns = place.rounds(10, 4)
    ours, other = await place.ours(), await Terminado.open(place.terminado_port)
    bare = await TtyExec.open(place.container)
    async with closing(ours, other, bare):
        await ours.run(f"head -c {PIECE_BYTES} < <(base64 -w 77 /dev/urandom) > {FILE}", 120)
        mine, theirs, floor = await in_turns([ours, other, bare], turns)
        await ours.run(f"rm {FILE}")
    what = f"cat of {turns * PIECE_BYTES // 1_000_000} MB"
    return [
        compared(f"{what}, against terminado", mine, theirs, 1.5),
        compared(f"{what}, against a TTY exec", mine, floor, 1.0),
    ]


def compared(what: str, mine: list[float], others: list[float], limit: float) -> Row:
    """Return the row of two rates; the ratio is the middle one of those of each turn."""
    ratio = statistics.median(own / other for own, other in zip(mine, others, strict=True))
    own, other = statistics.median(mine), statistics.median(others)
    return Row(what, f">= {limit:.1f} x", f"{own:.1f} MB/s", f"{other:.1f} MB/s", f"{ratio:.2f}", ratio >= limit)


async def in_turns(shells: list[Shell], turns: int) -> list[list[float]]:
    """Return MB/s of each turn, one list per shell; a first turn warms up and does not count."""
    rates: list[list[float]] = [[] for _ in shells]
    for turn in range(turns + 1):
        for shell, seen in zip(shells, rates, strict=True):
            seconds = await shell.run(f"cat {FILE}", 300)
            if turn:
                seen.append(PIECE_BYTES / seconds / 1e6)
    return rates
