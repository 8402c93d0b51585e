"""Commands over the API and their websocket, in a real sandbox."""

from __future__ import annotations

import asyncio
import hashlib
import random
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import requests

from activity.refusals import Close
from tests.api.test_live import Caller
from tests.commander import Commander, Refused

if TYPE_CHECKING:
    from tests.live import LiveServer

pytestmark = pytest.mark.engine

AT = "/sandboxes/runs-things/sessions/robot"
SOCKET = "/ws/sandboxes/runs-things/sessions/robot/commands/"


@pytest.fixture(scope="module")
def program(live: LiveServer) -> Caller:
    program = Caller(live)
    program.said("POST", "/sandboxes", {"id": "runs-things", "template": "debian"})
    program.said(
        "POST", AT.removesuffix("/robot"), {"id": "robot", "env": {"GREETING": "hé\n'\"$x", "SECRET": "hunter22"}}
    )
    assert program.said("GET", "/sandboxes/runs-things?wait=20&until=running")["state"] == "running"
    deadline = time.monotonic() + 20
    while program.said("GET", AT)["state"] != "running":
        assert time.monotonic() < deadline
        time.sleep(0.1)
    return program


def run(program: Caller, **body: Any) -> dict[str, Any]:
    command: dict[str, Any] = program.said("POST", f"{AT}/commands?wait=20", body)
    return command


def output(program: Caller, command: dict[str, Any], **query: Any) -> dict[str, Any]:
    words = "&".join(f"{name}={value}" for name, value in query.items())
    answer: dict[str, Any] = program.said("GET", f"/commands/{command['id']}/output?{words}")
    return answer


def refused(answer: requests.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


def container(live: LiveServer) -> str:
    return f"sandlot-{live.instance}.runs-things.robot"


def descriptors(live: LiveServer) -> int:
    """How many the server's processes have open."""
    return sum(len(list(Path(f"/proc/{process.pid}/fd").iterdir())) for process in live.processes)


# --- over HTTP ------------------------------------------------------------------------------------------------------
def test_a_command_runs_and_says_how_it_ended(program: Caller) -> None:
    command = run(program, command='echo out; echo err >&2; printf "%s" "$GREETING"; exit 3')
    ended = tuple(command[name] for name in ("state", "exit_status", "signal", "timed_out"))
    assert ended == ("ended", 3, None, False)
    assert command["ran_s"] < 5
    answer = output(program, command)
    assert "".join(piece["text"] for piece in answer["pieces"] if piece["stream"] == "stdout") == "out\nhé\n'\"$x"
    assert "".join(piece["text"] for piece in answer["pieces"] if piece["stream"] == "stderr") == "err\n"
    assert (answer["is_over"], answer["exit_status"]) == (True, 3)
    assert program.said("GET", f"/commands/{command['id']}") == command
    assert command in program.said("GET", f"{AT}/commands")["items"]


def test_it_runs_in_the_workspace_or_where_it_is_told(program: Caller) -> None:
    assert output(program, run(program, argv=["pwd"]))["pieces"][0]["text"] == "/project/workspace\n"
    assert output(program, run(program, argv=["pwd"], cwd="/usr/bin"))["pieces"][0]["text"] == "/usr/bin\n"
    run(program, argv=["mkdir", "-p", "inner"])
    assert output(program, run(program, argv=["pwd"], cwd="inner"))["pieces"][0]["text"] == "/project/workspace/inner\n"


def test_secrets_are_not_kept_in_the_words(live: LiveServer, program: Caller) -> None:
    command = run(program, argv=["echo", "the secret is hunter22!", "x" * 3000], env={"OWN": "planted-canary"})
    assert command["argv"][:2] == ["echo", "the secret is •••!"]
    assert command["argv"][2].endswith("…")
    assert b"planted-canary" not in (live.folder / "db.sqlite3").read_bytes()
    facts = subprocess.check_output(["docker", "inspect", container(live)])
    assert b"planted-canary" not in facts
    assert b"hunter22" not in facts


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"argv": ["no-such-program"]}, 400, "program_not_found"),
        ({"argv": ["/etc/passwd"]}, 400, "program_not_executable"),
        ({"argv": ["true"], "cwd": "/nowhere"}, 400, "folder_not_found"),
        ({}, 400, "invalid_command"),
        ({"argv": ["true"], "command": "true"}, 400, "invalid_command"),
        ({"argv": [""]}, 400, "invalid_command"),
        ({"argv": ["a\0b"]}, 400, "invalid_command"),
        ({"argv": ["x" * 200_000]}, 400, "invalid_command"),
        ({"argv": ["true"], "env": {"1A": "x"}}, 400, "invalid_command"),
        ({"argv": ["true"], "size": [1, 1]}, 400, "invalid_command"),
        ({"argv": []}, 422, "invalid"),
        ({"argv": ["true"], "limit_s": -1}, 422, "invalid"),
        ({"argv": ["true"], "colour": "red"}, 422, "invalid"),
    ],
)
def test_what_cannot_run_is_refused_with_a_sentence(
    program: Caller, body: dict[str, Any], status: int, code: str
) -> None:
    answer = program.call("POST", f"{AT}/commands", body)
    assert refused(answer) == (status, code), answer.text
    assert answer.json()["detail"].endswith(".")


