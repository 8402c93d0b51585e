"""What happens at a limit, on the real engine: it stays inside, the shell goes on, and people are told at once."""

from __future__ import annotations

import time

import pytest

from tests.live import LiveServer, Person, docker
from tests.viewer import Viewer

pytestmark = [pytest.mark.engine, pytest.mark.xdist_group("live")]

SMALL = """
from sandboxes.models import Template
debian = Template.objects.get(slug="debian")
Template.objects.get_or_create(slug="small", defaults={
    "title": "Small", "image": debian.image, "memory_bytes": 96 * 2**20, "pids_limit": 40, "is_active": True})
"""
# Doubles a string until the memory is used up.
HOG = "perl -e '$x = \"x\" x 1000; while (1) { $x .= $x }'"
# They stay for several looks. The shell itself tries to start the next one for 15 s.
BOMB = "for i in $(seq 60); do sleep 15 & done 2>/dev/null"

# As after ten minutes without a key, in which nothing was told that would keep the same from being told again.
UNUSED = """
from datetime import timedelta
from django.utils import timezone
from sandboxes.models import Sandbox
from sandboxes.models import Notice
before = timezone.now() - timedelta(minutes=10)
Sandbox.objects.update(last_used_at=before)
Notice.objects.update(at=before)
"""
TOLD = "SELECT * FROM activity_entry WHERE verb = 'sandbox.pids' AND number > ?"


@pytest.fixture(scope="module")
def slug(live: LiveServer) -> str:
    live.manage("shell", "--no-imports", "-c", SMALL)
    return live.person().running_sandbox("small-limits", "small")


@pytest.mark.parametrize(("kind", "command", "word"), [("oom", HOG, "memory"), ("pids", BOMB, "processes")])
async def test_a_limit_is_told_in_the_terminal_and_beside_the_state(
    live: LiveServer, slug: str, kind: str, command: str, word: str
) -> None:
    person: Person = live.person()
    async with Viewer(live.origin, person.cookie, person.open_terminal(slug)) as viewer:
        await viewer.sees("# ")
        assert "still" in await viewer.run("echo still")
        await viewer.type(f"{command}\r")
        await viewer.until(lambda: bool(viewer.notices), f"a notice of {kind}")
        assert viewer.notices[0]["code"] == kind
        assert word in viewer.notices[0]["text"]
        await viewer.type("\r")
        assert "here" in await viewer.run("wait; echo here", within_s=90)
    row = live.row("SELECT * FROM sandboxes_sandbox WHERE slug = ?", slug)
    assert (row["state"], row["reason"]) == ("running", viewer.notices[0]["text"])
    assert live.rows("SELECT * FROM activity_entry WHERE verb = ? AND sandbox = ?", f"sandbox.{kind}", slug)


def exec_takes_s(container: str) -> float:
    """Return how long the engine takes at this moment to start something in a container."""
    began = time.monotonic()
    docker("exec", container, "true")
    return time.monotonic() - began


async def test_a_program_that_nobody_watches_typing_meets_its_limit_and_it_is_told_within_five_seconds(
    live: LiveServer, slug: str
) -> None:
    person: Person = live.person()
    live.person().post(f"/sandboxes/{slug}/restart/")
    live.wait_for_state(slug, "running")
    terminal = person.open_terminal(slug)
    async with Viewer(live.origin, person.cookie, terminal) as viewer:
        await viewer.sees("# ")
        live.manage("shell", "--no-imports", "-c", UNUSED)
        before = live.row("SELECT last_used_at FROM sandboxes_sandbox WHERE slug = ?", slug)
        newest = live.row("SELECT max(number) AS number FROM activity_entry")["number"]
        (container,) = docker("ps", "-q", "--filter", f"name=sandlot-{live.instance}.{slug}.alice")
        exec_s = exec_takes_s(container)
        began = time.monotonic()
        docker("exec", "-d", container, "bash", "-c", BOMB)
        await viewer.until(lambda: bool(viewer.notices), "a notice", within_s=20)
        took_s = time.monotonic() - began
        # Written together with the notice.
        told = live.rows(TOLD, newest)
    assert took_s <= 5 + 3 * exec_s
    assert viewer.notices[0]["code"] == "pids"
    assert [entry["sandbox"] for entry in told] == [slug]
    assert live.row("SELECT last_used_at FROM sandboxes_sandbox WHERE slug = ?", slug) == before
