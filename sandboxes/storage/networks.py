"""The network of a sandbox. Its global session has it, all other sessions join that one's."""

from sandboxes.engine import Engine, Network, NetworkSpec
from sandboxes.labels import labels_of


def network_name(instance: str, sandbox: str) -> str:
    """Return the name of a sandbox's network on the engine."""
    return f"sandlot-{instance}-{sandbox}"


async def ensure_network(engine: Engine, instance: str, sandbox: str) -> Network:
    """Return the sandbox's network, created when it is not there."""
    spec = NetworkSpec(network_name(instance, sandbox), labels_of(instance, "network", sandbox=sandbox))
    return await engine.ensure_network(spec)


async def remove_network(engine: Engine, instance: str, sandbox: str) -> None:
    """Remove it; fine when it is gone. Raises Conflict while a container uses it."""
    labels = labels_of(instance, "network", sandbox=sandbox)
    for network in await engine.networks(labels):
        await engine.remove_network(network.name)
