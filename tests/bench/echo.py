"""From a key to its echo, one terminal: ours and terminado in turns, so that what else happens here meets both."""

from __future__ import annotations

from tests.bench.place import Place
from tests.bench.report import Row, against, milliseconds, percentile
from tests.bench.shells import Shell, Terminado, TtyExec, closing

KEYS_PER_TURN = 250


async def measure(place: Place) -> list[Row]:
    ours, other = await place.ours(), await Terminado.open(place.terminado_port)
    bare = await TtyExec.open(place.container)
    async with closing(ours, other, bare):
        times = await in_turns([ours, other, bare], place.rounds(24, 8))
    mine, theirs, floor = times
    return [
        against("echo of a key, against terminado", mine, theirs, 50, 0.9),
        against("echo of a key, against terminado", mine, theirs, 99, 1.0),
        Row(
            "the engine's TTY exec without a bridge: p50, p99",
            "",
            milliseconds(percentile(floor, 50)),
            milliseconds(percentile(floor, 99)),
        ),
    ]


async def in_turns(shells: list[Shell], turns: int) -> list[list[float]]:
    """Return the seconds of each key, one list per shell."""
    times: list[list[float]] = [[] for _ in shells]
    for shell in shells:
        await shell.start_echo()
        await keys(shell, KEYS_PER_TURN)
    for _ in range(turns):
        for shell, seen in zip(shells, times, strict=True):
            seen.extend(await keys(shell, KEYS_PER_TURN))
    return times


async def keys(shell: Shell, count: int) -> list[float]:
    return [await shell.echo() for _ in range(count)]
