"""Terminals on the real engine, through the real server: what a person at a browser gets."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
import random
import secrets
import struct
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from activity.refusals import Close
from sessions.terminal.protocol import INPUT_MAX_BYTES, Frame
from tests.live import LiveServer, Person, docker, eventually
from tests.viewer import Refusal, Viewer

pytestmark = [pytest.mark.engine, pytest.mark.xdist_group("live")]


@pytest.fixture(scope="module")
def ada(live: LiveServer) -> Person:
    return live.person()


@pytest.fixture(scope="module")
def slug(ada: Person) -> str:
    return ada.running_sandbox("terminals")


def viewer_of(person: Person, terminal_id: str, **options: object) -> Viewer:
    return Viewer(person.server.origin, person.cookie, terminal_id, **options)  # type: ignore[arg-type]


def held(person: Person, slug: str, viewer: Viewer) -> dict[str, Any]:
    """What the holder itself says about a terminal."""
    container = f"sandlot-{person.server.instance}.{slug}.alice"
    done = subprocess.run(
        ["docker", "exec", container, "/.sandlot/holder", "list"], capture_output=True, text=True, check=True
    )
    return next(one for one in json.loads(done.stdout) if one["id"] == viewer.terminal_id)


def in_front(person: Person, slug: str, viewer: Viewer, program: str) -> None:
    eventually(lambda: held(person, slug, viewer)["foreground"] == program, f"{program} has the terminal")


@pytest.fixture
async def shell(ada: Person, slug: str) -> AsyncIterator[Viewer]:
    """A new terminal with its prompt painted; ended afterwards."""
    async with viewer_of(ada, ada.open_terminal(slug)) as viewer:
        await viewer.sees("# ")
        yield viewer
        await viewer.say(type="end")
        await viewer.until(lambda: viewer.exit_status is not None, "EXIT", 10)


# --- a shell as it should be -------------------------------------------------------------------------------------
async def test_whoami_is_root_in_the_workspace(shell: Viewer) -> None:
    assert (await shell.run("whoami; pwd")).split() == ["root", "/project/workspace"]


async def test_the_environment_is_what_xterm_js_is(shell: Viewer) -> None:
    said = await shell.run("echo $TERM $COLORTERM $LANG $HOME $SANDLOT_SANDBOX; locale charmap")
    assert said.split() == ["xterm-256color", "truecolor", "C.UTF-8", "/root", "terminals", "UTF-8"]


async def test_job_control_works(ada: Person, slug: str, shell: Viewer) -> None:
    await shell.type("echo start''ed; sleep 1000\r")
    await shell.sees("started")
    in_front(ada, slug, shell, "sleep")
    await shell.type("\x1a")
    await shell.sees("Stopped")
    assert "sleep 1000" in await shell.run("jobs")
    begin = shell.offset
    await shell.type("fg\r")
    await shell.sees("sleep 1000", after=begin)
    # bash names the job before it hands the terminal over: a key in between would be bash's own.
    in_front(ada, slug, shell, "sleep")
    await shell.type("\x03")
    await shell.sees("# ", after=begin)
    assert "sleep" not in await shell.run("jobs")


async def test_the_size_is_the_drivers(shell: Viewer) -> None:
    await shell.resize(132, 43)
    await shell.until(lambda: shell.size == (132, 43), "SIZE")
    assert (await shell.run("stty size")).split() == ["43", "132"]


async def test_an_exit_is_shown_and_nothing_new_starts(ada: Person, slug: str) -> None:
    async with viewer_of(ada, ada.open_terminal(slug)) as viewer:
        await viewer.sees("# ")
        await viewer.type("exit 7\r")
        await viewer.until(lambda: viewer.exit_status is not None, "EXIT")
        assert viewer.exit_status == 7
        row = ada.server.wait_for(
            "SELECT * FROM sandbox_sessions_terminal WHERE id = ? AND ended_at IS NOT NULL",
            viewer.terminal_id.replace("-", ""),
        )
        assert row["exit_status"] == 7


async def test_a_shell_that_ended_unseen_is_not_shown_as_alive(ada: Person, slug: str) -> None:
    async with viewer_of(ada, ada.open_terminal(slug)) as viewer:
        await viewer.sees("# ")
        await viewer.type("sleep 0.3; exit 5\r")
        await viewer.until(lambda: viewer.acked_seq == viewer.seq, "the command was taken")
    eventually(lambda: not held(ada, slug, viewer)["running"], "the shell has ended")
    assert viewer.terminal_id not in ada.get(f"/sandboxes/{slug}/").text
    row = ada.server.row("SELECT * FROM sandbox_sessions_terminal WHERE id = ?", viewer.terminal_id.replace("-", ""))
    assert row["exit_status"] == 5


async def test_an_explicit_end_hangs_up_the_shell(ada: Person, slug: str) -> None:
    async with viewer_of(ada, ada.open_terminal(slug)) as viewer:
        await viewer.sees("# ")
        await viewer.say(type="end")
        await viewer.until(lambda: viewer.exit_status is not None, "EXIT", 10)


async def test_a_paste_of_5_mb_arrives_whole(shell: Viewer) -> None:
    lines = [secrets.token_hex(40) for _ in range(5_000_000 // 81)]
    text = "\n".join(lines) + "\n"
    await shell.run("stty -echo")
    await shell.type("cat > /tmp/pasted\r")
    await shell.type(text)
    await shell.type("\x04")
    await shell.run("stty echo", within_s=60)
    digest = (await shell.run("sha256sum < /tmp/pasted")).split()[0]
    assert digest == hashlib.sha256(text.encode()).hexdigest()


# --- nothing is lost ---------------------------------------------------------------------------------------------
# Answers each byte that is typed with 2 KiB that follow from a counter, and keeps a digest of both directions.
TALKER = """
import hashlib, os, sys, tty
tty.setraw(0)
typed, said, number = hashlib.sha256(), hashlib.sha256(), 0
os.write(1, b"BEGIN")
while True:
    data = os.read(0, 4096)
    end = data.endswith(b"Q")
    data = data.removesuffix(b"Q")
    typed.update(data)
    for _ in data:
        number += 1
        block = hashlib.sha256(b"%d" % number).hexdigest().encode() * 32
        os.write(1, block)
        said.update(block)
    if end:
        os.write(1, b"END %s %s %d\\r\\n" % (typed.hexdigest().encode(), said.hexdigest().encode(), number))
        break
