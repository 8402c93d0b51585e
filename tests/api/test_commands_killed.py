"""Commands and a server that is killed: what runs goes on, and nothing of it is lost."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

import pytest

from tests.api.test_live import Caller
from tests.commander import Commander

if TYPE_CHECKING:
    from tests.live import LiveServer

pytestmark = pytest.mark.engine


@pytest.fixture(scope="module")
def program(server: LiveServer) -> Caller:
    program = Caller(server)
    program.said("POST", "/sandboxes", {"id": "outlives", "template": "debian"})
    assert program.said("GET", "/sandboxes/outlives?wait=20&until=running")["state"] == "running"
    return program


async def test_a_killed_server_loses_nothing(server: LiveServer, program: Caller) -> None:
    socket = "/ws/sandboxes/outlives/sessions/pitcher-host/commands/"
    commander = Commander(server.origin, socket, program.token)
    async with commander:
        await commander.start("seq 1 300000; sleep 2; echo done")
        while commander.offset < 200_000:
            await commander.take()
        got, offset = bytes(commander.out), commander.offset
        await asyncio.to_thread(server.kill)
    await asyncio.to_thread(server.start)
    again = Commander(server.origin, f"/ws/commands/{commander.id}/", program.token)
    async with again:
        await again.attach(commander.id, offset)
        end = await again.end()
    assert got + again.out == b"".join(b"%d\n" % number for number in range(1, 300_001)) + b"done\n"
    assert end["status"] == 0


def test_an_end_that_no_server_saw_is_found_out(server: LiveServer, program: Caller) -> None:
    command = program.said("POST", "/sandboxes/outlives/sessions/pitcher-host/commands", {"command": "sleep 1; exit 7"})
    server.kill()
    time.sleep(1.5)  # it ends while nobody is there
    server.start()
    deadline = time.monotonic() + 90  # of a row that is 30 s old the supervisor asks with its next full look
    while (found := program.said("GET", f"/commands/{command['id']}?wait=10"))["state"] == "running":
        assert time.monotonic() < deadline
    assert found["exit_status"] == 7
