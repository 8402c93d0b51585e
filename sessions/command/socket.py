"""The commands' websocket: starts and follows one command after the other, in one session.

A plain ASGI coroutine like the terminals'. A client that runs many commands opens it once: a command costs two
messages then, and no connection.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable
from contextlib import suppress
from typing import Any
from uuid import UUID

from accounts.models import User
from activity.refusals import Hidden, NotAllowed, Refused
from sandboxes.models import Use
from sessions.command import protocol
from sessions.command.failures import ERRORS, refusal_of
from sessions.command.protocol import Wanted
from sessions.command.running import in_background, note_exit, see_the_end, start_of
from sessions.conversing import Conversation, Guest, answer, in_database
from sessions.holder import ProtocolError
from sessions.line.commands import Exit, Follower, InputTaken, Output, Start
from sessions.line.line import LineError
from sessions.line.lines import line_to
from sessions.models import Command, Session
from sessions.terminal.protocol import parse_text
from sessions.uses import note_use, use_is_due

logger = logging.getLogger(__name__)


async def session_commands_socket(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """ASGI application of /ws/sandboxes/<sandbox>/sessions/<session>/commands/."""
    await answer(scope, receive, send, protocol.SUBPROTOCOL, Commands, **scope["url_route"]["kwargs"])


async def command_socket(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """ASGI application of /ws/commands/<id>/: follows this one from the first `attach` on."""
    only = scope["url_route"]["kwargs"]["command_id"]
    await answer(scope, receive, send, protocol.SUBPROTOCOL, lambda guest: Commands(guest, only), command_id=only)


class Commands(Conversation):
    """One socket: the command that it follows now, and what its client has read of it."""

    def __init__(self, guest: Guest, only: UUID | None = None) -> None:
        super().__init__(guest)
        self.client, self.admission, self.user, self.session = guest.client, guest.admission, guest.user, guest.session
        self.only = only
        self.command: Command | None = None
        self.follower: Follower | None = None
        self.acked = 0
        self.input_taken = 0

    # -- what the client says

    async def take(self, data: bytes | None, text: str | None) -> None:
        """Carry out one message. Raises ProtocolError, Refused, LineError."""
        if data is not None:
            await self._take_binary(protocol.from_binary(data))
        elif text is not None:
            words = parse_text(text, protocol.TEXT_MAX_BYTES)
            known = {
                "start": self._start, "attach": self._attach, "end_input": self._end_input, "signal": self._signal,
                "resize": self._resize, "end": self._end, "ping": self._ping,
            }  # fmt: skip
            act = known.get(words["type"])
            if act is None:
                raise ProtocolError(f"A message of type {words['type'][:40]!r} is not known here.")
            await act(words)

    async def _take_binary(self, message: protocol.Input | protocol.Ack) -> None:
        if self.follower is None:
            return  # it has ended while this was on its way
        if isinstance(message, protocol.Ack):
            if message.offset > self.acked:
                self.follower.consumed(message.offset - self.acked)
                self.acked = message.offset
        else:
            self._require_driving()
            if message.offset + len(message.data) > self.input_taken + protocol.INPUT_AHEAD_BYTES:
                raise ProtocolError(f"Input may be sent {protocol.INPUT_AHEAD_BYTES // 1024} KiB ahead, not more.")
            if use_is_due(self.session, self.user):
                await in_database(note_use, self.session, self.user, Use.RAN)
            await self._say(self.follower.write(message.offset, message.data))

    async def _start(self, words: dict[str, Any]) -> None:
        self._require_driving()
        if self.only is not None or self.follower is not None:
            raise ProtocolError("One command is followed at a time. Start others on the session's own socket.")
        wanted = protocol.wanted_of(words)
        pk = protocol.id_of(words) if "id" in words else None
        try:
            command, start = await in_database(begin, self.session, self.user, wanted, pk)
        except Refused as refusal:
            await self._refuse(refusal)
            return
        await self._begin(command, start, protocol.offset_of(words))

    async def _begin(self, command: Command, start: Start, offset: int) -> None:
        """Start what has a row now, and follow it. A refusal is told, and the socket stays for another command."""
        try:
            follower = await Follower.start(await line_to(self.admission.container), start)
            await self._follow(command, follower, offset)
        except ERRORS as error:
            refusal = refusal_of(error, command)
            await in_database(command.mark_ended, None, reason=refusal.text)
            await self._refuse(refusal, command)

    async def _attach(self, words: dict[str, Any]) -> None:
        if self.follower is not None:
            raise ProtocolError("One command is followed at a time.")
        pk, offset = self.only or protocol.id_of(words), protocol.offset_of(words)
        try:
            command = await in_database(command_of, self.session, pk)
            line = await line_to(self.admission.container)
            follower = await Follower.attach(line, str(pk), offset, paced=self.admission.may_drive)
            await self._follow(command, follower, offset)
        except (*ERRORS, Refused) as error:
            await self._refuse(error if isinstance(error, Refused) else refusal_of(error))

    async def _end_input(self, words: dict[str, Any]) -> None:
        self._require_driving()
        if self.follower is not None:
            await self._say(self.follower.close_input(protocol.offset_of(words)))

    async def _signal(self, words: dict[str, Any]) -> None:
        self._require_driving()
        if self.follower is not None:
            await self._say(self.follower.signal(protocol.signal_of(words.get("signal"))))

    async def _resize(self, words: dict[str, Any]) -> None:
        self._require_driving()
        if self.follower is not None:
            await self._say(self.follower.resize(*protocol.size_of(words.get("size"))))

    async def _end(self, words: dict[str, Any]) -> None:
        self._require_driving()
        if self.follower is not None and self.command is not None:
            await in_database(self.command.note_end, self.user)
            await self._say(self.follower.end())

    async def _say(self, said: Awaitable[None]) -> None:
        """Say something to the command. One that has just ended hears nothing: what is read from it tells the end."""
        with suppress(LineError):
            await said

    async def _ping(self, words: dict[str, Any]) -> None:
        await self.client.send_json({"type": "pong", "n": words.get("n")})

    def _require_driving(self) -> None:
        if not self.admission.may_drive:
            raise NotAllowed("You may look at what runs in this session, not run anything. Nothing was changed.")

    # -- what the client is told

    async def _follow(self, command: Command, follower: Follower, offset: int) -> None:
        """Welcome the client to a command, and carry its output from now on. Raises what the holder refuses."""
        try:
            welcome = await follower.welcome()
        except BaseException:
            follower.close()
            raise
        self.command, self.follower, self.acked = command, follower, min(offset, welcome.head)
        self.input_taken = welcome.input_taken
        await self.client.send_json(protocol.as_json(welcome) | {"id": str(command.pk)})
        self.carrying.add(asyncio.create_task(self._carry(command, follower)))

    async def _carry(self, command: Command, follower: Follower) -> None:
        """Tell everything until the end; then the socket is free for another command."""
        while (event := await follower.read(consumed=False)) is not None:
            if isinstance(event, Output):
                await self.client.send_frames([protocol.output_frame(event)])
                continue
            if isinstance(event, InputTaken):
                self.input_taken = event.offset
            if isinstance(event, Exit):
                await in_database(note_exit, command, event)
                self._let_go()
            await self.client.send_json(protocol.as_json(event))
            if isinstance(event, Exit):
                return

    def _let_go(self) -> None:
        if self.follower is not None:
            self.follower.close()
        self.command = self.follower = None

    async def _refuse(self, refusal: Refused, command: Command | None = None) -> None:
        told = {"type": "refused", "code": refusal.code, "status": refusal.status, "text": refusal.text}
        await self.client.send_json(told | ({"id": str(command.pk)} if command else {}))

    def leave(self) -> None:
        """The client is gone: what runs goes on, and its end is still written down."""
        if self.command is not None:
            in_background(see_the_end(self.command, None))
        self._let_go()


def begin(session: Session, user: User, wanted: Wanted, pk: UUID | None) -> tuple[Command, Start]:
    """Write the row of a command that someone on a socket starts; return what the holder is told. Raises Refused."""
    command, _ = Command.begin(session, user, wanted.argv, pk=pk)
    if command.session_id != session.pk or command.created_by != user:
        raise Hidden("This id is another command's. Nothing was started.", code="unknown_command")
    command.session = session
    note_use(session, user, Use.RAN)
    return command, start_of(command, wanted, quiet=False)


def command_of(session: Session, pk: UUID) -> Command:
    """Return a command of this session. Raises Hidden."""
    command = Command.objects.filter(session=session, pk=pk).first()
    if command is None:
        raise Hidden("This command does not exist, or you may not see it.", code="unknown_command")
    command.session = session
    return command
