"""Volumes on Docker, and the way into them: through a container that is made and never started."""

import asyncio
import io
import json
import secrets
import tarfile
from base64 import b64decode
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from engine.base import CREATION_S, OUTPUT_LIMIT_BYTES, QUESTION_S, TRANSFER_S
from engine.docker.containers import Containers, as_time, label_filter
from engine.docker.images import Images
from engine.errors import EngineRefused, EngineTimeout, ImageMissing, NameTaken, NotFound
from engine.labels import SANDBOX, SHARED, labels_of
from engine.values import ContainerSpec, Image, Labels, Volume, VolumeMount, VolumeSpec
from engine.wire import Answer, error_message, refusal

# Nothing but an empty folder for the volume: a container has to have an image, not one with something in it.
HELPER_IMAGE = "sandlot/helper:1"
HELPER_FOLDER = "/volume"


class Volumes(Containers, Images):
    """The part of Engine about volumes. Helpers are containers and need an image, hence the bases."""

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
        async with self._helper(volume) as helper:
            await self._control.transfer(
                f"writing to volume {volume}",
                lambda api: api.put_archive(helper, HELPER_FOLDER, (piece for piece in archive if piece)),
                deadline_s,
            )

    async def read_file(
        self, volume: str, path: str, *, limit_bytes: int = OUTPUT_LIMIT_BYTES, deadline_s: float = CREATION_S
    ) -> bytes:
        about = f"reading {path} of volume {volume}"
        async with self._helper(volume) as helper:
            try:
                async with asyncio.timeout(deadline_s):
                    return await self._read(helper, path, limit_bytes, about)
            except TimeoutError as error:
                raise EngineTimeout(f"{about}: not done within {deadline_s:g} s") from error

    async def _read(self, helper: str, path: str, limit_bytes: int, about: str) -> bytes:
        """Not by docker-py: it cannot leave an answer unread, and while it is unread the helper cannot be removed."""
        connection = await self._connect(CREATION_S)
        try:
            place = quote(f"{HELPER_FOLDER}/{path}", safe="")
            connection.send("GET", await self._path(f"/containers/{helper}/archive?path={place}"))
            answer = await connection.answer()
            if answer.status == 200 and (size := _size(answer)) > limit_bytes:
                raise EngineRefused(f"{about}: it has {size} bytes, more than {limit_bytes}")
            content = b"".join([piece async for piece in connection.body(answer)])
            if answer.status != 200:
                raise refusal(answer.status, error_message(content), about)
            return _only_file(content)
        finally:
            connection.close()

    @asynccontextmanager
    async def _helper(self, volume: str) -> AsyncIterator[str]:
        """Give the name of a container that has the volume at HELPER_FOLDER; never started, removed afterwards."""
        # A mount would create the volume that it does not find; only what is there may be read or written.
        whose = (await self.volume(volume)).labels.get(SANDBOX)
        spec = ContainerSpec(
            name=f"sandlot-{self._instance}.helper.{secrets.token_hex(6)}",
            image=(await self._helper_image()).id,
            command=("never-started",),
            labels=labels_of(self._instance, "helper") | ({SANDBOX: whose} if whose else {}),
            mounts=(VolumeMount(volume, HELPER_FOLDER),),
        )
        await self.create_container(spec)
        try:
            yield spec.name
        finally:
            await self.remove_container(spec.name)

    async def _helper_image(self) -> Image:
        async with self._helper_making:
            try:
                return await self.image(HELPER_IMAGE)
            except ImageMissing:
                return await self.import_image(_empty_folder(), HELPER_IMAGE, labels_of(SHARED, "image"))


def _volume(facts: Mapping[str, Any]) -> Volume:
    return Volume(
        name=facts["Name"],
        labels=facts.get("Labels") or {},
        options=facts.get("Options") or {},
        mountpoint=facts["Mountpoint"],
        created_at=as_time(facts.get("CreatedAt", "")) or datetime.now(UTC),
    )


def _size(answer: Answer) -> int:
    """Return the size of a file about to be sent. Source: Docker Engine API, GET /containers/{id}/archive."""
    return int(json.loads(b64decode(answer.headers["x-docker-container-path-stat"]))["size"])


def _only_file(content: bytes) -> bytes:
    with tarfile.open(fileobj=io.BytesIO(content)) as archive:
        entry = archive.next()
        file = archive.extractfile(entry) if entry else None
        return file.read() if file else b""


def _empty_folder() -> Iterator[bytes]:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        folder = tarfile.TarInfo(HELPER_FOLDER.lstrip("/"))
        folder.type = tarfile.DIRTYPE
        folder.mode = 0o755
        archive.addfile(folder)
    yield buffer.getvalue()