def test_strangers_and_others_are_refused(live: LiveServer, program: Caller) -> None:
    command = run(program, argv=["true"])
    reader = Caller(live, "terminals:read")
    assert refused(reader.call("POST", f"{AT}/commands", {"argv": ["true"]})) == (403, "missing_scope")
    assert output(reader, command)["is_over"]
    assert (
        refused(program.call("POST", "/sandboxes/runs-things/sessions/nobody/commands", {"argv": ["true"]}))[0] == 404
    )
    assert refused(program.call("GET", "/commands/none"))[0] == 422
    assert refused(program.call("GET", "/commands/00000000-0000-4000-8000-000000000000")) == (404, "unknown_command")


def test_one_key_is_one_command_however_often_it_comes(live: LiveServer, program: Caller) -> None:
    body = {"command": "echo once >> /tmp/ran; sleep 0.3"}

    def call(_: int) -> requests.Response:
        return program.call("POST", f"{AT}/commands?wait=20", body, **{"Idempotency-Key": "one-command"})

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(call, range(16)))
    assert {answer.status_code for answer in answers} == {201}, live.said()[-6000:]
    assert len({answer.json()["id"] for answer in answers}) == 1
    assert output(program, run(program, argv=["cat", "/tmp/ran"]))["pieces"][0]["text"] == "once\n"
    other = program.call("POST", f"{AT}/commands", {"argv": ["true"]}, **{"Idempotency-Key": "one-command"})
    assert refused(other) == (422, "idempotency_conflict")


def test_input_is_taken_once_and_ends(program: Caller) -> None:
    command = program.said("POST", f"{AT}/commands", {"argv": ["cat"], "input": True})
    at = f"/commands/{command['id']}"
    assert program.said("POST", f"{at}/input", {"text": "hello ", "offset": 0}) == {"taken": 6}
    assert program.said("POST", f"{at}/input", {"text": "hello ", "offset": 0}) == {"taken": 6}
    assert refused(program.call("POST", f"{at}/input", {"text": "later", "offset": 99})) == (400, "input_gap")
    assert program.said("POST", f"{at}/input", {"base64": "d29ybGQ=", "end": True}) == {"taken": 11}
    assert program.said("GET", f"{at}?wait=20")["exit_status"] == 0
    assert output(program, command)["pieces"][0]["text"] == "hello world"
    assert program.call("POST", f"{at}/input", {"text": "more"}).status_code == 410


def test_signals_and_ends(program: Caller) -> None:
    command = program.said(
        "POST", f"{AT}/commands", {"command": "trap 'echo hup' HUP; echo up; while :; do sleep 0.1; done"}
    )
    at = f"/commands/{command['id']}"
    assert output(program, command, wait=10)["pieces"][0]["text"] == "up\n"
    assert program.call("POST", f"{at}/signals", {"signal": "HUP"}).status_code == 204
    heard, offset = "", 3
    while "hup\n" not in heard:
        answer = output(program, command, offset=offset, wait=10)
        heard, offset = heard + "".join(piece["text"] for piece in answer["pieces"]), answer["next_offset"]
    assert refused(program.call("POST", f"{at}/signals", {"signal": "LOUD"})) == (400, "unknown_signal")
    assert program.call("DELETE", at).status_code == 204
    ended = program.said("GET", f"{at}?wait=20")
    assert (ended["signal"], ended["exit_status"]) == ("SIGTERM", 143)
    assert program.call("DELETE", at).status_code == 204


