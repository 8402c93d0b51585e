"""What people and programs do with a command that runs: its end, signals, input, and pieces of its output.

For the event loop; `on_loop` carries it out for a view.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from contextlib import suppress
from typing import Any, TypeVar
from uuid import UUID

from asgiref.sync import async_to_sync
from django.db import connection

from accounts.models import User
from activity.refusals import Hidden, NotAllowed, Over
from sessions.command.failures import ERRORS, refusal_of
from sessions.command.running import START_S, attached
from sessions.containers import container_name
from sessions.line.commands import Exit, Follower, Gap, Output, Welcome
from sessions.line.lines import line_to
from sessions.models import Command, Session
from sessions.rights.table import Act, acts_of, require

Answer = TypeVar("Answer")


def on_loop(work: Coroutine[Any, Any, Answer]) -> Answer:
    """Carry this out on the event loop and return what it returns; meanwhile no database connection is held."""
    if not connection.in_atomic_block:
        connection.close()

    async def carried_out() -> Answer:
        return await work

    return async_to_sync(carried_out)()


def changeable(command_id: UUID, user: User) -> Command:
    """Return a command that the person may end: in a session where they type or that they may end.

    Raises Hidden, NotAllowed.
    """
    rows = Command.objects.visible_to(user).select_related("session__sandbox__team", "created_by")
    seen = rows.filter(pk=command_id).first()
    if seen is None:
        raise Hidden("This command does not exist, or you may not see it.", code="unknown_command")
    if not {Act.TYPE, Act.END} & acts_of(user, seen.session, seen.session.sandbox.team.role_of(user)):
        raise NotAllowed("This command is someone else's. Nothing was changed.", seen)
    return seen


def require_typing(user: User, session: Session) -> None:
    """Raises NotAllowed when the person may not run anything in this session."""
    require(user, Act.TYPE, session, "Nothing was changed.")


async def end(command: Command) -> None:
    """Ask for a command's end: SIGTERM, and SIGKILL after five seconds. Raises Refused."""
    try:
        async with asyncio.timeout(START_S):
            follower = await attached(command)
            await follower.end()
            follower.leave()
    except ERRORS as error:
        raise refusal_of(error, command) from error


async def signal(command: Command, number: int) -> None:
    """Send a signal to its processes. Raises Refused."""
    try:
        async with asyncio.timeout(START_S):
            follower = await attached(command)
            await follower.signal(number)
            follower.leave()
    except ERRORS as error:
        raise refusal_of(error, command) from error


async def write(command: Command, offset: int | None, data: bytes, *, ends: bool) -> int:
    """Send input from an offset on (None: where it is), and its end; return how much was taken. Raises Refused."""
    try:
        async with asyncio.timeout(START_S):
            line = await line_to(container_name(command.session))
            follower = await Follower.attach(line, str(command.pk), quiet=True)
            try:
                return await written(follower, offset, data, ends=ends)
            finally:
                follower.close()
    except ERRORS as error:
        raise refusal_of(error, command) from error


async def written(follower: Follower, offset: int | None, data: bytes, *, ends: bool) -> int:
    welcome = await follower.welcome()
    at = welcome.input_taken if offset is None else offset
    if not welcome.input_open:
        raise Over("Its input is closed. Nothing was written.", code="input_closed")
    await follower.write(at, data)
    if ends:
        await follower.close_input(at + len(data))
    taken = welcome.input_taken
    while taken < at + len(data) and (event := await follower.read()) is not None:
        taken = getattr(event, "offset", taken)
    return taken


# One answer with output: what one call may bring.
PIECE_MAX_BYTES = 1024 * 1024


async def output(command: Command, offset: int, limit: int, wait_s: float, *, paced: bool) -> list[Output | Gap | Exit]:
    """Return what is there of the output from `offset` on, at most `limit` bytes; if there is nothing, wait for some.

    A gap says what is no longer kept; an Exit, the last one, that it has ended. Raises Refused.
    """
    try:
        async with asyncio.timeout(START_S):
            line = await line_to(container_name(command.session))
            follower = await Follower.attach(line, str(command.pk), offset, paced=paced)
            try:
                piece = Piece(await follower.welcome(), offset, limit)
                await piece.collect(follower)
            except BaseException:
                follower.close()
                raise
        with suppress(TimeoutError):
            async with asyncio.timeout(wait_s):
                await piece.wait(follower)
        follower.close()
    except ERRORS as error:
        raise refusal_of(error, command) from error
    return piece.events


class Piece:
    """Output that is collected for one answer."""

    def __init__(self, welcome: Welcome, offset: int, limit: int) -> None:
        self.events: list[Output | Gap | Exit] = []
        self._welcome, self._offset, self._left = welcome, offset, limit

    async def collect(self, follower: Follower) -> None:
        """Read what is there already, as far as it may be brought."""
        while self._left > 0 and (self._welcome.ended or self._offset < self._welcome.head):
            if not await self._read(follower):
                return

    async def wait(self, follower: Follower) -> None:
        """Read on until something has come."""
        while not self.events and await self._read(follower):
            pass

    async def _read(self, follower: Follower) -> bool:
        """Take the next event; False when it was the last."""
        event = await follower.read()
        if isinstance(event, Output):
            event = Output(event.stream, event.offset, event.data[: self._left])
            self._left -= len(event.data)
            self._offset = event.offset + len(event.data)
        elif isinstance(event, Gap):
            self._offset = event.end
        if isinstance(event, Output | Gap | Exit):
            self.events.append(event)
        return event is not None and not isinstance(event, Exit)
