"""`cat` of a large file until its last byte is there: ours to a client that acknowledges, and the others in turns."""

from __future__ import annotations

import statistics

from tests.bench.place import Place
from tests.bench.report import Row
from tests.bench.shells import Shell, Terminado, TtyExec, closing

FILE = "/project/workspace/sample.txt"
TURNS = 3


async def measure(place: Place) -> list[Row]:
    size = place.rounds(200, 50) * 1000 * 1000
    ours, other = await place.ours(), await Terminado.open(place.terminado_port)
    bare = await TtyExec.open(place.container)
    async with closing(ours, other, bare):
        await ours.run(f"head -c {size} < <(base64 -w 77 /dev/urandom) > {FILE}", 120)
        rates = await in_turns([ours, other, bare], size, place.rounds(TURNS, 2))
        await ours.run(f"rm {FILE}")
    mine, theirs, floor = (statistics.median(each) for each in rates)
    what = f"cat of {size // 1_000_000} MB"
    return [
        Row(f"{what}, against terminado", ">= 1.5 x", *line(mine, theirs), mine / theirs >= 1.5),
        Row(f"{what}, against a TTY exec", ">= 1.0 x", *line(mine, floor), mine / floor >= 1.0),
    ]


def line(mine: float, other: float) -> tuple[str, str, str]:
    return f"{mine:.1f} MB/s", f"{other:.1f} MB/s", f"{mine / other:.2f}"


async def in_turns(shells: list[Shell], size: int, turns: int) -> list[list[float]]:
    """Return MB/s of each turn, one list per shell."""
    rates: list[list[float]] = [[] for _ in shells]
    for _ in range(turns):
        for shell, seen in zip(shells, rates, strict=True):
            seen.append(size / await shell.run(f"cat {FILE}", 300) / 1e6)
    return rates
