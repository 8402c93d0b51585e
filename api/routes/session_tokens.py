"""Tokens for one session: make, list, renew, revoke."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.http import HttpRequest
from ninja import Router
from ninja.responses import Status

from accounts.models import Scope
from activity.refusals import Hidden
from api import describing
from api.callers import Caller
from api.operations import answers, caller, needs
from api.schemas import NewSessionToken, Page, SessionTokenOut, TokenLifetime
from sessions.models import Session, SessionToken
from sessions.rights.table import Act, may

router = Router(tags=["Session tokens"])

WRITE = needs(Scope.SESSIONS_WRITE)


@router.post(
    "/{id}/sessions/{name}/tokens",
    auth=WRITE,
    response=answers({201: NewSessionToken}, 400, 404, 413, 422, 503),
    operation_id="create_session_token",
)
def create_session_token(request: HttpRequest, id: str, name: str, body: TokenLifetime) -> Any:  # noqa: A002
    """Make a token with which a browser or another program works in this session, and does nothing else.

    It does what you may do there, for as long as you may. Give it away instead of your own token.
    """
    me = caller(request)
    made, text = SessionToken.make(me.session(id, name, Act.TYPE), me.user, timedelta(seconds=body.lifetime_s))
    return Status(201, describing.session_token(made) | {"text": text})


@router.get(
    "/{id}/sessions/{name}/tokens",
    auth=WRITE,
    response=answers({200: Page[SessionTokenOut]}, 404, 422),
    operation_id="list_session_tokens",
)
def list_session_tokens(request: HttpRequest, id: str, name: str) -> Any:  # noqa: A002
    """List the tokens of a session that still open it: yours, or all of them if you may configure the session."""
    me = caller(request)
    rows = within(me, me.session(id, name)).select_related("user")
    return {"items": [describing.session_token(row) for row in rows]}


@router.post(
    "/{id}/sessions/{name}/tokens/{token}/renew",
    auth=WRITE,
    response=answers({200: SessionTokenOut}, 400, 404, 413, 422, 503),
    operation_id="renew_session_token",
)
def renew_session_token(
    request: HttpRequest,
    id: str,  # noqa: A002
    name: str,
    token: int,
    body: TokenLifetime,
) -> Any:
    """Let a token of yours end later. What is connected by it stays connected."""
    me = caller(request)
    row = one_of(within(me, me.session(id, name, Act.TYPE)).filter(user=me.user), token)
    row.renew(timedelta(seconds=body.lifetime_s))
    return describing.session_token(row)


@router.delete(
    "/{id}/sessions/{name}/tokens/{token}",
    auth=WRITE,
    response=answers({204: None}, 404, 422),
    operation_id="revoke_session_token",
)
def revoke_session_token(request: HttpRequest, id: str, name: str, token: int) -> Any:  # noqa: A002
    """Revoke a token of a session. What is connected by it is cut off within two seconds."""
    me = caller(request)
    one_of(within(me, me.session(id, name)), token).revoke()
    return Status(204, None)


def within(me: Caller, session: Session) -> Any:
    """Return the tokens of a session that are the caller's to manage."""
    rows = SessionToken.objects.usable().filter(session=session)
    manages = may(me.user, Act.CONFIGURE, session, session.sandbox.team.role_of(me.user))
    return rows if manages else rows.filter(user=me.user)


def one_of(rows: Any, pk: int) -> SessionToken:
    found: SessionToken | None = (
        rows.select_related("session__sandbox", "user").filter(pk=pk).first() if fits(pk) else None
    )
    if found is None:
        raise Hidden("This token does not exist, or is not yours to change.", code="unknown_token")
    return found


def fits(pk: int) -> bool:
    return 0 < pk < 1 << 62
