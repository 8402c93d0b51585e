"""How views answer a page's script: JSON, and a sentence in it where something cannot be."""

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
from sessions.models import Terminal
from sessions.terminal import ends as terminals


def problem(status: int, code: str, text: str) -> JsonResponse:
    """Return {"error": {"code", "text"}}; the text is a sentence for the person."""
    return JsonResponse({"error": {"code": code, "text": text}}, status=status)


def for_script(view: Callable[..., JsonResponse]) -> Callable[..., JsonResponse]:
    """Let signed-in people post; others get JSON where a page would lead to the sign-in form."""

    @wraps(view)
    @require_POST
    def wrapped(request: HttpRequest, **arguments: Any) -> JsonResponse:
        if not isinstance(request.user, User):
            return problem(401, "signed_out", "You are signed out. Sign in again; your terminals keep running.")
        return view(request, **arguments)

    return wrapped


def with_terminal(view: Callable[[HttpRequest, Terminal], JsonResponse]) -> Callable[..., JsonResponse]:
    """Pass a terminal that the person may change; others see 404 or 403."""

    @for_script
    def wrapped(request: HttpRequest, pk: UUID) -> JsonResponse:
        user = person(request)
        seen = Terminal.objects.visible_to(user).select_related("session__sandbox__team").filter(pk=pk).first()
        if seen is None:
            return problem(404, "unknown_terminal", "This terminal does not exist, or you may not see it.")
        if not terminals.may_end(seen, user):
            note_refusal(request, seen)
            return problem(403, "not_allowed", "This terminal is somebody else's. Nothing was changed.")
        return view(request, seen)

    return wrapped
