"""An engine that is only a memory: for lives of hundreds of steps, and for faults at any moment.

It keeps containers, networks and volumes as the real one does, as far as sandboxes lean on it: names are identity, who
joins another's network stands on that container, what is in use is not removed. `before` is called with the name of a
call: what it does happens in that very moment, and what it raises is the answer.
"""

from __future__ import annotations

import itertools
import json
import struct
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from engine import (
    Conflict,
    Container,
    ContainerSpec,
    EngineFacts,
    ExecResult,
    Image,
    ImageMissing,
    Labels,
    NameTaken,
    Network,
    NetworkSpec,
    NotFound,
    Volume,
    VolumeSpec,
)
from engine.images.holder import holder_reference
from engine.labels import SHARED, labels_of
from engine.storage.filled import MANIFEST

NOW = datetime(2030, 1, 1, tzinfo=UTC)
IMAGE = "sha256:" + "1" * 64
HOLDER_IMAGE = "sha256:" + "2" * 64
TREE = f"sandlot-{SHARED}.tree-1"
FACTS = EngineFacts(
    name="double",
    version="1",
    api_version="1.41",
    kernel="",
    operating_system="",
    architecture="",
    storage_driver="overlay2",
    root_folder="/nonexistent",
    cpus=2,
    memory_bytes=2**33,
    runtimes=("runc",),
    security=(),
    cgroup_version="2",
    containers_running=0,
)


@dataclass
class Box:
    """A container, with what a real one keeps inside. `stands_on`: the id of the container whose network it joined."""

    seen: Container
    spec: ContainerSpec
    stands_on: str = ""
    # What was put into its private folder, by path.
    private: dict[str, bytes] = field(default_factory=dict)

    @property
    def is_running(self) -> bool:
        return self.seen.is_running

    @property
    def lives(self) -> bool:
        """Whether its programs are there, also while they stand still."""
        return self.seen.state in ("running", "paused")


def put(records: bytes, files: dict[str, bytes]) -> None:
    """Do as `holder private` does with a list of files: see holder/records.h."""
    at = 0
    while records[at]:
        kind, length = struct.unpack_from("!BH", records, at)
        path = records[at + 3 : at + 3 + length].decode()
        at += 3 + length
        files.pop(path, None)
        if kind == 1:
            (size,) = struct.unpack_from("!I", records, at)
            files[path] = records[at + 4 : at + 4 + size]
            at += 4 + size


async def nothing(_: str) -> None:
    """Nothing happens in between."""


