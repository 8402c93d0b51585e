"""What it costs to look at 50 running sessions: processor time, a minute, of the one who looks and of the engine."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

from engine import Container, ContainerSpec
from engine.docker import DockerEngine
from engine.labels import labels_of
from tests.bench.place import Place, cpu_s
from tests.bench.report import Row
from tests.live import remove_instance

# As sandboxes.supervising.sampler and sandboxes.models.samples have them: those need Django with its tables.
LOOK_S, FINE_S, AT_ONCE = 3.0, 15, 64
SESSIONS = 50
ENGINE = {"dockerd", "containerd"}
Look = Callable[[], Awaitable[None]]


async def measure(place: Place) -> list[Row]:
    instance = f"{place.server.instance}-look"
    engine = DockerEngine("unix:///var/run/docker.sock", instance)
    image = place.server.row("SELECT image FROM sandboxes_template WHERE slug = 'busybox'")["image"]
    try:
        running = [await started(engine, instance, image, number) for number in range(SESSIONS)]

        async def by_the_kernel() -> None:
            assert len(await engine.refusals(running)) == SESSIONS

        async def by_the_engine() -> None:
            waiting = list(running)

            async def ask() -> None:
                while waiting:
                    await engine.stats(waiting.pop().name)

            await asyncio.gather(*(ask() for _ in range(AT_ONCE)))

        seconds = place.rounds(60, 15)
        return [
            await cost("nobody looks", seconds, seconds, nothing),
            await cost(f"limits every {LOOK_S:g} s, as the kernel counts them", seconds, LOOK_S, by_the_kernel),
            await cost(f"limits every {LOOK_S:g} s, asked of an engine elsewhere", seconds, LOOK_S, by_the_engine),
            await cost(f"samples every {FINE_S} s", seconds, FINE_S, by_the_engine),
        ]
    finally:
        await engine.close()
        await asyncio.to_thread(remove_instance, instance)


async def started(engine: DockerEngine, instance: str, image: str, number: int) -> Container:
    name = f"sandlot-{instance}-{number}"
    labels = labels_of(instance, "session", session=str(number))
    await engine.create_container(ContainerSpec(name, image, ("/bin/sleep", "3600"), labels, pids=64))
    await engine.start_container(name)
    return await engine.container(name)


async def nothing() -> None:
    pass


async def cost(what: str, seconds: float, every_s: float, look: Look) -> Row:
    """Look again and again for so long; return the processor time for a minute of that."""
    await look()
    engine = engine_pids()
    mine, theirs, began = cpu_s(os.getpid()), sum(map(cpu_s, engine)), time.monotonic()
    while (left := began + seconds - time.monotonic()) > 0:
        await asyncio.gather(look(), asyncio.sleep(min(every_s, left)))
    minutes = (time.monotonic() - began) / 60
    ours, others = (cpu_s(os.getpid()) - mine) / minutes, (sum(map(cpu_s, engine)) - theirs) / minutes
    what = f"{SESSIONS} running sessions, {what}: a minute, ours and the engine's"
    return Row(what, "", f"{ours:.2f} s", f"{others:.2f} s")


def engine_pids() -> list[int]:
    """Return the engine's processes on this machine."""
    folders = (path for path in Path("/proc").iterdir() if path.name.isdigit())
    return [int(path.name) for path in folders if name_of(path) in ENGINE]


def name_of(process: Path) -> str:
    try:
        return (process / "comm").read_text().strip()
    except OSError:  # it has just ended
        return ""
