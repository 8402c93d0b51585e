"""What was done in a sandbox, and in a team: pages and files."""

from __future__ import annotations

from dataclasses import dataclass

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from accounts.current import teams_of
from accounts.models import Team
from accounts.signing import person
from activity.export import FORMATS, export
from activity.log import record
from activity.models import Entry, EntryQuerySet
from activity.pages import FilterForm, Page, people_in
from sandboxes.models import Sandbox
from sandboxes.permissions import MANAGERS
from sandboxes.views.reaching import visible


@dataclass(frozen=True)
class Scope:
    """The entries that a person may see of a sandbox or a team. Addresses are for those who manage it."""

    of: Sandbox | Team
    entries: EntryQuerySet
    name: str
    manages: bool


@login_required
@require_safe
@never_cache
def of_sandbox(request: HttpRequest, slug: str) -> HttpResponse:
    sandbox = visible(request, slug)
    scope = scope_of_sandbox(sandbox)
    page = Page.of(request.GET, scope.entries, shows_addresses=scope.manages)
    return render(request, "sandboxes/activity.html", {"sandbox": sandbox, "tab": "activity", "page": page})


@login_required
@require_safe
@never_cache
def of_team(request: HttpRequest) -> HttpResponse:
    scope = scope_of_team(request)
    if scope is None:
        return render(request, "accounts/no_team.html")
    page = Page.of(request.GET, scope.entries, shows_addresses=scope.manages)
    return render(request, "accounts/activity.html", {"team": scope.of, "manages": scope.manages, "page": page})


@login_required
@require_safe
def export_of_sandbox(request: HttpRequest, slug: str, kind: str) -> HttpResponseBase:
    return as_file(request, scope_of_sandbox(visible(request, slug)), kind) or redirect("sandboxes:activity", slug)


@login_required
@require_safe
def export_of_team(request: HttpRequest, kind: str) -> HttpResponseBase:
    scope = scope_of_team(request)
    if scope is None:
        raise Http404
    return as_file(request, scope, kind) or redirect("sandboxes:team_activity")


def as_file(request: HttpRequest, scope: Scope, kind: str) -> HttpResponseBase | None:
    """Return what the filters of the address leave over; None when they make no sense. Raises Http404."""
    if kind not in FORMATS:
        raise Http404
    form = FilterForm(request.GET, people_in(scope.entries))
    if not form.is_valid():
        return None
    record("activity.export", scope.of, detail={"format": kind, "filter": request.GET.urlencode()})
    return export(request, form.narrow(scope.entries), kind, scope.name, shows_addresses=scope.manages)


def scope_of_sandbox(sandbox: Sandbox) -> Scope:
    """`sandbox` comes from `visible`, which tells who manages it."""
    manages = bool(getattr(sandbox, "can_manage", False))
    return Scope(sandbox, Entry.objects.filter(sandbox_id=sandbox.pk), sandbox.slug, manages)


def scope_of_team(request: HttpRequest) -> Scope | None:
    """Owners and admins see all of the current team; others what happened in the sandboxes that they see."""
    user, team = person(request), teams_of(request).current
    if team is None:
        return None
    entries = Entry.objects.filter(team_id=team.pk)
    manages = team.role_of(user) in MANAGERS
    if not manages:
        seen = Sandbox.objects.visible_to(user).filter(team=team)
        entries = entries.filter(sandbox_id__in=list(seen.values_list("pk", flat=True)))
    return Scope(team, entries, "team", manages)
