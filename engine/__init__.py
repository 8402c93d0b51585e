"""The engine: what runs containers. `base` is the interface, `docker` the one there is today."""

from functools import lru_cache

from engine.base import Engine, ExecStream, Progress
from engine.errors import (
    BuildFailed,
    Conflict,
    DiskFull,
    EngineAway,
    EngineError,
    EngineRefused,
    EngineTimeout,
    ImageMissing,
    NameTaken,
    NotFound,
    StreamLost,
)
from engine.values import (
    Container,
    ContainerSpec,
    ContainerState,
    EngineEvent,
    EngineFacts,
    ExecResult,
    Image,
    Labels,
    Mount,
    Network,
    NetworkSpec,
    Refusals,
    Stats,
    TmpfsMount,
    Volume,
    VolumeMount,
    VolumeSpec,
)

__all__ = [
    "BuildFailed",
    "Conflict",
    "Container",
    "ContainerSpec",
    "ContainerState",
    "DiskFull",
    "Engine",
    "EngineAway",
    "EngineError",
    "EngineEvent",
    "EngineFacts",
    "EngineRefused",
    "EngineTimeout",
    "ExecResult",
    "ExecStream",
    "Image",
    "ImageMissing",
    "Labels",
    "Mount",
    "NameTaken",
    "Network",
    "NetworkSpec",
    "NotFound",
    "Progress",
    "Refusals",
    "Stats",
    "StreamLost",
    "TmpfsMount",
    "Volume",
    "VolumeMount",
    "VolumeSpec",
    "get_engine",
]


@lru_cache(maxsize=1)
def get_engine() -> Engine:
    """Return the engine that the settings name: one object per process.

    Making it talks to nobody: a process starts also while the engine is away.
    """
    from django.conf import settings  # noqa: PLC0415 - the rest of the package knows no Django

    from engine.docker import DockerEngine  # noqa: PLC0415 - nor, before it is asked for, docker-py

    return DockerEngine(settings.SANDLOT_ENGINE_URL, settings.SANDLOT_INSTANCE, settings.SANDLOT_NETWORK_POOL)