"""


# Two minutes on an idle machine of two cores, where each way back in costs a new exec.
@pytest.mark.timeout(1800)
async def test_1000_disconnects_lose_and_double_nothing(shell: Viewer) -> None:
    """A person types and a program talks, while the network breaks 1,000 times at random moments."""
    await shell.run(f"echo {base64.b64encode(TALKER.encode()).decode()} | base64 -d > /tmp/talker.py")
    await shell.type("python3 /tmp/talker.py\r")
    await shell.sees("BEGIN")
    begin, typed, draw = shell.output.index(b"BEGIN") + 5, bytearray(), random.Random(7)
    for _ in range(1000):
        word = secrets.token_hex(draw.randint(1, 8)).encode()
        typed += word
        await shell.type(word)
        if draw.random() < 0.5:
            seen = shell.offset
            await shell.until(lambda seen=seen: shell.offset > seen, "some of the answer")  # type: ignore[misc]
        await shell.cut_and_resume()
    await shell.type("Q")
    await shell.sees("END ")
    await shell.sees("\r\n", after=shell.start + shell.output.index(b"END "))
    said, _, end = bytes(shell.output[begin:]).partition(b"END ")
    digest_typed, digest_said, number = end.split()[:3]
    assert int(number) == len(typed)
    assert digest_typed.decode() == hashlib.sha256(typed).hexdigest()
    assert digest_said.decode() == hashlib.sha256(said).hexdigest()


async def test_a_second_tab_sees_the_same(ada: Person, shell: Viewer) -> None:
    await shell.run("echo shown to both")
    async with viewer_of(ada, shell.terminal_id) as second:
        await second.until(lambda: second.live, "replayed")
        await second.sees("shown to both")
        await shell.until(lambda: len(shell.presence["viewers"]) == 2, "presence")
        assert second.presence["driver"] == shell.welcome["link"]
        await shell.run("echo and this")
        await second.sees("and this")
        await second.until(lambda: second.offset >= shell.offset, "as far as the first")
        await shell.until(lambda: shell.offset >= second.offset, "as far as the second")
        assert bytes(second.output) == bytes(shell.output)[second.start - shell.start :]


async def test_the_one_who_looks_takes_over(ada: Person, shell: Viewer) -> None:
    async with viewer_of(ada, shell.terminal_id) as second:
        await second.resize(100, 30)
        await second.type("echo not typed\r")
        await second.say(type="drive")
        await second.until(lambda: second.presence["driver"] == second.welcome["link"], "drives")
        await second.until(lambda: second.size == (100, 30), "its size counts")
        assert b"not typed" not in second.output


async def test_the_one_who_types_hands_the_keyboard_to_another(ada: Person, shell: Viewer) -> None:
    async with viewer_of(ada, shell.terminal_id) as second, viewer_of(ada, shell.terminal_id) as third:
        await second.resize(90, 20)
        await third.say(type="hand", to=third.welcome["link"])
        await third.until(lambda: any(n["code"] == "not_handed" for n in third.notices), "the refusal")
        await shell.say(type="hand", to=second.welcome["link"])
        for viewer in (shell, second, third):  # each is woken by its own news only
            await viewer.until(lambda v=viewer: v.presence["driver"] == second.welcome["link"], "it knows who types")  # type: ignore[misc]
            await viewer.until(lambda v=viewer: v.size == (90, 20), "the new driver's size")  # type: ignore[misc]
        assert (await second.run("echo his; stty size")).split() == ["his", "20", "90"]


async def test_a_slow_viewer_does_not_slow_the_driver(ada: Person, shell: Viewer) -> None:
    async with viewer_of(ada, shell.terminal_id, drive=False) as slow:
        slow.acks = False
        await shell.type("head -c 20000000 /dev/zero | tr '\\0' 'x'; echo; echo done''here\r")
        await shell.sees("donehere", 30)
        assert slow.offset < shell.offset - 10_000_000


async def test_flow_control_stops_the_writer(shell: Viewer) -> None:
    shell.acks = False
    await shell.type("dd if=/dev/zero bs=1000 count=20000 2>/dev/null | tee >(wc -c > /tmp/w) | tr '\\0' 'y'\r")
    # Who has acknowledged nothing gets 64 KiB.
    await shell.until(lambda: shell.offset >= 48 * 1024, "a full window")
    before = shell.offset
    # The holder's own clock lets a silent driver go after 10 s; until then not one window more may come.
    with pytest.raises(AssertionError, match="Not within"):
        await shell.until(lambda: shell.offset > before + 256 * 1024, "more than a window", within_s=3)
    shell.acks = True
    await shell.ack()
    await shell.until(lambda: shell.offset > 20_000_000, "the rest", 60)


@pytest.mark.timeout(600)
async def test_200_visits_leave_nothing_behind(ada: Person, shell: Viewer, live: LiveServer) -> None:
    container = f"sandlot-{live.instance}.terminals.alice"
    server_fds = Path(f"/proc/{live.processes[0].pid}/fd")

    async def visit() -> None:
        async with viewer_of(ada, shell.terminal_id, drive=False) as guest:
            await guest.until(lambda: guest.live, "replayed")

    await visit()
    await shell.until(lambda: len(shell.presence["viewers"]) == 1, "the guest left")
    processes, descriptors = (
        docker("top", container, "-eo", "pid,comm").count("holder"),
        len(list(server_fds.iterdir())),
    )
    for _ in range(200):
        await visit()
    await shell.until(lambda: len(shell.presence["viewers"]) == 1, "the last guest left")
    eventually(lambda: docker("top", container, "-eo", "pid,comm").count("holder") <= processes, "holders are gone")
    # The supervisor's pool of 16 connections to the engine grows and shrinks meanwhile; 200 leaks are far more.
    eventually(lambda: len(list(server_fds.iterdir())) <= descriptors + 16, "descriptors are closed")


async def test_come_back_to_a_full_ring(ada: Person, shell: Viewer) -> None:
    await shell.type("seq 1 400000; echo full''ring\r")
    await shell.sees("fullring", 30)
    # The prompt is the last that comes.
    await shell.sees("# ", after=shell.start + shell.output.index(b"fullring"))
    async with viewer_of(ada, shell.terminal_id, drive=False) as late:
        await late.until(lambda: late.live, "replayed")
        await late.until(lambda: late.offset >= shell.offset, "as far as the first")
        await shell.until(lambda: shell.offset >= late.offset, "as far as the second")
        assert 1024 * 1024 * 0.9 < len(late.output) <= 1024 * 1024
        assert bytes(shell.output).endswith(bytes(late.output))


# --- who may -----------------------------------------------------------------------------------------------------
HOSTILE_ORIGINS = [
    "null",
    "https://localhost:{port}",
    "http://localhost",
    "http://localhost:1{port}",
    "http://evil.localhost:{port}",
    "http://localhost.evil.example:{port}",
    "http://8001--quiet-otter.localhost:{port}",
    "http://evillocalhost:{port}",
    "http://localhost:{port}@evil.example",
    "http://127.0.0.2:{port}",
    "http://user@localhost:{port}",
    "http://user:word@localhost:{port}",
    "http://localhost:{port}/",
    "http://localhost:{port}/page",
    "http://localhost:{port}?",
    "http://localhost:{port}#",
    "http://LOCALHOST:{port}",
    "HTTP://localhost:{port}",
    "http://localhost:0{port}",
    "http://localhost.:{port}",
    "http://localhost:{port}, http://localhost:{port}",
    "http://localhost:{port}\r\nOrigin: http://localhost:{port}",
    "file://",
    "",
]


@pytest.mark.parametrize("origin", HOSTILE_ORIGINS)
@pytest.mark.parametrize("path", ["/ws/events/", "/ws/terminals/{terminal}/"])
async def test_another_origin_is_refused(ada: Person, shell: Viewer, origin: str, path: str) -> None:
    status = await handshake(ada, path.format(terminal=shell.terminal_id), origin.format(port=ada.server.port))
    # 400 where Daphne cannot read it as an address at all.
    assert status in (400, 403)


async def test_a_missing_origin_is_refused(ada: Person, shell: Viewer) -> None:
    assert await handshake(ada, f"/ws/terminals/{shell.terminal_id}/", None) == 403


async def test_an_unknown_route_is_refused(ada: Person) -> None:
    assert await handshake(ada, "/ws/nothing/", ada.server.origin) == 403


async def test_our_own_origins_are_accepted(ada: Person, shell: Viewer) -> None:
    for host in ("localhost", "127.0.0.1"):
        status = await handshake(ada, f"/ws/terminals/{shell.terminal_id}/", f"http://{host}:{ada.server.port}")
        assert status == 101


async def handshake(person: Person, path: str, origin: str | None) -> int:
    """Return the HTTP status of a websocket's upgrade, spoken by hand so that any header can be sent."""
    reader, writer = await asyncio.open_connection("127.0.0.1", person.server.port)
    lines = [
        f"GET {path} HTTP/1.1",
        f"Host: localhost:{person.server.port}",
        "Connection: Upgrade",
        "Upgrade: websocket",
        "Sec-WebSocket-Version: 13",
        "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==",
        "Sec-WebSocket-Protocol: sandlot.terminal.v1",
        f"Cookie: {person.cookie}",
        *([] if origin is None else [f"Origin: {origin}"]),
    ]
    writer.write(("\r\n".join(lines) + "\r\n\r\n").encode())
    answer = await asyncio.wait_for(reader.readline(), 10)
    writer.close()
    return int(answer.split()[1])


