"""What the terminal page's script asks of terminals: one more, another title, an end."""

from __future__ import annotations

import json

from django.core.exceptions import ValidationError
from django.http import HttpRequest, JsonResponse

from accounts.signing import person
from activity.middleware import note_refusal
from engine import Conflict, EngineError
from sandboxes.models import Desired, Sandbox
from sessions.models import Terminal, TooManyTerminalsError
from sessions.rights.table import REFUSALS, Act
from sessions.terminal import ends as terminals
from sessions.views.scripts import for_script, problem, with_terminal
from sessions.views.workspace import place_at


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


@with_terminal
def end_terminal(request: HttpRequest, terminal: Terminal) -> JsonResponse:
    try:
        terminals.end(terminal, person(request))
    except Conflict as error:
        return problem(409, "paused", f"The terminal goes on: {error}")
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
