"""Sandboxes: list, create, look, change, operate, delete, restore."""

from __future__ import annotations

import hashlib
import json
from typing import Any, Literal

from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from ninja import Router
from ninja.params.functions import Query
from ninja.responses import Status

from accounts.models import Scope, Team
from accounts.text import fit
from activity.models import Entry
from activity.refusals import Invalid, NotAllowed, NotNow, Refused
from api import describing
from api.callers import Caller
from api.cursors import PAGE, PAGE_MAX, cursor_after, place_in
from api.listing import page_of
from api.operations import answers, caller, needs
from api.schemas import EntryOut, Metrics, NewSandbox, Page, SandboxChange, SandboxOut, StepOut
from api.waiting import WAIT_MAX_S, waited_for
from sandboxes.metrics.graphs import SPANS, as_columns, samples_of
from sandboxes.models import Desired, Sandbox, State, Template
from sandboxes.permissions import Action
from sandboxes.search import TEXT_MAX, Order, Search
from sandboxes.sizes import Size, bounds, limits

router = Router(tags=["Sandboxes"])

READ, WRITE = needs(Scope.SANDBOXES_READ), needs(Scope.SANDBOXES_WRITE)
Verb = Literal["start", "stop", "pause", "resume", "restart", "retry", "keep-awake"]
# Verb -> method, and what is wanted of the sandbox once it holds.
VERBS: dict[str, tuple[str, str]] = {
    "start": ("start", Desired.RUNNING),
    "stop": ("stop", Desired.STOPPED),
    "pause": ("pause", Desired.PAUSED),
    "resume": ("resume", Desired.RUNNING),
    "restart": ("restart", Desired.RUNNING),
    "retry": ("retry", ""),
    "keep-awake": ("keep_awake", Desired.RUNNING),
}


class PreconditionFailed(Refused):
    """What the program saw has changed."""

    status, code = 412, "precondition_failed"


@router.get("", auth=READ, response=answers({200: Page[SandboxOut]}, 400, 422), operation_id="list_sandboxes")
def list_sandboxes(
    request: HttpRequest,
    q: str = Query("", max_length=TEXT_MAX, description="The list page's words: `status:running owner:me text`."),
    order: Literal["name", "-name", "state", "-state", "template", "-template", "owner", "-owner", "used", "-used"] = (
        "name"
    ),
    team: int | None = Query(None, ge=1, le=1 << 62),
    trashed: bool = Query(False, description="Those in the trash instead."),
    cursor: str = Query("", max_length=2000),
    limit: int = Query(PAGE, ge=1, le=PAGE_MAX),
) -> Any:
    """List the sandboxes that you see, a page at a time."""
    me = caller(request)
    rows = me.trash if trashed else me.sandboxes
    if team is not None:
        rows = rows.filter(team=team)
    rows = Search.parse(fit(q)).select(rows, me.user)
    # Many rows have few teams, templates and people: each of these is made once, and not for every row.
    rows = rows.select_related(None).select_related("usage").prefetch_related(*describing.SHARED)
    query = json.dumps([q, order, team, trashed])
    found, following = page_of(rows, Order.parse(order), place_in(cursor, query), limit)
    return {
        "items": [describing.sandbox(row, me) for row in found],
        "next_cursor": cursor_after(following, query) if following else None,
    }


@router.post(
    "", auth=WRITE, response=answers({201: SandboxOut}, 400, 404, 409, 413, 422), operation_id="create_sandbox"
)
def create_sandbox(request: HttpRequest, response: HttpResponse, body: NewSandbox) -> Any:
    """Create a sandbox. It starts by itself: wait for it with `?wait=20&until=running` at its address."""
    me = caller(request)
    template = wanted_template(body.template)
    sizes = limits(template, Size(body.size))
    fields: dict[str, Any] = {"title": body.title, "description": body.description, **sizes}
    if body.idle_timeout_s is not None:
        fields["idle_timeout_s"] = body.idle_timeout_s
    slug = body.id or Sandbox.objects.free_slug()
    made = Sandbox.create(slug=slug, template=template, team=wanted_team(me, body.team), by=me.user, **fields)
    response.headers["Location"] = f"/api/v1/sandboxes/{made.slug}"
    return Status(201, described(me, me.sandbox(made.slug), response))


