"""What `make run` and `make test` stand on, and what they say where they cannot help themselves."""

from __future__ import annotations

import http.server
import os
import re
import shutil
import socket
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

ROOT = Path(__file__).resolve().parent.parent
# What every system has; what it lacks (apt, sudo, an engine, Node.js) is what the tests are about.
BASICS = "bash cat cut dirname find grep id mkdir python3 sha256sum sleep sort tail touch uname wc xargs".split()
SOURCES = "".join(f". scripts/{name}.sh; " for name in ("lib", "packages", "python", "node", "engine"))


class Machine:
    """A copy of the scripts, and a PATH with nothing on it but the basics and what a test puts there."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.commands = folder / "bin"
        self.commands.mkdir()
        shutil.copytree(ROOT / "scripts", folder / "scripts")
        for name in BASICS:
            (self.commands / name).symlink_to(real_path(name))

    def put(self, name: str, script: str) -> None:
        """Give the machine a command."""
        path = self.commands / name
        path.unlink(missing_ok=True)
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(0o755)

    def run(self, commands: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run shell commands with the scripts' functions at hand; output and errors come as one text."""
        return subprocess.run(
            ["/bin/bash", "-c", f"{SOURCES}SCRIPT_ARGUMENTS=(); {commands}"],
            cwd=self.folder,
            env={"PATH": str(self.commands), **environment},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            timeout=60,
        )


def real_path(name: str) -> Path:
    """Return where a command is on every system: a wrapper of a version manager would need the real PATH."""
    for folder in ("/usr/bin", "/bin"):
        if (Path(folder) / name).exists():
            return Path(folder) / name
    raise FileNotFoundError(name)


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


@pytest.fixture
def plain_person(machine: Machine) -> Machine:
    """Someone without root, on a machine with apt."""
    machine.put("id", 'case "$1" in -u) echo 1000 ;; *) echo ada ;; esac')
    machine.put("apt-get", "echo apt must not be called; exit 1")
    machine.put("dpkg-query", "exit 1")
    return machine


