"""Ports over a line: what listens, whose it is, and how that changes."""

from __future__ import annotations

import asyncio
import os
import socket
from contextlib import aclosing
from pathlib import Path

import pytest

from sessions.line import ports
from sessions.line.line import Line
from tests.holder.conftest import Holder
from tests.holder.line import PATIENCE_S, line_to


def listening(host: str, family: socket.AddressFamily = socket.AF_INET) -> socket.socket:
    listener = socket.socket(family)
    listener.bind((host, 0))
    listener.listen()
    return listener


def number_of(listener: socket.socket) -> int:
    return int(listener.getsockname()[1])


async def once(line: Line) -> dict[int, ports.Port]:
    async with aclosing(ports.watched(line, every_ms=0)) as looks:
        return await anext(looks)


async def test_what_listens_is_found_with_its_program(holder: Holder) -> None:
    with listening("0.0.0.0") as wide, listening("127.0.0.1") as own, listening("::1", socket.AF_INET6) as own6:
        async with line_to(holder) as line:
            found = await once(line)
            for listener, only_local in ((wide, False), (own, True), (own6, True)):
                port = found[number_of(listener)]
                assert (port.only_local, port.pid) == (only_local, os.getpid())
                assert port.program == Path("/proc/self/comm").read_text().strip()
            assert line.channels == 0


async def test_a_connection_is_no_port(holder: Holder) -> None:
    with listening("127.0.0.1") as listener, socket.create_connection(listener.getsockname()) as connection:
        async with line_to(holder) as line:
            found = await once(line)
            assert number_of(listener) in found
            assert number_of(connection) not in found


@pytest.mark.timeout(60)
async def test_ports_that_come_and_go_are_told(holder: Holder) -> None:
    async with line_to(holder) as line:
        watching = ports.watched(line, every_ms=100)
        async with asyncio.timeout(PATIENCE_S):
            await anext(watching)
            with listening("127.0.0.1") as listener:
                while number_of(listener) not in await anext(watching):
                    pass
                number = number_of(listener)
            while number in await anext(watching):
                pass
        await watching.aclose()
        assert line.channels == 0