def test_its_time_is_limited(program: Caller) -> None:
    command = run(program, argv=["sleep", "60"], limit_s=0.2)
    assert (command["timed_out"], command["signal"]) == (True, "SIGTERM")


def test_text_is_never_cut_within_a_character(program: Caller) -> None:
    command = run(program, argv=["printf", "äöü€😀" * 50])
    text, offset = "", 0
    while True:
        answer = output(program, command, offset=offset, limit=7)
        text += "".join(piece["text"] for piece in answer["pieces"])
        offset = answer["next_offset"]
        if answer["is_over"]:
            break
    assert text == "äöü€😀" * 50


def test_a_gigabyte_is_printed_and_the_last_of_it_is_kept(program: Caller) -> None:
    command = run(program, command="head -c 1000000000 /dev/zero; echo the end", paced=False)
    assert command["exit_status"] == 0
    answer = output(program, command, offset=999_999_990, encoding="base64")
    assert answer["next_offset"] == 1_000_000_008
    first = output(program, command, limit=10)
    assert [piece["stream"] for piece in first["pieces"]] == ["gap", "stdout"]


def test_a_paused_sandbox_says_what_to_do(program: Caller) -> None:
    command = run(program, argv=["true"])
    program.said("POST", "/sandboxes/runs-things/actions/pause")
    assert program.said("GET", "/sandboxes/runs-things?wait=20&until=paused")["state"] == "paused"
    try:
        assert refused(program.call("POST", f"{AT}/commands", {"argv": ["true"]})) == (409, "paused")
        assert refused(program.call("GET", f"/commands/{command['id']}/output")) == (409, "paused")
        assert program.said("GET", f"/commands/{command['id']}")["exit_status"] == 0
    finally:
        program.said("POST", "/sandboxes/runs-things/actions/resume")
        assert program.said("GET", "/sandboxes/runs-things?wait=20&until=running")["state"] == "running"


# --- over the websocket ---------------------------------------------------------------------------------------------
@pytest.fixture
def commander(live: LiveServer, program: Caller) -> Commander:
    return Commander(live.origin, SOCKET, program.token)


async def test_one_socket_runs_one_command_after_the_other(commander: Commander, program: Caller) -> None:
    async with commander:
        for number in range(20):
            end = await commander.run(f"echo {number}; exit {number}")
            assert (bytes(commander.out), end["status"]) == (f"{number}\n".encode(), number)
        assert program.said("GET", f"/commands/{commander.id}")["exit_status"] == 19
        with pytest.raises(Refused) as caught:
            await commander.start(["no-such-program"])
        assert caught.value.code == "program_not_found"
        assert (await commander.run(["true"]))["status"] == 0


async def test_bytes_pass_both_ways_whole(commander: Commander) -> None:
    data = random.Random(1).randbytes(5_000_000)
    async with commander:
        end = await commander.run(["cat"], stdin=data)
        assert end["status"] == 0
        assert hashlib.sha256(commander.out).digest() == hashlib.sha256(data).digest()


async def test_a_cut_network_loses_nothing(live: LiveServer, program: Caller) -> None:
    """Ten times the connection goes in the middle; the same command is followed on."""
    got = bytearray()
    first = Commander(live.origin, SOCKET, program.token)
    async with first:
        await first.start("seq 1 400000")
        while first.offset < 100_000:
            await first.take()
        got += first.out
    offset = first.offset
    while True:
        again = Commander(live.origin, f"/ws/commands/{first.id}/", program.token)
        async with again:
            await again.attach(first.id, offset)
            until = offset + 300_000
            while again.exit is None and again.offset < until:
                await again.take()
            got += again.out
            offset = again.offset
            if again.exit is not None:
                break
    assert got == b"".join(b"%d\n" % number for number in range(1, 400_001))


