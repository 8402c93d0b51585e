"""Daphne with the limits that it lacks, on uvloop. Import it only when serving: Twisted takes its reactor once."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import uvloop

# Installed before daphne.server is imported, else Daphne makes a plain asyncio loop for itself.
loop = uvloop.new_event_loop()
asyncio.set_event_loop(loop)

from twisted.internet import asyncioreactor  # noqa: E402

asyncioreactor.install(loop)  # type: ignore[no-untyped-call]

from autobahn.websocket.protocol import WebSocketProtocol  # noqa: E402
from daphne.endpoints import build_endpoint_description_strings  # noqa: E402
from daphne.http_protocol import HTTPFactory  # noqa: E402
from daphne.server import Server  # noqa: E402
from daphne.ws_protocol import WebSocketFactory  # noqa: E402

from config.channel import BoundedChannel  # noqa: E402
from config.websocket import DirectWebSocket  # noqa: E402

# A browser keeps to 16 input frames and 8 acknowledgements in flight; whoever sends more is cut off, because
# Daphne reads on without asking and would keep it all.
MESSAGES_WAITING = 64
# Both ways: the largest frame of the holder is 64 KiB of output with its head.
MESSAGE_MAX_BYTES = 72 * 1024
# Where the scope carries the queue from the server to the application.
BOUNDED = "sandlot.queue"
# ASGI extension: `send` takes several binary messages and waits for room. See DirectWebSocket.send_binary.
DIRECT = "sandlot.direct"

GONE = (WebSocketProtocol.STATE_CLOSING, WebSocketProtocol.STATE_CLOSED)

# Server.run makes the factories itself and leaves no other place to choose.
HTTPFactory.protocol = BoundedChannel
WebSocketFactory.protocol = DirectWebSocket


class BoundedServer(Server):  # type: ignore[misc]  # daphne has no types
    """Keeps at most MESSAGES_WAITING messages per websocket and lets no client choose the root path."""

    async def handle_reply(self, protocol: Any, message: dict[str, Any]) -> None:
        """Send what the application says; a close with its reason and any code: Autobahn itself refuses 1012.

        What comes after the browser has gone is dropped: Autobahn would raise into the log.
        """
        state = getattr(protocol, "state", None)
        if message["type"] == "websocket.close" and state == WebSocketProtocol.STATE_OPEN:
            protocol.sendCloseFrame(code=message.get("code", 1000), reasonUtf8=message.get("reason", "").encode())
        elif message["type"] != "websocket.send" or state not in GONE:
            await super().handle_reply(protocol, message)

    def create_application(self, protocol: Any, scope: dict[str, Any]) -> Any:
        scope["root_path"] = self.root_path
        if isinstance(protocol, DirectWebSocket):
            scope["extensions"] = {DIRECT: {"send": protocol.send_binary}}
        if scope["type"] != "websocket":
            return super().create_application(protocol, scope)
        bounded: asyncio.Queue[Any] = asyncio.Queue(MESSAGES_WAITING)
        made = super().create_application(protocol, scope | {BOUNDED: bounded})
        return None if made is None else bounded


def with_bounded_queue(application: Any) -> Any:
    """Wrap an ASGI application so that its websockets read from the queue that BoundedServer made."""

    async def receiving(scope: dict[str, Any], receive: Any, send: Any) -> None:
        bounded = scope.pop(BOUNDED, None)
        await application(scope, bounded.get if bounded else receive, send)

    return receiving


def make_server(application: Any, host: str, port: int, ready: Callable[[], None]) -> BoundedServer:
    """Return the server; `run()` blocks until it is stopped. `ready` is called once, before the first connection."""
    return BoundedServer(
        application=with_bounded_queue(application),
        endpoints=build_endpoint_description_strings(host=host, port=port),
        # A terminal stays open for as long as someone looks at it; the default ends it after a day.
        websocket_timeout=-1,
        websocket_connect_timeout=10,
        websocket_max_message_size=MESSAGE_MAX_BYTES,
        websocket_max_frame_size=MESSAGE_MAX_BYTES,
        ping_interval=20,
        ping_timeout=30,
        server_name="Sandlot",
        ready_callable=ready,
    )
