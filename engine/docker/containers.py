"""Containers on Docker."""

import asyncio
import json
import re
from collections.abc import AsyncIterator, Collection, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast
from urllib.parse import quote

import docker

from engine.base import CREATION_S, QUESTION_S
from engine.docker.cgroups import refusals_of
from engine.docker.control import Control
from engine.errors import Conflict, EngineTimeout, NotFound
from engine.values import (
    Container,
    ContainerSpec,
    ContainerState,
    EngineEvent,
    Labels,
    Refusals,
    Stats,
    TmpfsMount,
    VolumeMount,
)
from engine.wire import Answer, Connection, error_message, refusal

# What changes a container's state; exec events would come with every viewer.
EVENTS = ("create", "start", "die", "oom", "pause", "unpause", "destroy")

# Docker switches IPv6 off in every network without it, also on lo. Whoever makes session containers runs on the
# engine's machine; a container with a setting that its kernel does not have would not start.
LOOPBACK6 = {"net.ipv6.conf.lo.disable_ipv6": "0"}
KERNEL_IPV6 = Path("/proc/sys/net/ipv6/conf/lo/disable_ipv6")

# The engine's words: "Exited (137) 2 hours ago".
EXIT_STATUS = re.compile(r"^Exited \((\d+)\)")


class Containers:
    """The part of Engine about containers."""

    _control: Control

    async def containers(self, labels: Labels, *, deadline_s: float = QUESTION_S) -> list[Container]:
        wanted = label_filter(labels)
        rows = await self._control.call(
            "listing containers", lambda api: api.containers(all=True, filters=wanted), deadline_s
        )
        return [_listed(row) for row in rows]

    async def container(self, name: str, *, deadline_s: float = QUESTION_S) -> Container:
        facts = await self._control.call(f"looking at {name}", lambda api: api.inspect_container(name), deadline_s)
        return _inspected(facts)

    async def create_container(self, spec: ContainerSpec, *, deadline_s: float = CREATION_S) -> Container:
        about = f"creating {spec.name}"
        await self._control.call(about, lambda api: create(api, spec), deadline_s)
        return await self.container(spec.name)

    async def start_container(self, name: str, *, deadline_s: float = CREATION_S) -> None:
        await self._control.call(f"starting {name}", lambda api: api.start(name), deadline_s)

    async def stop_container(self, name: str, *, grace_s: int = 5, deadline_s: float = CREATION_S) -> None:
        try:
            await self._control.call(
                f"stopping {name}", lambda api: api.stop(name, timeout=grace_s), max(deadline_s, grace_s + QUESTION_S)
            )
        except NotFound:
            return

    async def pause_container(self, name: str, *, deadline_s: float = QUESTION_S) -> None:
        if (await self.container(name, deadline_s=deadline_s)).state != "paused":
            await self._control.call(f"pausing {name}", lambda api: api.pause(name), deadline_s)

    async def unpause_container(self, name: str, *, deadline_s: float = QUESTION_S) -> None:
        if (await self.container(name, deadline_s=deadline_s)).state == "paused":
            await self._control.call(f"continuing {name}", lambda api: api.unpause(name), deadline_s)

    async def remove_container(self, name: str, *, deadline_s: float = CREATION_S) -> None:
        try:
            await self._control.call(
                f"removing {name}", lambda api: api.remove_container(name, v=True, force=True), deadline_s
            )
        except NotFound:
            return
        except Conflict as error:
            # Someone removes it at this moment: what was asked for happens.
            if "already in progress" not in str(error):
                raise

    async def rename_container(self, name: str, new_name: str, *, deadline_s: float = QUESTION_S) -> None:
        about = f"renaming {name} to {new_name}"
        await self._control.call(about, lambda api: api.rename(name, new_name), deadline_s)

    async def wait_exit(self, name: str, *, deadline_s: float) -> Container:
        path = f"/containers/{quote(name, safe='')}/wait?condition=not-running"
        await self._patiently(
            "POST", path, f"waiting for the end of {name}", deadline_s, too_late="still running after"
        )
        return await self.container(name)

    async def stats(self, name: str, *, deadline_s: float = QUESTION_S) -> Stats:
        # The engine answers with the next tick of its clock.
        about = f"measuring {name}"
        path = f"/containers/{quote(name, safe='')}/stats?stream=false&one-shot=true"
        facts = await self._patiently("GET", path, about, deadline_s)
        if not facts["memory_stats"]:
            raise Conflict(f"{about}: it is not running")
        return _measured(facts)

    async def _patiently(
        self, method: str, path: str, about: str, deadline_s: float, too_late: str = "no answer within"
    ) -> Any:
        """Ask on a connection of its own what takes the engine too long to hold one of the control plane's threads."""
        try:
            async with asyncio.timeout(deadline_s):
                connection = await self._connect(deadline_s)
                try:
                    return await connection.request(method, await self._path(path), about=about)
                finally:
                    connection.close()
        except TimeoutError as error:
            raise EngineTimeout(f"{about}: {too_late} {deadline_s:g} s") from error

    async def refusals(self, containers: Collection[Container]) -> dict[str, Refusals]:
        # Files of the kernel, in no time; many of them are still no work for the event loop.
        found = await asyncio.to_thread(lambda: {each.id: refusals_of(each.id) for each in containers})
        return {key: refusals for key, refusals in found.items() if refusals is not None}

    async def events(self, labels: Labels) -> AsyncIterator[EngineEvent]:
        wanted = {**label_filter(labels), "type": ["container"], "event": list(EVENTS)}
        path = await self._path(f"/events?filters={quote(json.dumps(wanted))}")
        connection = await self._connect(QUESTION_S)
        try:
            answer = await _opened(connection, path)
            waiting = b""
            async for piece in connection.body(answer):
                *lines, waiting = (waiting + piece).split(b"\n")
                for line in lines:
                    if line.strip():
                        yield _event(json.loads(line))
        finally:
            connection.close()

    async def _connect(self, deadline_s: float) -> Connection:
        try:
            async with asyncio.timeout(deadline_s):
                return await Connection.open(self._control.address)
        except TimeoutError as error:
            raise EngineTimeout(f"no connection to {self._control.address} within {deadline_s:g} s") from error

    async def _path(self, path: str) -> str:
        return f"/v{await self._control.api_version(QUESTION_S)}{path}"


