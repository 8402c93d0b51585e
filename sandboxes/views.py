"""The list of sandboxes, creating one, and the buttons."""

from __future__ import annotations

import json
from collections.abc import Callable

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST, require_safe

from accounts.current import teams_of
from accounts.models import Team, User
from accounts.signing import person
from sandboxes.forms import CreateForm, DeleteForm
from sandboxes.models import Sandbox
from sandboxes.permissions import ROLES_FOR, Action


@login_required
@require_safe
def sandbox_list(request: HttpRequest) -> HttpResponse:
    user, teams = person(request), teams_of(request)
    may_create = teams.current is not None and teams.current.role_of(user) in ROLES_FOR[Action.CREATE]
    context = {"teams": teams, "sandboxes": listed(user, teams.current), "may_create": may_create}
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


@login_required
def create(request: HttpRequest) -> HttpResponse:
    form = CreateForm(person(request), request.POST or None, team=teams_of(request).current)
    if not form.teams:
        raise PermissionDenied("Your role lets you look, not create. Ask an owner or admin of your team.")
    if request.method == "POST" and form.is_valid() and (sandbox := form.save()):
        return redirect(sandbox)
    return render(request, "sandboxes/create.html", {"form": form})


@login_required
def delete(request: HttpRequest, slug: str) -> HttpResponse:
    sandbox = permitted(request, slug, Action.MANAGE)
    form = DeleteForm(sandbox, request.POST or None)
    if request.method == "POST" and form.is_valid():
        sandbox.delete_everything()
        messages.success(request, f"{sandbox} is being deleted.")
        return redirect("sandboxes:list")
    return render(request, "sandboxes/delete.html", {"sandbox": sandbox, "form": form})


def operation(change: Callable[[Sandbox], None]) -> Callable[..., HttpResponse]:
    """Return the view of a button that changes what is wanted of a sandbox."""

    @login_required
    @require_POST
    def view(request: HttpRequest, slug: str) -> HttpResponse:
        sandbox = permitted(request, slug, Action.OPERATE)
        change(sandbox)
        return changed(request, sandbox)

    return view


start = operation(Sandbox.start)
stop = operation(Sandbox.stop)
restart = operation(Sandbox.restart)
retry = operation(Sandbox.retry)


def permitted(request: HttpRequest, slug: str, action: Action) -> Sandbox:
    """Return a sandbox to act on. A stranger gets 404, who may only look gets 403."""
    sandbox = get_object_or_404(Sandbox.objects.visible_to(person(request)).select_related("team"), slug=slug)
    if not sandbox.permits(action, person(request)):
        raise PermissionDenied("Your role in this team does not let you do this.")
    return sandbox


def changed(request: HttpRequest, sandbox: Sandbox) -> HttpResponse:
    """Answer a button: the page's script hears which sandbox to draw again, a plain browser goes to its page."""
    if "HX-Request" not in request.headers:
        return redirect(sandbox)
    return HttpResponse(status=204, headers={"HX-Trigger": json.dumps({"sandbox-changed": {"slug": sandbox.slug}})})
