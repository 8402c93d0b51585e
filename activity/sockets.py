"""Names the source of what a websocket does."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.base_user import AbstractBaseUser

from activity.source import Source, Via, acting, client_address


def with_source(application: Any) -> Any:
    """Wrap an ASGI application of websockets; it stands behind the one that puts the user into the scope."""

    async def named(scope: dict[str, Any], receive: Any, send: Any) -> None:
        with acting(lambda: source_of(scope)):
            await application(scope, receive, send)

    return named


def source_of(scope: dict[str, Any]) -> Source:
    user = scope["user"] if isinstance(scope["user"], AbstractBaseUser) else None
    peer, *_ = scope.get("client") or [""]
    forwarded = b",".join(value for name, value in scope["headers"] if name == b"x-forwarded-for")
    token = scope.get("token_name", "")
    return Source(
        Via.API if token else Via.SOCKET, client_address(peer, forwarded.decode("latin-1")), user, token=token
    )
