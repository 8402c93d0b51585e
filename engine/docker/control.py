"""The control plane: docker-py in threads of its own, a deadline on every call, every failure an EngineError."""

import asyncio
import socket
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from typing import TypeVar

import docker
import requests
import urllib3
from docker.errors import APIError, DockerException
from docker.tls import TLSConfig

from engine.errors import EngineAway, EngineRefused, EngineTimeout
from engine.wire import EngineAddress, refusal

Result = TypeVar("Result")

# The newest version of the API these modules were written against. An engine that speaks only newer ones
# is taken at its oldest.
TESTED_API = "1.44"

# Calls take milliseconds; this many at once are 20 sandboxes being created.
CONTROL_THREADS = 16
# Builds, pulls and image trees take minutes: they must not stand in the way of a question.
TRANSFER_THREADS = 4

# A listener accepts within microseconds. One whose queue is full is as good as not there.
PROBE_S = 5.0


class Control:
    """Runs docker-py calls in threads; a client for each thread, for none of it is promised to be shareable."""

    def __init__(self, address: EngineAddress) -> None:
        self.address = address
        self._calls = ThreadPoolExecutor(CONTROL_THREADS, thread_name_prefix="engine")
        self._transfers = ThreadPoolExecutor(TRANSFER_THREADS, thread_name_prefix="engine-transfer")
        self._own = threading.local()
        self._clients: list[docker.APIClient] = []
        self._version: str | None = None

    async def call(self, about: str, work: Callable[[docker.APIClient], Result], deadline_s: float) -> Result:
        """Return work(client), run in a thread. `about` begins every error message: "stopping x: no answer …"."""
        return await self._run(self._calls, about, work, deadline_s)

    async def transfer(self, about: str, work: Callable[[docker.APIClient], Result], deadline_s: float) -> Result:
        """The same for what moves many bytes."""
        return await self._run(self._transfers, about, work, deadline_s)

    async def api_version(self, deadline_s: float) -> str:
        """Return the version of the API agreed on with the engine, such as "1.41"."""
        if self._version is None:
            return await self.call("agreeing on a version", lambda _: self._agreed_version(), deadline_s)
        return self._version

    def client(self, timeout_s: float) -> docker.APIClient:
        """Return this thread's client. For work that already runs in one of the threads. Raises EngineAway."""
        self._reach()
        client: docker.APIClient | None = getattr(self._own, "client", None)
        version = self._agreed_version()
        if client is None or client.api_version != version:
            client = self._own.client = self._new_client(version)
            self._clients.append(client)
        # The stubs say int; requests takes fractions of a second as well.
        client.timeout = timeout_s  # type: ignore[assignment]
        return client

    def close(self) -> None:
        for pool in (self._calls, self._transfers):
            pool.shutdown(wait=False, cancel_futures=True)
        for client in self._clients:
            client.close()

    async def _run(
        self, pool: ThreadPoolExecutor, about: str, work: Callable[[docker.APIClient], Result], deadline_s: float
    ) -> Result:
        def guarded() -> Result:
            return self._guarded(about, work, deadline_s)

        try:
            async with asyncio.timeout(deadline_s):
                return await asyncio.get_running_loop().run_in_executor(pool, guarded)
        except TimeoutError as error:
            raise _too_late(about, deadline_s) from error

    def _guarded(self, about: str, work: Callable[[docker.APIClient], Result], deadline_s: float) -> Result:
        try:
            return work(self.client(deadline_s))
        except APIError as error:
            status = error.response.status_code if error.response is not None else 500
            raise refusal(status, str(error.explanation or error), about) from error
        except (requests.Timeout, urllib3.exceptions.TimeoutError) as error:
            raise _too_late(about, deadline_s) from error
        except (requests.RequestException, urllib3.exceptions.HTTPError) as error:
            # The engine that comes back may be another version.
            self._version = None
            raise EngineAway(f"{about}: nothing answers at {self.address}") from error
        except DockerException as error:
            raise EngineRefused(f"{about}: {error}") from error

    def _agreed_version(self) -> str:
        version = self._version
        if version is None:
            with closing(self._new_client(TESTED_API)) as client:
                theirs = client.version(api_version=False)
            version = min(TESTED_API, theirs["ApiVersion"], key=_as_numbers)
            version = max(version, theirs.get("MinAPIVersion", version), key=_as_numbers)
            self._version = version
        return version

    def _new_client(self, version: str) -> docker.APIClient:
        client = docker.APIClient(str(self.address), version=version, timeout=10, tls=self._tls() or False)
        # Else a proxy or a certificate bundle named in the environment for other purposes gets between us.
        client.trust_env = False
        return client

    def _reach(self) -> None:
        """Raise EngineAway when nobody listens at a unix socket: docker-py would leave its own socket open then."""
        if self.address.path:
            with closing(socket.socket(socket.AF_UNIX)) as probe:
                try:
                    probe.settimeout(PROBE_S)
                    probe.connect(self.address.path)
                except OSError as error:
                    self._version = None
                    raise EngineAway(f"nothing answers at {self.address}: {error.strerror or error}") from error

    def _tls(self) -> TLSConfig | None:
        folder = self.address.tls_folder
        if folder is None:
            return None
        pair = (str(folder / "cert.pem"), str(folder / "key.pem"))
        return TLSConfig(client_cert=pair, ca_cert=str(folder / "ca.pem"), verify=True)


def _too_late(about: str, deadline_s: float) -> EngineTimeout:
    return EngineTimeout(f"{about}: no answer within {deadline_s:g} s")


def _as_numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("."))
