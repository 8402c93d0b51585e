"""Volumes that are filled once and never changed again.

A fill can be killed at any point and two processes can start one at the same time. So each fill goes into a new
volume of its own, the last thing written is the manifest, and a volume without one does not count: it is removed
when its time is over. A finished volume is never written to, for it lies below the mounts of running sandboxes.
"""

import asyncio
import secrets
from collections import defaultdict
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from weakref import WeakKeyDictionary

from engine import Conflict, Engine, NotFound, Volume, VolumeSpec
from engine.storage.archives import archive_of

MANIFEST = "manifest.json"

# The engine refuses to remove a volume that a fill is using. This covers the moment before it does.
UNFINISHED_S = 600

# Fills the named volume and returns what is to be written last, the manifest behind everything else.
Fill = Callable[[str], Awaitable[Mapping[str, bytes]]]


@dataclass(frozen=True, slots=True)
class Filled:
    """A finished volume and its manifest, as it was written."""

    volume: Volume
    manifest: bytes


@dataclass
class _Known:
    """What this process knows of one engine: manifests by volume, and a lock for each kind of content."""

    manifests: dict[str, bytes] = field(default_factory=dict)
    locks: defaultdict[str, asyncio.Lock] = field(default_factory=lambda: defaultdict(asyncio.Lock))


_known: WeakKeyDictionary[Engine, _Known] = WeakKeyDictionary()


def lock(engine: Engine, name: str) -> asyncio.Lock:
    """Return this process's lock for something that is made once on an engine."""
    return _known.setdefault(engine, _Known()).locks[name]


async def filled_volume(engine: Engine, prefix: str, labels: Mapping[str, str], fill: Fill) -> Filled:
    """Return the finished volume with these labels; fill a new one, named PREFIX-RANDOM, when there is none."""
    known = _known.setdefault(engine, _Known())
    async with lock(engine, prefix):
        volumes = sorted(await engine.volumes(labels), key=lambda volume: volume.name)
        for volume in volumes:
            if (found := await _if_finished(engine, known, volume)) is not None:
                return found
        made = await _fill_new(engine, known, VolumeSpec(f"{prefix}-{secrets.token_hex(4)}", labels), fill)
        await _remove_unfinished(engine, volumes)
        return made


async def _if_finished(engine: Engine, known: _Known, volume: Volume) -> Filled | None:
    if volume.name not in known.manifests:
        try:
            known.manifests[volume.name] = await engine.read_file(volume.name, MANIFEST)
        except NotFound:
            return None
    return Filled(volume, known.manifests[volume.name])


async def _fill_new(engine: Engine, known: _Known, spec: VolumeSpec, fill: Fill) -> Filled:
    volume = await engine.ensure_volume(spec)
    try:
        last = await fill(volume.name)
        await engine.put_archive(volume.name, archive_of(last))
    except BaseException:
        with suppress(Conflict):
            await engine.remove_volume(volume.name)
        raise
    known.manifests[volume.name] = last[MANIFEST]
    return Filled(volume, last[MANIFEST])


async def _remove_unfinished(engine: Engine, volumes: list[Volume]) -> None:
    """Remove what killed fills left. Called with volumes that had no manifest."""
    for volume in volumes:
        if datetime.now(UTC) - volume.created_at > timedelta(seconds=UNFINISHED_S):
            # In use: a fill that takes its time, or the helper container of a killed one, which goes first.
            with suppress(Conflict):
                await engine.remove_volume(volume.name)
