"""The caller, their teams and tokens, and the templates that are offered."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from ninja import Router
from ninja.responses import Status

from accounts.models import ApiToken, Scope, Team
from activity.refusals import Hidden
from api import describing
from api.callers import Caller
from api.operations import answers, caller, needs
from api.schemas import Me, Member, Page, TeamOut, TemplateOut, TokenOut
from sandboxes.models import Template

router = Router()

ANY, READ = needs(), needs(Scope.SANDBOXES_READ)


@router.get("/me", auth=ANY, response=answers({200: Me}), operation_id="get_me", tags=["Account"])
def get_me(request: HttpRequest) -> Any:
    """Get whose token this is and what it may do. Any token may ask."""
    me = caller(request)
    return {
        "person": describing.person(me.user),
        "token": describing.token(me.api_token, me),
        "teams": [describing.team(row, me) for row in me.teams],
    }


@router.get("/tokens", auth=ANY, response=answers({200: Page[TokenOut]}), operation_id="list_tokens", tags=["Account"])
def list_tokens(request: HttpRequest) -> Any:
    """List your tokens. They are made on the account page: a program cannot make itself another one."""
    me = caller(request)
    return {"items": [describing.token(row, me) for row in ApiToken.objects.listed(me.user)]}


@router.delete(
    "/tokens/current", auth=ANY, response=answers({204: None}), operation_id="revoke_token", tags=["Account"]
)
def revoke_token(request: HttpRequest) -> Any:
    """Revoke the token of this request."""
    caller(request).api_token.revoke()
    return Status(204, None)


@router.get("/teams", auth=READ, response=answers({200: Page[TeamOut]}), operation_id="list_teams", tags=["Teams"])
def list_teams(request: HttpRequest) -> Any:
    """List your teams, as far as this token reaches."""
    me = caller(request)
    return {"items": [describing.team(row, me) for row in me.teams]}


@router.get(
    "/teams/{id}/members",
    auth=READ,
    response=answers({200: Page[Member]}, 404, 422),
    operation_id="list_members",
    tags=["Teams"],
)
def list_members(request: HttpRequest, id: int) -> Any:  # noqa: A002
    """List who is in a team of yours."""
    rows = team_of(caller(request), id).memberships.select_related("user")
    return {
        "items": [{"person": describing.person(row.user), "role": row.role, "since": row.created_at} for row in rows]
    }


def team_of(me: Caller, pk: int) -> Team:
    found = me.teams.filter(pk=pk).first() if 0 < pk < 1 << 62 else None
    if found is None:
        raise Hidden("This team does not exist, or you are not in it.", code="unknown_team")
    return found


@router.get(
    "/templates",
    auth=READ,
    response=answers({200: Page[TemplateOut]}),
    operation_id="list_templates",
    tags=["Templates"],
)
def list_templates(request: HttpRequest) -> Any:  # noqa: ARG001 - its name is the framework's
    """List the templates that are offered, the suggested one first."""
    return {"items": [describing.template(row) for row in Template.objects.filter(is_active=True)]}
