"""Daphne's websocket with a short way through for binary messages. Import it only when serving, after the reactor.

Every keystroke and every piece of output passes here. Daphne, Channels and Autobahn hand a message through about 20
functions each way, and Twisted sends it in the loop's next turn: almost half of the server's time per message.
What is not a plain binary message goes their way.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from daphne.ws_protocol import WebSocketProtocol

from config.framing import head_of, whole_binary_message


class DirectWebSocket(WebSocketProtocol):  # type: ignore[misc]  # daphne has no types
    """Sends binary messages at once, and waits while the browser does not take more."""

    def onOpen(self) -> None:
        super().onOpen()
        self._room = asyncio.Event()
        self._room.set()
        # Twisted tells its producer when 64 KiB wait. So far that was the HTTP request that became this websocket.
        self.transport.unregisterProducer()
        self.transport.registerProducer(self, True)

    async def send_binary(self, messages: Sequence[bytes]) -> None:
        """Send messages in one go; returns when there is room for more. Nothing is sent once the websocket closes."""
        if self.state == self.STATE_OPEN:
            self._write(b"".join([part for message in messages for part in (head_of(message), message)]))
            await self._room.wait()

    def dataReceived(self, data: bytes) -> None:
        at = 0
        while self._awaits_message() and (found := whole_binary_message(data, at)):
            payload, at = found
            self.onMessage(payload, True)
        if at < len(data):
            self._dataReceived(data[at:])

    def _awaits_message(self) -> bool:
        """Whether the next byte begins a message, and Autobahn keeps nothing from before."""
        return (
            self.state == self.STATE_OPEN and not self.data and self.current_frame is None and not self.inside_message
        )

    def _write(self, data: bytes) -> None:
        transport = self.transport
        # Only Twisted's own fields say whether something waits, which must stay in front.
        waits = transport.dataBuffer or transport._tempDataBuffer  # noqa: SLF001
        sent = 0 if waits else transport.writeSomeData(data)
        # An error is met again by Twisted's own writing, which knows how to close.
        sent = 0 if isinstance(sent, Exception) else sent
        if sent < len(data):
            transport.write(data[sent:])

    def _closeConnection(self, abort: bool = False) -> None:
        # While a producer is paused Twisted would wait for its last words.
        self.transport.unregisterProducer()
        super()._closeConnection(abort)

    # -- what Twisted asks of a producer

    def pauseProducing(self) -> None:
        self._room.clear()

    def resumeProducing(self) -> None:
        self._room.set()

    def stopProducing(self) -> None:
        self._room.set()
