"""Whose page a websocket comes from: the whole origin, character by character, is one of the dashboard's or refused.

Nothing is parsed: browsers send an origin in one form only (RFC 6454, section 6.2), so no other form is theirs.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection
from typing import Any

from channels.security.websocket import WebsocketDenier

Application = Callable[[dict[str, Any], Any, Any], Awaitable[None]]


def only_from(origins: Collection[str], application: Application) -> Application:
    """Let websockets of these origins through; the others get 403, also without an origin or with two."""
    known = {origin.encode() for origin in origins}

    async def checked(scope: dict[str, Any], receive: Any, send: Any) -> None:
        named = [value for name, value in scope["headers"] if name.lower() == b"origin"]
        is_ours = len(named) == 1 and named[0] in known
        await (application if is_ours else WebsocketDenier())(scope, receive, send)

    return checked
