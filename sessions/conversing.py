"""A program at a session's websocket, from admission to goodbye: let in, talk, watch over the rights, leave.

What is talked about is the business of a Conversation: commands, files, ports.
"""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, TypeVar
from uuid import UUID

from asgiref.sync import sync_to_async
from django.db import DatabaseError, close_old_connections

from accounts.models import User
from activity.refusals import Invalid, Refused
from sessions.command.failures import ERRORS, refusal_of
from sessions.holder import ProtocolError
from sessions.models import Session
from sessions.rights.admission import COMMANDS, Access, Admission, admit_to
from sessions.terminal.watch import watch
from sessions.websocket import Client, ClientGone

Answer = TypeVar("Answer")


@dataclass(frozen=True)
class Guest:
    """Who was let in, to which session."""

    client: Client
    admission: Admission
    user: User
    session: Session


@dataclass
class Conversation(ABC):
    """One socket. `carrying` is what goes on beside the client's messages; one that fails ends the socket."""

    guest: Guest
    carrying: set[asyncio.Task[None]] = field(default_factory=set, init=False)

    @abstractmethod
    async def take(self, data: bytes | None, text: str | None) -> None:
        """Carry out one message of the client. Raises ProtocolError, Refused and the errors of the line."""

    def leave(self) -> None:  # noqa: B027 - most hold nothing
        """Let go of what is held: the client is gone, or its right."""


async def answer(
    scope: dict[str, Any],
    receive: Any,
    send: Any,
    subprotocol: str,
    begin: Callable[[Guest], Conversation],
    access: Access = COMMANDS,
    **which: Any,
) -> None:
    """Serve one websocket to its end."""
    client = Client(scope, receive, send)
    try:
        await client.accept(scope.get("subprotocols", []), subprotocol)
        admission, user, session = await in_database(admitted, scope["login"], access, **which)
        await serve(begin(Guest(client, admission, user, session)))
    except ClientGone:
        pass
    except Refused as refusal:
        await client.close(refusal)
    except ProtocolError as error:
        await client.close(Invalid(str(error)))
    except ERRORS as error:
        await client.close(refusal_of(error))


def admitted(
    login: Any, access: Access, slug: str = "", name: str = "", command_id: UUID | None = None
) -> tuple[Admission, User, Session]:
    """Return the person's admission. Raises Refused; a stranger learns nothing."""
    rows = Session.objects.select_related("sandbox__team").filter(ended_at=None)
    here = rows.filter(sandbox__slug=slug, name=name) if command_id is None else rows.filter(commands=command_id)
    session = here.first()
    admission = admit_to(login, session, access)
    assert session is not None  # noqa: S101 - admit_to refuses None
    return admission, User.objects.get(pk=admission.login.user_id), session


async def serve(conversation: Conversation) -> None:
    """Take what the client says and watch over its rights; the first to end ends all."""
    talking = asyncio.create_task(talk(conversation))
    watching = asyncio.create_task(watch.until_expelled(conversation.guest.admission))
    try:
        done, _ = await asyncio.wait({talking, watching}, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    finally:
        for task in (talking, watching):
            task.cancel()
        await asyncio.gather(talking, watching, return_exceptions=True)
        for task in conversation.carrying:
            task.cancel()
        await asyncio.gather(*conversation.carrying, return_exceptions=True)
        conversation.leave()


async def talk(conversation: Conversation) -> None:
    """Take messages, while other things are carried beside. Raises what ends either."""
    receiving = asyncio.create_task(conversation.guest.client.receive())
    try:
        while True:
            await asyncio.wait({receiving, *conversation.carrying}, return_when=asyncio.FIRST_COMPLETED)
            for task in [task for task in conversation.carrying if task.done()]:
                conversation.carrying.discard(task)
                if not task.cancelled():
                    task.result()
            if receiving.done():
                await conversation.take(*receiving.result())
                receiving = asyncio.create_task(conversation.guest.client.receive())
    finally:
        receiving.cancel()
        with suppress(asyncio.CancelledError, ClientGone):
            await receiving


async def in_database(work: Callable[..., Answer], *args: Any, **named: Any) -> Answer:
    """Do something with rows. The connection stays: a new one for each of these would cost as much as they do."""
    try:
        return await sync_to_async(work)(*args, **named)
    except DatabaseError:
        await sync_to_async(close_old_connections)()
        raise