async def refused(viewer: Viewer) -> Refusal:
    with pytest.raises(Refusal) as caught:
        await viewer.open()
    return caught.value


async def test_nobody_without_a_login(ada: Person, shell: Viewer) -> None:
    assert (await refused(Viewer(ada.server.origin, "", shell.terminal_id))).code == Close.SIGNED_OUT
    forged = Viewer(ada.server.origin, "sandlot_login=" + "a" * 32, shell.terminal_id)
    assert (await refused(forged)).code == Close.SIGNED_OUT


async def test_another_team_learns_nothing(live: LiveServer, shell: Viewer) -> None:
    stranger = live.add_person("charlie@example.com", team="Elsewhere")
    theirs = await refused(viewer_of(stranger, shell.terminal_id))
    unknown = await refused(viewer_of(stranger, "00000000-0000-4000-8000-000000000000"))
    assert (theirs.code, theirs.text) == (unknown.code, unknown.text) == (Close.NOT_ALLOWED, theirs.text)


async def test_a_teammate_looks_and_cannot_type(live: LiveServer, shell: Viewer) -> None:
    bob = live.add_person("bob@example.com")
    await shell.run("echo for bob")
    async with viewer_of(bob, shell.terminal_id) as looking:
        await looking.sees("for bob")
        assert not looking.welcome["may_drive"]
        await looking.say(type="drive")
        await looking.until(lambda: any(n["code"] == "not_allowed" for n in looking.notices), "the refusal")
        await looking.type("touch /tmp/typed-by-bob\r")
        assert (await looking.refused()).code == Close.NOT_ALLOWED
    assert "No such file" in await shell.run("ls /tmp/typed-by-bob")


