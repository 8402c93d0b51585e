"""Ports over the API and their websockets, in a real sandbox."""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import subprocess
import time
from typing import TYPE_CHECKING, Any

import pytest

from activity.refusals import Close
from sessions.flow import AHEAD_BYTES
from sessions.ports import protocol as tunnel
from tests.api.test_live import Caller
from tests.commander import Refused
from tests.filer import Tunnel, socket_of

if TYPE_CHECKING:
    from contextlib import AbstractAsyncContextManager

    from tests.live import LiveServer

pytestmark = pytest.mark.engine

SANDBOX = "has-ports"
AT = f"/sandboxes/{SANDBOX}/sessions/pitcher-host"

ECHO = """
import socket, threading
server = socket.create_server(("127.0.0.1", {port}))
def talk(connection):
    while data := connection.recv(65536):
        connection.sendall(data)
    connection.sendall(b"bye")
    connection.close()
while True:
    threading.Thread(target=talk, args=(server.accept()[0],), daemon=True).start()
"""


@pytest.fixture(scope="module")
def program(live: LiveServer) -> Caller:
    program = Caller(live)
    program.said("POST", "/sandboxes", {"id": SANDBOX, "template": "debian"})
    assert program.said("GET", f"/sandboxes/{SANDBOX}?wait=20&until=running")["state"] == "running"
    return program


def serve(program: Caller, port: int, script: str = ECHO, delay_s: float = 0) -> str:
    """Start a server in the sandbox; return the id of its command."""
    argv = ["python3", "-c", f"import time; time.sleep({delay_s})\n" + script.replace("{port}", str(port))]
    return str(program.said("POST", f"{AT}/commands", {"argv": argv})["id"])


def listening(program: Caller, port: int, wait_s: float = 20) -> dict[str, Any] | None:
    items = program.said("GET", f"{AT}/ports?port={port}&wait={wait_s}")["items"]
    return next((each for each in items if each["number"] == port), None)


@pytest.fixture(scope="module")
def echo(program: Caller) -> int:
    serve(program, 7001)
    assert listening(program, 7001) == {"number": 7001, "only_local": True, "program": "python3"}
    return 7001


def to(program: Caller, port: int) -> AbstractAsyncContextManager[Tunnel]:
    return Tunnel.to(program.server.origin, f"/ws{AT}/ports/{port}/", program.token)


def test_a_wait_answers_when_the_port_listens_and_else_in_time(program: Caller) -> None:
    serve(program, 7002, delay_s=1.5)
    begun = time.monotonic()
    assert listening(program, 7002) is not None
    assert 1 < time.monotonic() - begun < 6
    begun = time.monotonic()
    assert listening(program, 7003, wait_s=1) is None
    assert 0.9 < time.monotonic() - begun < 3


def test_a_session_is_waited_for(program: Caller) -> None:
    program.said("POST", f"/sandboxes/{SANDBOX}/sessions", {"id": "waited"})
    assert program.said("GET", f"{AT.replace('pitcher-host', 'waited')}?wait=20")["state"] == "running"


async def test_who_watches_is_told_what_opens_and_closes(program: Caller) -> None:
    path = f"/ws{AT}/ports/"
    async with socket_of(program.server.origin, path, program.token, tunnel.PORTS) as connection, asyncio.timeout(30):

        async def told() -> set[int]:
            return {each["number"] for each in json.loads(await connection.recv())["items"]}

        assert 7010 not in await told()
        command = await asyncio.to_thread(serve, program, 7010)
        begun = time.monotonic()
        while 7010 not in await told():
            pass
        assert time.monotonic() - begun < 3  # with the start of Python
        await asyncio.to_thread(program.call, "DELETE", f"/commands/{command}")
        while 7010 in await told():
            pass
        await connection.send('{"type": "ping", "n": 5}')
        assert json.loads(await connection.recv()) == {"type": "pong", "n": 5}


async def test_a_tunnel_carries_both_ways_and_closes_by_halves(program: Caller, echo: int) -> None:
    data = os.urandom(20_000_000)
    async with to(program, echo) as connection:
        writing = asyncio.create_task(sent(connection, data))
        await connection.until("end")
        await writing
        assert hashlib.sha256(connection.got[:-3]).digest() == hashlib.sha256(data).digest()
        assert connection.got.endswith(b"bye")
        with pytest.raises(Refused) as closed:
            await connection.take()
        assert closed.value.code == 1000


