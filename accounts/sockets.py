"""Puts proof of who is there into the scope of a browser's websocket."""

from __future__ import annotations

from typing import Any

from channels.db import database_sync_to_async

from accounts.logins import Login


def with_login(application: Any) -> Any:
    """Wrap an ASGI application of websockets: `scope["login"]` is the login, None for anonymous visitors."""

    async def proved(scope: dict[str, Any], receive: Any, send: Any) -> None:
        login = await database_sync_to_async(Login.of)(scope["user"], scope["session"])
        await application(scope | {"login": login}, receive, send)

    return proved