async def _opened(connection: Connection, path: str) -> Answer:
    """Ask for an endless answer and return its head."""
    about = "listening for events"
    try:
        async with asyncio.timeout(QUESTION_S):
            connection.send("GET", path)
            answer = await connection.answer()
            if answer.status != 200:
                content = b"".join([piece async for piece in connection.body(answer)])
                raise refusal(answer.status, error_message(content), about)
            return answer
    except TimeoutError as error:
        raise EngineTimeout(f"{about}: no answer within {QUESTION_S:g} s") from error


def label_filter(labels: Labels) -> dict[str, list[str]]:
    """Return the filter of the engine's list calls for things that carry all of `labels`."""
    return {"label": [f"{name}={value}" for name, value in labels.items()]}


def as_time(text: str) -> datetime | None:
    """Read the engine's RFC 3339 time, cut to microseconds; its zero (year 1) is None."""
    match = re.match(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(\.\d{1,6})?\d*(Z|[+-]\d\d:\d\d)", text)
    if match is None or text.startswith("0001-"):
        return None
    whole, fraction, zone = match.groups()
    return datetime.fromisoformat(f"{whole}{(fraction or '.0').ljust(7, '0')}{zone}").astimezone(UTC)


def create(api: docker.APIClient, spec: ContainerSpec) -> None:
    """Create a container, from within a thread of the control plane."""
    api.create_container_from_config(_config_of(spec), spec.name)  # type: ignore[no-untyped-call]


def _config_of(spec: ContainerSpec) -> dict[str, Any]:
    """Return the engine's words for a container. Source: Docker Engine API, POST /containers/create."""
    return {
        "Image": spec.image,
        "Cmd": list(spec.command),
        # One empty string is the engine's word for "none, also not the image's".
        "Entrypoint": list(spec.entrypoint) or [""],
        "Env": [f"{name}={value}" for name, value in spec.environment.items()],
        "WorkingDir": spec.working_dir,
        "User": spec.user,
        "Labels": dict(spec.labels),
        "Hostname": spec.hostname or "",
        "StopSignal": spec.stop_signal,
        "Healthcheck": {"Test": ["NONE"]},
        "HostConfig": _host_config_of(spec),
    }


def _host_config_of(spec: ContainerSpec) -> dict[str, Any]:
    return {
        "Mounts": [_volume_of(mount) for mount in spec.mounts if isinstance(mount, VolumeMount)],
        "Tmpfs": {mount.target: _tmpfs_of(mount) for mount in spec.mounts if isinstance(mount, TmpfsMount)},
        "NetworkMode": spec.network,
        "ReadonlyRootfs": spec.read_only,
        "CapDrop": ["ALL"],
        "CapAdd": list(spec.capabilities),
        "SecurityOpt": ["no-new-privileges", *([f"seccomp={spec.seccomp}"] if spec.seccomp else [])],
        "Memory": spec.memory_bytes or 0,
        "MemorySwap": spec.memory_bytes or 0,
        "NanoCpus": int((spec.cpus or 0) * 1e9),
        "PidsLimit": spec.pids or 0,
        "Ulimits": _ulimits_of(spec),
        "ShmSize": spec.shm_bytes,
        "IpcMode": "private",
        # An engine that maps root to another user lends the machine's network only to containers that stay unmapped.
        "UsernsMode": "host" if spec.network == "host" else "",
        "Init": False,
        "Privileged": False,
        "RestartPolicy": {"Name": "no"},
        "LogConfig": {"Type": "json-file", "Config": {"max-size": str(spec.log_bytes), "max-file": "1"}},
        "Sysctls": LOOPBACK6 if spec.loopback6 and KERNEL_IPV6.exists() else {},
        **({"Runtime": spec.runtime} if spec.runtime else {}),
    }


def _volume_of(mount: VolumeMount) -> dict[str, Any]:
    return {
        "Type": "volume",
        "Source": mount.name,
        "Target": mount.target,
        "ReadOnly": mount.read_only,
        # Otherwise the engine fills an empty volume with what the image has at this place.
        "VolumeOptions": {"NoCopy": True},
    }


def _tmpfs_of(mount: TmpfsMount) -> str:
    execute = "exec" if mount.executable else "noexec"
    return f"rw,nosuid,nodev,{execute},size={mount.size_bytes},mode={mount.mode:o}"


def _ulimits_of(spec: ContainerSpec) -> list[dict[str, Any]]:
    core = {"Name": "core", "Soft": 0, "Hard": 0}
    files = {"Name": "nofile", "Soft": spec.open_files, "Hard": spec.open_files}
    return [core, files] if spec.open_files else [core]


def _listed(row: Mapping[str, Any]) -> Container:
    exit_status = EXIT_STATUS.match(row["Status"])
    return Container(
        id=row["Id"],
        # A name with two slashes is a link to the container, its own has one.
        name=next((name[1:] for name in row["Names"] if name.count("/") == 1), row["Id"]),
        state=cast("ContainerState", row["State"]),
        image=row["Image"],
        labels=row["Labels"] or {},
        created_at=datetime.fromtimestamp(row["Created"], UTC),
        exit_code=int(exit_status[1]) if exit_status else None,
    )


def _inspected(facts: Mapping[str, Any]) -> Container:
    state = facts["State"]
    ended = as_time(state["FinishedAt"])
    return Container(
        id=facts["Id"],
        name=facts["Name"].removeprefix("/"),
        state=state["Status"],
        image=facts["Config"]["Image"],
        labels=facts["Config"]["Labels"] or {},
        created_at=as_time(facts["Created"]) or datetime.now(UTC),
        started_at=as_time(state["StartedAt"]),
        finished_at=ended,
        exit_code=None if ended is None or state["Running"] else state["ExitCode"],
        oom_killed=state["OOMKilled"],
        error=state["Error"] or None,
    )


def _event(facts: Mapping[str, Any]) -> EngineEvent:
    attributes = dict(facts["Actor"]["Attributes"])
    name = attributes.pop("name", facts["Actor"]["ID"])
    attributes.pop("image", None)
    exit_code = attributes.pop("exitCode", None)
    return EngineEvent(
        action=facts["Action"],
        container=name,
        labels=attributes,
        at=datetime.fromtimestamp(facts["timeNano"] / 1e9, UTC),
        exit_code=None if exit_code is None else int(exit_code),
    )


def _measured(facts: Mapping[str, Any]) -> Stats:
    memory = facts["memory_stats"]
    details = memory.get("stats", {})
    # cgroup v1 counts the children under "total_", v2 always does.
    reclaimable = details.get("total_inactive_file", details.get("inactive_file", 0))
    networks = (facts.get("networks") or {}).values()
    return Stats(
        at=as_time(facts["read"]) or datetime.now(UTC),
        cpu_ns=facts["cpu_stats"]["cpu_usage"]["total_usage"],
        memory_bytes=max(0, memory["usage"] - reclaimable),
        memory_limit_bytes=memory["limit"],
        pids=facts["pids_stats"].get("current", 0),
        received_bytes=sum(network["rx_bytes"] for network in networks),
        sent_bytes=sum(network["tx_bytes"] for network in networks),
        pids_limit=facts["pids_stats"].get("limit", 0),
    )
