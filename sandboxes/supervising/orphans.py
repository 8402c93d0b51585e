"""Things on the engine that carry our label but belong to nothing we know: quarantined, then removed.

Volumes never: files are only removed when a person deletes their sandbox.
"""

from __future__ import annotations

import logging
import time

from asgiref.sync import sync_to_async

from engine import Conflict, Engine
from engine.labels import INSTANCE, KIND, SANDBOX, SESSION
from sandboxes.models import Sandbox

logger = logging.getLogger(__name__)

# Longer than any step between making a thing and writing it down.
QUARANTINE_S = 60.0
# A helper fills a volume with an image; a large one takes minutes.
HELPER_S = 1800.0


class Quarantine:
    """Remembers since when a thing has been a stranger."""

    def __init__(self) -> None:
        self._since: dict[str, float] = {}

    async def inspect(self, engine: Engine, instance: str, known_sessions: set[tuple[str, str]]) -> None:
        """Look at everything that is ours by label; remove what nobody knew for the whole quarantine.

        `known_sessions` are (sandbox, session): a container is known by its labels, whatever its name is.
        """
        strangers = await self._strangers(engine, instance, known_sessions)
        now = time.monotonic()
        self._since = {name: self._since.get(name, now) for name in strangers}
        for name, (kind, patience_s) in strangers.items():
            if now - self._since[name] >= patience_s:
                await self._remove(engine, kind, name)

    async def _strangers(
        self, engine: Engine, instance: str, known: set[tuple[str, str]]
    ) -> dict[str, tuple[str, float]]:
        slugs = await sync_to_async(lambda: set(Sandbox.objects.values_list("slug", flat=True)))()
        found: dict[str, tuple[str, float]] = {}
        for container in await engine.containers({INSTANCE: instance}):
            whose = (container.labels.get(SANDBOX, ""), container.labels.get(SESSION, ""))
            if container.labels.get(KIND) == "session" and whose not in known:
                found[container.name] = ("container", QUARANTINE_S)
            elif container.labels.get(KIND) == "helper":
                found[container.name] = ("container", HELPER_S)
        for network in await engine.networks({INSTANCE: instance}):
            if network.labels.get(SANDBOX) not in slugs:
                found[network.name] = ("network", QUARANTINE_S)
        return found

    async def _remove(self, engine: Engine, kind: str, name: str) -> None:
        logger.warning("Removing the orphaned %s %s.", kind, name)
        try:
            await (engine.remove_container(name) if kind == "container" else engine.remove_network(name))
        except Conflict:
            logger.info("The orphaned %s %s is in use; it is tried again.", kind, name)
