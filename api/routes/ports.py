"""Ports of a session's network: which ones listen."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from ninja import Router
from ninja.params.functions import Query

from accounts.models import Scope
from api.operations import answers, caller, needs
from api.schemas import Page, PortOut
from api.waiting import WAIT_MAX_S
from sessions.command.acting import on_loop
from sessions.ports import looking
from sessions.rights.admission import require_running
from sessions.rights.table import Act

router = Router(tags=["Ports"])


@router.get(
    "/{id}/sessions/{name}/ports",
    auth=needs(Scope.FILES_READ),
    response=answers({200: Page[PortOut]}, 400, 404, 409, 422, 503),
    operation_id="list_ports",
)
def list_ports(
    request: HttpRequest,
    id: str,  # noqa: A002 - the path's word
    name: str,
    port: int | None = Query(None, ge=1, le=65535, description="Which one to wait for."),
    wait: float = Query(0, ge=0, le=WAIT_MAX_S, description="Seconds to wait for `port` at most."),
) -> Any:
    """List the TCP ports on which something in the sandbox listens. Programs of other sessions have no name here."""
    me = caller(request)
    session = me.session(id, name, Act.TYPE)
    require_running(session)
    found = on_loop(looking.listening(session, port, wait if port is not None else 0))
    return {"items": looking.all_described(found)}
