"""Programs at a real server: many at once, and at the terminals' websocket."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest
import requests
from websockets.exceptions import InvalidStatus

from activity.refusals import Close
from api.limits import PER_STRANGER
from tests.live import OWNER
from tests.viewer import Refusal, Viewer

if TYPE_CHECKING:
    from tests.live import LiveServer

pytestmark = pytest.mark.engine


class Caller:
    """A program with a token of the owner's, or with the one that it was given."""

    def __init__(self, server: LiveServer, *scopes: str, token: str = "") -> None:
        self.server, self.token = server, token or server.api_token(OWNER, *scopes)

    def call(self, method: str, path: str, body: object = None, **headers: str) -> requests.Response:
        headers |= {"Authorization": f"Bearer {self.token}"}
        return requests.request(method, f"{self.server.origin}/api/v1{path}", json=body, headers=headers, timeout=30)

    def said(self, method: str, path: str, body: object = None) -> Any:
        answer = self.call(method, path, body)
        assert answer.ok, answer.text
        return answer.json()

    def viewer(self, terminal_id: str) -> Viewer:
        return Viewer(self.server.origin, "", terminal_id, token=self.token)


@pytest.fixture(scope="module")
def program(live: LiveServer) -> Caller:
    return Caller(live)


@pytest.fixture(scope="module")
def terminal_id(program: Caller) -> str:
    program.said("POST", "/sandboxes", {"id": "by-program", "template": "debian"})
    assert program.said("GET", "/sandboxes/by-program?wait=20&until=running")["state"] == "running"
    program.said("POST", "/sandboxes/by-program/sessions", {"id": "robot", "env": {"GREETING": "hello"}})
    return str(program.said("POST", "/sandboxes/by-program/sessions/robot/terminals", {})["id"])


def test_fifty_creates_with_one_key_are_one_sandbox(live: LiveServer, program: Caller) -> None:
    def create(_: int) -> requests.Response:
        return program.call("POST", "/sandboxes", {"title": "Only one"}, **{"Idempotency-Key": "only-one"})

    with ThreadPoolExecutor(50) as pool:
        answers = list(pool.map(create, range(50)))
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.json()["id"] for answer in answers}) == 1
    assert sum("Idempotency-Replayed" not in answer.headers for answer in answers) == 1
    assert len(live.rows("SELECT id FROM sandboxes_sandbox WHERE title = 'Only one'")) == 1


def test_a_wait_answers_when_the_state_is_there(program: Caller, terminal_id: str) -> None:
    begun = time.monotonic()
    assert program.said("POST", "/sandboxes/by-program/actions/pause")["id"] == "by-program"
    assert program.said("GET", "/sandboxes/by-program?wait=20&until=paused")["state"] == "paused"
    program.said("POST", "/sandboxes/by-program/actions/resume")
    assert program.said("GET", "/sandboxes/by-program?wait=20&until=running")["state"] == "running"
    assert time.monotonic() - begun < 15


async def test_a_program_types_into_a_terminal(live: LiveServer, program: Caller, terminal_id: str) -> None:
    async with program.viewer(terminal_id) as viewer:
        assert viewer.welcome["may_drive"]
        assert (await viewer.run("echo $GREETING $((6 * 7))")).strip() == "hello 42"
    entry = live.row("SELECT actor, via FROM activity_entry WHERE verb = 'terminal.attach' ORDER BY number DESC")
    assert entry["actor"].endswith("by the token a program")
    assert entry["via"] == "api"


async def test_a_program_that_may_look_sees_and_does_not_type(
    live: LiveServer, program: Caller, terminal_id: str
) -> None:
    async with program.viewer(terminal_id) as driver, Caller(live, "terminals:read").viewer(terminal_id) as looker:
        assert not looker.welcome["may_drive"]
        await driver.type("echo seen by $((2 + 1))\r")
        await looker.sees("seen by 3")
        await looker.type("x")
        assert (await looker.refused()).code == Close.NOT_ALLOWED


async def test_a_revoked_token_loses_the_terminal_within_two_seconds(live: LiveServer, terminal_id: str) -> None:
    passing = Caller(live, "terminals:write")
    async with passing.viewer(terminal_id) as viewer:
        revoked_at = time.time()
        assert passing.call("DELETE", "/tokens/current").status_code == 204
        refusal = await viewer.refused()
        assert refusal.code == Close.SIGNED_OUT
        assert "token" in refusal.text
        assert viewer.ended_at - revoked_at < 2


@pytest.mark.parametrize("scope", ["sandboxes:write", "sessions:write"])
async def test_a_token_without_the_scope_is_refused(live: LiveServer, terminal_id: str, scope: str) -> None:
    with pytest.raises(Refusal) as caught:
        await Caller(live, scope).viewer(terminal_id).open()
    assert caught.value.code == Close.NOT_ALLOWED
    assert "terminals:read" in caught.value.text


async def test_a_session_token_opens_its_session_and_nothing_else(
    live: LiveServer, program: Caller, terminal_id: str
) -> None:
    made = program.said("POST", "/sandboxes/by-program/sessions/robot/tokens", {"lifetime_s": 600})
    assert made["text"].startswith("slts_")
    given = Caller(live, token=made["text"])
    async with given.viewer(terminal_id) as viewer:
        assert (await viewer.run("echo in $((1 + 1))")).strip() == "in 2"
        assert given.said("GET", f"/terminals/{terminal_id}")["session"] == "robot"
        assert given.call("GET", "/sandboxes").status_code == 403
        program.said("POST", "/sandboxes/by-program/sessions", {"id": "other"})
        assert given.call("GET", "/sandboxes/by-program/sessions/other").status_code == 404
        renew = f"/sandboxes/by-program/sessions/robot/tokens/{made['id']}/renew"
        assert program.said("POST", renew, {"lifetime_s": 3600})["expires_at"] > made["expires_at"]
        assert program.call("DELETE", f"/sandboxes/by-program/sessions/robot/tokens/{made['id']}").status_code == 204
        assert (await viewer.refused()).code == Close.SIGNED_OUT
    assert given.call("GET", f"/terminals/{terminal_id}").status_code == 401


async def test_bad_tokens_are_refused_and_then_not_even_looked_at(live: LiveServer, terminal_id: str) -> None:
    def nobody() -> Viewer:
        return Viewer(live.origin, "", terminal_id, token="sltp_wrong")

    with pytest.raises(Refusal) as caught:
        await nobody().open()
    assert caught.value.code == Close.SIGNED_OUT
    with pytest.raises(InvalidStatus) as denied:
        for _ in range(PER_STRANGER + 1):
            viewer = nobody()
            await viewer.knock()
            await viewer.close()
    assert denied.value.response.status_code == 403
