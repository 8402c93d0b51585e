"""A sandbox's place on an engine: what everything of it there is named after, and the labels that say whose it is."""

from __future__ import annotations

from dataclasses import dataclass

from engine.base import Engine
from engine.labels import INSTANCE, SANDBOX, Kind, labels_of


def named(instance: str, sandbox: str, *parts: str) -> str:
    """Return the name of something of a sandbox. None of the parts holds a dot, so no two things share a name.

    With hyphens between them the sandbox `b-c` of `a` and the sandbox `c` of `a-b` were one.
    """
    return ".".join((f"sandlot-{instance}", sandbox, *parts))


@dataclass(frozen=True, slots=True)
class Site:
    """A sandbox of an instance on an engine."""

    engine: Engine
    instance: str
    sandbox: str

    @property
    def base(self) -> str:
        """What its names begin with."""
        return named(self.instance, self.sandbox)

    @property
    def former_base(self) -> str:
        """What they began with in earlier versions. A volume cannot be renamed: what is there keeps its name."""
        return f"sandlot-{self.instance}-{self.sandbox}"

    @property
    def own(self) -> dict[str, str]:
        """The labels of everything that is its own."""
        return {INSTANCE: self.instance, SANDBOX: self.sandbox}

    def labels(self, kind: Kind, **more: str) -> dict[str, str]:
        """Return the labels of one thing of it; `more` as for `labels_of`."""
        return labels_of(self.instance, kind, sandbox=self.sandbox, **more)
