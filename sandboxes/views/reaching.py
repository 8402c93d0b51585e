"""How every view about one sandbox comes to it, and answers a button."""

from __future__ import annotations

import json

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect

from accounts.signing import person
from sandboxes.models import Sandbox
from sandboxes.permissions import Action


def visible(request: HttpRequest, slug: str) -> Sandbox:
    """Return a sandbox to look at, with what its page's head asks of it. A stranger gets 404."""
    user = person(request)
    rows = Sandbox.objects.visible_to(user).with_rights_of(user).select_related("template", "team", "created_by")
    return get_object_or_404(rows, slug=slug)


def permitted(request: HttpRequest, slug: str, action: Action) -> Sandbox:
    """Return a sandbox to act on. A stranger gets 404, who may only look gets 403."""
    sandbox = visible(request, slug)
    if not sandbox.permits(action, person(request)):
        raise PermissionDenied("Your role in this team does not let you do this.")
    return sandbox


def changed(request: HttpRequest, sandbox: Sandbox) -> HttpResponse:
    """Answer a button: the page's script hears which sandbox to draw again, a plain browser goes to its page."""
    if "HX-Request" not in request.headers:
        return redirect(sandbox)
    return HttpResponse(status=204, headers={"HX-Trigger": json.dumps({"sandbox-changed": {"slug": sandbox.slug}})})
