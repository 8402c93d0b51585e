"""Volumes on Docker, and the way into them: through a container that is made and never started."""

import asyncio
import io
import secrets
import tarfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any, TypeVar

import docker

from sandboxes.engine.base import CREATION_S, OUTPUT_LIMIT_BYTES, QUESTION_S, TRANSFER_S
from sandboxes.engine.docker.containers import as_time, create, label_filter
from sandboxes.engine.docker.images import Images
from sandboxes.engine.errors import EngineRefused, ImageMissing, NameTaken, NotFound
from sandboxes.engine.values import ContainerSpec, Image, Labels, Volume, VolumeMount, VolumeSpec
from sandboxes.labels import labels_of

Result = TypeVar("Result")

# Where the helper's image has an empty folder for the volume.
HELPER_FOLDER = "/volume"


class Volumes(Images):
    """The part of Engine about volumes. The helper containers need an image, hence the base."""

    _helper_making: asyncio.Lock

    async def volumes(self, labels: Labels, *, deadline_s: float = QUESTION_S) -> list[Volume]:
        wanted = label_filter(labels)
        rows = await self._control.call("listing volumes", lambda api: api.volumes(filters=wanted), deadline_s)
        return [_volume(row) for row in rows["Volumes"] or ()]

    async def volume(self, name: str, *, deadline_s: float = QUESTION_S) -> Volume:
        facts = await self._control.call(f"looking at volume {name}", lambda api: api.inspect_volume(name), deadline_s)
        return _volume(facts)

    async def ensure_volume(self, spec: VolumeSpec, *, deadline_s: float = CREATION_S) -> Volume:
        facts = await self._control.call(
            f"creating volume {spec.name}",
            lambda api: api.create_volume(spec.name, "local", dict(spec.options), dict(spec.labels)),
            deadline_s,
        )
        volume = _volume(facts)
        # The engine answers with the one that is there and says nothing about what differs.
        if dict(volume.labels) != dict(spec.labels) or dict(volume.options) != dict(spec.options):
            raise NameTaken(f"creating volume {spec.name}: there is another one of this name")
        return volume

    async def remove_volume(self, name: str, *, deadline_s: float = CREATION_S) -> None:
        with suppress(NotFound):
            await self._control.call(f"removing volume {name}", lambda api: api.remove_volume(name), deadline_s)

    async def put_archive(self, volume: str, archive: Iterable[bytes], *, deadline_s: float = TRANSFER_S) -> None:
        def put(api: docker.APIClient, helper: str) -> None:
            api.put_archive(helper, HELPER_FOLDER, (piece for piece in archive if piece))

        await self._with_helper(volume, f"writing to volume {volume}", put, deadline_s)

    async def read_file(
        self, volume: str, path: str, *, limit_bytes: int = OUTPUT_LIMIT_BYTES, deadline_s: float = CREATION_S
    ) -> bytes:
        about = f"reading {path} of volume {volume}"

        def read(api: docker.APIClient, helper: str) -> bytes:
            pieces, facts = api.get_archive(helper, f"{HELPER_FOLDER}/{path}")
            if facts["size"] > limit_bytes:
                raise EngineRefused(f"{about}: it has {facts['size']} bytes, more than {limit_bytes}")
            with tarfile.open(fileobj=io.BytesIO(b"".join(pieces))) as archive:
                file = archive.extractfile(archive.next() or tarfile.TarInfo())
                return file.read() if file else b""

        return await self._with_helper(volume, about, read, deadline_s)

    async def _with_helper(
        self, volume: str, about: str, work: Callable[[docker.APIClient, str], Result], deadline_s: float
    ) -> Result:
        image = await self._helper_image()
        name = f"sandlot-{self._instance}.helper.{secrets.token_hex(6)}"
        spec = ContainerSpec(
            name=name,
            image=image.id,
            command=("never-started",),
            labels=labels_of(self._instance, "helper"),
            mounts=(VolumeMount(volume, HELPER_FOLDER),),
        )

        def run(api: docker.APIClient) -> Result:
            create(api, spec)
            try:
                return work(api, name)
            finally:
                api.remove_container(name, v=True, force=True)

        # A mount creates the volume it does not find; only what is there may be read or written.
        await self.volume(volume)
        return await self._control.transfer(about, run, deadline_s)

    async def _helper_image(self) -> Image:
        tag = f"sandlot/helper:{self._instance}"
        async with self._helper_making:
            try:
                return await self.image(tag)
            except ImageMissing:
                return await self.import_image(_empty_folder(), tag, labels_of(self._instance, "helper"))


def _volume(facts: Mapping[str, Any]) -> Volume:
    return Volume(
        name=facts["Name"],
        labels=facts.get("Labels") or {},
        options=facts.get("Options") or {},
        mountpoint=facts["Mountpoint"],
        created_at=as_time(facts.get("CreatedAt", "")) or datetime.now(UTC),
    )


def _empty_folder() -> Iterator[bytes]:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        folder = tarfile.TarInfo(HELPER_FOLDER.lstrip("/"))
        folder.type = tarfile.DIRTYPE
        folder.mode = 0o755
        archive.addfile(folder)
    yield buffer.getvalue()
