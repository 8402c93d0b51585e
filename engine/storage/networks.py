"""The networks of a sandbox: one of those who write, and one of those who only read.

Its global session has the first one, all other sessions that write join that one's. The second is made for the first
read session: a server that a writing session runs does what it is told, so those who only read must not reach it. They
do not reach each other either.
"""

from engine import Engine, Network, NetworkSpec
from engine.labels import INSTANCE, SANDBOX, labels_of

# Read sessions of one sandbox at a time, more than it may have: a /25, of which the pool's default holds 512.
READERS = 125


def network_name(instance: str, sandbox: str) -> str:
    """Return the name of a sandbox's network on the engine."""
    return f"sandlot-{instance}-{sandbox}"


def readers_network_name(instance: str, sandbox: str) -> str:
    """Return the name of the network of a sandbox's read sessions."""
    # A slug has no dot: this is no other sandbox's.
    return f"{network_name(instance, sandbox)}.readers"


async def ensure_network(engine: Engine, instance: str, sandbox: str) -> Network:
    """Return the sandbox's network, created when it is not there."""
    spec = NetworkSpec(network_name(instance, sandbox), labels_of(instance, "network", sandbox=sandbox))
    return await engine.ensure_network(spec)


async def ensure_readers_network(engine: Engine, instance: str, sandbox: str) -> Network:
    """Return the network of the sandbox's read sessions, created when it is not there."""
    labels = labels_of(instance, "readers", sandbox=sandbox)
    spec = NetworkSpec(readers_network_name(instance, sandbox), labels, room=READERS, is_apart=True)
    return await engine.ensure_network(spec)


async def remove_networks(engine: Engine, instance: str, sandbox: str) -> None:
    """Remove all of them; fine when they are gone. Raises Conflict while a container uses one."""
    for network in await engine.networks({INSTANCE: instance, SANDBOX: sandbox}):
        await engine.remove_network(network.name)
