"""What a program waits for: commands, files, lists; beside `docker exec`, `docker cp` and docker-py."""

from __future__ import annotations

import asyncio
import os
import subprocess
import tempfile
import time
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import docker
import requests

from tests.bench.place import SLUG, Place, holder_pid, memory_bytes
from tests.bench.report import Row, against, at_most
from tests.bench.throughput import compared
from tests.commander import Commander
from tests.filer import Filer

LARGE_BYTES = 200_000_000
AT_ONCE = 16
KIB = bytes(1024)


class Program:
    """What a program has: a token, the addresses of a session, and the container for the other sides."""

    def __init__(self, place: Place) -> None:
        self.place, self.origin = place, place.server.origin
        self.token = place.server.api_token(place.person.email)
        self.container = place.container
        self.session = f"/sandboxes/{SLUG}/sessions/{place.container.rpartition('.')[2]}"
        self.http = requests.Session()
        self.http.headers["Authorization"] = f"Bearer {self.token}"

    def commander(self) -> Commander:
        return Commander(self.origin, f"/ws{self.session}/commands/", self.token)

    def get(self, path: str) -> requests.Response:
        answer = self.http.get(f"{self.origin}/api/v1{path}", timeout=30)
        answer.raise_for_status()
        return answer

    def post(self, path: str, body: object) -> requests.Response:
        answer = self.http.post(f"{self.origin}/api/v1{path}", json=body, timeout=30)
        answer.raise_for_status()
        return answer


async def measure(place: Place) -> list[Row]:
    program = await asyncio.to_thread(Program, place)
    rows = await commands(program)
    rows += await output_and_input(program)
    rows += await small_files(program)
    rows += await large_files(program)
    rows += await asyncio.to_thread(lists, program)
    return rows + await creations(program)


