"""What goes into the engine and what comes out: plain frozen values, no object of a client library."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

Labels = Mapping[str, str]

ContainerState = Literal["created", "running", "paused", "restarting", "removing", "exited", "dead"]


@dataclass(frozen=True, slots=True)
class VolumeMount:
    """A volume at an absolute path. Nothing of the image is ever copied into it."""

    name: str
    target: str
    read_only: bool = False


@dataclass(frozen=True, slots=True)
class TmpfsMount:
    """A file system in memory, owned by root, counted as the container's memory. `mode` as in chmod."""

    target: str
    size_bytes: int
    mode: int
    executable: bool = True


Mount = VolumeMount | TmpfsMount


@dataclass(frozen=True, slots=True)
class ContainerSpec:
    """A container to create. The defaults give it nothing: no capability, no network.

    `network` is the name of a network, "none", "host", or "container:NAME" to join that container's.
    `seccomp` is a profile in Docker's JSON format, None for the engine's default.
    `memory_bytes` is memory and swap together; None means no limit. `loopback6`: ::1 answers.
    """

    name: str
    image: str
    command: tuple[str, ...]
    labels: Labels
    entrypoint: tuple[str, ...] = ()
    mounts: tuple[Mount, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    working_dir: str = "/"
    user: str = "0:0"
    hostname: str | None = None
    network: str = "none"
    read_only: bool = True
    capabilities: tuple[str, ...] = ()
    seccomp: str | None = None
    memory_bytes: int | None = None
    cpus: float | None = None
    pids: int | None = None
    open_files: int | None = None
    shm_bytes: int = 64 * 1024 * 1024
    log_bytes: int = 1024 * 1024
    stop_signal: str = "SIGTERM"
    runtime: str | None = None
    loopback6: bool = False


@dataclass(frozen=True, slots=True)
class Container:
    """A container as the engine shows it.

    The list call knows neither `exit_code`, `oom_killed`, `error` nor the times but `created_at`:
    they are None there, except `exit_code`, which it reads from the engine's status line.
    """

    id: str
    name: str
    state: ContainerState
    image: str
    labels: Labels
    created_at: datetime
    started_at: datetime | None = None
    finished_at: datetime | None = None
    exit_code: int | None = None
    oom_killed: bool | None = None
    error: str | None = None

    @property
    def is_running(self) -> bool:
        return self.state == "running"


@dataclass(frozen=True, slots=True)
class VolumeSpec:
    """A volume of the engine's local driver; `options` are the driver's (type, device, o)."""

    name: str
    labels: Labels
    options: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Volume:
    """`mountpoint` is a path on the engine's machine.

    `created_at` is when something at its top changed last, on engines that keep no other time (20.10).
    """

    name: str
    labels: Labels
    options: Mapping[str, str]
    mountpoint: str
    created_at: datetime = field(compare=False)


@dataclass(frozen=True, slots=True)
class NetworkSpec:
    """A bridge network of its own; the engine part picks a free subnet and the bridge's name.

    `room` is how many containers have an address in it, others are refused. `is_apart`: they do not reach each other.
    """

    name: str
    labels: Labels
    room: int = 5
    is_apart: bool = False


@dataclass(frozen=True, slots=True)
class Network:
    """`bridge` is the host's interface ("" for networks that are not bridges), `subnet` in CIDR form."""

    id: str
    name: str
    labels: Labels
    bridge: str
    subnet: str | None


@dataclass(frozen=True, slots=True)
class Image:
    """`id` is the content digest ("sha256:…"); `tags` are the names it goes by."""

    id: str
    tags: tuple[str, ...]
    labels: Labels
    environment: Mapping[str, str]
    size_bytes: int
    created_at: datetime | None


@dataclass(frozen=True, slots=True)
class EngineFacts:
    """What the engine says of itself. `security` are its options, such as "apparmor" or "seccomp"."""

    name: str
    version: str
    api_version: str
    kernel: str
    operating_system: str
    architecture: str
    storage_driver: str
    root_folder: str
    cpus: int
    memory_bytes: int
    runtimes: tuple[str, ...]
    security: tuple[str, ...]
    cgroup_version: str
    containers_running: int


@dataclass(frozen=True, slots=True)
class ExecResult:
    """How a command ended. `truncated` says that output beyond the limit was dropped."""

    status: int
    stdout: bytes
    stderr: bytes
    truncated: bool = False


@dataclass(frozen=True, slots=True)
class EngineEvent:
    """Something happened to a container: "start", "die", "oom", "pause", "unpause", "destroy", …

    A hint, not the truth: events are lost while nobody listens.
    """

    action: str
    container: str
    labels: Labels
    at: datetime
    exit_code: int | None = None


@dataclass(frozen=True, slots=True)
class Stats:
    """Counters of one running container at one moment; take the difference of two for a rate.

    `cpu_ns` is the time used on all processors together since the start. `memory_bytes` is without the
    page cache that can be given back. `pids_limit` is 0 where there is none.
    """

    at: datetime
    cpu_ns: int
    memory_bytes: int
    memory_limit_bytes: int
    pids: int
    received_bytes: int
    sent_bytes: int
    pids_limit: int = 0


@dataclass(frozen=True, slots=True)
class Refusals:
    """How often a running container was refused a process since its start, because it had `limit` of them."""

    count: int
    limit: int
