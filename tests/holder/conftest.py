"""Builds the holder once and starts it on the host, in a folder of its own."""

from __future__ import annotations

import fcntl
import json
import os
import select
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.holder.client import Program, Viewer

SOURCES = Path(__file__).resolve().parents[2] / "holder"
BUILD = SOURCES / "build"


def make(*targets: str) -> str:
    """Run make in the holder's folder; a failure shows all it said. One at a time: test processes share the folder."""
    BUILD.mkdir(exist_ok=True)
    with (BUILD / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        done = subprocess.run(
            ["make", "-C", str(SOURCES), *targets],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
    assert done.returncode == 0, done.stdout
    return done.stdout


def wait_until_gone(pid: int) -> None:
    """Wait for a process that is not ours to end."""
    try:
        waiter = os.pidfd_open(pid)
    except ProcessLookupError:
        return
    poll = select.poll()
    poll.register(waiter)
    assert poll.poll(20_000), f"process {pid} is still there"
    os.close(waiter)


@dataclass
class Holder:
    """A holder that serves in `folder`."""

    binary: Path
    folder: Path
    process: subprocess.Popen[bytes]
    viewers: list[Viewer] = field(default_factory=list)

    def command(self, *words: str) -> list[str]:
        return [str(self.binary), *words, "--socket-dir", str(self.folder)]

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(self.command(*words), capture_output=True, text=True, check=False)

    def terminals(self) -> dict[str, dict[str, Any]]:
        return {terminal["id"]: terminal for terminal in json.loads(self.run("list").stdout)}

    def viewer(self, terminal: str = "t", *, client: bytes | None = None) -> Viewer:
        """Connect without LINK; closed by itself at the end of the test."""
        viewer = Viewer.dial(self.folder, terminal, client=client)
        self.viewers.append(viewer)
        return viewer

    def open(self, program: Program, terminal: str = "t", *, size: tuple[int, int] = (80, 24)) -> Viewer:
        """Create a terminal and drive it."""
        return self.viewer(terminal).link(program=program, size=size)

    def descriptors(self) -> int:
        return len(os.listdir(f"/proc/{self.process.pid}/fd"))  # noqa: PTH208 - /proc has no Path worth it

    def children(self) -> list[int]:
        return [
            int(pid) for pid in Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        ]

    def stop(self) -> None:
        for viewer in self.viewers:
            viewer.close()
        self.process.terminate()
        _, errors = self.process.communicate(timeout=20)
        assert self.process.returncode == 0, errors.decode()
        assert not errors, errors.decode()


@pytest.fixture(scope="session")
def built() -> Path:
    """The static binary."""
    make("all")
    return BUILD / "holder"


@pytest.fixture(scope="session")
def built_with_sanitizers() -> Path:
    make("asan")
    return BUILD / "holder-asan"


@pytest.fixture(params=["static", "sanitized"])
def binary(request: pytest.FixtureRequest) -> Path:
    path: Path = request.getfixturevalue("built" if request.param == "static" else "built_with_sanitizers")
    return path


Start = Callable[..., Holder]


def wait_until_ready(holder: Holder) -> None:
    while holder.run("ready").returncode != 0:
        assert holder.process.poll() is None, "the holder ended at its start"


@pytest.fixture
def start(binary: Path, tmp_path: Path) -> Iterator[Start]:
    """Start a holder with options; it is stopped, and must have been content, when the test ends."""
    started: list[Holder] = []

    def starter(*options: str) -> Holder:
        folder = tmp_path / f"holder-{len(started)}"
        folder.mkdir()
        process = subprocess.Popen([binary, "serve", folder, *options], stderr=subprocess.PIPE)
        holder = Holder(binary, folder, process)
        started.append(holder)
        wait_until_ready(holder)
        return holder

    yield starter
    for holder in started:
        holder.stop()


@pytest.fixture
def holder(start: Start) -> Holder:
    return start()