class EngineDouble:
    """Has one image, made into a tree already, and the holder. Everything else is made through its calls."""

    def __init__(self, image: str) -> None:
        self.before: Callable[[str], Awaitable[None]] = nothing
        self.boxes: dict[str, Box] = {}
        self.nets: dict[str, Network] = {}
        self._ids = itertools.count(1)
        self._images = {image: IMAGE, holder_reference(): HOLDER_IMAGE, f"sandlot/skeleton:{TREE}": "sha256:skeleton"}
        self.vols: dict[str, Volume] = {}
        self._files: dict[str, bytes] = {}
        folder = {"name": "root", "mode": 0o700, "uid": 0, "gid": 0}
        self._finished(TREE, labels_of(SHARED, "tree", image=IMAGE), {"image": IMAGE, "folders": [folder]})
        self._finished(f"sandlot-{SHARED}.holder-1", labels_of(SHARED, "holder", image=HOLDER_IMAGE), {})

    def _finished(self, name: str, labels: Labels, manifest: Mapping[str, Any]) -> None:
        self.vols[name] = Volume(name, labels, {}, f"/double/{name}", NOW)
        self._files[name] = json.dumps(manifest).encode()

    # --- what happens without being asked for ------------------------------------------------------------------------
    def end(self, name: str, status: int = 137) -> None:
        """Let a container end by itself. Who stands on its network lives on, cut off."""
        box = self.boxes[name]
        box.seen = replace(box.seen, state="exited", exit_code=status, oom_killed=False)
        box.private.clear()

    # --- the engine's calls ------------------------------------------------------------------------------------------
    async def facts(self) -> EngineFacts:
        await self.before("facts")
        return FACTS

    async def containers(self, labels: Labels) -> list[Container]:
        await self.before("containers")
        return [box.seen for box in self.boxes.values() if labels.items() <= box.seen.labels.items()]

    async def container(self, name: str) -> Container:
        await self.before("container")
        return self._box(name).seen

    async def create_container(self, spec: ContainerSpec) -> Container:
        await self.before("create_container")
        if spec.name in self.boxes:
            raise NameTaken(f"creating {spec.name}: the name is taken")
        if spec.network.startswith("container:"):
            self._box(spec.network.removeprefix("container:"))
        elif spec.network not in self.nets:
            raise NotFound(f"creating {spec.name}: no network {spec.network}")
        seen = Container(str(next(self._ids)), spec.name, "created", spec.image, spec.labels, NOW)
        self.boxes[spec.name] = Box(seen, spec)
        return seen

    async def start_container(self, name: str) -> None:
        await self.before("start_container")
        box = self._box(name)
        if box.spec.network.startswith("container:"):
            host = self._box(box.spec.network.removeprefix("container:"))
            if not host.is_running:
                raise Conflict(f"starting {name}: {host.seen.name} is not running")
            box.stands_on = host.seen.id
        box.seen = replace(box.seen, state="running")

    async def stop_container(self, name: str, *, grace_s: int) -> None:
        await self.before("stop_container")
        name = self._name(name)
        if name in self.boxes and self.boxes[name].is_running:
            self.end(name, 0)

    async def pause_container(self, name: str) -> None:
        await self.before("pause_container")
        box = self._box(name)
        if not box.lives:
            raise Conflict(f"pausing {name}: it is not running")
        box.seen = replace(box.seen, state="paused")

    async def unpause_container(self, name: str) -> None:
        await self.before("unpause_container")
        box = self._box(name)
        if box.seen.state == "paused":
            box.seen = replace(box.seen, state="running")

    async def remove_container(self, name: str) -> None:
        await self.before("remove_container")
        self.boxes.pop(self._name(name), None)

    async def rename_container(self, name: str, new_name: str) -> None:
        await self.before("rename_container")
        box = self._box(name)
        if new_name in self.boxes:
            raise NameTaken(f"renaming {name}: the name {new_name} is taken")
        del self.boxes[box.seen.name]
        box.seen = replace(box.seen, name=new_name)
        self.boxes[new_name] = box

    async def exec_run(
        self, container: str, argv: Sequence[str], *, stdin: bytes = b"", deadline_s: float = 10
    ) -> ExecResult:
        await self.before(f"exec {argv[-1]}")
        box = self._box(container)
        if not box.is_running:
            raise Conflict(f"{container} is not running")
        if argv[-1] == "private":
            put(stdin, box.private)
        return ExecResult(0, b"", b"")

    async def networks(self, labels: Labels) -> list[Network]:
        await self.before("networks")
        return [net for net in self.nets.values() if labels.items() <= net.labels.items()]

    async def ensure_network(self, spec: NetworkSpec) -> Network:
        await self.before("ensure_network")
        made = Network(str(next(self._ids)), spec.name, spec.labels, "sl-1", "10.213.0.0/28")
        return self.nets.setdefault(spec.name, made)

    async def remove_network(self, name: str) -> None:
        await self.before("remove_network")
        if any(box.is_running and box.spec.network == name for box in self.boxes.values()):
            raise Conflict(f"{name} is in use")
        self.nets.pop(name, None)

    async def volumes(self, labels: Labels) -> list[Volume]:
        await self.before("volumes")
        return [volume for volume in self.vols.values() if labels.items() <= volume.labels.items()]

    async def volume(self, name: str) -> Volume:
        await self.before("volume")
        return self.vols[name]

    async def ensure_volume(self, spec: VolumeSpec) -> Volume:
        await self.before("ensure_volume")
        made = Volume(spec.name, spec.labels, spec.options, f"/double/{spec.name}", NOW)
        return self.vols.setdefault(spec.name, made)

    async def remove_volume(self, name: str) -> None:
        await self.before("remove_volume")
        if any(name in (getattr(mount, "name", "") for mount in box.spec.mounts) for box in self.boxes.values()):
            raise Conflict(f"{name} is in use")
        self.vols.pop(name, None)

    async def put_archive(self, volume: str, archive: Iterable[bytes]) -> None:
        await self.before("put_archive")

    async def read_file(self, volume: str, path: str) -> bytes:
        await self.before("read_file")
        if path != MANIFEST or volume not in self._files:
            raise NotFound(f"no {path} in {volume}")
        return self._files[volume]

    async def image(self, reference: str) -> Image:
        await self.before("image")
        digest = self._images.get(reference, reference if reference in self._images.values() else "")
        if not digest:
            raise ImageMissing(reference)
        return Image(digest, (reference,), {}, {"PATH": "/bin"}, 1, NOW)

    def _name(self, name_or_id: str) -> str:
        """Return the name of a container with this name or id."""
        names = (name for name, box in self.boxes.items() if box.seen.id == name_or_id)
        return name_or_id if name_or_id in self.boxes else next(names, name_or_id)

    def _box(self, name: str) -> Box:
        name = self._name(name)
        if name not in self.boxes:
            raise NotFound(f"no container {name}")
        return self.boxes[name]
