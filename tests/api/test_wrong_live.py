"""What goes wrong for a program in a real sandbox: its state, its disk, its session's age, and the engine away."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from tests.api.test_live import Caller
from tests.gate import Gate
from tests.live import LiveServer

pytestmark = pytest.mark.engine

SANDBOX = "goes-wrong"
AT = f"/sandboxes/{SANDBOX}/sessions/pitcher-host"
ONE = {"argv": ["true"]}


@pytest.fixture(scope="module")
def gate(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gate]:
    gate = Gate(tmp_path_factory.mktemp("gate") / "engine.sock")
    yield gate
    gate.shut()


@pytest.fixture(scope="module")
def gated(gate: Gate) -> Iterator[LiveServer]:
    """A server whose way to the engine leads through the gate."""
    server = LiveServer(DOCKER_HOST=gate.address)
    try:
        server.prepare()
        server.start()
        yield server
    finally:
        server.close()


@pytest.fixture(scope="module")
def program(gated: LiveServer) -> Caller:
    program = Caller(gated)
    program.said("POST", "/sandboxes", {"id": SANDBOX, "template": "debian"})
    until(program, "running")
    return program


def until(program: Caller, state: str) -> None:
    deadline = time.monotonic() + 60
    while program.said("GET", f"/sandboxes/{SANDBOX}?wait=20&until={state}")["state"] != state:
        assert time.monotonic() < deadline


def refused(answer: requests.Response) -> tuple[int, str]:
    problem = answer.json()
    assert problem["detail"]
    return answer.status_code, problem["code"]


CALLS: list[tuple[str, str, Any]] = [
    ("POST", f"{AT}/commands", ONE),
    ("GET", f"{AT}/files", None),
    ("PUT", f"{AT}/files/folders?path=new", None),
    ("GET", f"{AT}/ports", None),
]


@pytest.mark.parametrize(("action", "state"), [("pause", "paused"), ("stop", "stopped")])
def test_what_stands_still_says_what_to_do_and_is_started_when_asked(program: Caller, action: str, state: str) -> None:
    program.said("POST", f"/sandboxes/{SANDBOX}/actions/{action}")
    until(program, state)
    for call in CALLS:
        answer = program.call(*call)
        assert refused(answer) == (409, state), call
        assert "?start=true" in answer.json()["next_action"]
    only_terminals = Caller(program.server, "terminals:write")
    assert refused(only_terminals.call("POST", f"{AT}/commands?start=true", ONE)) == (403, "missing_scope")
    command = program.said("POST", f"{AT}/commands?start=true&wait=20", ONE)
    assert command["exit_status"] == 0
    assert program.said("GET", f"/sandboxes/{SANDBOX}")["state"] == "running"


def test_a_terminal_starts_what_stands_still_when_asked(program: Caller) -> None:
    program.said("POST", f"/sandboxes/{SANDBOX}/actions/stop")
    until(program, "stopped")
    assert refused(program.call("POST", f"{AT}/terminals", {})) == (409, "not_running")
    assert program.said("POST", f"{AT}/terminals?start=true", {})["id"]


def test_a_full_disk_is_said_and_leaves_nothing_behind(program: Caller) -> None:
    """Where there is little room: a session's shared memory is 64 MiB."""
    fill = "head -c 64M /dev/zero > /dev/shm/filler; ls /dev/shm"
    assert program.said("POST", f"{AT}/commands?wait=20", {"command": fill})["exit_status"] == 0
    headers = {"Authorization": f"Bearer {program.token}"}
    url = f"{program.server.origin}/api/v1{AT}/files/content?path=/dev/shm/more"
    answer = requests.put(url, data=bytes(1_000_000), headers=headers, timeout=30)
    assert refused(answer) == (507, "disk_full")
    names = program.said("GET", f"{AT}/files?path=/dev/shm")["items"]
    assert [each["name"] for each in names] == ["filler"]
    program.call("DELETE", f"{AT}/files?path=/dev/shm/filler")
    assert requests.put(url, data=bytes(1_000_000), headers=headers, timeout=30).status_code == 200


def test_a_body_of_a_hundred_megabytes_is_refused(program: Caller) -> None:
    headers = {"Authorization": f"Bearer {program.token}"}
    for method, path in (("PUT", "files/content?path=huge"), ("POST", "commands")):
        url = f"{program.server.origin}/api/v1{AT}/{path}"
        answer = requests.request(method, url, data=bytes(100_000_000), headers=headers, timeout=60)
        assert refused(answer) == (413, "too_large"), path
    assert "huge" not in [each["name"] for each in program.said("GET", f"{AT}/files")["items"]]


def test_a_session_of_an_earlier_version_says_so(program: Caller) -> None:
    """One whose holder knows no lines: its program answers so and the session goes on."""
    program.said("POST", f"/sandboxes/{SANDBOX}/sessions", {"id": "old"})
    assert program.said("GET", f"{AT.replace('pitcher-host', 'old')}?wait=20")["state"] == "running"
    container = f"sandlot-{program.server.instance}.{SANDBOX}.old"
    script = "printf '#!/bin/sh\\necho usage: holder init >&2\\nexit 64\\n' > /tmp/old && chmod +x /tmp/old"
    subprocess.run(["docker", "exec", container, "sh", "-c", script], check=True)
    pid = subprocess.check_output(["docker", "inspect", "-f", "{{.State.Pid}}", container], text=True).strip()
    subprocess.run(["nsenter", "-t", pid, "-m", "mount", "--bind", "/tmp/old", "/.sandlot/holder"], check=True)
    for call in CALLS:
        answer = program.call(call[0], call[1].replace("pitcher-host", "old"), call[2])
        assert refused(answer) == (409, "session_outdated"), call
        assert "restart" in answer.json()["next_action"].lower()


def test_without_the_engine_everything_says_so_in_time_and_goes_on_after(program: Caller, gate: Gate) -> None:
    assert program.said("POST", f"{AT}/commands?wait=20", ONE)["exit_status"] == 0
    gate.shut()
    try:
        for call in CALLS:
            begun = time.monotonic()
            answer = program.call(*call)
            # The line that was lost is told once; a new one needs the engine.
            assert refused(answer) in [(503, "engine_away"), (409, "line_lost")], call
            assert time.monotonic() - begun < 10
        assert refused(program.call("POST", f"{AT}/commands", ONE)) == (503, "engine_away")
        assert refused(program.call("GET", f"{AT}/files")) == (503, "engine_away")
    finally:
        gate.open()
    deadline = time.monotonic() + 30
    while program.call("GET", f"{AT}/files").status_code != 200:
        assert time.monotonic() < deadline
    assert program.said("POST", f"{AT}/commands?wait=20", ONE)["exit_status"] == 0


def test_a_silent_engine_is_given_up_in_time(program: Caller, gate: Gate) -> None:
    assert program.said("POST", f"{AT}/commands?wait=20", ONE)["exit_status"] == 0
    gate.freeze()
    try:
        begun = time.monotonic()
        answer = requests.post(
            f"{program.server.origin}/api/v1{AT}/commands",
            json=ONE,
            headers={"Authorization": f"Bearer {program.token}"},
            timeout=120,
        )
        assert refused(answer)[0] in (409, 503)
        assert time.monotonic() - begun < 60
    finally:
        gate.thaw()
    deadline = time.monotonic() + 30
    while program.call("GET", f"{AT}/files").status_code != 200:
        assert time.monotonic() < deadline