async def test_what_nobody_follows_any_more_still_gets_its_end_written_down(live: LiveServer, program: Caller) -> None:
    commander = Commander(live.origin, SOCKET, program.token)
    async with commander:
        await commander.start("sleep 0.5; exit 9")
    ended = await asyncio.to_thread(program.said, "GET", f"/commands/{commander.id}?wait=20")
    assert ended["exit_status"] == 9


async def test_a_revoked_token_ends_the_socket_and_not_the_command(live: LiveServer, program: Caller) -> None:
    passing = Caller(live, "terminals:write", "sandboxes:read")
    commander = Commander(live.origin, SOCKET, passing.token)
    async with commander:
        await commander.start("sleep 3; exit 4")
        assert passing.call("DELETE", "/tokens/current").status_code == 204
        begun = time.monotonic()
        with pytest.raises(Refused) as caught:
            await commander.end()
        assert caught.value.code == Close.SIGNED_OUT
        assert time.monotonic() - begun < 2.5
    ended = await asyncio.to_thread(program.said, "GET", f"/commands/{commander.id}?wait=20")
    assert ended["exit_status"] == 4


async def test_who_may_look_sees_and_runs_nothing(live: LiveServer, program: Caller) -> None:
    reader = Caller(live, "terminals:read")
    async with Commander(live.origin, SOCKET, program.token) as running:
        await running.start("echo seen; sleep 20")
        async with Commander(live.origin, f"/ws/commands/{running.id}/", reader.token) as looking:
            await looking.attach(running.id)
            while not looking.out:
                await looking.take()
            await looking.say("end")
            with pytest.raises(Refused) as caught:
                await looking.end()
            assert caught.value.code == Close.NOT_ALLOWED
        await running.say("end")
        assert (await running.end())["signal"] == 15


def test_one_that_forks_away_ends_at_once_and_what_it_left_goes_on(program: Caller) -> None:
    command = run(program, command="(setsid sleep 31.25 > /dev/null 2>&1 &); echo gone; exit 4")
    assert (command["exit_status"], command["ran_s"] < 5) == (4, True)
    left = run(program, command="pgrep -f 'sleep 31.2[5]' && pkill -f 'sleep 31.2[5]'")
    assert left["exit_status"] == 0


async def test_one_that_never_reads_its_input_takes_no_more_than_fits_and_is_ended(
    commander: Commander, program: Caller
) -> None:
    async with commander:
        await commander.start("exec sleep 60", input=True)
        writing = asyncio.create_task(commander.write(bytes(2_000_000)))
        ended = await asyncio.to_thread(run, program, argv=["true"])
        assert ended["exit_status"] == 0
        assert not writing.done()
        await commander.say("end")
        assert (await commander.end())["signal"] == 15
        writing.cancel()
        await asyncio.gather(writing, return_exceptions=True)


async def test_input_that_is_sent_too_far_ahead_ends_the_socket(live: LiveServer, program: Caller) -> None:
    hasty = Commander(live.origin, SOCKET, program.token)
    async with hasty:
        await hasty.start("exec sleep 60", input=True)
        hasty.taken = 1 << 40  # it does not wait for what was taken
        with pytest.raises(Exception, match=r"4400|ahead"):
            await hasty.write(bytes(2_000_000))
            await hasty.end()
    assert program.call("DELETE", f"/commands/{hasty.id}").ok


def test_thousands_of_commands_leave_nothing_behind(live: LiveServer, program: Caller) -> None:
    def processes() -> int:
        return len(
            subprocess.check_output(["docker", "exec", container(live), "sh", "-c", "ls -d /proc/[0-9]*"]).split()
        )

    async def many(count: int) -> None:
        async with Commander(live.origin, SOCKET, program.token) as commander:
            for _ in range(count):
                assert (await commander.run(["true"]))["status"] == 0

    async def all_of_them() -> None:
        await asyncio.gather(*(many(125) for _ in range(16)))

    asyncio.run(many(1))
    before, open_before = processes(), descriptors(live)
    asyncio.run(all_of_them())
    deadline = time.monotonic() + 20
    while processes() > before or descriptors(live) > open_before + 2:
        assert time.monotonic() < deadline, (processes(), before, descriptors(live), open_before)
        time.sleep(0.2)
