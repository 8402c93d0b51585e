"""The team page: who is in, as what, and who is invited."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from accounts.current import choose, teams_of
from accounts.forms import InviteForm, RoleForm, TeamNameForm
from accounts.models import Invitation, Membership, Role, Team
from accounts.signing import person
from activity.refusals import NotAllowed


@login_required
@require_safe
def team(request: HttpRequest) -> HttpResponse:
    current = teams_of(request).current
    if current is None:
        return render(request, "accounts/no_team.html")
    return team_page(request, own_membership(request, current))


@login_required
@require_POST
@never_cache
def invite(request: HttpRequest) -> HttpResponse:
    """Write a link and show it this once: only its hash is kept, so there is no page to go to for it."""
    acting = managing(request)
    form = InviteForm(acting, request.POST)
    if not form.is_valid():
        return team_page(request, acting, form=form)
    _, token = acting.team.invite(form.cleaned_data["role"], person(request), form.cleaned_data["note"])
    link = request.build_absolute_uri(reverse("accounts:invitation", args=[token]))
    return team_page(request, acting, new_link=link)


@login_required
@require_POST
def rename(request: HttpRequest) -> HttpResponse:
    """Give the team another name, which owners do."""
    acting = managing(request)
    if acting.role != Role.OWNER:
        raise NotAllowed("Owners rename the team. Ask one of them.", acting.team)
    form = TeamNameForm(acting.team, request.POST)
    if not (form.is_valid() and form.save()):
        return team_page(request, acting, name_form=form)
    messages.success(request, f"The team is called {acting.team} now.")
    return redirect("accounts:team")


@login_required
@require_POST
def revoke_invitation(request: HttpRequest, pk: int) -> HttpResponse:
    acting = managing(request)
    get_object_or_404(Invitation, pk=pk, team=acting.team, role__in=acting.grantable_roles).revoke()
    messages.success(request, "The invitation was revoked. Its link does not open any more.")
    return redirect("accounts:team")


@login_required
@require_POST
def change_role(request: HttpRequest, pk: int) -> HttpResponse:
    acting, other = managing(request), colleague(request, pk)
    form = RoleForm(acting, request.POST)
    if not acting.may_change(other) or not form.is_valid():
        raise NotAllowed("Your role does not let you change this one.", other)
    try:
        other.change_role(form.cleaned_data["role"])
        messages.success(request, f"{other.user} is {other.get_role_display()} now.")
    except ValidationError as error:
        messages.error(request, error.messages[0])
    return redirect("accounts:team")


@login_required
@require_POST
def remove(request: HttpRequest, pk: int) -> HttpResponse:
    """Remove a member, or leave."""
    other = colleague(request, pk)
    acting = own_membership(request, other.team)
    if other != acting and not acting.may_change(other):
        raise NotAllowed("Your role does not let you remove this member.", other)
    try:
        other.revoke()
        messages.success(request, f"You left {other.team}." if other == acting else f"{other.user} was removed.")
    except ValidationError as error:
        messages.error(request, error.messages[0])
    return redirect("accounts:team")


@login_required
@require_POST
def switch(request: HttpRequest) -> HttpResponse:
    """Look at another team of one's own."""
    chosen = request.POST.get("team", "")
    choose(request, get_object_or_404(Team.objects.of(person(request)), pk=int(chosen) if chosen.isdigit() else 0))
    return redirect("sandboxes:list")


def own_membership(request: HttpRequest, of: Team) -> Membership:
    return get_object_or_404(Membership.objects.select_related("team"), team=of, user=person(request))


def managing(request: HttpRequest) -> Membership:
    """Return one's own membership of the current team. Raises NotAllowed for anyone who does not manage it."""
    current = teams_of(request).current
    if current is None:
        raise NotAllowed("You are in no team.")
    acting = own_membership(request, current)
    if not acting.grantable_roles:
        raise NotAllowed("Owners and admins manage the team. Ask one of them.", current)
    return acting


def colleague(request: HttpRequest, pk: int) -> Membership:
    """Return a membership of the current team; another team's does not exist here."""
    current = teams_of(request).current
    return get_object_or_404(Membership.objects.select_related("team", "user"), pk=pk, team=current)


def team_page(request: HttpRequest, acting: Membership, **extra: Any) -> HttpResponse:
    members = acting.team.memberships.select_related("user")
    context = {
        "acting": acting,
        "members": [{"membership": each, "may_change": acting.may_change(each)} for each in members],
        "form": InviteForm(acting),
        "name_form": TeamNameForm(acting.team) if acting.role == Role.OWNER else None,
        "invitations": acting.team.invitations.open().filter(role__in=acting.grantable_roles),
    }
    return render(request, "accounts/team.html", context | extra)
