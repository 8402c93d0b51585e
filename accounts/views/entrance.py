"""How people come in: the setup link of the first start, invitations, and the doors that are closed."""

from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_safe

from accounts.current import choose
from accounts.forms import JoinForm, SetupForm
from accounts.models import Invitation, SetupLink, User
from accounts.signing import sign_in

# The link was here and is not any more: 410 tells robots and mail scanners not to come back.
GONE = 410


@never_cache
@sensitive_post_parameters("password")
def setup(request: HttpRequest, token: str) -> HttpResponse:
    """Make the owner and the first team, once."""
    if not SetupLink.is_open(token):
        return render(request, "accounts/setup_closed.html", status=GONE)
    form = SetupForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            sign_in(request, form.save(token))
        except ValidationError:
            return render(request, "accounts/setup_closed.html", status=GONE)
        return redirect("sandboxes:list")
    return render(request, "accounts/setup.html", {"form": form})


@never_cache
@sensitive_post_parameters("password")
def invitation(request: HttpRequest, token: str) -> HttpResponse:
    """Accept an invitation, with the account someone has or with a new one."""
    found = Invitation.objects.open().with_token(token).select_related("team", "invited_by").first()
    if found is None:
        return closed_invitation(request)
    try:
        if isinstance(request.user, User):
            return join(request, found, request.user)
        return join_as_new(request, found)
    except ValidationError:
        return closed_invitation(request)


def join(request: HttpRequest, found: Invitation, user: User) -> HttpResponse:
    is_member = found.team.role_of(user) is not None
    if request.method == "POST" and not is_member:
        found.accept(user)
        return welcome(request, found)
    return render(request, "accounts/invitation.html", {"invitation": found, "is_member": is_member})


def join_as_new(request: HttpRequest, found: Invitation) -> HttpResponse:
    form = JoinForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        sign_in(request, form.save(found))
        return welcome(request, found)
    return render(request, "accounts/invitation.html", {"invitation": found, "form": form})


def welcome(request: HttpRequest, found: Invitation) -> HttpResponse:
    choose(request, found.team)
    messages.success(request, f"You are in {found.team} now.")
    return redirect("sandboxes:list")


def closed_invitation(request: HttpRequest) -> HttpResponse:
    """Used, revoked, expired and never written look the same: a guess learns nothing."""
    return render(request, "accounts/invitation_closed.html", status=GONE)


@require_safe
def password_help(request: HttpRequest) -> HttpResponse:
    """No mail is sent from here, so a forgotten password goes through an admin."""
    return render(request, "accounts/password_help.html")
