"""What listens in a sandbox, as a session sees it. Looking never counts as use."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from typing import Any

from sessions.files.doing import do
from sessions.line import ports
from sessions.line.line import Line
from sessions.line.ports import Port
from sessions.models import Session


def described(port: Port) -> dict[str, Any]:
    return {"number": port.number, "only_local": port.only_local, "program": port.program or None}


def all_described(found: dict[int, Port]) -> list[dict[str, Any]]:
    return [described(found[number]) for number in sorted(found)]


async def listening(session: Session, wanted: int | None = None, wait_s: float = 0) -> dict[int, Port]:
    """Return the ports that listen, by number: when `wanted` does, and after `wait_s` in any case. Raises Refused."""

    async def look(line: Line) -> dict[int, Port]:
        found: dict[int, Port] = {}
        try:
            async with asyncio.timeout(wait_s or None), aclosing(ports.watched(line, every_ms=every_ms)) as looks:
                async for found in looks:
                    if not wait_s or wanted in found:
                        return found
        except TimeoutError:
            pass
        return found

    every_ms = ports.LOOK_MS if wait_s else 0
    return await do(session, look)
