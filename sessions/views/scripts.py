"""How views answer a page's script: JSON, and a sentence in it where something is refused."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any
from uuid import UUID

from django.http import HttpRequest, JsonResponse
from django.views.decorators.http import require_POST

from accounts.models import User
from accounts.signing import person
from activity.middleware import note_refusal
from activity.refusals import Hidden, NotAllowed, Refused, SignedOut
from sandboxes.models import Sandbox
from sandboxes.permissions import REFUSALS, Action
from sessions.models import Terminal
from sessions.terminal import ends as terminals


def problem(refused: Refused) -> JsonResponse:
    """Return {"error": {"code", "text"}} with the refusal's status; the text is a sentence for the person."""
    return JsonResponse({"error": {"code": refused.code, "text": refused.text}}, status=refused.status)


def for_script(view: Callable[..., JsonResponse]) -> Callable[..., JsonResponse]:
    """Let signed-in people post; where a page would lead to the sign-in form or an error page, others get JSON."""

    @wraps(view)
    @require_POST
    def wrapped(request: HttpRequest, **arguments: Any) -> JsonResponse:
        if not isinstance(request.user, User):
            return problem(SignedOut("You are signed out. Sign in again; your terminals keep running."))
        try:
            return view(request, **arguments)
        except Refused as refused:
            if isinstance(refused, NotAllowed):
                note_refusal(request, refused.target)
            return problem(refused)

    return wrapped


def seen_sandbox(request: HttpRequest, slug: str) -> Sandbox:
    """Return a sandbox that the person sees. Raises Hidden."""
    sandbox = Sandbox.objects.visible_to(person(request)).select_related("team").filter(slug=slug).first()
    if sandbox is None:
        raise Hidden(REFUSALS[Action.VIEW], code="unknown_sandbox")
    return sandbox


def with_terminal(view: Callable[[HttpRequest, Terminal], JsonResponse]) -> Callable[..., JsonResponse]:
    """Pass a terminal that the person may change; others see 404 or 403."""

    @for_script
    def wrapped(request: HttpRequest, pk: UUID) -> JsonResponse:
        return view(request, terminals.changeable(pk, person(request)))

    return wrapped
