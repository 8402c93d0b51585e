"""The engines of this installation, by name. So far there is one, which the settings name."""

from __future__ import annotations

from functools import cache

from django.conf import settings

from engine import Engine
from engine.site import Site

DEFAULT = "default"


@cache
def engine_named(name: str = DEFAULT) -> Engine:
    """Return an engine: one object per process and name. Raises LookupError for a name that there is not.

    Making it talks to nobody: a process starts also while the engine is away.
    """
    if name != DEFAULT:
        raise LookupError(f"There is no engine {name!r}.")
    from engine.docker import DockerEngine  # noqa: PLC0415 - docker-py is slow to load, and most commands ask no engine

    return DockerEngine(settings.SANDLOT_ENGINE_URL, settings.SANDLOT_INSTANCE, settings.SANDLOT_NETWORK_POOL)


def site_of(slug: str, engine: Engine | None = None) -> Site:
    """Return a sandbox's place on an engine, the default one if none is given."""
    return Site(engine or engine_named(), settings.SANDLOT_INSTANCE, slug)
