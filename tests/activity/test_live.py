"""On the real server: who looks at a terminal is recorded with their address, once, and the chain holds."""

from __future__ import annotations

import pytest

from tests.live import LiveServer
from tests.viewer import Viewer

pytestmark = pytest.mark.engine


async def test_a_link_to_a_terminal_is_recorded_once_with_its_person_and_address(live: LiveServer) -> None:
    person = live.person()
    person.running_sandbox("watched", "busybox")
    terminal_id = person.open_terminal("watched")
    for _ in range(2):
        async with Viewer(live.origin, person.cookie, terminal_id) as viewer:
            await viewer.run("echo a canary of the terminal")
    answer = person.get("/sandboxes/watched/activity/export.json")
    (entry,) = [each for each in answer.json() if each["verb"] == "terminal.attach"]
    assert (entry["via"], entry["address"], entry["outcome"]) == ("socket", "127.0.0.1", "done")
    assert entry["actor"].endswith("@example.com>")
    assert "canary" not in answer.text
    assert "entries are right" in live.manage("verify_activity")
