"""Networks on Docker: small bridges from a pool of our own.

The engine's default pools hold 31 networks, one engine holds more sandboxes than that. A /29 has room for five
containers. The engine lets no bridge reach another one.
"""

import asyncio
import hashlib
import ipaddress
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import docker

from engine.base import CREATION_S, QUESTION_S
from engine.docker.containers import label_filter
from engine.docker.control import Control
from engine.errors import Conflict, EngineRefused, NameTaken, NotFound
from engine.values import Labels, Network, NetworkSpec

NETWORK_POOL = "10.213.0.0/16"
# The firewall knows our bridges by this. An interface name has at most 15 characters.
BRIDGE_PREFIX = "sl-"
BRIDGE_OPTION = "com.docker.network.bridge.name"
# "icc": inter-container connectivity. An engine that cannot take it away refuses to make the network.
APART = {"com.docker.network.bridge.enable_icc": "false"}


class Networks:
    """The part of Engine about networks."""

    _control: Control
    _network_pool: ipaddress.IPv4Network
    _network_choice: asyncio.Lock

    async def networks(self, labels: Labels, *, deadline_s: float = QUESTION_S) -> list[Network]:
        wanted = label_filter(labels)
        rows = await self._control.call("listing networks", lambda api: api.networks(filters=wanted), deadline_s)
        return [_network(row) for row in rows]

    async def ensure_network(self, spec: NetworkSpec, *, deadline_s: float = CREATION_S) -> Network:
        # Choosing and taking a subnet are two steps: one after the other in this process. Another process
        # may still take the same, which the engine refuses; then the next is tried.
        async with self._network_choice:
            try:
                return await self._control.call(
                    f"creating network {spec.name}", lambda api: _ensure(api, spec, self._network_pool), deadline_s
                )
            except Conflict as error:
                raise NameTaken(str(error)) from error

    async def remove_network(self, name: str, *, deadline_s: float = CREATION_S) -> None:
        try:
            await self._control.call(f"removing network {name}", lambda api: api.remove_network(name), deadline_s)
        except NotFound:
            return


def bridge_of(network: str) -> str:
    """Return the host interface of a network: "sl-" and ten hex digits of its name's hash."""
    return BRIDGE_PREFIX + hashlib.sha256(network.encode()).hexdigest()[:10]


def _ensure(api: docker.APIClient, spec: NetworkSpec, pool: ipaddress.IPv4Network) -> Network:
    everything = [_network(row) for row in api.networks()]
    if (found := _named(spec, everything)) is not None:
        return found
    for subnet in _free_subnets(pool, everything, _prefix_bits(spec.room)):
        try:
            _create(api, spec, subnet)
        except docker.errors.APIError as error:
            if "overlap" not in str(error.explanation).lower():
                raise
        else:
            return _network(api.inspect_network(spec.name))
    raise EngineRefused(f"creating network {spec.name}: no free subnet left in {pool}")


def _named(spec: NetworkSpec, networks: Iterable[Network]) -> Network | None:
    for network in networks:
        if network.name == spec.name:
            if dict(network.labels) != dict(spec.labels):
                raise NameTaken(f"creating network {spec.name}: there is another one of this name")
            return network
    return None


def _prefix_bits(room: int) -> int:
    """Return the smallest subnet for that many containers, the gateway, and the first and the last address."""
    return 32 - (room + 2).bit_length()


def _free_subnets(
    pool: ipaddress.IPv4Network, networks: Iterable[Network], prefix_bits: int
) -> Iterator[ipaddress.IPv4Network]:
    taken = [ipaddress.ip_network(network.subnet) for network in networks if network.subnet]
    for subnet in pool.subnets(new_prefix=prefix_bits):
        if not any(subnet.overlaps(other) for other in taken if other.version == 4):
            yield subnet


def _create(api: docker.APIClient, spec: NetworkSpec, subnet: ipaddress.IPv4Network) -> None:
    pool = docker.types.IPAMPool(subnet=str(subnet))
    api.create_network(
        spec.name,
        driver="bridge",
        ipam=docker.types.IPAMConfig(pool_configs=[pool]),
        options={BRIDGE_OPTION: bridge_of(spec.name)} | (APART if spec.is_apart else {}),
        labels=dict(spec.labels),
        check_duplicate=True,
    )


def _network(facts: Mapping[str, Any]) -> Network:
    pools = (facts.get("IPAM") or {}).get("Config") or [{}]
    return Network(
        id=facts["Id"],
        name=facts["Name"],
        labels=facts.get("Labels") or {},
        bridge=(facts.get("Options") or {}).get(BRIDGE_OPTION, ""),
        subnet=pools[0].get("Subnet"),
    )
