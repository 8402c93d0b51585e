"""What the engine shows of us at one moment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from engine import Container, Engine
from engine.labels import HOST, SANDBOX, labels_of
from engine.site import Site


@dataclass(frozen=True)
class World:
    """Session containers by name. A snapshot: who acts on it asks the engine again first."""

    containers: Mapping[str, Container] = field(default_factory=dict)

    @classmethod
    async def look(cls, engine: Engine, instance: str, **labels: str) -> World:
        """Return what is there now, in one call. `labels` narrow it, for example to one sandbox."""
        wanted = labels_of(instance, "session", **labels)
        return cls({container.name: container for container in await engine.containers(wanted)})

    @classmethod
    async def of_site(cls, site: Site) -> World:
        """Return what is there of one sandbox, in one call."""
        return await cls.look(site.engine, site.instance, sandbox=site.sandbox)

    def of(self, slug: str) -> list[Container]:
        """Session containers of one sandbox."""
        return [container for container in self.containers.values() if container.labels.get(SANDBOX) == slug]

    def is_paused(self, slug: str) -> bool:
        """Whether the owner of a sandbox's network stands still and nothing else of it runs."""
        there = self.of(slug)
        host = [container for container in there if container.labels.get(HOST) == "1"]
        return any(each.state == "paused" for each in host) and not any(each.is_running for each in there)

    def is_there(self, name: str, labels: Mapping[str, str], state: str) -> bool:
        """Whether this container is in this state of the engine's and carries these labels."""
        container = self.containers.get(name)
        return container is not None and container.state == state and labels.items() <= container.labels.items()

    def runs(self, name: str, labels: Mapping[str, str]) -> bool:
        """Whether this container runs and carries these labels."""
        return self.is_there(name, labels, "running")
