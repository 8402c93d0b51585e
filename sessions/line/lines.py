"""The lines of this process: one per container, opened at the first need, closed a minute after the last.

async with asyncio.timeout(10):
    line = await line_to(container)
"""

from __future__ import annotations

import asyncio
from weakref import WeakKeyDictionary

from engine import Engine
from sandboxes.engines import engine_named
from sessions.line.line import Line

# A line costs a process in the container, so it goes when nobody needs it; coming back costs 30 to 50 ms.
IDLE_S = 60.0


class Lines:
    """Shared by everyone who needs one, of one event loop."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._opening: dict[str, asyncio.Task[Line]] = {}
        self._idle: dict[str, asyncio.TimerHandle] = {}

    async def to(self, container: str) -> Line:
        """Return the line to a container, opened when there is none. Raises EngineError, LineLost."""
        opening = self._opening.get(container)
        if opening is None or is_over(opening):
            opening = self._opening[container] = asyncio.create_task(self._open(container))
        if (timer := self._idle.pop(container, None)) is not None:
            timer.cancel()
        line = await asyncio.shield(opening)
        self._look_at(container, line)
        return line

    async def _open(self, container: str) -> Line:
        return await Line.open(self._engine, container, on_idle=lambda line: self._look_at(container, line))

    def _look_at(self, container: str, line: Line) -> None:
        """Close the line in a while if nobody uses it by then; forget it if it is lost."""
        if (timer := self._idle.pop(container, None)) is not None:
            timer.cancel()
        if line.lost is None and not line.channels:
            self._idle[container] = asyncio.get_running_loop().call_later(IDLE_S, self._close_idle, container, line)
        opening = self._opening.get(container)
        if line.lost is not None and opening is not None and is_over(opening):
            del self._opening[container]

    def _close_idle(self, container: str, line: Line) -> None:
        self._idle.pop(container, None)
        if not line.channels:
            line.close()

    @property
    def count(self) -> int:
        """How many are open."""
        return len(self._opening)

    def close(self) -> None:
        for opening in list(self._opening.values()):
            if opening.done() and not opening.cancelled() and opening.exception() is None:
                opening.result().close()
            else:
                opening.cancel()
        self._opening.clear()


def is_over(opening: asyncio.Task[Line]) -> bool:
    """Whether a line was not opened, or was lost since."""
    if not opening.done():
        return False
    return opening.cancelled() or opening.exception() is not None or opening.result().lost is not None


_lines: WeakKeyDictionary[asyncio.AbstractEventLoop, Lines] = WeakKeyDictionary()


def lines() -> Lines:
    """Return the lines of the running event loop."""
    loop = asyncio.get_running_loop()
    if loop not in _lines:
        _lines[loop] = Lines(engine_named())
    return _lines[loop]


async def line_to(container: str) -> Line:
    """Return the line to a container of the engine. Raises EngineError, LineLost."""
    return await lines().to(container)