# --- bad input ---------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "message",
    [
        b"",
        b"\x21" + b"\x00" * 20,
        b"\x10" + b"\x00" * 60,
        b"\x11",
        b"\x12",
        b"\x13\x00\x00\x00\x01",
        b"\x02\x00",
        struct.pack("!BI", Frame.INPUT, 1) + b"x" * (INPUT_MAX_BYTES + 1),
        "{",
        "[]",
        '{"type":"hello"}',
        '{"type":"sudo"}',
        '{"type":"hand","to":"bob"}',
    ],
)
async def test_a_malformed_message_is_answered_with_the_rule(ada: Person, shell: Viewer, message: str | bytes) -> None:
    async with viewer_of(ada, shell.terminal_id, drive=False) as clumsy:
        await clumsy.send_raw(message)
        refusal = await clumsy.refused()
        assert refusal.code == Close.MALFORMED
        assert refusal.text
    assert "fine" in await shell.run("echo fine")


async def test_a_message_too_large_for_any_buffer_ends_the_connection(ada: Person, shell: Viewer) -> None:
    async with viewer_of(ada, shell.terminal_id, drive=False) as clumsy:
        await clumsy.send_raw(b"\x01" + b"x" * 200_000)
        assert (await clumsy.refused()).code in (1009, 1006)


@pytest.mark.parametrize("changes", [{"client": "ab"}, {"cols": 0}, {"epoch": "zz"}, {"type": "drive"}])
async def test_a_malformed_hello_is_refused(ada: Person, shell: Viewer, changes: dict[str, Any]) -> None:
    with pytest.raises(Refusal) as caught:
        await viewer_of(ada, shell.terminal_id).open(**changes)
    assert caught.value.code == Close.MALFORMED


async def test_a_wrong_epoch_gets_everything_again(shell: Viewer) -> None:
    await shell.run("echo kept")
    await shell.cut()
    shell.epoch = "00000000000000ff"
    await shell.open()
    await shell.until(lambda: shell.live, "replayed")
    assert b"kept" in shell.output
