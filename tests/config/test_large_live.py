"""A large form arrives at the views of a real server, and one that is too large is answered with a page."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import requests

from tests.live import LiveServer

pytestmark = [pytest.mark.engine, pytest.mark.xdist_group("live")]
MIB = 1024 * 1024


def test_what_is_below_the_limit_is_read(live: LiveServer) -> None:
    answer = live.person().post("/team/rename/", name="x" * (MIB - 4096))
    assert answer.status_code == 200
    assert "at most 60 characters" in answer.text


def test_what_is_far_above_it_is_refused_before_anything_reads_it(live: LiveServer) -> None:
    body = b"x" * 64 * MIB
    before = peak_bytes(live)
    answer = requests.post(f"{live.origin}/accounts/login/", data=body, timeout=30)
    assert answer.status_code == 413
    assert "more than may be sent" in answer.text
    assert peak_bytes(live) - before < 32 * MIB


def peak_bytes(live: LiveServer) -> int:
    """Return the most memory that the server ever held."""
    status = Path(f"/proc/{live.processes[0].pid}/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) * 1024


def test_what_is_above_it_is_told(live: LiveServer) -> None:
    answer = live.person().post("/team/rename/", name="x" * 2 * MIB)
    assert answer.status_code == 413
    assert "This is more than a form may send" in answer.text


# --- heads, addresses and what is no request --------------------------------------------------------------------------
def test_many_cookies_of_a_browser_are_read(live: LiveServer) -> None:
    answer = requests.get(f"{live.origin}/accounts/login/", headers={"Cookie": f"a={'x' * 20_000}"}, timeout=10)
    assert answer.status_code == 200


@pytest.mark.parametrize(
    "cookies", [f"a={'x' * 100_000}", "; ".join(f"c{number}={'x' * 3000}" for number in range(40))], ids=["one", "many"]
)
def test_too_many_cookies_are_answered_with_what_to_do(live: LiveServer, cookies: str) -> None:
    answer = requests.get(f"{live.origin}/accounts/login/", headers={"Cookie": cookies}, timeout=10)
    assert answer.status_code == 431
    assert "delete its cookies for this site" in answer.text


@pytest.mark.parametrize("length", [20_000, 200_000])
def test_a_long_address_is_answered(live: LiveServer, length: int) -> None:
    answer = requests.get(f"{live.origin}/accounts/login/?next={'x' * length}", timeout=10)
    assert answer.status_code == 414
    assert "longer than 16 KiB" in answer.text


def test_what_is_no_request_is_answered(live: LiveServer) -> None:
    assert b" 400 " in said_to(live, b"what is this\r\n\r\n").splitlines()[0]
    assert b"no HTTP request" in said_to(live, b"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: many\r\n\r\n")


def test_a_body_without_a_length_ends_at_the_limit(live: LiveServer) -> None:
    def endless() -> Iterator[bytes]:
        for _ in range(64):
            yield b"x" * MIB

    before = peak_bytes(live)
    answer = requests.post(f"{live.origin}/accounts/login/", data=endless(), timeout=30)
    assert answer.status_code == 413
    assert "Nothing was changed" in answer.text
    assert peak_bytes(live) - before < 32 * MIB


def said_to(live: LiveServer, request: bytes) -> bytes:
    """Send these bytes and return all that comes back until the server closes."""
    address = urlsplit(live.origin)
    with socket.create_connection((address.hostname or "", address.port or 80), timeout=10) as connection:
        connection.sendall(request)
        said = b""
        while piece := connection.recv(65536):
            said += piece
    return said
