"""Ends of commands that no server process has seen: it was killed, or away, when they came."""

from __future__ import annotations

import json
import logging
from typing import Any

from asgiref.sync import sync_to_async
from django.db.models import Count

from engine import Engine, EngineError
from sandboxes.models import State
from sessions.command.running import GONE
from sessions.containers import container_name
from sessions.holder import HOLDER
from sessions.models import Command, Session, SessionState
from sessions.models.command import ENDED_KEPT

logger = logging.getLogger(__name__)


async def note_ends(engine: Engine) -> None:
    """Ask the holders of sessions in which commands are thought to run, and forget what is old. One call for each."""
    for session, commands in await sync_to_async(doubtful)():
        try:
            result = await engine.exec_run(container_name(session), [HOLDER, "commands"])
        except EngineError as error:
            logger.info("The commands of %s could not be listed: %s", session, error)
            continue
        if result.status == 0:
            held = {each["id"]: each for each in json.loads(result.stdout)}
            await sync_to_async(write_down)(commands, held)
    await sync_to_async(forget_old)()


def doubtful() -> list[tuple[Session, list[Command]]]:
    """Return the sessions that run, with their commands that have not ended as far as is known."""
    here = Session.objects.filter(state=SessionState.RUNNING, sandbox__state=State.RUNNING, ended_at=None)
    live = Command.objects.settled().filter(session__in=here).select_related("session__sandbox")
    found: dict[Session, list[Command]] = {}
    for command in live:
        found.setdefault(command.session, []).append(command)
    return list(found.items())


def write_down(commands: list[Command], held: dict[str, dict[str, Any]]) -> None:
    """Compare the rows with what the holder says."""
    ended = 0
    for command in commands:
        seen = held.get(str(command.pk))
        if seen is None:
            command.mark_ended(None, reason=GONE)
        elif not seen["running"]:
            command.mark_ended(
                seen["status"], signal=seen["signal"], timed_out=seen["timed_out"], ran_s=seen["ran_ms"] / 1000
            )
        ended += seen is None or not seen["running"]
    if ended:
        commands[0].session.sandbox.announce()


def forget_old() -> None:
    """Keep the newest ended commands of each session."""
    ended = Command.objects.exclude(ended_at=None).values("session").annotate(count=Count("pk"))
    for row in ended.filter(count__gt=ENDED_KEPT):
        Command.objects.filter(session=row["session"]).purge()