async def sent(connection: Tunnel, data: bytes) -> None:
    """Send while what comes back is read by someone else."""
    for at in range(0, len(data), 65536):
        piece = data[at : at + 65536]
        while connection.sent + len(piece) > connection.taken + AHEAD_BYTES:
            await asyncio.sleep(0)
        connection.sent += len(piece)
        await connection._connection.send(bytes([tunnel.DATA]) + piece)
    await connection.end()


async def test_fifty_connections_at_once(program: Caller, echo: int) -> None:
    async def one(number: int) -> bytes:
        async with to(program, echo) as connection:
            await connection.write(b"%d" % number)
            await connection.end()
            await connection.until("end")
            return bytes(connection.got)

    answers = await asyncio.gather(*(one(number) for number in range(50)))
    assert answers == [b"%dbye" % number for number in range(50)]


async def test_where_nothing_listens_it_says_so(program: Caller) -> None:
    with pytest.raises(Refused) as refused:
        async with to(program, 7999):
            pass
    assert refused.value.code == Close.RESTARTING
    assert "7999" in refused.value.text


async def test_a_server_that_breaks_the_connection_ends_the_tunnel(program: Caller) -> None:
    script = (
        "import socket, struct\nserver = socket.create_server(('', {port}))\nwhile True:\n"
        "    c, _ = server.accept(); c.recv(1)\n"
        "    c.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0)); c.close()\n"
    )
    await asyncio.to_thread(serve, program, 7004, script)
    found = await asyncio.to_thread(listening, program, 7004)
    assert found is not None
    assert not found["only_local"]
    async with to(program, 7004) as connection:
        await connection.write(b"x")
        await connection.until("reset")
        with pytest.raises(Refused):
            await connection.take()


@pytest.mark.parametrize("port", ["0", "65536", "99999", "x"])
async def test_what_is_no_port_is_no_address(program: Caller, port: str) -> None:
    with pytest.raises(Exception, match="403"):
        async with Tunnel.to(program.server.origin, f"/ws{AT}/ports/{port}/", program.token):
            pass


async def test_a_tunnel_takes_a_token_that_may_type(live: LiveServer, echo: int) -> None:
    reader = await asyncio.to_thread(Caller, live, "terminals:read", "files:write", "sandboxes:read")
    with pytest.raises(Refused) as refused:
        async with to(reader, echo):
            pass
    assert refused.value.code == Close.NOT_ALLOWED
    passing = await asyncio.to_thread(Caller, live, "terminals:write")
    async with to(passing, echo) as connection:
        assert (await asyncio.to_thread(passing.call, "DELETE", "/tokens/current")).status_code == 204
        begun = time.monotonic()
        with pytest.raises(Refused) as refused:
            await connection.until("end")
        assert refused.value.code == Close.SIGNED_OUT
        assert time.monotonic() - begun < 2.5


async def test_use_is_noted_for_traffic_and_not_for_looking(program: Caller, live: LiveServer) -> None:
    await asyncio.to_thread(program.said, "POST", "/sandboxes", {"id": "unused", "template": "debian"})
    await asyncio.to_thread(program.said, "GET", "/sandboxes/unused?wait=20&until=running")
    at = AT.replace(SANDBOX, "unused")

    def used() -> str:
        return str(live.row("SELECT last_use FROM sandboxes_sandbox WHERE slug = 'unused'")["last_use"])

    def visits() -> int:
        return len(live.rows("SELECT verb FROM activity_entry WHERE verb = 'session.forward'"))

    before = visits()
    assert not await asyncio.to_thread(listening, program, 22, 0)
    await asyncio.to_thread(program.said, "GET", f"{at}/ports")
    assert used() == ""
    with pytest.raises(Refused):
        async with Tunnel.to(live.origin, f"/ws{at}/ports/7001/", program.token):
            pass
    assert used() == ""
    container = f"sandlot-{live.instance}.unused.pitcher-host"
    script = ECHO.replace("{port}", "7001")
    subprocess.run(["docker", "exec", "-d", container, "python3", "-c", script], check=True)
    assert (await asyncio.to_thread(program.said, "GET", f"{at}/ports?port=7001&wait=20"))["items"]
    assert used() == ""
    async with Tunnel.to(live.origin, f"/ws{at}/ports/7001/", program.token) as connection:
        await connection.write(b"x")
        await connection.end()
        await connection.until("end")
    assert used() == "ports"
    assert visits() == before + 1
