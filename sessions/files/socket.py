"""The files' websocket: operations on the files of one session, many at a time, for programs. See `protocol`."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from typing import Any

from pydantic import BaseModel

from accounts.models import Scope
from activity.refusals import NotNow, Refused, TooMany
from sandboxes.models import Use
from sessions.conversing import Conversation, Guest, answer, in_database
from sessions.files import describing, doing, operations, protocol
from sessions.flow import Inflow, Outflow
from sessions.holder import ProtocolError
from sessions.line import files
from sessions.line.file_frames import Entry
from sessions.line.line import Line
from sessions.rights.admission import FILES, missing_scope
from sessions.terminal.protocol import parse_text
from sessions.uses import note_use, record_visit, use_is_due


async def files_socket(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """ASGI application of /ws/sandboxes/<sandbox>/sessions/<session>/files/."""
    await answer(scope, receive, send, protocol.SUBPROTOCOL, Files, FILES, **scope["url_route"]["kwargs"])


class UnderWay:
    """An operation that goes on, with what flows for it."""

    def __init__(self, op: int) -> None:
        self.op = op
        self.task: asyncio.Task[None] | None = None
        self.out: Outflow | None = None
        self.inn: Inflow | None = None
        self.is_cancelled = False


class Files(Conversation):
    """One socket. What it does is in `under_way`, by the program's numbers."""

    def __init__(self, guest: Guest) -> None:
        super().__init__(guest)
        self.client, self.session = guest.client, guest.session
        self.under_way: dict[int, UnderWay] = {}
        self._is_noted = False

    # -- what the program says

    async def take(self, data: bytes | None, text: str | None) -> None:
        if data is not None:
            self._take_binary(protocol.from_binary(data))
        elif text is not None:
            words = parse_text(text, protocol.TEXT_MAX_BYTES)
            known = {"ping": self._ping, "cancel": self._cancel, "end_input": self._end_input}
            await known.get(words["type"], self._begin)(words)

    def _take_binary(self, message: protocol.Content | protocol.Ack) -> None:
        under_way = self.under_way.get(message.op)
        if under_way is None:
            return  # it was over while this was on its way
        if isinstance(message, protocol.Ack):
            if under_way.out is None:
                raise ProtocolError(f"Operation {message.op} sends nothing that could be acknowledged.")
            under_way.out.acknowledge(message.offset)
        elif under_way.inn is None:
            raise ProtocolError(f"Operation {message.op} takes no content.")
        else:
            under_way.inn.put(message.data, message.offset)

    async def _ping(self, words: dict[str, Any]) -> None:
        await self.client.send_json({"type": "pong", "n": words.get("n")})

    async def _cancel(self, words: dict[str, Any]) -> None:
        under_way = self.under_way.get(protocol.op_of(words))
        if under_way is not None and under_way.task is not None:
            under_way.is_cancelled = True
            under_way.task.cancel()

    async def _end_input(self, words: dict[str, Any]) -> None:
        under_way = self.under_way.get(protocol.op_of(words))
        if under_way is not None and under_way.inn is not None:
            under_way.inn.end()

    async def _begin(self, words: dict[str, Any]) -> None:
        op = protocol.op_of(words)
        if op in self.under_way:
            raise ProtocolError(f"Operation {op} is still under way.")
        try:
            asked = protocol.asked_of(words)
            await self._allow(asked)
        except Refused as refusal:
            await self._refuse(op, refusal)
            return
        under_way = self.under_way[op] = UnderWay(op)
        # Before anything else is read from the socket: its content may be the very next message.
        self._prepare(under_way, asked)
        under_way.task = asyncio.create_task(self._carry(under_way, asked))
        self.carrying.add(under_way.task)

    async def _allow(self, asked: BaseModel) -> None:
        """Raises Refused."""
        if len(self.under_way) >= protocol.UNDER_WAY_MAX:
            text = f"{protocol.UNDER_WAY_MAX} operations are under way on this connection. Wait for one of them."
            raise TooMany(text, self.session, code="too_many_operations")
        if isinstance(asked, operations.CHANGING) and not self.guest.admission.may_drive:
            raise missing_scope(Scope.FILES_WRITE)
        is_use = not isinstance(asked, operations.Watch)
        if not self._is_noted or (is_use and use_is_due(self.session, self.guest.user)):
            self._is_noted = True
            await in_database(note, self.guest, is_use=is_use)

    def _prepare(self, under_way: UnderWay, asked: BaseModel) -> None:
        op = under_way.op

        async def send(offset: int, data: bytes) -> None:
            await self.client.send_frames([protocol.data_frame(op, offset, data)])

        async def tell(offset: int) -> None:
            await self.client.send_frames([protocol.ack_frame(op, offset)])

        if isinstance(asked, operations.Read | operations.Tar):
            under_way.out = Outflow(asked.offset if isinstance(asked, operations.Read) else 0, send)
        elif isinstance(asked, operations.Write):
            under_way.inn = Inflow(asked.offset, tell)

    # -- what it is told

    async def _carry(self, under_way: UnderWay, asked: BaseModel) -> None:
        """Carry out one operation; whatever goes wrong with it, the others go on."""
        try:
            told = await self._told(under_way, asked)
        except Refused as refusal:
            await self._over(under_way, refusal)
        except asyncio.CancelledError:
            if not under_way.is_cancelled:
                raise
            await self._over(under_way, NotNow("The operation was cancelled.", code="cancelled"))
        else:
            del self.under_way[under_way.op]
            await self.client.send_json({"type": "done", "op": under_way.op} | told)

    async def _told(self, under_way: UnderWay, asked: BaseModel) -> dict[str, Any]:
        """Return what is told at an operation's end. Raises Refused."""

        async def work(line: Line) -> dict[str, Any]:
            if isinstance(asked, operations.Read):
                return await self._read(line, under_way, asked)
            if isinstance(asked, operations.Tar):
                return await self._tar(line, under_way, asked)
            if isinstance(asked, operations.Watch):
                return await self._watch(line, under_way.op, asked)
            assert isinstance(asked, operations.Write)  # noqa: S101 - nothing else is left
            assert under_way.inn is not None  # noqa: S101
            return await asked.content_over(line, under_way.inn.pieces())

        if isinstance(asked, operations.AtOnce):
            return await doing.do(self.session, asked.over)
        return await doing.do(self.session, work, within_s=None)

    async def _read(self, line: Line, under_way: UnderWay, asked: operations.Read) -> dict[str, Any]:
        assert under_way.out is not None  # noqa: S101
        async with aclosing(files.read(line, asked.path, offset=asked.offset, length=asked.length)) as pieces:
            async for piece in pieces:
                if isinstance(piece, Entry):
                    told = {"type": "entry", "op": under_way.op, "file": describing.file(piece, asked.path)}
                    await self.client.send_json(told)
                else:
                    await under_way.out.write(piece)
        return {"next_offset": under_way.out.sent}

    async def _tar(self, line: Line, under_way: UnderWay, asked: operations.Tar) -> dict[str, Any]:
        assert under_way.out is not None  # noqa: S101
        async with aclosing(files.tar(line, asked.paths)) as pieces:
            async for piece in pieces:
                await under_way.out.write(piece)
        return {"next_offset": under_way.out.sent}

    async def _watch(self, line: Line, op: int, asked: operations.Watch) -> dict[str, Any]:
        async with aclosing(files.watch(line, asked.paths)) as changes:
            async for change in changes:
                await self.client.send_json(protocol.changed(op, change, asked.paths))
        return {}

    async def _over(self, under_way: UnderWay, refusal: Refused) -> None:
        del self.under_way[under_way.op]
        await self._refuse(under_way.op, refusal)

    async def _refuse(self, op: int, refusal: Refused) -> None:
        told = {"type": "refused", "op": op, "code": refusal.code, "status": refusal.status, "text": refusal.text}
        await self.client.send_json(told | refusal.details)


def note(guest: Guest, *, is_use: bool) -> None:
    """Record the visit, and the use unless someone only watches."""
    record_visit(doing.VERB, guest.session, guest.user)
    if is_use:
        note_use(guest.session, guest.user, Use.FILES)