@contextmanager
def answering(status: int) -> Iterator[str]:
    """An engine that answers its ping with this status; yields its address."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever).start()
        yield f"tcp://127.0.0.1:{server.server_port}"
        server.shutdown()


# --- What it says where it cannot help itself ---------------------------------------------------------------------
def test_without_root_it_prints_the_exact_commands(plain_person: Machine) -> None:
    result = plain_person.run("install_packages nodejs docker.io")
    assert result.returncode == 1
    assert "    apt-get install -y --no-install-recommends nodejs docker.io\n" in result.stdout
    assert "    usermod -aG docker ada\n" in result.stdout
    assert "apt must not be called" not in result.stdout


def test_on_another_distribution_it_says_what_is_needed(machine: Machine) -> None:
    result = machine.run("install_packages docker.io")
    assert result.returncode == 1
    assert "Docker Engine 20.10 or later, Python 3.11 or later with venv, Node.js 18 or later with npm" in result.stdout


def test_an_engine_named_by_the_environment_is_never_replaced(plain_person: Machine) -> None:
    result = plain_person.run("engine_packages; engine_ready", DOCKER_HOST="unix:///nowhere/docker.sock")
    assert result.returncode == 1
    assert "No engine answers at unix:///nowhere/docker.sock" in result.stdout
    assert "docker.io" not in result.stdout


def test_a_stopped_engine_without_root_says_how_to_start_it(plain_person: Machine) -> None:
    plain_person.put("dockerd", "exit 1")
    plain_person.put("python3", "exit 1")
    result = plain_person.run("has_systemd() { false; }; engine_ready")
    assert result.returncode == 1
    assert "    service docker start\n" in result.stdout


def test_a_person_outside_the_group_is_told_how_to_join(plain_person: Machine) -> None:
    plain_person.put("python3", "exit 2")
    result = plain_person.run("engine_ready")
    assert result.returncode == 1
    assert "may not talk to it" in result.stdout
    assert "    usermod -aG docker ada\n" in result.stdout


def test_old_node_is_named_with_its_version(machine: Machine) -> None:
    machine.put("npm", "exit 0")
    machine.put("node", '[ "$1" = --version ] && echo v12.22.9 || exit 1')
    result = machine.run("node_ready")
    assert result.returncode == 1
    assert "needs Node.js 18 or later" in result.stdout
    assert "v12.22.9" in result.stdout


def test_old_python_is_named_with_its_version(machine: Machine) -> None:
    machine.put("python3", '[ "$1" = --version ] && echo Python 3.9.2 || exit 1')
    result = machine.run("python_ready run")
    assert result.returncode == 1
    assert "needs Python 3.11 or later" in result.stdout
    assert "Python 3.9.2" in result.stdout


def test_a_busy_port_stops_before_anything_is_installed() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        result = subprocess.run(
            [ROOT / "scripts/run.sh"],
            env=os.environ | {"SANDLOT_PORT": str(port)},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
    assert result.returncode == 1
    assert f"Port {port} on 127.0.0.1 is taken" in result.stderr
    assert result.stdout == ""


# --- What it does ------------------------------------------------------------------------------------------------
def test_a_bare_machine_asks_for_everything_at_once(machine: Machine) -> None:
    machine.put("python3", "exit 127")
    assert machine.run("python_packages; node_packages").stdout.split() == ["python3", "python3-venv", "nodejs", "npm"]


def test_a_step_says_what_it_does_and_how_long_it_took(machine: Machine) -> None:
    result = machine.run("step 'Making tea' echo steam")
    assert result.returncode == 0
    assert re.fullmatch(r"==> Making tea\n    done in \d+ s\n", result.stdout)
    assert (machine.folder / "var/bootstrap.log").read_text() == "steam\n"


def test_a_failing_step_shows_its_own_last_lines_and_stops(machine: Machine) -> None:
    result = machine.run("step First echo before; tea() { echo no water; false; echo tea; }; step Second tea; echo on")
    assert result.returncode == 1
    assert "no water" in result.stdout
    assert "This step failed: Second" in result.stdout
    assert not {"before", "tea", "on"} & set(result.stdout.split("\n"))


def test_a_changed_lock_file_is_installed_again_and_an_unchanged_one_is_not(machine: Machine) -> None:
    lock = machine.folder / "requirements/requirements.txt"
    lock.parent.mkdir()
    lock.write_text("django==5.2\n")
    pip = machine.folder / ".venv/bin/pip"
    pip.parent.mkdir(parents=True)
    pip.write_text("#!/bin/sh\n")
    pip.chmod(0o755)
    (pip.parent / "python").symlink_to(pip)
    assert "Installing Python packages" in machine.run("python_ready run").stdout
    assert machine.run("python_ready run").stdout == ""
    lock.write_text("django==5.2.1\n")
    assert "Installing Python packages" in machine.run("python_ready run").stdout


def test_the_node_that_runs_the_other_tests_is_recent_enough(machine: Machine) -> None:
    node = shutil.which("node")
    assert node
    machine.put("npm", "exit 0")
    machine.put("node", f'exec {node} "$@"')
    assert machine.run("node_is_recent && echo recent").stdout == "recent\n"


# --- Asking the engine -------------------------------------------------------------------------------------------
def ping(address: str, *, through: tuple[str, ...] = ()) -> int:
    """Return the exit status of ping_engine.py; the script goes in by stdin, so that anybody may read it."""
    script = (ROOT / "scripts/ping_engine.py").read_text()
    command = [*through, str(real_path("python3")), "-", address]
    return subprocess.run(command, input=script, text=True, check=False, timeout=30).returncode


def test_an_engine_that_answers_is_found() -> None:
    with answering(200) as address:
        assert ping(address) == 0


def test_an_engine_in_trouble_does_not_count_as_answering() -> None:
    with answering(500) as address:
        assert ping(address) == 1


def test_nobody_there() -> None:
    assert ping("unix:///nowhere/docker.sock") == 1


def test_a_closed_socket_is_not_the_same_as_nobody_there() -> None:
    with TemporaryDirectory() as folder, socket.socket(socket.AF_UNIX) as listener:
        Path(folder).chmod(0o755)
        path = Path(folder) / "docker.sock"
        listener.bind(str(path))
        listener.listen()
        path.chmod(0)
        # Modes mean nothing to root.
        nobody = ("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups") if os.geteuid() == 0 else ()
        assert ping(f"unix://{path}", through=nobody) == 2


# --- What is installed -------------------------------------------------------------------------------------------
@pytest.mark.parametrize("path", sorted((ROOT / "requirements").glob("*.txt")), ids=lambda path: path.name)
def test_locks_carry_versions_and_hashes_and_no_address(path: Path) -> None:
    entries = path.read_text().replace("\\\n", " ").splitlines()
    assert entries
    for entry in entries:
        assert re.match(r"[a-z0-9-]+(\[[a-z,]+\])?==[^ ]+ .*--hash=sha256:[0-9a-f]{64}", entry)
        assert "://" not in entry


def test_the_lock_of_the_front_end_names_no_registry() -> None:
    assert '"resolved"' not in (ROOT / "package-lock.json").read_text()


def test_help_tells_of_every_target() -> None:
    targets = re.search(r"^\.PHONY: (.*)$", (ROOT / "Makefile").read_text(), re.MULTILINE)
    shown = subprocess.run(["make", "-C", str(ROOT)], capture_output=True, text=True, check=True).stdout
    assert targets
    for target in targets[1].split():
        assert f"make {target} " in shown
