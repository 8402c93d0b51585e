"""What the engine shows of us at one moment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from sandboxes.engine import Container, Engine
from sandboxes.labels import SANDBOX, labels_of


@dataclass(frozen=True)
class World:
    """Session containers by name. A snapshot: who acts on it asks the engine again first."""

    containers: Mapping[str, Container] = field(default_factory=dict)

    @classmethod
    async def look(cls, engine: Engine, instance: str, **labels: str) -> World:
        """Return what is there now, in one call. `labels` narrow it, for example to one sandbox."""
        wanted = labels_of(instance, "session", **labels)
        return cls({container.name: container for container in await engine.containers(wanted)})

    def of(self, slug: str) -> list[Container]:
        """Session containers of one sandbox."""
        return [container for container in self.containers.values() if container.labels.get(SANDBOX) == slug]

    def runs(self, name: str, labels: Mapping[str, str]) -> bool:
        """Whether this container runs and carries these labels."""
        container = self.containers.get(name)
        return container is not None and container.is_running and labels.items() <= container.labels.items()
