"""The programs of a read session reach nobody else. In containers: tests/sessions/test_read_session.py."""

from __future__ import annotations

import os
import signal
import socket
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.holder.client import Program, Viewer, shell
from tests.holder.conftest import Holder, Start

CAP_FSETID = 1 << 4

# For programs in a session: says what was tried, and the error's name or "works".
ATTEMPT = """
import errno

def attempt(name, action):
    try:
        action()
        print(name, "works", end=";")
    except OSError as error:
        print(name, errno.errorcode[error.errno], end=";")
"""
PROBE = (
    ATTEMPT
    + """
import socket, sys
name = sys.argv[1]

def connect(address, kind=socket.SOCK_STREAM):
    with socket.socket(socket.AF_UNIX, kind) as s:
        s.connect(address)

def serve_tcp():
    with socket.create_server(("127.0.0.1", 0)) as server:
        socket.create_connection(server.getsockname()).close()

attempt("path", lambda: connect(name))
attempt("abstract", lambda: connect("\\0" + name))
attempt("datagram", lambda: connect("\\0datagram" + name, socket.SOCK_DGRAM))
attempt("redirected pair", lambda: socket.socketpair(type=socket.SOCK_DGRAM)[0].connect("\\0datagram" + name))
attempt("pair", lambda: socket.socketpair())
attempt("tcp", serve_tcp)
print("done")
"""
)


def attempts(holder: Holder, folder: Path) -> dict[str, str]:
    """Listen on all kinds of unix sockets, let a program in a terminal try them, and return what it met."""
    name = folder / "socket"
    with (
        socket.socket(socket.AF_UNIX) as by_path,
        socket.socket(socket.AF_UNIX) as abstract,
        socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as datagram,
    ):
        by_path.bind(str(name))
        by_path.listen()
        abstract.bind(f"\0{name}")
        abstract.listen()
        datagram.bind(f"\0datagram{name}")
        return answers_of(holder.open(Program(("python3", "-c", PROBE, str(name)))))


def answers_of(viewer: Viewer) -> dict[str, str]:
    """Return what a probe met."""
    said = viewer.until_output(b"done").output.decode().replace("\r\n", "")
    return dict(answer.rsplit(" ", 1) for answer in said.split(";")[:-1])


OPEN = {"pair": "works", "tcp": "works"}
SHUT = {"path", "abstract", "datagram", "redirected pair"}


def test_a_read_session_reaches_no_unix_socket(start: Start, tmp_path: Path) -> None:
    assert attempts(start("--read"), tmp_path) == OPEN | dict.fromkeys(SHUT, "EACCES")


def test_any_other_session_does(start: Start, tmp_path: Path) -> None:
    assert attempts(start(), tmp_path) == OPEN | dict.fromkeys(SHUT, "works")


def test_one_capability_is_given_up_for_good(start: Start) -> None:
    show = "grep -E 'Cap(Prm|Eff)' /proc/self/status | sort -u"
    viewer = start("--read").open(Program(("/bin/sh", "-c", f'sh -c "{show}"; printf done'))).until_output(b"done")
    sets = [int(line.split()[1], 16) for line in viewer.output.decode().splitlines() if line.startswith("Cap")]
    ours = Path("/proc/self/status").read_text().split("CapPrm:")[1].split()[0]
    assert sets == [int(ours, 16) & ~CAP_FSETID] * 2


# Every way to a pipe's other end. A reader who did not wait would fail with ENXIO: someone listens in all tests.
PIPES = (
    ATTEMPT
    + """
import os, sys
name = sys.argv[1]

def again(flags):
    os.open(f"/proc/self/fd/{os.open(name, flags | os.O_NONBLOCK)}", os.O_WRONLY | os.O_NONBLOCK)

attempt("write", lambda: os.open(name, os.O_WRONLY | os.O_NONBLOCK))
attempt("read and write", lambda: os.open(name, os.O_RDWR | os.O_NONBLOCK))
attempt("create", lambda: os.open(name, os.O_WRONLY | os.O_CREAT | os.O_NONBLOCK))
attempt("through a descriptor", lambda: again(os.O_RDONLY))
attempt("through a path", lambda: again(os.O_PATH))
attempt("through the root", lambda: os.open(f"/proc/self/root{name}", os.O_WRONLY | os.O_NONBLOCK))
print("done")
"""
)
WAYS_INTO_A_PIPE = {"write", "read and write", "create", "through a descriptor", "through a path", "through the root"}


@pytest.fixture
def pipe() -> Iterator[str]:
    """A named pipe that is not below /tmp, with someone who reads it."""
    with tempfile.TemporaryDirectory(dir="/var/tmp") as folder:
        path = f"{folder}/pipe"
        os.mkfifo(path)
        reader = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
        yield path
        os.close(reader)


def test_a_read_session_writes_into_no_named_pipe_of_others(start: Start, pipe: str) -> None:
    met = answers_of(start("--read").open(Program(("python3", "-c", PIPES, pipe))))
    assert met == dict.fromkeys(WAYS_INTO_A_PIPE, "EACCES")


def test_any_other_session_writes_into_it(start: Start, pipe: str) -> None:
    met = answers_of(start().open(Program(("python3", "-c", PIPES, pipe))))
    assert met == dict.fromkeys(WAYS_INTO_A_PIPE, "works")


def test_its_own_pipes_are_open_to_it(start: Start, tmp_path: Path) -> None:
    script = f"mkfifo {tmp_path}/own && (echo through > {tmp_path}/own & cat {tmp_path}/own); printf done"
    assert b"through" in start("--read").open(shell(script)).until_output(b"done").output


def test_signals_reach_the_sessions_own_processes_and_no_others(start: Start) -> None:
    holder = start("--read")
    sleeping = holder.open(shell("echo pid=$$; exec sleep 1000"), "sleeping").until_output(b"\n")
    own = int(sleeping.output.split(b"pid=")[1])
    script = f"kill -0 {os.getpid()} 2>&1 || echo refused; kill {own} && printf done"
    said = holder.open(shell(script), "killing").until_output(b"done").output
    assert b"refused" in said
    assert sleeping.until_exit() == 128 + signal.SIGTERM
