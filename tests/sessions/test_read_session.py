"""What somebody who may only read cannot do to those who write, in real terminals of a real engine."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field

import pytest
import pytest_asyncio

from sandboxes.engine import Engine
from sandboxes.storage import ImageTree
from sessions.link import HOLDER
from tests.engine_fixtures import Place, new_place
from tests.holder.client import Program, Viewer
from tests.holder.test_read import OPEN, PROBE, SHUT, answers_of

pytestmark = [pytest.mark.engine, pytest.mark.asyncio(loop_scope="session")]

SOCKET = "/project/workspace/socket"
SERVER = """
import socket, sys, time
def serve(address, kind=socket.SOCK_STREAM):
    s = socket.socket(socket.AF_UNIX, kind)
    s.bind(address)
    if kind == socket.SOCK_STREAM:
        s.listen()
    return s
name = sys.argv[1]
kept = [serve(name), serve("\\0" + name), serve("\\0datagram" + name, socket.SOCK_DGRAM)]
print("listening", flush=True)
time.sleep(600)
"""
# On processes of its own session: the holder's first, whose unix sockets would do as well.
INTRUDER = """
import ctypes, errno, os, time
libc = ctypes.CDLL(None, use_errno=True)

def attempt(name, action):
    try:
        action()
        print(name, "works", end=";")
    except OSError as error:
        print(name, errno.errorcode[error.errno], end=";")

def trace(pid):
    if libc.ptrace(0x4206, pid, None, None):  # PTRACE_SEIZE
        raise OSError(ctypes.get_errno(), "")

def holders():
    for pid in filter(str.isdigit, os.listdir("/proc")):
        with open(f"/proc/{pid}/comm") as comm:
            if comm.read() == "holder\\n":
                yield int(pid)

child = os.fork()
if child == 0:
    os.execlp("sleep", "sleep", "60")
while open(f"/proc/{child}/comm").read() != "sleep\\n":
    time.sleep(0.01)
attempt("own child", lambda: trace(child))
os.kill(child, 9)
for number, pid in enumerate(sorted(holders())):
    attempt(f"{number} memory", lambda: open(f"/proc/{pid}/mem", "r+b").close())
    attempt(f"{number} descriptors", lambda: os.readlink(f"/proc/{pid}/fd/2"))
    attempt(f"{number} trace", lambda: trace(pid))
print("done")
"""


@dataclass
class Terminals:
    """Opens terminals in sessions as the server does, and closes them with the test."""

    opened: list[Viewer] = field(default_factory=list)

    def open(self, container: str, *argv: str) -> Viewer:
        viewer = Viewer.attach(["docker", "exec", "-i", container, HOLDER, "attach", secrets.token_hex(8)])
        self.opened.append(viewer)
        environment = ("PATH=/usr/local/bin:/usr/bin:/bin", "TERM=xterm-256color", "HOME=/tmp", "LANG=C.UTF-8")
        return viewer.link(program=Program(argv, environment, "/tmp"))

    def python(self, container: str, script: str, *words: str) -> dict[str, str]:
        """Run a script that prints its answers; return them."""
        return answers_of(self.open(container, "python3", "-c", script, *words))


@pytest.fixture
def terminals() -> Iterator[Terminals]:
    terminals = Terminals()
    yield terminals
    for viewer in terminals.opened:
        viewer.close()


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def place(engine: Engine, instance: str, debian: ImageTree) -> AsyncIterator[Place]:
    """The sessions: host, writer, reader."""
    place = await new_place(engine, instance, debian)
    await place.session("host")
    await place.session("writer")
    await place.session("reader", read_only=True)
    yield place
    await place.remove()


async def test_no_unix_socket_of_a_writing_session_is_reached(place: Place, terminals: Terminals) -> None:
    host, writer, reader = place.sessions
    terminals.open(host, "python3", "-c", SERVER, SOCKET).until_output(b"listening")
    assert terminals.python(writer, PROBE, SOCKET) == OPEN | dict.fromkeys(SHUT, "works")
    assert terminals.python(reader, PROBE, SOCKET) == OPEN | dict.fromkeys(SHUT, "EACCES")


async def test_the_holder_cannot_be_made_to_reach_one(place: Place, terminals: Terminals) -> None:
    answers = terminals.python(place.sessions[2], INTRUDER)
    assert answers.pop("own child") == "works"
    # Process 1 and the `attach` of this terminal.
    assert len(answers) >= 6
    assert set(answers.values()) <= {"EACCES", "EPERM"}, answers


async def test_a_server_over_tcp_is_reached_by_everybody(place: Place, terminals: Terminals) -> None:
    _, writer, reader = place.sessions
    for port, (serves, asks) in enumerate(((writer, reader), (reader, writer)), 8100):
        terminals.open(serves, "python3", "-u", "-m", "http.server", str(port)).until_output(b"Serving HTTP")
        viewer = terminals.open(asks, "curl", "-sS", f"http://localhost:{port}/")
        assert viewer.until_exit() == 0
        assert b"Directory listing" in viewer.output


@pytest.mark.parametrize(
    ("program", "shows"),
    [("vim /etc/os-release", b"PRETTY_NAME"), ("less /etc/os-release", b"PRETTY_NAME"), ("htop", b"Load average")],
)
async def test_looking_works_as_ever(place: Place, terminals: Terminals, program: str, shows: bytes) -> None:
    viewer = terminals.open(place.sessions[2], *program.split()).until_output(shows)
    viewer.type(b":q\r" if program.startswith("vim") else b"q")
    assert viewer.until_exit() == 0
