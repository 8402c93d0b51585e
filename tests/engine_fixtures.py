"""A real engine for tests: one instance of our own for the whole run, and nothing of it left behind."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field, replace

import pytest
import pytest_asyncio
from django.conf import settings

from engine import Engine, ExecResult, storage
from engine.confinement import Limits, session_container_spec
from engine.docker import DockerEngine
from engine.firewall import ensure_firewall
from engine.images import ensure_images
from engine.labels import INSTANCE
from engine.site import Site
from engine.storage import ImageTree, SharedTree

MIB = 1024 * 1024
LIMITS = Limits(memory_bytes=512 * MIB, cpu_millis=2000, pids=256)


@dataclass
class Place:
    """A sandbox as the engine has it, without a database: its files, its network, its sessions."""

    engine: Engine
    instance: str
    slug: str
    shared: SharedTree
    sessions: list[str] = field(default_factory=list)

    @property
    def site(self) -> Site:
        return Site(self.engine, self.instance, self.slug)

    async def session(
        self, name: str, *, read_only: bool = False, limits: Limits = LIMITS, command: tuple[str, ...] = ()
    ) -> str:
        """Start a session and return its container's name. The first has the network that those who write join."""
        container = f"sandlot-{self.instance}-{self.slug}-{name}"
        spec = session_container_spec(
            site=self.site,
            session=name,
            name=container,
            host=self.sessions[0] if self.sessions else None,
            shared=self.shared,
            read_only=read_only,
            labels={},
            limits=limits,
        )
        if read_only:
            await storage.ensure_readers_network(self.site)
        await self.engine.create_container(replace(spec, command=command or spec.command))
        self.sessions.append(container)
        await self.engine.start_container(container)
        return container

    async def sh(self, container: str, script: str, stdin: bytes = b"", deadline_s: float = 30) -> ExecResult:
        """Run a shell script in a session."""
        return await self.engine.exec_run(container, ["sh", "-c", script], stdin=stdin, deadline_s=deadline_s)

    async def stop(self) -> None:
        """Remove the sessions, the one with the network last. Files and network stay."""
        while self.sessions:
            await self.engine.remove_container(self.sessions.pop())

    async def remove(self) -> None:
        """Remove everything."""
        await self.stop()
        await storage.remove_networks(self.site)
        await storage.remove_sandbox(self.site)


MakePlace = Callable[[ImageTree], Awaitable[Place]]


async def new_place(engine: Engine, instance: str, tree: ImageTree) -> Place:
    """Make a place with files and a network; who calls this also removes it."""
    slug = f"place-{secrets.token_hex(4)}"
    site = Site(engine, instance, slug)
    await storage.ensure_network(site)
    return Place(engine, instance, slug, await storage.prepare_sandbox(site, tree))


@pytest.fixture(scope="session")
def instance() -> str:
    """Name everything of this run on the engine."""
    return f"test-{secrets.token_hex(4)}"


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def engine(instance: str) -> AsyncIterator[Engine]:
    engine = DockerEngine(settings.SANDLOT_ENGINE_URL, instance)
    yield engine
    await remove_everything(engine, instance)
    await engine.close()


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def images(engine: Engine) -> dict[str, str]:
    """Template slug -> image reference. Built when missing and kept: they belong to no instance."""
    return await ensure_images(engine, lambda _: None)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def firewall(engine: Engine, instance: str) -> None:
    """The rules of the engine's machine. Set twice: what is there already is no trouble."""
    for _ in range(2):
        assert await ensure_firewall(engine, instance, lambda _: None) is None


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def debian(engine: Engine, images: dict[str, str]) -> ImageTree:
    return await storage.prepare_image_tree(engine, await engine.image(images["debian"]))


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def busybox(engine: Engine, images: dict[str, str]) -> ImageTree:
    return await storage.prepare_image_tree(engine, await engine.image(images["busybox"]))


@pytest_asyncio.fixture(loop_scope="session")
async def make_place(engine: Engine, instance: str) -> AsyncIterator[MakePlace]:
    """Give a function that makes places on a tree; they go with the test."""
    places: list[Place] = []

    async def make(tree: ImageTree) -> Place:
        places.append(await new_place(engine, instance, tree))
        return places[-1]

    yield make
    for place in places:
        await place.remove()


async def remove_everything(engine: Engine, instance: str) -> None:
    """Remove all that carries this instance's label."""
    ours = {INSTANCE: instance}
    for container in await engine.containers(ours):
        await engine.remove_container(container.name)
    for network in await engine.networks(ours):
        await engine.remove_network(network.name)
    # Data and trees last: the others are mounts of them.
    for volume in sorted(await engine.volumes(ours), key=lambda volume: not volume.options):
        await engine.remove_volume(volume.name)
    for image in await engine.images(ours):
        for name in image.tags or [image.id]:
            await engine.remove_image(name)