def wanted_template(slug: str | None) -> Template:
    offered = Template.objects.filter(is_active=True)
    template = offered.filter(slug=slug).first() if slug else offered.first()
    if template is None:
        raise ValidationError({"template": "This template is not offered." if slug else "No template is offered."})
    return template


def wanted_team(me: Caller, pk: int | None) -> Team:
    """Return the team, which may stay unsaid where there is one. Raises NotAllowed, ValidationError."""
    teams = list(me.creating_teams[:2]) if pk is None else list(me.creating_teams.filter(pk=pk))
    if len(teams) == 1:
        return teams[0]
    if teams:
        raise ValidationError({"team": "You may create sandboxes in several teams: say in which."})
    raise NotAllowed("Your role lets you look, not create. Ask an owner or admin of the team.")


@router.get("/{id}", auth=READ, response=answers({200: SandboxOut}, 404, 422), operation_id="get_sandbox")
def get_sandbox(
    request: HttpRequest,
    response: HttpResponse,
    id: str,  # noqa: A002 - the path's word
    wait: float = Query(0, ge=0, le=WAIT_MAX_S, description="Seconds to wait for `until` at most."),
    until: Literal["settled", "running", "paused", "stopped", "failed"] = "settled",
) -> Any:
    """Get a sandbox, at once or when its state is reached; after `wait` it is returned as it is."""
    me = caller(request)
    found = waited_for(lambda: me.sandbox(id), lambda sandbox: has_reached(sandbox, until), wait)
    return described(me, found, response)


def has_reached(sandbox: Sandbox, until: str) -> bool:
    """Whether there is no more to wait for: a failure ends every wait."""
    if sandbox.state == State.FAILED:
        return True
    is_settled = sandbox.state == sandbox.desired and (sandbox.boot == sandbox.boot_reached or sandbox.is_at_rest)
    return is_settled if until == "settled" else is_settled and sandbox.state == until


@router.patch(
    "/{id}", auth=WRITE, response=answers({200: SandboxOut}, 400, 404, 412, 413, 422), operation_id="change_sandbox"
)
def change_sandbox(request: HttpRequest, response: HttpResponse, id: str, body: SandboxChange) -> Any:  # noqa: A002
    """Change what is named. With `If-Match` only as long as nobody else changed it."""
    me = caller(request)
    sandbox = me.sandbox(id, Action.MANAGE)
    if (known := request.headers.get("If-Match")) not in (None, "*", tag_of(sandbox)):
        raise PreconditionFailed(f"{sandbox} has changed since {known}. Nothing was changed.", sandbox)
    wanted = body.dict(exclude_unset=True)
    check_limits(sandbox, wanted)
    if wanted.keys() & {"title", "description"}:
        title, description = wanted.get("title", sandbox.title), wanted.get("description", sandbox.description)
        sandbox.describe(title or "", description or "")
    if "idle_timeout_s" in wanted:
        sandbox.change_idle_timeout(wanted["idle_timeout_s"])
    if sizes := {name: wanted[name] for name in bounds(sandbox.template) if wanted.get(name) is not None}:
        sandbox.change_limits(**sizes)
    return described(me, me.sandbox(id), response)


def check_limits(sandbox: Sandbox, wanted: dict[str, Any]) -> None:
    """Raise ValidationError for a limit outside of what its template lets managers give."""
    errors = {}
    for name, (least, most) in bounds(sandbox.template).items():
        holds, value = getattr(sandbox, name), wanted.get(name)
        # What an admin gave beyond the bounds may stay.
        if value is not None and not min(least, holds) <= value <= max(most, holds):
            errors[name] = f"{min(least, holds)} to {max(most, holds)}."
    if errors:
        raise ValidationError(errors)


@router.post(
    "/{id}/actions/{verb}",
    auth=WRITE,
    response=answers({202: SandboxOut}, 400, 404, 409, 422),
    operation_id="operate_sandbox",
)
def operate_sandbox(request: HttpRequest, response: HttpResponse, id: str, verb: Verb) -> Any:  # noqa: A002
    """Ask for another state. What holds already is no error."""
    me = caller(request)
    sandbox = me.sandbox(id, Action.OPERATE)
    method, wanted = VERBS[verb]
    is_new = getattr(sandbox, method)()
    if not is_new and (sandbox.desired != wanted or sandbox.state == State.FAILED):
        raise NotNow(f"{sandbox} {sandbox.why_unchanged}", sandbox, code=f"sandbox_{sandbox.state}")
    return Status(202, described(me, me.sandbox(id), response))


