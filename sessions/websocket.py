"""A client on a websocket: a browser or a program. Every socket of sessions speaks through it."""

from __future__ import annotations

import json
from typing import Any

from activity.refusals import Refused
from sessions.holder import ProtocolError

# ASGI extension of our own server.
DIRECT = "sandlot.direct"
# A close reason is at most 123 bytes on the wire.
REASON_MAX_BYTES = 123


class ClientGone(Exception):  # noqa: N818
    """The client closed the websocket, or its network did."""


class Client:
    """One websocket as ASGI events: JSON, binary messages, and a refusal at its end."""

    def __init__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        self._receive, self._send = receive, send
        # The server's short way, past the layers that wrap `send` for every message. See config/websocket.py.
        self._send_at_once = scope.get("extensions", {}).get(DIRECT, {}).get("send")
        self._closed = False

    async def accept(self, offered: list[str], subprotocol: str) -> None:
        """Accept with our subprotocol. Raises ClientGone, ProtocolError when it was not offered."""
        event = await self._receive()
        if event["type"] != "websocket.connect":
            raise ClientGone
        known = subprotocol in offered
        await self._send({"type": "websocket.accept", "subprotocol": subprotocol if known else None})
        if not known:
            raise ProtocolError(f"Ask for the subprotocol {subprotocol}.")

    async def receive(self) -> tuple[bytes | None, str | None]:
        """Return the next message as bytes or as text. Raises ClientGone."""
        event = await self._receive()
        if event["type"] == "websocket.disconnect":
            self._closed = True
            raise ClientGone
        return event.get("bytes"), event.get("text")

    async def send_frames(self, frames: list[bytes]) -> None:
        """Send frames as one message each; where the server can, all at once and only while there is room."""
        if self._send_at_once is not None:
            await self._send_at_once(frames)
        else:
            for frame in frames:
                await self._send({"type": "websocket.send", "bytes": frame})

    async def send_json(self, data: dict[str, Any]) -> None:
        await self._send({"type": "websocket.send", "text": json.dumps(data, ensure_ascii=False)})

    async def notice(self, level: str, code: str, text: str) -> None:
        await self.send_json({"type": "notice", "level": level, "code": code, "text": text})

    async def close(self, refusal: Refused) -> None:
        """Say the sentence, then close with the code."""
        if self._closed:
            return
        self._closed = True
        await self.notice("warning", refusal.close.name.lower(), refusal.text)
        reason = refusal.text.encode()[:REASON_MAX_BYTES].decode(errors="ignore")
        await self._send({"type": "websocket.close", "code": int(refusal.close), "reason": reason})

    async def finish(self) -> None:
        """Close: everything was said."""
        if not self._closed:
            self._closed = True
            await self._send({"type": "websocket.close", "code": 1000})
