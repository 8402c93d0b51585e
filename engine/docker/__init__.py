"""Docker as the engine: Engine 20.10 (API 1.41) and later."""

import asyncio
import ipaddress
from collections.abc import Sequence

from engine.base import OUTPUT_LIMIT_BYTES, QUESTION_S
from engine.docker.control import Control
from engine.docker.networks import NETWORK_POOL, Networks
from engine.docker.volumes import Volumes
from engine.stream import DockerExecStream, Programs
from engine.values import EngineFacts, ExecResult
from engine.wire import EngineAddress


class DockerEngine(Networks, Volumes):
    """The Engine interface on one Docker engine. What each call promises stands in `engine/base.py`."""

    def __init__(self, url: str, instance: str, network_pool: str = NETWORK_POOL) -> None:
        """`url` as in EngineAddress.parse; `instance` names what this object makes for itself.

        `network_pool` is the range (CIDR) that the networks of sandboxes come from.
        """
        self._control = Control(EngineAddress.parse(url))
        self._instance = instance
        self._network_pool = ipaddress.IPv4Network(network_pool)
        self._network_choice = asyncio.Lock()
        self._helper_making = asyncio.Lock()

    async def ping(self, *, deadline_s: float = QUESTION_S) -> None:
        await self._control.call("asking for a sign of life", lambda api: api.ping(), deadline_s)

    async def facts(self, *, deadline_s: float = QUESTION_S) -> EngineFacts:
        info = await self._control.call("asking what the engine is", lambda api: api.info(), deadline_s)
        return EngineFacts(
            name=info["Name"],
            version=info["ServerVersion"],
            api_version=await self._control.api_version(deadline_s),
            kernel=info["KernelVersion"],
            operating_system=info["OperatingSystem"],
            architecture=info["Architecture"],
            storage_driver=info["Driver"],
            root_folder=info["DockerRootDir"],
            cpus=info["NCPU"],
            memory_bytes=info["MemTotal"],
            runtimes=tuple(sorted(info["Runtimes"])),
            security=tuple(option.removeprefix("name=") for option in info["SecurityOptions"] or ()),
            cgroup_version=info.get("CgroupVersion", "1"),
            containers_running=info["ContainersRunning"],
        )

    async def close(self) -> None:
        self._control.close()

    async def exec_run(
        self,
        container: str,
        argv: Sequence[str],
        *,
        stdin: bytes = b"",
        deadline_s: float = QUESTION_S,
        limit_bytes: int = OUTPUT_LIMIT_BYTES,
    ) -> ExecResult:
        programs = await self._programs(deadline_s)
        return await programs.run(container, argv, stdin=stdin, deadline_s=deadline_s, limit_bytes=limit_bytes)

    async def exec_stream(
        self, container: str, argv: Sequence[str], *, deadline_s: float = QUESTION_S
    ) -> DockerExecStream:
        programs = await self._programs(deadline_s)
        return await programs.stream(container, argv, deadline_s=deadline_s)

    async def _programs(self, deadline_s: float) -> Programs:
        return Programs(self._control.address, await self._control.api_version(deadline_s))
