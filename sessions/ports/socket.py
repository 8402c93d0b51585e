"""The ports' websockets, for programs: which ports listen, and a tunnel to one of them. See `protocol`."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from typing import Any

from activity.refusals import NotNow
from sandboxes.models import Use
from sessions.conversing import Conversation, Guest, answer, in_database
from sessions.flow import Inflow, Outflow
from sessions.holder import ProtocolError
from sessions.line.line import Channel, ChannelRefused
from sessions.line.lines import line_to
from sessions.line.ports import watched
from sessions.line.wire import DATA_MAX_BYTES, Kind
from sessions.ports.looking import all_described
from sessions.ports.protocol import ACK, DATA, PORTS, TEXT_MAX_BYTES, TUNNEL
from sessions.rights.admission import FILES, TUNNELS
from sessions.terminal.protocol import parse_text
from sessions.uses import note_use, record_visit, use_is_due
from sessions.websocket import ClientGone

CONNECT_S = 10.0


async def ports_socket(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """ASGI application of /ws/sandboxes/<sandbox>/sessions/<session>/ports/."""
    await answer(scope, receive, send, PORTS, Ports, FILES, **scope["url_route"]["kwargs"])


async def tunnel_socket(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """ASGI application of /ws/sandboxes/<sandbox>/sessions/<session>/ports/<port>/."""
    place = dict(scope["url_route"]["kwargs"])
    port = place.pop("port")
    await answer(scope, receive, send, TUNNEL, lambda guest: Tunnel(guest, port), TUNNELS, **place)


class Ports(Conversation):
    """One socket that tells which ports listen."""

    def __init__(self, guest: Guest) -> None:
        super().__init__(guest)
        self.carrying.add(asyncio.create_task(self._tell()))

    async def take(self, data: bytes | None, text: str | None) -> None:
        words = parse_text(text or "", TEXT_MAX_BYTES)
        if words["type"] != "ping":
            raise ProtocolError(f"A message of type {words['type'][:40]!r} is not known here.")
        await self.guest.client.send_json({"type": "pong", "n": words.get("n")})

    async def _tell(self) -> None:
        line = await line_to(self.guest.admission.container)
        async with aclosing(watched(line)) as looks:
            async for found in looks:
                await self.guest.client.send_json({"type": "ports", "items": all_described(found)})


class Tunnel(Conversation):
    """One connection to a port."""

    def __init__(self, guest: Guest, port: int) -> None:
        super().__init__(guest)
        self.client, self.port = guest.client, port
        self.out, self.inn = Outflow(0, self._send, stalled_s=None), Inflow(0, self._acknowledge, stalled_s=None)
        self.carrying.add(asyncio.create_task(self._carry()))

    async def take(self, data: bytes | None, text: str | None) -> None:
        if data is not None:
            self._take_binary(data)
        else:
            words = parse_text(text or "", TEXT_MAX_BYTES)
            if words["type"] == "end":
                self.inn.end()
            elif words["type"] == "ping":
                await self.client.send_json({"type": "pong", "n": words.get("n")})
            else:
                raise ProtocolError(f"A message of type {words['type'][:40]!r} is not known here.")
        if use_is_due(self.guest.session, self.guest.user):
            await in_database(note_use, self.guest.session, self.guest.user, Use.PORTS)

    def _take_binary(self, data: bytes) -> None:
        if data[:1] == bytes([ACK]) and len(data) == 9:
            self.out.acknowledge(int.from_bytes(data[1:], "big"))
        elif data[:1] == bytes([DATA]) and 1 < len(data) <= 1 + DATA_MAX_BYTES:
            self.inn.put(data[1:])
        else:
            raise ProtocolError(f"A binary message of {len(data)} bytes is not DATA or ACK of {TUNNEL}.")

    async def _send(self, _: int, data: bytes) -> None:
        await self.client.send_frames([bytes([DATA]) + data])

    async def _acknowledge(self, taken: int) -> None:
        await self.client.send_frames([bytes([ACK]) + taken.to_bytes(8, "big")])

    async def _carry(self) -> None:
        """Connect, carry both directions, and close the socket in the end. Raises Refused, LineError."""
        await in_database(record_visit, "session.forward", self.guest.session, self.guest.user)
        line = await line_to(self.guest.admission.container)
        channel = line.channel(Kind.DIAL, self.port.to_bytes(2, "big"))
        try:
            await self._connect(channel)
            await self.client.send_json({"type": "connected", "port": self.port})
            await self._carry_both(channel)
        finally:
            channel.close()
        await self.client.finish()
        raise ClientGone  # everything was said

    async def _connect(self, channel: Channel) -> None:
        try:
            async with asyncio.timeout(CONNECT_S):
                await channel.opened()
        except (ChannelRefused, TimeoutError) as error:
            why = "no answer in time" if isinstance(error, TimeoutError) else error
            text = f"Nothing answers at port {self.port} of the sandbox: {why}."
            raise NotNow(text, self.guest.session, code="nothing_listens") from error

    async def _carry_both(self, channel: Channel) -> None:
        both = [asyncio.create_task(self._carry_in(channel)), asyncio.create_task(self._carry_out(channel))]
        try:
            await asyncio.gather(*both)
        except ChannelRefused:
            await self.client.send_json({"type": "reset"})
        finally:
            for task in both:
                task.cancel()
            await asyncio.gather(*both, return_exceptions=True)

    async def _carry_in(self, channel: Channel) -> None:
        async with aclosing(self.inn.pieces()) as pieces:
            async for piece in pieces:
                await channel.write(piece)
        channel.end()

    async def _carry_out(self, channel: Channel) -> None:
        while data := await channel.read():
            await self.out.write(data)
            channel.consumed(len(data))
        await self.client.send_json({"type": "end"})
