"""Disk use: measured on real files, warned of from 80 %, stopped at 100 %, with time to make room afterwards."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from engine import Engine
from engine.storage import ImageTree, data_folder
from sandboxes.models import Desired, Notice, Sandbox, State, Usage
from sandboxes.supervising.disk import CLEANING, EVERY, EVERY_WHEN_HIGH, look_at, next_due, settle, size_of
from tests.engine_fixtures import MakePlace

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
MIB = 1024 * 1024


@pytest.fixture
def running(sandbox: Sandbox) -> Sandbox:
    sandbox.reach(State.RUNNING, state_at=NOON, boot_reached=1)
    return sandbox


def part(sandbox: Sandbox, percent: int) -> int:
    return sandbox.disk_bytes * percent // 100


async def test_files_are_counted_once_and_links_are_not_followed(tmp_path: Path) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    one.mkdir()
    two.mkdir()
    (one / "file").write_bytes(os.urandom(3 * MIB))
    os.link(one / "file", one / "again")
    (two / "link").symlink_to("/usr")
    size = await size_of([one, two])
    assert size is not None
    assert 3 * MIB <= size < 3 * MIB + 100_000


async def test_what_is_not_on_this_machine_is_not_measured(tmp_path: Path) -> None:
    assert await size_of([tmp_path / "elsewhere"]) is None


def test_below_80_percent_nothing_is_said(running: Sandbox) -> None:
    settle(running, part(running, 79), NOON)
    assert Usage.objects.get().disk_bytes == part(running, 79)
    assert not Notice.objects.exists()


def test_from_80_percent_it_warns_once(running: Sandbox) -> None:
    for minute in range(3):
        settle(running, part(running, 85), NOON + timedelta(minutes=minute))
    assert "8.5 GB of 10 GB" in Notice.objects.get().text
    assert reloaded(running).desired == Desired.RUNNING


def test_at_100_percent_it_is_stopped_and_says_why(running: Sandbox) -> None:
    settle(running, part(running, 101), NOON)
    sandbox = reloaded(running)
    assert (sandbox.desired, sandbox.state) == (Desired.STOPPED, State.STOPPING)
    assert "10 GB" in sandbox.reason


def test_started_again_it_has_ten_minutes_to_make_room(running: Sandbox) -> None:
    settle(running, part(running, 101), NOON)
    again = NOON + timedelta(hours=1)
    sandbox = reloaded(running)
    sandbox.start()
    sandbox.reach(State.RUNNING, state_at=again)
    settle(sandbox, part(sandbox, 101), again + timedelta(minutes=5))
    assert reloaded(sandbox).desired == Desired.RUNNING
    assert "13:10" in Notice.objects.get().text
    settle(sandbox, part(sandbox, 101), again + CLEANING)
    assert reloaded(sandbox).desired == Desired.STOPPED


def test_with_room_again_the_time_begins_anew(running: Sandbox) -> None:
    settle(running, part(running, 101), NOON)
    running.start()
    running.reach(State.RUNNING, state_at=NOON)
    settle(running, part(running, 50), NOON)
    assert Usage.objects.get().disk_stopped_at is None


def test_what_could_not_be_measured_keeps_its_last_value(running: Sandbox) -> None:
    settle(running, part(running, 50), NOON)
    settle(running, None, NOON + EVERY)
    assert Usage.objects.get().disk_bytes == part(running, 50)


def test_who_is_due(running: Sandbox) -> None:
    assert next_due(NOON) == running
    settle(running, 0, NOON)
    assert next_due(NOON + EVERY / 2) is None
    assert next_due(NOON + 2 * EVERY) == running
    settle(running, part(running, 90), NOON)
    assert next_due(NOON + 2 * EVERY_WHEN_HIGH) == running
    running.stop()
    assert next_due(NOON + 2 * EVERY) is None
    running.reach(State.STOPPED, state_at=NOON + timedelta(seconds=1))
    assert next_due(NOON + timedelta(seconds=2)) == running


@pytest.mark.engine
@pytest.mark.django_db(transaction=True)
async def test_what_a_session_writes_is_found(
    sandbox: Sandbox, engine: Engine, instance: str, make_place: MakePlace, busybox: ImageTree, settings: object
) -> None:
    place = await make_place(busybox)
    session = await place.session("first")
    await place.sh(
        session, "head -c 5000000 /dev/urandom > /project/workspace/five; head -c 2000000 /dev/urandom > ~/two"
    )
    settings.SANDLOT_INSTANCE = instance  # type: ignore[attr-defined]
    await Sandbox.objects.filter(pk=sandbox.pk).aupdate(slug=place.slug)
    await sandbox.arefresh_from_db()
    assert (await data_folder(place.site)).is_dir()
    await look_at(engine, sandbox)
    used = (await Usage.objects.aget()).disk_bytes
    assert used is not None
    assert 7_000_000 <= used < 8_500_000


def reloaded(sandbox: Sandbox) -> Sandbox:
    return Sandbox.objects.get(pk=sandbox.pk)
