"""Images on Docker."""

import asyncio
import io
import secrets
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from typing import Any

from engine.base import CREATION_S, QUESTION_S, TRANSFER_S, Progress
from engine.docker.containers import as_time, create, label_filter
from engine.docker.control import Control
from engine.errors import BuildFailed, EngineRefused, ImageMissing, NotFound
from engine.labels import labels_of
from engine.values import ContainerSpec, Image, Labels

EXPORT_PIECE_BYTES = 1024 * 1024
# What a failing build said last: a package manager's error needs this many lines.
KEPT_LINES = 12


class Images:
    """The part of Engine about images."""

    _control: Control
    _instance: str

    async def images(self, labels: Labels, *, deadline_s: float = QUESTION_S) -> list[Image]:
        wanted = label_filter(labels)
        rows = await self._control.call("listing images", lambda api: api.images(filters=wanted), deadline_s)
        return [await self.image(row["Id"], deadline_s=deadline_s) for row in rows]

    async def image(self, reference: str, *, deadline_s: float = QUESTION_S) -> Image:
        facts = await self._control.call(
            f"looking at image {reference}",
            lambda api: api.inspect_image(reference),  # type: ignore[no-untyped-call]
            deadline_s,
        )
        return _image(facts)

    async def pull_image(
        self, reference: str, progress: Progress | None = None, *, deadline_s: float = TRANSFER_S
    ) -> Image:
        repository, tag = _repository_and_tag(reference)
        tell = _in_loop(progress)
        about = f"pulling {reference}"

        def pull() -> None:
            api = self._control.client(deadline_s)
            for step in api.pull(repository, tag, stream=True, decode=True):
                if "error" in step:
                    raise ImageMissing(f"{about}: {step['error']}")
                if "status" in step and "progress" not in step:
                    tell(step["status"])

        try:
            await self._control.transfer(about, lambda _: pull(), deadline_s)
        except EngineRefused as error:
            raise ImageMissing(str(error)) from error
        return await self.image(reference)

    async def build_image(
        self,
        context: bytes,
        tag: str,
        labels: Labels,
        progress: Progress | None = None,
        *,
        arguments: Labels | None = None,
        deadline_s: float = TRANSFER_S,
    ) -> Image:
        tell = _in_loop(progress)

        def build() -> None:
            steps = self._control.client(deadline_s).build(
                fileobj=io.BytesIO(context),
                custom_context=True,
                tag=tag,
                labels=dict(labels),
                buildargs=dict(arguments or {}),
                rm=True,
                forcerm=True,
                decode=True,
            )
            _follow_build(steps, tag, tell)

        await self._control.transfer(f"building {tag}", lambda _: build(), deadline_s)
        return await self.image(tag)

    async def import_image(
        self, archive: Iterable[bytes], tag: str, labels: Labels, *, deadline_s: float = TRANSFER_S
    ) -> Image:
        repository, name = _repository_and_tag(tag)
        changes = [f'LABEL {label}="{value}"' for label, value in labels.items()]
        await self._control.transfer(
            f"importing {tag}",
            lambda api: api.import_image_from_stream(
                (piece for piece in archive if piece), repository=repository, tag=name, changes=changes
            ),
            deadline_s,
        )
        return await self.image(tag)

    async def remove_image(self, reference: str, *, deadline_s: float = CREATION_S) -> None:
        with suppress(NotFound):
            await self._control.call(f"removing image {reference}", lambda api: api.remove_image(reference), deadline_s)

    def export_tree(self, image: str) -> Iterator[bytes]:
        api = self._control.client(TRANSFER_S)
        name = f"sandlot-{self._instance}.helper.{secrets.token_hex(6)}"
        spec = ContainerSpec(name, image, ("never-started",), labels_of(self._instance, "helper"))
        create(api, spec)
        try:
            yield from api.export(name, chunk_size=EXPORT_PIECE_BYTES)
        finally:
            api.remove_container(name, v=True, force=True)


def _repository_and_tag(reference: str) -> tuple[str, str]:
    """Split "host:5000/name:tag"; the colon of a port is not the one of a tag."""
    repository, colon, tag = reference.rpartition(":")
    return (repository, tag) if colon and "/" not in tag else (reference, "latest")


def _in_loop(progress: Progress | None) -> Progress:
    """Return a function that threads may call and that calls `progress` in the event loop."""
    if progress is None:
        return lambda _: None
    loop = asyncio.get_running_loop()

    def tell(text: str) -> None:
        loop.call_soon_threadsafe(progress, text)

    return tell


def _follow_build(steps: Iterable[Mapping[str, Any]], tag: str, tell: Progress) -> None:
    last: deque[str] = deque(maxlen=KEPT_LINES)
    for step in steps:
        if "error" in step:
            raise BuildFailed(f"building {tag}: {step['error']}\n" + "\n".join(last))
        for line in step.get("stream", "").splitlines():
            if line.strip():
                last.append(line)
                tell(line)


def _image(facts: Mapping[str, Any]) -> Image:
    config = facts.get("Config") or {}
    pairs = (entry.partition("=") for entry in config.get("Env") or ())
    return Image(
        id=facts["Id"],
        tags=tuple(facts.get("RepoTags") or ()),
        labels=config.get("Labels") or {},
        environment={name: value for name, _, value in pairs},
        size_bytes=facts["Size"],
        created_at=as_time(facts.get("Created", "")),
    )
