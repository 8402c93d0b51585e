"""From the wish to the prompt: a new sandbox, and a terminal in a session that runs; beside it `docker run -it`."""

from __future__ import annotations

import asyncio
import os
import pty
import re
import signal
import time

from tests.bench.place import Place
from tests.bench.report import Row, at_most
from tests.bench.shells import Ours

PROMPT = re.compile(rb"# (\x1b\[[?0-9;]*[a-z])*$")


async def measure(place: Place) -> list[Row]:
    clicks = [await click(place) for _ in range(place.rounds(40, 15))]
    image = place.server.row("SELECT image FROM sandboxes_template WHERE slug = 'debian'")["image"]
    created, by_hand = [], []
    for number in range(place.rounds(20, 5)):
        created.append(await create(place, f"new-{number}"))
        by_hand.append(await asyncio.to_thread(docker_run, image, place.server.instance))
    return [
        at_most("open a terminal in a running session until its prompt", clicks, 95, 0.4),
        at_most("create a sandbox until its prompt, against docker run -it", created, 50, 2.5, by_hand),
        at_most("create a sandbox until its prompt, against docker run -it", created, 95, 2.5, by_hand),
    ]


async def click(place: Place) -> float:
    """Return the seconds that a page needs at least: ask for a terminal, open its socket, see the prompt."""
    began = time.perf_counter()
    answer = await asyncio.to_thread(place.person.post, "/sandboxes/bench/terminals/")
    terminal_id = str(answer.json()["id"])
    shell = await Ours.open(place.server.port, place.person.cookie, terminal_id)
    elapsed = time.perf_counter() - began
    shell.close()
    await asyncio.to_thread(place.person.post, f"/terminals/{terminal_id}/end/")
    return elapsed


async def create(place: Place, slug: str) -> float:
    """Return the seconds from sending the form to the prompt; the sandbox is deleted afterwards."""
    began = time.perf_counter()
    await asyncio.to_thread(place.person.create_sandbox, slug)
    await asyncio.to_thread(place.server.wait_for_state, slug, "running")
    shell = await Ours.open(place.server.port, place.person.cookie, await place.new_terminal(slug=slug))
    elapsed = time.perf_counter() - began
    shell.close()
    await asyncio.to_thread(place.person.delete_sandbox, slug)
    return elapsed


def docker_run(image: str, instance: str) -> float:
    """Return the seconds from Enter to the prompt of a container that a person starts by hand."""
    argv = ["docker", "run", "--rm", "-it", "--label", f"sandlot.instance={instance}", image, "bash"]
    began = time.perf_counter()
    child, terminal = pty.fork()
    if child == 0:
        os.execvp(argv[0], argv)  # noqa: S606  # the pseudo-terminal is the point
    seen = b""
    while not PROMPT.search(seen):
        seen += os.read(terminal, 4096)
    elapsed = time.perf_counter() - began
    os.write(terminal, b"exit\r")
    leave(child, terminal)
    return elapsed


def leave(child: int, terminal: int) -> None:
    """Read until the container is gone."""
    try:
        while os.read(terminal, 4096):
            pass
    except OSError:  # Linux says so when the other side is closed.
        pass
    finally:
        os.close(terminal)
        os.kill(child, signal.SIGTERM)
        os.waitpid(child, 0)