def timed(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


async def timed_async(work: Callable[[], Awaitable[object]]) -> float:
    began = time.perf_counter()
    await work()
    return time.perf_counter() - began


# --- commands -------------------------------------------------------------------------------------------------------
async def commands(program: Program) -> list[Row]:
    """`true`, one after the other in turns with the others, and then many at once."""
    ours, by_hand, by_library = [], [], []
    client = docker.from_env()
    container = client.containers.get(program.container)
    try:
        async with program.commander() as commander:
            await commander.run(["true"])
            for _ in range(program.place.rounds(100, 30)):
                ours.append(await timed_async(lambda: commander.run(["true"])))
                by_hand.append(await asyncio.to_thread(timed, lambda: docker_exec(program.container, "true")))
                by_library.append(await asyncio.to_thread(timed, lambda: container.exec_run("true")))
        rate = await our_rate(program)
        theirs = await asyncio.to_thread(library_rate, container, program.place.rounds(320, 96))
    finally:
        client.close()
    return [
        at_most("`true` over the websocket", ours, 50, 0.010),
        against("`true`, against `docker exec`", ours, by_hand, 50, 0.25),
        against("`true`, against docker-py's exec_run", ours, by_library, 50, 0.25),
        Row(
            f"commands a second, {AT_ONCE} at a time, beside docker-py in threads", ">= 150",
            f"{rate:.0f}", f"{theirs:.0f}", f"{rate / theirs:.1f}", rate >= 150,
        ),
    ]  # fmt: skip


def docker_exec(container: str, *words: str) -> None:
    subprocess.run(["docker", "exec", container, *words], check=True, stdout=subprocess.DEVNULL)


async def our_rate(program: Program) -> float:
    each = program.place.rounds(100, 25)

    async def one() -> None:
        async with program.commander() as commander:
            for _ in range(each):
                await commander.run(["true"])

    seconds = await timed_async(lambda: asyncio.gather(*(one() for _ in range(AT_ONCE))))
    return AT_ONCE * each / seconds


def library_rate(container: Any, count: int) -> float:
    with ThreadPoolExecutor(AT_ONCE) as pool:
        seconds = timed(lambda: list(pool.map(lambda _: container.exec_run("true"), range(count))))
    return count / seconds


async def output_and_input(program: Program) -> list[Row]:
    """A large file to a command's output, and bytes into a command's input, in turns with `docker exec`."""
    path, turns = "/project/workspace/large", program.place.rounds(5, 2)
    docker_exec(program.container, "sh", "-c", f"head -c {LARGE_BYTES} /dev/zero > {path}")
    out, out_by_hand, into, into_by_hand = [], [], [], []
    sink = ["sh", "-c", "cat > /dev/null"]
    printing, taking = ["docker", "exec", program.container, "cat", path], ["docker", "exec", "-i", program.container]
    data = bytes(LARGE_BYTES)
    async with program.commander() as commander:
        for _ in range(turns):
            out.append(rate(await timed_async(lambda: commander.run(["cat", path]))))
            out_by_hand.append(rate(await asyncio.to_thread(timed, lambda: drained(printing))))
            into.append(rate(await timed_async(lambda: commander.run(sink, stdin=data))))
            into_by_hand.append(rate(await asyncio.to_thread(timed, lambda: fed([*taking, *sink], data))))
    docker_exec(program.container, "rm", path)
    return [
        compared("200 MB of a command's output, against `docker exec`", out, out_by_hand, 0.8),
        compared("200 MB into a command's input, against `docker exec -i`", into, into_by_hand, 0.8),
    ]


def rate(seconds: float) -> float:
    return LARGE_BYTES / seconds / 1e6


def fed(argv: list[str], data: bytes) -> None:
    subprocess.run(argv, input=data, check=True)


def drained(argv: list[str]) -> None:
    """Run a command, and read all that it prints."""
    with subprocess.Popen(argv, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        while process.stdout.read(1 << 20):
            pass


# --- files ----------------------------------------------------------------------------------------------------------
async def small_files(program: Program) -> list[Row]:
    over_http, read, written = [], [], []
    path = f"{program.session}/files/content?path=small"
    async with Filer.at(program.origin, f"/ws{program.session}/files/", program.token) as files:
        await files.write(KIB, path="small")
        for _ in range(program.place.rounds(300, 100)):
            written.append(await timed_async(lambda: files.write(KIB, path="small")))
            read.append(await timed_async(lambda: files.content("read", path="small")))
            over_http.append(await asyncio.to_thread(timed, lambda: program.get(path)))
    return [
        at_most("write 1 KB to a file over the websocket", written, 50, 0.005),
        at_most("read 1 KB of a file over the websocket", read, 50, 0.005),
        at_most("read 1 KB of a file over HTTP", over_http, 50, 0.005),
    ]


async def large_files(program: Program) -> list[Row]:
    """200 MB up and down in turns with `docker cp`, and what the server grows by."""
    up, down, up_by_hand, down_by_hand = [], [], [], []
    data = os.urandom(LARGE_BYTES)
    before = memory_bytes(program.place.server_pid)
    grown = 0
    with tempfile.TemporaryDirectory() as folder:
        local = Path(folder) / "large"
        local.write_bytes(data)
        remote = f"{program.container}:/project/workspace/copied"
        async with Filer.at(program.origin, f"/ws{program.session}/files/", program.token) as files:
            for _ in range(program.place.rounds(5, 2)):
                up.append(rate(await timed_async(lambda: files.write(data, path="large"))))
                came, _ = await files.content("read", path="large")
                assert came == data
                down.append(rate(await timed_async(lambda: files.content("read", path="large"))))
                grown = max(grown, memory_bytes(program.place.server_pid) - before)
                up_by_hand.append(rate(await asyncio.to_thread(timed, lambda: docker_cp(str(local), remote))))
                down_by_hand.append(rate(await asyncio.to_thread(timed, lambda: docker_cp(remote, f"{local}.down"))))
            await files.do("remove", path="large")
            await files.do("remove", path="copied")
    return [
        compared("upload of 200 MB, against `docker cp`", up, up_by_hand, 0.7),
        compared("download of 200 MB, against `docker cp`", down, down_by_hand, 0.7),
        Row("the server grows by, meanwhile", "<= 16 MiB", f"{grown / 2**20:.1f} MiB", holds=grown <= 16 * 2**20),
        *await idle_line(program),
    ]


def docker_cp(source: str, target: str) -> None:
    subprocess.run(["docker", "cp", "-q", source, target], check=True, stdout=subprocess.DEVNULL)


async def idle_line(program: Program) -> list[Row]:
    """What a line costs that nobody uses: the process in the container; the server's share is shared by all."""
    first = holder_pid(program.container)
    lines = [pid for pid in children_of(first) if b"line" in Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")]
    if not lines:
        return []
    proportional = sum(private_bytes(pid) for pid in lines) / len(lines)
    text = f"{proportional / 1024:.0f} KiB"
    return [Row("an idle line in the container", "<= 400 KiB", text, holds=proportional <= 400 * 1024)]


def children_of(first: int) -> list[int]:
    """Return the processes in the container of this first one."""
    space = os.stat(f"/proc/{first}/ns/pid").st_ino  # noqa: PTH116
    found = []
    for each in Path("/proc").glob("[0-9]*"):
        try:
            if os.stat(each / "ns/pid").st_ino == space:  # noqa: PTH116
                found.append(int(each.name))
        except OSError:
            continue
    return found


def private_bytes(pid: int) -> int:
    """Return what a process alone holds in memory."""
    total = 0
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith(("Private_Clean:", "Private_Dirty:")):
            total += int(line.split()[1]) * 1024
    return total


# --- rows, and a sandbox from nothing -------------------------------------------------------------------------------
def lists(program: Program) -> list[Row]:
    one = [timed(lambda: program.get(f"/sandboxes/{SLUG}")) for _ in range(program.place.rounds(200, 60))]
    return [at_most("one sandbox over HTTP", one, 95, 0.020)]


async def creations(program: Program) -> list[Row]:
    """From nothing to the first command's answer; by hand `docker run` and `docker exec`."""
    image = program.place.server.row("SELECT image FROM sandboxes_template WHERE slug = 'debian'")["image"]
    ours, by_hand = [], []
    for number in range(program.place.rounds(20, 5)):
        ours.append(await timed_async(lambda number=number: created(program, f"api-{number}")))  # type: ignore[misc]
        await asyncio.to_thread(program.http.delete, f"{program.origin}/api/v1/sandboxes/api-{number}")
        by_hand.append(await asyncio.to_thread(timed, lambda: run_by_hand(image, program.place.server.instance)))
    what = "create a sandbox until its first command's answer, against `docker run` and `docker exec`"
    return [at_most(what, ours, 50, 1.2, by_hand)]


async def created(program: Program, slug: str) -> None:
    await asyncio.to_thread(program.post, "/sandboxes", {"id": slug, "template": "debian"})
    await asyncio.to_thread(program.get, f"/sandboxes/{slug}?wait=20&until=running")
    path = f"/ws/sandboxes/{slug}/sessions/pitcher-host/commands/"
    async with Commander(program.origin, path, program.token) as commander:
        assert (await commander.run(["true"]))["status"] == 0


def run_by_hand(image: str, instance: str) -> None:
    words = ["docker", "run", "-d", "--label", f"sandlot.instance={instance}", image, "sleep", "60"]
    container = subprocess.check_output(words, text=True).strip()
    docker_exec(container, "true")
    # What is timed is what a person waits for: the container is removed beside it.
    subprocess.Popen(["docker", "rm", "-f", container], stdout=subprocess.DEVNULL)
