"""Starts commands and sees them end. All of it is for the event loop."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Coroutine
from contextvars import Context
from typing import Any

from asgiref.sync import sync_to_async

from accounts.vault.vault import VaultError
from activity.refusals import Over
from sessions.brings.program import program_of
from sessions.command.failures import ERRORS, refusal_of
from sessions.command.protocol import Wanted
from sessions.containers import container_name
from sessions.line.commands import CommandRefused, Exit, Follower, Start
from sessions.line.line import LineLost
from sessions.line.lines import line_to
from sessions.models import Command

logger = logging.getLogger(__name__)

# Starting takes milliseconds; the rest is for an engine under load.
START_S = 15.0
# A command whose line was lost is looked for again this often, so long.
AGAIN_S, SEARCHED_S = (0.1, 0.5, 1, 2, 5, 10, 20), 60.0
# Pages hear of those that run longer than a moment.
SHOWN_AFTER_S = 1.0

GONE = "It ended while nobody was watching."


def start_of(command: Command, wanted: Wanted, *, quiet: bool) -> Start:
    """Return what the holder is told. `command.session.sandbox` is read. Raises Over."""
    try:
        program = program_of(
            command.session, wanted.argv, cwd=wanted.cwd, env=wanted.env, on_terminal=wanted.size is not None
        )
    except VaultError as error:
        logger.error("The variables of %s do not open: %s", command.session, error)  # noqa: TRY400  # it is all said
        text = "The variables of this session cannot be opened. Whoever runs the server finds the reason in its log."
        raise Over(text) from error
    return Start(
        id=str(command.pk),
        program=program,
        stdin=wanted.has_input,
        size=wanted.size,
        paced=wanted.paced,
        limit_s=wanted.limit_s,
        quiet=quiet,
    )


async def start(command: Command, wanted: Wanted) -> None:
    """Start a command; from then on this process sees to it that its end is written down. Raises Refused."""
    begun = await sync_to_async(start_of)(command, wanted, quiet=True)
    try:
        async with asyncio.timeout(START_S):
            follower = await started(container_name(command.session), begun)
    except ERRORS as error:
        refusal = refusal_of(error, command)
        await sync_to_async(command.mark_ended)(None, reason=refusal.text)
        raise refusal from error
    in_background(see_the_end(command, follower))


async def started(container: str, begun: Start) -> Follower:
    """Start it, once more if the line is lost in between: the same id is never run twice. Raises what it meets."""
    for is_last in (False, True):
        try:
            follower = await Follower.start(await line_to(container), begun)
            try:
                await follower.welcome()
            except BaseException:
                follower.close()
                raise
        except LineLost:
            if is_last:
                raise
        else:
            return follower
    raise AssertionError("unreachable")


async def see_the_end(command: Command, follower: Follower | None) -> None:
    """Follow a command quietly until it has ended, over as many lines as that takes, and write it down."""
    shown = asyncio.get_running_loop().call_later(SHOWN_AFTER_S, announce, command)
    try:
        end = await end_of(command, follower)
    finally:
        shown.cancel()
    if end is None:
        return  # nobody knows: whoever looks after the session finds out
    await sync_to_async(note_exit)(command, end)
    if end.seconds > SHOWN_AFTER_S:
        announce(command)


async def end_of(command: Command, follower: Follower | None) -> Exit | None:
    """Return how it ended; None when nobody can tell. Comes back over another line when one is lost."""
    lost_at = time.monotonic()
    for pause_s in (0, *AGAIN_S):
        await asyncio.sleep(pause_s)
        try:
            follower = follower or await attached(command)
            return await exit_from(follower)
        except CommandRefused:
            await sync_to_async(command.mark_ended)(None, reason=GONE)
            return None
        except ERRORS as error:
            logger.info("The line of %s was lost: %s", command.pk, error)
        if follower is not None:
            follower, lost_at = None, time.monotonic()
        elif time.monotonic() - lost_at > SEARCHED_S:
            return None
    return None


async def exit_from(follower: Follower) -> Exit:
    """Read until the command has ended. Raises what it meets."""
    try:
        while (event := await follower.read()) is not None:
            if isinstance(event, Exit):
                return event
        raise LineLost("The holder let go of the command.")
    finally:
        follower.close()


async def attached(command: Command) -> Follower:
    """Return a quiet follower that has been welcomed. Raises what it meets."""
    follower = await Follower.attach(await line_to(container_name(command.session)), str(command.pk), quiet=True)
    try:
        await follower.welcome()
    except BaseException:
        follower.close()
        raise
    return follower


def note_exit(command: Command, end: Exit) -> None:
    """Write down how it ended."""
    command.mark_ended(end.status, signal=end.signal, timed_out=end.timed_out, ran_s=end.seconds)


def announce(command: Command) -> None:
    """Tell open pages that something runs, or has ended; they fetch what they show."""
    in_background(sync_to_async(command.session.sandbox.announce)())


_tasks: set[asyncio.Task[Any]] = set()


def in_background(work: Coroutine[Any, Any, Any]) -> None:
    """Have the event loop do this beside everything else.

    In a context of its own: that of a request has a thread of its own for the database, which ends with the request.
    """
    task = asyncio.get_running_loop().create_task(work, context=Context())
    _tasks.add(task)
    task.add_done_callback(done_in_background)


def done_in_background(task: asyncio.Task[Any]) -> None:
    _tasks.discard(task)
    if not task.cancelled() and (error := task.exception()) is not None:
        logger.error("Something that ran beside a command failed.", exc_info=error)
