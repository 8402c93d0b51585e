"""A server that is killed while programs call it: with a key and retries, every call is done once."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from threading import Semaphore
from typing import TYPE_CHECKING, Any

import pytest
import requests

from tests.live import OWNER

if TYPE_CHECKING:
    from tests.live import LiveServer

pytestmark = pytest.mark.engine

CALLS = 100
PATIENCE_S = 60


class Patient:
    """Sends the same request with the same key until someone answers it."""

    def __init__(self, server: LiveServer) -> None:
        self.server, self.token = server, server.api_token(OWNER)
        self.answered = Semaphore(0)

    def post(self, path: str, body: object, key: str) -> Any:
        headers = {"Authorization": f"Bearer {self.token}", "Idempotency-Key": key}
        until = time.monotonic() + PATIENCE_S
        while True:
            try:
                answer = requests.post(f"{self.server.origin}/api/v1{path}", json=body, headers=headers, timeout=20)
            except requests.ConnectionError:
                assert time.monotonic() < until
                time.sleep(0.05)
                continue
            assert answer.status_code == 201, answer.text
            self.answered.release()
            return answer.json()


def test_a_killed_server_does_every_call_once(server: LiveServer) -> None:
    program = Patient(server)
    program.post("/sandboxes", {"id": "killed", "template": "busybox"}, "the sandbox")
    names = ("first", "second")
    for name in names:
        program.post("/sandboxes/killed/sessions", {"id": name}, name)

    def make(number: int) -> int:
        path = f"/sandboxes/killed/sessions/{names[number % 2]}/tokens"
        return int(program.post(path, {}, f"call {number}")["id"])

    with ThreadPoolExecutor(8) as pool:
        calls = [pool.submit(make, number) for number in range(CALLS)]
        for _ in range(len(names) + 1 + 30):
            assert program.answered.acquire(timeout=PATIENCE_S)
        server.kill()
        server.start()
        made = [call.result(timeout=PATIENCE_S) for call in calls]
    assert len(set(made)) == CALLS
    assert len(server.rows("SELECT id FROM sandbox_sessions_sessiontoken")) == CALLS
    kept = server.rows("SELECT number FROM activity_entry WHERE verb = 'session.token'")
    assert len(kept) == CALLS
