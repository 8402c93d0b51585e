"""`holder init` as process 1 of namespaces of its own: as in a session container, without an engine."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.holder.client import Viewer, shell
from tests.holder.conftest import wait_until_gone

# Private mounts: nothing of this is seen outside, and all of it goes with the last process.
ENTER = ["unshare", "--mount", "--propagation", "private", "--pid", "--fork", "--kill-child", "--mount-proc"]
if os.geteuid() != 0:
    ENTER.append("--map-root-user")
PRIVATE = "mount -t tmpfs -o mode=700 none /root/.private; "
PREPARE = "set -e; mount -t tmpfs none /run; mount -t tmpfs none /root; mkdir /root/.private; "


def command(binary: Path, prepare: str) -> list[str]:
    # The binary is kept reachable although /root is covered, and its socket is bound outside of the covered /run.
    return [*ENTER, "sh", "-c", f"exec 9<{binary}; {prepare} exec /proc/self/fd/9 init"]


@contextmanager
def session(binary: Path) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(command(binary, PREPARE + PRIVATE), stderr=subprocess.PIPE)
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def inside(process: subprocess.Popen[bytes]) -> Path:
    """Return the root folder as the holder sees it, once it listens."""
    while True:
        children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
        if children and (run := Path(f"/proc/{children[0]}/root/run/sandlot")).joinpath("holder.sock").exists():
            return run
        assert process.poll() is None, process.communicate()[1]


def test_it_refuses_without_a_private_folder_of_its_own(built: Path) -> None:
    refused = subprocess.run(command(built, PREPARE), capture_output=True, text=True, check=False, timeout=20)
    assert refused.returncode == 70
    assert "/root/.private is not a tmpfs of this container" in refused.stderr


def test_it_prepares_run_and_serves_terminals(built: Path) -> None:
    with session(built) as process:
        run = inside(process)
        assert run.stat().st_mode & 0o7777 == 0o700
        assert (run.parent / "lock").stat().st_mode & 0o7777 == 0o1777
        assert (run / "holder.sock").stat().st_mode & 0o777 == 0o600
        viewer = Viewer.dial(run, "t").link(program=shell("echo $PPID; read x"))
        viewer.until_output(b"1\r\n")
        viewer.close()


def test_it_reaps_every_orphan(built: Path) -> None:
    with session(built) as process:
        run = inside(process)
        viewer = Viewer.dial(run, "t")
        # Daemons whose parents end at once: then process 1, the shell and those that count are left, and no zombie.
        daemons = "for i in 1 2 3 4 5 6 7 8; do (setsid true &) ; done"
        count = "until [ $(ls -d /proc/[0-9]* 2>/dev/null | wc -l) -le 5 ]; do sleep 0.01; done"
        viewer.link(program=shell(f"{daemons}; {count}; printf 'all reaped'; read x")).until_output(b"all reaped")
        viewer.close()


def test_sigterm_ends_it_and_all_that_ran(built: Path) -> None:
    with session(built) as process:
        run = inside(process)
        viewer = Viewer.dial(run, "t")
        viewer.link(program=shell("trap '' HUP; printf ready; while :; do sleep 1000; done")).until_output(b"ready")
        (holder,) = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
        os.kill(int(holder), 15)
        assert process.wait(20) == 0
        viewer.until_closed()
        viewer.close()
        wait_until_gone(int(holder))