@router.delete("/{id}", auth=WRITE, response=answers({202: SandboxOut}, 404, 409, 422), operation_id="delete_sandbox")
def delete_sandbox(
    request: HttpRequest,
    response: HttpResponse,
    id: str,  # noqa: A002
    permanent: bool = Query(False, description="With its files and for good; only for one in the trash."),
) -> Any:
    """Put a sandbox into the trash, where it is kept for seven days; or delete one of the trash for good."""
    me = caller(request)
    if permanent:
        lying = me.trashed(id)
        lying.delete_everything()
        return Status(202, describing.sandbox(lying, me))
    sandbox = me.sandbox(id, Action.MANAGE)
    sandbox.trash(by=me.user)
    return Status(202, described(me, me.trashed(id), response))


@router.post(
    "/{id}/restore", auth=WRITE, response=answers({200: SandboxOut}, 400, 404, 409, 422), operation_id="restore_sandbox"
)
def restore_sandbox(request: HttpRequest, response: HttpResponse, id: str) -> Any:  # noqa: A002
    """Take a sandbox out of the trash, stopped, with its files."""
    me = caller(request)
    lying = me.trashed(id)
    if not lying.restore():
        raise NotNow(f"{lying} is being deleted for good. It cannot be restored.", lying, code="being_deleted")
    return described(me, me.sandbox(id), response)


@router.get("/{id}/steps", auth=READ, response=answers({200: Page[StepOut]}, 404, 422), operation_id="list_steps")
def list_steps(request: HttpRequest, id: str) -> Any:  # noqa: A002
    """List the steps of the work on it, the oldest first: a hundred at most are kept."""
    return {"items": [describing.step(row) for row in caller(request).sandbox(id).steps.all()]}


@router.get("/{id}/metrics", auth=READ, response=answers({200: Metrics}, 404, 422), operation_id="get_metrics")
def get_metrics(request: HttpRequest, id: str, span: Literal["hour", "day"] = "hour") -> Any:  # noqa: A002
    """Get what it used. Asking does not keep it awake."""
    sandbox, now = caller(request).sandbox(id), timezone.now()
    columns = as_columns(sandbox, samples_of(sandbox, SPANS[span], now), SPANS[span], now)
    return {"since": columns.pop("from"), **columns}


@router.get(
    "/{id}/activity", auth=READ, response=answers({200: Page[EntryOut]}, 400, 404, 422), operation_id="list_activity"
)
def list_activity(
    request: HttpRequest,
    id: str,  # noqa: A002
    cursor: str = Query("", max_length=2000),
    limit: int = Query(PAGE, ge=1, le=PAGE_MAX),
) -> Any:
    """List what was done in it, the newest first."""
    sandbox = caller(request).sandbox(id)
    query = f"activity of {sandbox.pk}"
    entries = Entry.objects.filter(sandbox_id=sandbox.pk).order_by("-number")
    if place := place_in(cursor, query):
        entries = entries.filter(number__lt=whole(place))
    found = list(entries[: limit + 1])
    following = cursor_after([found[limit - 1].number], query) if len(found) > limit else None
    return {"items": [describing.entry(row) for row in found[:limit]], "next_cursor": following}


def whole(place: list[Any]) -> int:
    if len(place) != 1 or not isinstance(place[0], int):
        raise Invalid("This cursor belongs to another list. Begin at the first page.", code="bad_cursor")
    return place[0]


def described(me: Caller, sandbox: Sandbox, response: HttpResponse) -> dict[str, Any]:
    """Describe it, and say which version of what can be changed this is."""
    response.headers["ETag"] = tag_of(sandbox)
    return describing.sandbox(sandbox, me)


def tag_of(sandbox: Sandbox) -> str:
    """Return the version of what PATCH can change."""
    names = ("title", "description", "idle_timeout_s", *bounds(sandbox.template))
    facts = json.dumps([getattr(sandbox, name) for name in names])
    return f'"{hashlib.sha256(facts.encode()).hexdigest()[:16]}"'
