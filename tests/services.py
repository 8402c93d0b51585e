"""PostgreSQL and Redis as processes of a test: own folder, own port, gone afterwards."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.live import eventually, free_port


@contextmanager
def postgresql() -> Iterator[str]:
    """Run a PostgreSQL server; yield the address of an empty database."""
    programs = max(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name))
    # It refuses to run as root; only its own user may read the folder then.
    as_postgres = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"] if os.geteuid() == 0 else []
    folder, port = Path(tempfile.mkdtemp(prefix="sandlot-pg-")), free_port()
    if as_postgres:
        shutil.chown(folder, "postgres", "postgres")
    run = [*as_postgres, str(programs / "initdb"), "-D", f"{folder}/data", "-U", "sandlot", "-A", "trust", "--no-sync"]
    subprocess.run(run, cwd=folder, check=True, capture_output=True, timeout=120)
    options = ["-p", str(port), "-k", str(folder), "-h", "127.0.0.1", "-F"]
    server = subprocess.Popen(
        [*as_postgres, str(programs / "postgres"), "-D", f"{folder}/data", *options],
        cwd=folder,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        create = [str(programs / "createdb"), "-h", "127.0.0.1", "-p", str(port), "-U", "sandlot", "sandlot"]
        eventually(lambda: subprocess.run(create, capture_output=True, check=False).returncode == 0, "PostgreSQL")
        yield f"postgresql://sandlot@127.0.0.1:{port}/sandlot"
    finally:
        # SIGINT is its "fast" shutdown: connections are cut, nothing is waited for.
        server.send_signal(signal.SIGINT)
        server.wait(30)
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def redis() -> Iterator[str]:
    """Run a Redis server that keeps nothing; yield its address."""
    port = free_port()
    server = subprocess.Popen(
        ["redis-server", "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"],
        stdout=subprocess.DEVNULL,
    )
    try:
        ping = ["redis-cli", "-p", str(port), "ping"]
        eventually(
            lambda: b"PONG" in subprocess.run(ping, capture_output=True, check=False).stdout, "Redis", within_s=10
        )
        yield f"redis://127.0.0.1:{port}/0"
    finally:
        server.terminate()
        server.wait(10)
