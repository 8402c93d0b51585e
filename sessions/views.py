"""A sandbox's page and its terminals."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import wraps
from typing import Any
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from accounts.models import User
from accounts.signing import person
from activity.log import VISIT, record
from activity.middleware import Refusal, note_refusal
from sandboxes.engine import EngineError
from sandboxes.models import Desired, Sandbox, Use
from sandboxes.permissions import Action
from sandboxes.views.reaching import changed, permitted, visible
from sessions import terminals
from sessions.desk import desk_of
from sessions.models import Terminal, TooManyTerminalsError
from sessions.place import Place
from sessions.policy import REFUSALS, Act


@login_required
@require_safe
@never_cache
def workspace(request: HttpRequest, slug: str, name: str = "") -> HttpResponse:
    """A sandbox's page at one's own session, or at the one with this id: terminals, else the work that leads there."""
    place = place_at(request, visible(request, slug), name)
    if place.is_ready:
        record("session.connect", place.session, once_in=VISIT)
    if place.is_ready and place.may_type:
        place.sandbox.note_use(person(request), Use.OPENED)
    context = {"sandbox": place.sandbox, "tab": "terminal", "place": place}
    return render(request, "sandboxes/detail.html", context | desk_of(person(request), place))


@login_required
@require_safe
@never_cache
def status(request: HttpRequest, slug: str, name: str = "") -> HttpResponse:
    """State and step log, for live updates. A page that waits for its prompt is told to load itself again."""
    place = place_at(request, visible(request, slug), name)
    response = render(request, "sandboxes/_status.html", {"sandbox": place.sandbox, "place": place})
    if place.is_ready and "waiting" in request.GET:
        response["HX-Refresh"] = "true"
    return response


@login_required
@require_POST
def retry_session(request: HttpRequest, slug: str, name: str = "") -> HttpResponse:
    """Try again to bring a session up: one's own, or another that one works in."""
    sandbox = permitted(request, slug, Action.VIEW)
    place = place_at(request, sandbox, name)
    if place.session is None or not place.may_type:
        raise Refusal(REFUSALS[Act.TYPE], place.session or sandbox)
    place.session.retry()
    return changed(request, sandbox)


def place_at(request: HttpRequest, sandbox: Sandbox, name: str) -> Place:
    """Return the person's place at a session; without an id at their own, which the first visit makes."""
    if not name:
        return Place.of(sandbox, person(request))
    session = get_object_or_404(sandbox.sessions.filter(ended_at=None).select_related("user", "created_by"), name=name)
    session.sandbox = sandbox
    return Place.at(session, person(request))


# --- what the terminal page's script asks --------------------------------------------------------------------------
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


@for_script
def open_terminal(request: HttpRequest, slug: str, name: str = "") -> JsonResponse:
    """Open one more terminal in the person's own session, or in the one with this id."""
    sandbox = Sandbox.objects.visible_to(person(request)).select_related("team").filter(slug=slug).first()
    if sandbox is None:
        return problem(404, "unknown_sandbox", "This sandbox does not exist, or you may not see it.")
    if sandbox.desired != Desired.RUNNING:
        return problem(409, "not_running", f"{sandbox} is not running. No terminal was opened.")
    place = place_at(request, sandbox, name)
    if place.session is None or not place.may_type:
        note_refusal(request, place.session or sandbox)
        return problem(403, "not_allowed", f"{REFUSALS[Act.TYPE]} No terminal was opened.")
    if place.session.ended_at is not None:
        return problem(409, "session_over", f"The session {place.session.name} was just ended. No terminal was opened.")
    try:
        return JsonResponse(terminals.open_another(place.session, person(request)).as_json(), status=201)
    except TooManyTerminalsError as error:
        return problem(409, "too_many_terminals", str(error))


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


@with_terminal
def end_terminal(request: HttpRequest, terminal: Terminal) -> JsonResponse:
    try:
        terminals.end(terminal, person(request))
    except EngineError as error:
        return problem(503, "engine_away", f"The terminal goes on: {error}")
    terminal.refresh_from_db()
    return JsonResponse(terminal.as_json())


@with_terminal
def rename_terminal(request: HttpRequest, terminal: Terminal) -> JsonResponse:
    """Take the title from a form field or a JSON body."""
    try:
        terminal.rename(wanted_title(request))
    except ValidationError as error:
        return problem(400, "bad_title", error.messages[0])
    return JsonResponse(terminal.as_json())


def wanted_title(request: HttpRequest) -> str:
    """Return the posted title. Raises ValidationError when there is none."""
    if request.content_type != "application/json":
        return request.POST.get("title", "")
    try:
        body = json.loads(request.body)
    except ValueError as error:
        raise ValidationError("The body is not JSON.") from error
    if not isinstance(body, dict) or not isinstance(body.get("title"), str):
        raise ValidationError("The body needs a title.")
    return str(body["title"])
