"""Websockets of programs: a token in the Authorization header, which no page of any site can set."""

from __future__ import annotations

from typing import Any

from channels.db import database_sync_to_async
from channels.security.websocket import WebsocketDenier

from accounts.logins import TokenLogin
from accounts.models import ApiToken
from activity.source import client_address
from api import limits
from api.callers import Caller, token_of
from sessions.models import SessionToken
from sessions.rights.proof import SessionLogin


def with_token(programs: Any, browsers: Any) -> Any:
    """Let whoever brings a token through to `programs`, whatever origin or cookies say, and all others to `browsers`.

    `scope["login"]` is the proof that the token is; of a bad one it is proof of nothing, and the socket says so.
    Anyone who opens more than the rate allows is refused before.
    """

    async def chosen(scope: dict[str, Any], receive: Any, send: Any) -> None:
        brought = [value for name, value in scope["headers"] if name.lower() == b"authorization"]
        scheme, _, text = (brought[0] if len(brought) == 1 else b"").decode("latin-1").partition(" ")
        if scheme.lower() != "bearer":
            await browsers(scope, receive, send)
            return
        token, is_over = await database_sync_to_async(taken)(text.strip(), scope)
        if is_over:
            await WebsocketDenier()(scope, receive, send)
            return
        named = {"user": token.user if token else None, "token_name": token.name if token else ""}
        await programs(scope | named | {"login": proof_of(token)}, receive, send)

    return chosen


def proof_of(token: ApiToken | SessionToken | None) -> TokenLogin | SessionLogin:
    return SessionLogin.of(token) if isinstance(token, SessionToken) else TokenLogin.of(token)


def taken(text: str, scope: dict[str, Any]) -> tuple[ApiToken | SessionToken | None, bool]:
    """Return the usable token, and whether its rate, or that of an address without one, is used up."""
    peer, *_ = scope.get("client") or [""]
    forwarded = b",".join(value for name, value in scope["headers"] if name == b"x-forwarded-for")
    address = client_address(peer, forwarded.decode("latin-1"))
    token = token_of(text)
    rate = limits.tokens.take(Caller(token.user, token).holder) if token else limits.strangers.take(address)
    if token is not None:
        token.note_use(address)
    return token, rate.is_over
