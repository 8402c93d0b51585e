"""What a session's container may and may not: the one place that decides it.

Inside, everybody is root; what keeps them in is here. Source for what each line is worth: CIS Docker Benchmark,
section 5, and the capabilities and seccomp pages of the Docker manual.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from engine import ContainerSpec
from engine.seccomp import profile
from engine.site import Site
from engine.storage import SharedTree

# Enough for package managers, servers on low ports and `su`; nothing that reaches beyond the container's own files.
# Against Docker's default without MKNOD, NET_RAW, SETFCAP, SETPCAP, SYS_CHROOT and AUDIT_WRITE.
CAPABILITIES = ("CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID", "KILL", "NET_BIND_SERVICE", "SETGID", "SETUID")

# Build tools and file watchers need thousands; the engine's own default of a million lets one session drain the
# kernel's. An engine that was itself started with less than this (20,000 is seen) refuses to give more than it has.
OPEN_FILES = 16384

HOLDER_INIT = ("/.sandlot/holder", "init")
# It and its shells reach neither unix sockets nor named pipes of a session that writes, see holder/confine.h.
HOLDER_INIT_READ = (*HOLDER_INIT, "--read")


@dataclass(frozen=True, slots=True)
class Limits:
    """What one session may use. `memory_bytes` is memory and swap together, /tmp and the private folder included."""

    memory_bytes: int
    cpu_millis: int
    pids: int


def session_container_spec(  # noqa: PLR0913 - by name only, and each decides something
    *,
    site: Site,
    session: str,
    name: str,
    host: str | None,
    shared: SharedTree,
    read_only: bool,
    labels: Mapping[str, str],
    limits: Limits,
    runtime: str | None = None,
) -> ContainerSpec:
    """Return the confined container of a session.

    `host` is the name of the container whose network it joins if it may write, None for the one that owns it.
    `labels` come on top of those that say whose it is. `runtime` is the engine's name of another one, such as "runsc".
    """
    network = _network_of(shared, host, read_only=read_only)
    return ContainerSpec(
        name=name,
        image=shared.image,
        command=HOLDER_INIT_READ if read_only else HOLDER_INIT,
        labels={**site.labels("session", session=session), **labels},
        mounts=shared.mounts(read_only=read_only),
        # The host's name belongs to the network: who joins has the name of whom it joins.
        hostname=None if network.startswith("container:") else site.sandbox,
        network=network,
        capabilities=CAPABILITIES,
        seccomp=profile(),
        memory_bytes=limits.memory_bytes,
        cpus=limits.cpu_millis / 1000,
        pids=limits.pids,
        open_files=OPEN_FILES,
        runtime=runtime,
        # /etc/hosts of every container says that ::1 is localhost. Nothing else gets an IPv6 address.
        loopback6=not network.startswith("container:") and runtime is None,
    )


def _network_of(shared: SharedTree, host: str | None, *, read_only: bool) -> str:
    """Return which network it is in: who may only read reaches no server of those who write."""
    if read_only:
        return shared.networks.readers
    return f"container:{host}" if host else shared.networks.writers
