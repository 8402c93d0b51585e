"""Sessions of a sandbox: list, connect, look, change, end."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from ninja import Router
from ninja.params.functions import Query
from ninja.responses import Status

from accounts.models import Scope
from api import describing
from api.callers import Caller
from api.operations import answers, caller, needs
from api.schemas import GitIdentity, NewSession, Page, SessionChange, SessionOut
from api.starting import has_settled
from api.waiting import WAIT_MAX_S, waited_for
from sandboxes.permissions import Action
from sessions.brings.git import Git
from sessions.models import Session
from sessions.rights.table import Act

router = Router(tags=["Sessions"])

READ, WRITE = needs(Scope.SANDBOXES_READ), needs(Scope.SESSIONS_WRITE)
LOOK = needs(Scope.SANDBOXES_READ, Scope.TERMINALS_READ)


@router.get(
    "/{id}/sessions", auth=READ, response=answers({200: Page[SessionOut]}, 404, 422), operation_id="list_sessions"
)
def list_sessions(request: HttpRequest, id: str) -> Any:  # noqa: A002
    """List who is in the sandbox: a hundred sessions at most."""
    me = caller(request)
    sandbox = me.sandbox(id)
    role = sandbox.team.role_of(me.user)
    rows = list(sandbox.sessions.filter(ended_at=None).with_terminals().select_related("user", "created_by"))
    for row in rows:
        row.sandbox = sandbox
    return {"items": [describing.session(row, me, role) for row in rows]}


@router.post(
    "/{id}/sessions",
    auth=WRITE,
    response=answers({200: SessionOut, 201: SessionOut}, 400, 404, 409, 413, 422, 503),
    operation_id="create_session",
)
def create_session(request: HttpRequest, response: HttpResponse, id: str, body: NewSession) -> Any:  # noqa: A002
    """Connect to a session, made when it is not there: 201 for a new one, 200 for one that was there, as it is."""
    me = caller(request)
    sandbox = me.sandbox(id, Action.VIEW if body.own else Action.SHARE)
    if body.own:
        if body.id is not None:
            raise ValidationError({"id": "Your own session has the id that it has: leave it out."})
        session, is_new = Session.for_person(sandbox, me.user), False
    else:
        with transaction.atomic():
            session, is_new = Session.connect(sandbox, body.id or "", by=me.user, permission=body.permission)
            if is_new:
                furnish(session, body)
    response.headers["Location"] = f"/api/v1/sandboxes/{sandbox.slug}/sessions/{session.name}"
    return Status(201 if is_new else 200, described(me, session))


def furnish(session: Session, body: NewSession) -> None:
    """Give a new session what it brings along. Raises ValidationError."""
    if body.git is not None:
        session.set_git(git_of(body.git, session))
    if body.env:
        session.set_environment(body.env)
    if body.host_token:
        session.set_host_token(body.host_token)


def git_of(body: GitIdentity, session: Session) -> Git:
    return Git(body.email, body.name or session.name, body.provider, body.username, body.token)


@router.get(
    "/{id}/sessions/{name}", auth=LOOK, response=answers({200: SessionOut}, 404, 422), operation_id="get_session"
)
def get_session(
    request: HttpRequest,
    id: str,  # noqa: A002
    name: str,
    wait: float = Query(0, ge=0, le=WAIT_MAX_S, description="Seconds to wait until it runs at most."),
) -> Any:
    """Get a session, at once or when it runs; after `wait`, or when it failed, it is returned as it is."""
    me = caller(request)
    return described(me, waited_for(lambda: me.session(id, name), has_settled, wait))


@router.patch(
    "/{id}/sessions/{name}",
    auth=WRITE,
    response=answers({200: SessionOut}, 400, 404, 413, 422, 503),
    operation_id="change_session",
)
def change_session(request: HttpRequest, id: str, name: str, body: SessionChange) -> Any:  # noqa: A002
    """Change what it brings along. Terminals that run keep the variables that they have."""
    me = caller(request)
    session = me.session(id, name, Act.CONFIGURE)
    with transaction.atomic():
        if body.git is not None:
            session.set_git(git_of(body.git, session))
        if body.env is not None:
            kept = {key: value for key, value in (session.environment | body.env).items() if value is not None}
            session.set_environment(kept)
        if body.host_token is not None:
            session.set_host_token(body.host_token)
    return described(me, session)


@router.delete("/{id}/sessions/{name}", auth=WRITE, response=answers({204: None}, 404, 422), operation_id="end_session")
def end_session(request: HttpRequest, id: str, name: str) -> Any:  # noqa: A002
    """End a session: its terminals close, the files that it made stay."""
    caller(request).session(id, name, Act.END).end()
    return Status(204, None)


def described(me: Caller, session: Session) -> dict[str, Any]:
    return describing.session(session, me, session.sandbox.team.role_of(me.user))
