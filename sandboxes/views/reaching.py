"""How every view about one sandbox comes to it, and answers a button."""

from __future__ import annotations

import json

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect

from accounts.models import User
from accounts.signing import person
from activity.refusals import NotAllowed
from sandboxes.models import Sandbox
from sandboxes.permissions import REFUSALS, Action


def visible(request: HttpRequest, slug: str) -> Sandbox:
    """Return a sandbox to look at, with what its page's head asks of it. A stranger gets 404."""
    user = person(request)
    rows = (
        Sandbox.objects.visible_to(user)
        .with_rights_of(user)
        .select_related("template", "team", "created_by", "last_used_by")
    )
    return get_object_or_404(rows, slug=slug)


def permitted(request: HttpRequest, slug: str, action: Action) -> Sandbox:
    """Return a sandbox to act on. A stranger gets 404, who may only look gets 403."""
    return checked(visible(request, slug), action, person(request))


def trashed(request: HttpRequest, slug: str) -> Sandbox:
    """Return a sandbox that lies in the trash, to act on. A stranger gets 404, who does not manage it gets 403."""
    user = person(request)
    sandbox = get_object_or_404(Sandbox.objects.trashed_for(user).select_related("team"), slug=slug)
    return checked(sandbox, Action.MANAGE, user)


def checked(sandbox: Sandbox, action: Action, user: User) -> Sandbox:
    """Return the sandbox. Raises NotAllowed when this person may not do this there."""
    if not sandbox.permits(action, user):
        raise NotAllowed(REFUSALS[action], sandbox)
    return sandbox


def changed(request: HttpRequest, sandbox: Sandbox) -> HttpResponse:
    """Answer a button: the page's script hears which sandbox to draw again, a plain browser goes to its page."""
    if "HX-Request" not in request.headers:
        return redirect(sandbox)
    return HttpResponse(status=204, headers={"HX-Trigger": json.dumps({"sandbox-changed": {"slug": sandbox.slug}})})
