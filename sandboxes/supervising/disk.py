"""How much disk a sandbox's files take, and what follows: a warning from 80 %, a stop at 100 %.

No storage driver bounds a volume for us, so it is measured: by `du` on the engine's machine, one sandbox at a time, at
the lowest priority and with a deadline. That needs no container, so nothing stands in the way of deleting the volume.
An engine on another machine is not measured, as its free space is not (see `engine.space`).

Who was stopped may start again and has ten minutes to make room.
"""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path

from asgiref.sync import sync_to_async
from django.db import DatabaseError, close_old_connections
from django.db.models import F, Q
from django.utils import timezone

from engine import Engine, EngineError, NotFound
from engine.storage import data_folder
from sandboxes.engines import site_of
from sandboxes.metrics.readings import HIGH
from sandboxes.metrics.shares import disk_share
from sandboxes.models import Desired, Notice, Sandbox, State, Usage

logger = logging.getLogger(__name__)

# Between two sandboxes: a large tree costs the disk a second or two.
PAUSE_S = 3.0
EVERY = timedelta(minutes=5)
# The fuller, the sooner it matters.
EVERY_WHEN_HIGH = timedelta(minutes=1)
DEADLINE_S = 60.0
CLEANING = timedelta(minutes=10)
# A warning is said again after this, not with every measure.
WARNED_AGAIN = timedelta(hours=2)
# What the sandbox changed, and its project; the image's files below are not its own.
PARTS = ("upper", "project")


async def watch_disks(engine: Engine) -> None:
    """Measure for ever whatever is due."""
    while True:
        await asyncio.sleep(PAUSE_S)
        try:
            if (sandbox := await sync_to_async(next_due)()) is not None:
                await look_at(engine, sandbox)
        except EngineError as error:
            logger.info("No disk was measured: %s", error)
        except DatabaseError:
            logger.exception("The use of a disk could not be written down.")
            await sync_to_async(close_old_connections)()


async def look_at(engine: Engine, sandbox: Sandbox) -> None:
    """Measure one sandbox and do what follows. One that cannot be measured has its turn again later."""
    used = None
    with suppress(NotFound):
        folder = await data_folder(site_of(sandbox.slug, engine))
        used = await size_of([folder / part for part in PARTS])
    await sync_to_async(settle)(sandbox, used)


async def size_of(folders: list[Path]) -> int | None:
    """Return the bytes that these take on the disk, hard links once; None when they are not here or take too long."""
    if not all(folder.is_dir() for folder in folders):
        return None
    command = ["nice", "-n", "19", "du", "-sxc", "-B1", "--", *map(str, folders)]
    quiet = asyncio.subprocess.DEVNULL
    process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE, stderr=quiet)
    try:
        async with asyncio.timeout(DEADLINE_S):
            said, _ = await process.communicate()
    except TimeoutError:
        return None
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    # Files that go away meanwhile make it complain and count on: the last line is the sum.
    total = said.decode(errors="replace").rpartition("\n")[0].rpartition("\n")[2].partition("\t")[0]
    return int(total) if total.isdigit() else None


def next_due(now: datetime | None = None) -> Sandbox | None:
    """Return the sandbox whose measure is the oldest of those that are due: running, or stopped since the last."""
    now = now or timezone.now()
    settled = Sandbox.objects.filter(state__in=[State.RUNNING, State.STOPPED]).exclude(desired=Desired.DELETED)
    is_high = Q(usage__disk_bytes__gte=F("disk_bytes") * HIGH, usage__disk_at__lt=now - EVERY_WHEN_HIGH)
    running = Q(state=State.RUNNING) & (Q(usage__disk_at__lt=now - EVERY) | is_high)
    due = settled.filter(Q(usage__disk_at=None) | running | Q(state=State.STOPPED, usage__disk_at__lt=F("state_at")))
    return due.order_by(F("usage__disk_at").asc(nulls_first=True), "pk").first()


def settle(sandbox: Sandbox, used_bytes: int | None, now: datetime | None = None) -> None:
    """Write a measure down; warn, or stop the sandbox, when it has come to that."""
    now = now or timezone.now()
    measured = {"disk_at": now} | ({} if used_bytes is None else {"disk_bytes": used_bytes})
    usage, _ = Usage.objects.update_or_create(sandbox_id=sandbox.pk, defaults=measured)
    if used_bytes is None:
        return
    share = disk_share(sandbox, used_bytes)
    words = f"The sandbox's files take {share.used} of {share.allowed}"
    if share.fraction < 1:
        Usage.objects.filter(pk=usage.pk).update(disk_stopped_at=None)
        if share.fraction >= HIGH and sandbox.is_running:
            text = f"{words}, {int(share.fraction * 100)} %: at 100 % it is stopped."
            Notice.tell(sandbox, Notice.Kind.DISK, text, now=now, quiet=WARNED_AGAIN)
    elif sandbox.is_running and usage.disk_stopped_at and now < sandbox.state_at + CLEANING:
        text = f"{words}. Make room until {sandbox.state_at + CLEANING:%H:%M} UTC, or it is stopped again."
        Notice.tell(sandbox, Notice.Kind.DISK, text, now=now, quiet=CLEANING)
    elif sandbox.is_running:
        Usage.objects.filter(pk=usage.pk).update(disk_stopped_at=now)
        sandbox.stop_full(f"Stopped: {words[0].lower()}{words[1:]}. Start it to make room, within ten minutes.")
