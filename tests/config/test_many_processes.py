"""More than one process: two dashboards and a supervisor on PostgreSQL and Redis."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import Iterator

import pytest
from websockets.asyncio.client import connect
from websockets.typing import Origin

from tests.live import LiveServer, Person, eventually
from tests.services import postgresql, redis
from tests.viewer import Viewer

pytestmark = [pytest.mark.engine, pytest.mark.timeout(300)]


@pytest.fixture(scope="module")
def farm() -> Iterator[tuple[LiveServer, LiveServer]]:
    """Two dashboards that share database, Redis, engine and keys; the first one's folder has a supervisor, too."""
    with postgresql() as database, redis() as broker:
        shared = {
            "SANDLOT_DATABASE_URL": database,
            "SANDLOT_REDIS_URL": broker,
            "SANDLOT_SECRET_KEY": "a key that both dashboards know, longer than fifty characters",
            "SANDLOT_VAULT_KEYS": f"test:{base64.b64encode(bytes(32)).decode()}",
        }
        first = LiveServer(**shared)
        second = LiveServer(**shared, SANDLOT_INSTANCE=first.instance)
        try:
            first.prepare()
            second.manage("collectstatic", "--no-input", "-v0")
            first.start("--only", "supervisor")
            first.start("--only", "dashboard")
            second.start("--only", "dashboard")
            yield first, second
        finally:
            second.close()
            first.close()


def running(person: Person, slug: str) -> str:
    person.create_sandbox(slug, "busybox")
    eventually(lambda: "Running" in person.get(f"/sandboxes/{slug}/status/").text, f"{slug} runs", 60)
    return slug


async def test_a_terminal_of_one_dashboard_is_seen_and_typed_into_through_the_other(
    farm: tuple[LiveServer, LiveServer],
) -> None:
    here, there = farm[0].person(), farm[1].person()
    slug = running(here, "shared")
    terminal_id = str(here.post(f"/sandboxes/{slug}/terminals/").json()["id"])
    async with Viewer(farm[0].origin, here.cookie, terminal_id) as first:
        await first.run("echo from the first")
        async with Viewer(farm[1].origin, there.cookie, terminal_id) as second:
            await second.sees("from the first")
            await second.say(type="drive")
            await second.until(lambda: second.presence["driver"] == second.welcome["link"], "drives")
            await second.run("echo from the second")
            await first.sees("from the second")


async def test_news_reach_pages_of_every_dashboard(farm: tuple[LiveServer, LiveServer]) -> None:
    here, there = farm[0].person(), farm[1].person()
    url = farm[1].origin.replace("http", "ws", 1) + "/ws/events/"
    headers = {"Cookie": there.cookie}
    async with connect(url, origin=Origin(farm[1].origin), additional_headers=headers) as socket:
        # The first news that a new page can get is of something that happens after it listens.
        creating = asyncio.create_task(asyncio.to_thread(running, here, "news"))
        async with asyncio.timeout(60):
            while json.loads(await socket.recv()) != {"type": "sandbox", "slug": "news"}:
                pass
        await creating


def test_a_killed_supervisor_is_followed_by_the_next(farm: tuple[LiveServer, LiveServer]) -> None:
    supervisor = farm[0].processes[0]
    supervisor.kill()
    supervisor.wait(10)
    farm[0].processes[0] = farm[0].start("--only", "supervisor")
    farm[0].processes.pop()
    running(farm[0].person(), "next")
