"""The websocket route that answers when no other does."""

from __future__ import annotations

from typing import Any

from django.urls import re_path


async def _refuse(_scope: Any, receive: Any, send: Any) -> None:
    """Close before accepting: an unknown address gets 403 and a log stays quiet."""
    await receive()
    await send({"type": "websocket.close"})


# Channels routes ASGI applications through Django's patterns.
refuse_unknown = re_path(r"^.*$", _refuse)  # type: ignore[arg-type]
