"""A second engine, with files, network and mounts of its own, so that nothing of the first is touched."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from subprocess import PIPE

from tests.live import eventually

START = """
set -e
cd "$1"
if [ -s before ]; then . ./before; fi
ip link set lo up
exec dockerd --config-file "$1/daemon.json" --data-root "$1/data" --exec-root "$1/run" --pidfile "$1/pid" \
    --host "unix://$1/socket" --bridge none
"""


@contextmanager
def second_engine(config: Mapping[str, object], *images: str, before: str = "") -> Iterator[str]:
    """Run an engine with this daemon.json and these images of the first one; yield its address.

    `before` is shell to run first, in the engine's own folder, its mounts and its network.
    """
    # Short: a unix socket's path has at most 107 characters, and containerd adds its own below.
    folder = Path(tempfile.mkdtemp(prefix="sl-", dir="/tmp"))
    # Where root becomes another user, that one must be let through to the files of its containers.
    folder.chmod(0o711)
    (folder / "daemon.json").write_text(json.dumps(config))
    (folder / "before").write_text(before)
    as_root = [] if os.geteuid() == 0 else ["sudo", "-n"]
    with (folder / "log").open("wb") as log:
        server = subprocess.Popen(
            [*as_root, "unshare", "--mount", "--net", "sh", "-c", START, "sh", str(folder)],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
        )
    address = f"unix://{folder / 'socket'}"
    try:
        ask = ["docker", "--host", address, "version"]

        def answers() -> bool:
            assert server.poll() is None, (folder / "log").read_text()
            return subprocess.run([*as_root, *ask], capture_output=True, check=False).returncode == 0

        eventually(answers, "the second engine answers", within_s=60)
        with subprocess.Popen(["docker", "save", *images], stdout=PIPE) as saving:
            subprocess.run(["docker", "--host", address, "load"], stdin=saving.stdout, check=True, capture_output=True)
        yield address
    finally:
        server.terminate()
        try:
            server.wait(60)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()
        shutil.rmtree(folder, ignore_errors=True)
