"""Where it is measured: a real server with one running sandbox, and terminado over `docker exec -it` beside it."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.bench.shells import Ours
from tests.live import ROOT, LiveServer, Person, docker, eventually, free_port

SLUG = "bench"


@dataclass(frozen=True)
class Place:
    """`container` runs the person's session; `quick` asks for fewer rounds."""

    server: LiveServer
    person: Person
    container: str
    terminado_port: int
    quick: bool
    stall_s: float

    @property
    def server_pid(self) -> int:
        return self.server.processes[0].pid

    async def new_terminal(self, person: Person | None = None, slug: str = SLUG) -> str:
        """Return the id of a new terminal in the person's own session."""
        return await asyncio.to_thread((person or self.person).open_terminal, slug)

    async def ours(self) -> Ours:
        """Open a new terminal as the page would."""
        return await Ours.open(self.server.port, self.person.cookie, await self.new_terminal())

    def rounds(self, full: int, quick: int) -> int:
        return quick if self.quick else full


@contextmanager
def measuring_place(*, quick: bool, stall_s: float) -> Iterator[Place]:
    """Start everything, and leave nothing behind."""
    server = LiveServer()
    terminado: subprocess.Popen[bytes] | None = None
    try:
        server.prepare()
        server.start()
        person = server.person()
        person.running_sandbox(SLUG)
        person.open_terminal(SLUG)
        container = session_container(server, person)
        port = free_port()
        terminado = start_terminado(port, container)
        yield Place(server, person, container, port, quick, stall_s)
    finally:
        if terminado is not None:
            terminado.terminate()
            terminado.wait(10)
        server.close()


def session_container(server: LiveServer, person: Person, slug: str = SLUG) -> str:
    row = server.row(
        "SELECT s.name FROM sandbox_sessions_session s JOIN accounts_user u ON u.id = s.user_id"
        " JOIN sandboxes_sandbox b ON b.id = s.sandbox_id WHERE u.email = ? AND b.slug = ?",
        person.email,
        slug,
    )
    return f"sandlot-{server.instance}.{slug}.{row['name']}"


def start_terminado(port: int, container: str) -> subprocess.Popen[bytes]:
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.bench.terminado_server", str(port), container],
        cwd=ROOT,
        env={name: value for name, value in os.environ.items() if not name.startswith("SANDLOT_")},
        stdin=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    eventually(lambda: listens(port), "terminado listens")
    return process


def listens(port: int) -> bool:
    """Whether some process accepts connections there; asked of the kernel, so that no connection disturbs it."""
    wanted = f"0100007F:{port:04X} 00000000:0000 0A"
    return wanted in Path("/proc/net/tcp").read_text()


def holder_pid(container: str) -> int:
    """Return the number, on this machine, of the container's first process."""
    return int(docker("inspect", "--format", "{{.State.Pid}}", container)[0])


def memory_bytes(pid: int) -> int:
    """Return the resident memory of a process."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) * 1024
    return 0


def cpu_s(pid: int) -> float:
    """Return the processor time that a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


async def settled(seconds: float, pid: int) -> float:
    """Wait and return the share of one core that a process used meanwhile."""
    began, before = time.perf_counter(), cpu_s(pid)
    await asyncio.sleep(seconds)
    return (cpu_s(pid) - before) / (time.perf_counter() - began)
