"""The networks of a sandbox: one of those who write, and one of those who only read.

Its global session has the first one, all other sessions that write join that one's. The second is made for the first
read session: a server that a writing session runs does what it is told, so those who only read must not reach it. They
do not reach each other either.
"""

from typing import NamedTuple

from engine import Network, NetworkSpec
from engine.labels import KIND
from engine.site import Site

# Read sessions of one sandbox at a time, more than it may have: a /25, of which the pool's default holds 512.
READERS = 125


class Networks(NamedTuple):
    """The names of a sandbox's networks: of those who write, and of those who only read."""

    writers: str
    readers: str


async def networks_of(site: Site) -> Networks:
    """Return their names: of those that are there, else the ones that they get."""
    there = {network.labels[KIND]: network.name for network in await site.engine.networks(site.own)}
    return Networks(there.get("network", site.base), there.get("readers", f"{site.base}.readers"))


async def ensure_network(site: Site) -> Network:
    """Return the sandbox's network, created when it is not there."""
    name = (await networks_of(site)).writers
    return await site.engine.ensure_network(NetworkSpec(name, site.labels("network")))


async def ensure_readers_network(site: Site) -> Network:
    """Return the network of the sandbox's read sessions, created when it is not there."""
    name = (await networks_of(site)).readers
    return await site.engine.ensure_network(NetworkSpec(name, site.labels("readers"), room=READERS, is_apart=True))


async def remove_networks(site: Site) -> None:
    """Remove all of them; fine when they are gone. Raises Conflict while a container uses one."""
    for network in await site.engine.networks(site.own):
        await site.engine.remove_network(network.name)
