"""The list of sandboxes."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from accounts.current import teams_of
from accounts.models import Team, User
from accounts.signing import person
from sandboxes.models import Sandbox
from sandboxes.permissions import ROLES_FOR, Action


@login_required
@require_safe
def sandbox_list(request: HttpRequest) -> HttpResponse:
    user, teams = person(request), teams_of(request)
    may_create = teams.current is not None and teams.current.role_of(user) in ROLES_FOR[Action.CREATE]
    context = {
        "teams": teams,
        "sandboxes": listed(user, teams.current),
        "may_create": may_create,
        "trashed": Sandbox.objects.trashed_for(user).filter(team=teams.current).count(),
    }
    return render(request, "sandboxes/list.html", context)


@login_required
@require_safe
def row(request: HttpRequest, slug: str) -> HttpResponse:
    """One row of the list, for live updates; 404 once it is gone from there."""
    rows = listed(person(request), teams_of(request).current)
    return render(request, "sandboxes/_row.html", {"sandbox": get_object_or_404(rows, slug=slug)})


def listed(user: User, team: Team | None) -> QuerySet[Sandbox]:
    """Sandboxes of a team, with what a row shows to this person."""
    visible = Sandbox.objects.visible_to(user).filter(team=team)
    return visible.with_rights_of(user).select_related("template", "created_by", "team")
