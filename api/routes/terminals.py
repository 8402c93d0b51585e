"""Terminals: list, open, look, rename, end. What they show goes over their websocket."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from ninja import Router
from ninja.params.functions import Query
from ninja.responses import Status

from accounts.models import Scope
from api import describing
from api.operations import answers, caller, needs
from api.schemas import NewTerminal, Page, TerminalChange, TerminalOut
from api.starting import START, session_to_use
from sessions.terminal import ends

of_session = Router(tags=["Terminals"])
router = Router(tags=["Terminals"])

READ, WRITE = needs(Scope.TERMINALS_READ), needs(Scope.TERMINALS_WRITE)


@of_session.get(
    "/{id}/sessions/{name}/terminals",
    auth=READ,
    response=answers({200: Page[TerminalOut]}, 404, 422),
    operation_id="list_terminals",
)
def list_terminals(request: HttpRequest, id: str, name: str) -> Any:  # noqa: A002
    """List the terminals that run in a session: fifty at most."""
    session = caller(request).session(id, name)
    rows = list(session.terminals.live().select_related("created_by"))
    for row in rows:
        row.session = session
    return {"items": [describing.terminal(row) for row in rows]}


@of_session.post(
    "/{id}/sessions/{name}/terminals",
    auth=WRITE,
    response=answers({201: TerminalOut}, 400, 404, 409, 410, 413, 422, 503),
    operation_id="open_terminal",
)
def open_terminal(
    request: HttpRequest,
    response: HttpResponse,
    id: str,  # noqa: A002
    name: str,
    body: NewTerminal,
    start: bool = Query(False, description=START),
) -> Any:
    """Open a terminal in a running sandbox. Its shell starts when someone looks at it."""
    me = caller(request)
    session = session_to_use(me, id, name, start=True) if start else me.session(id, name)
    terminal = ends.open_another(session, me.user)
    if body.title is not None:
        terminal.rename(body.title)
    response.headers["Location"] = f"/api/v1/terminals/{terminal.pk}"
    return Status(201, describing.terminal(terminal))


@router.get("/{id}", auth=READ, response=answers({200: TerminalOut}, 404, 422), operation_id="get_terminal")
def get_terminal(request: HttpRequest, id: UUID) -> Any:  # noqa: A002
    """Get a terminal, also one that has ended, as long as its session is there."""
    return describing.terminal(caller(request).terminal(id))


@router.patch(
    "/{id}", auth=WRITE, response=answers({200: TerminalOut}, 400, 404, 413, 422), operation_id="rename_terminal"
)
def rename_terminal(request: HttpRequest, id: UUID, body: TerminalChange) -> Any:  # noqa: A002
    """Give a terminal another title."""
    me = caller(request)
    me.terminal(id)
    terminal = ends.changeable(id, me.user)
    terminal.rename(body.title)
    return describing.terminal(terminal)


@router.delete("/{id}", auth=WRITE, response=answers({204: None}, 404, 409, 422, 503), operation_id="end_terminal")
def end_terminal(request: HttpRequest, id: UUID) -> Any:  # noqa: A002
    """End a terminal: its shell is hung up and, if it does not go, killed."""
    me = caller(request)
    me.terminal(id)
    ends.end(ends.changeable(id, me.user), me.user)
    return Status(204, None)
