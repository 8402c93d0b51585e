"""The list of sandboxes."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from accounts.current import teams_of
from accounts.models import Team, User
from accounts.signing import person
from sandboxes.models import Sandbox, SandboxQuerySet
from sandboxes.permissions import Action, may
from sandboxes.rows import Row, drawn
from sandboxes.search import COLUMNS, DEFAULT, TEXT_MAX, Order, Search
from sandboxes.views.bulk import last_results

# One page stays quick on a phone; who has more searches.
ROWS_MAX = 500


@login_required
@require_safe
def sandbox_list(request: HttpRequest) -> HttpResponse:
    user, team = person(request), teams_of(request).current
    text, order = request.GET.get("q", "")[:TEXT_MAX].strip(), Order.parse(request.GET.get("sort", ""))
    found = Search.parse(text).select(listed(user, team), user).order_by(*order.by())
    page = Paginator(found, ROWS_MAX).get_page(request.GET.get("page"))
    role = team.role_of(user) if team else None
    context = {
        "teams": teams_of(request),
        "q": text,
        "sort": "" if order == Order() else str(order),
        "page": page,
        "rows": [drawn(Row.of(sandbox, user, role)) for sandbox in page.object_list],
        "is_whole": not text and not page.has_other_pages(),
        "here": address(text, order),
        "headings": [heading(column, text, order) for column in COLUMNS],
        "may_create": may(user, Action.CREATE, role),
        "may_operate": may(user, Action.OPERATE, role),
        "trashed": Sandbox.objects.trashed_for(user).filter(team=team).count(),
        "results": last_results(request),
    }
    return render(request, "sandboxes/list.html", context)


@login_required
@require_safe
def row(request: HttpRequest, slug: str) -> HttpResponse:
    """One row of the list, for live updates; 404 once it is gone from there."""
    user, team = person(request), teams_of(request).current
    found = get_object_or_404(listed(user, team), slug=slug)
    return HttpResponse(drawn(Row.of(found, user, team.role_of(user) if team else None)))


def listed(user: User, team: Team | None) -> SandboxQuerySet:
    """Sandboxes of a team, with what a row shows and nothing else."""
    visible = Sandbox.objects.visible_to(user).filter(team=team)
    return visible.select_related("template", "created_by", "usage").defer(
        "image_environment", "description", "template__description", "created_by__password"
    )


def heading(column: str, text: str, order: Order) -> dict[str, Any]:
    """What the head of a column shows: label, where a press leads, and how it is ordered now ("", "up", "down")."""
    now = ("down" if order.is_down else "up") if column == order.column else ""
    return {"label": COLUMNS[column][0], "href": address(text, order.after_press(column)), "now": now}


def address(text: str, order: Order) -> str:
    """Return the query of the list in this order, for a link on the list itself."""
    wanted = {"q": text, "sort": str(order) if order != Order(DEFAULT) else ""}
    return "/?" + urlencode({name: value for name, value in wanted.items() if value})
