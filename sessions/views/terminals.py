"""What the terminal page's script asks of terminals: one more, another title, an end."""

from __future__ import annotations

import json

from django.core.exceptions import ValidationError
from django.http import HttpRequest, JsonResponse

from accounts.signing import person
from activity.refusals import Invalid, NotNow
from sessions.models import Terminal
from sessions.terminal import ends as terminals
from sessions.views.scripts import for_script, seen_sandbox, with_terminal
from sessions.views.workspace import place_at


@for_script
def open_terminal(request: HttpRequest, slug: str, name: str = "") -> JsonResponse:
    """Open one more terminal in the person's own session, or in the one with this id."""
    sandbox = seen_sandbox(request, slug)
    place = place_at(request, sandbox, name)
    if place.session is None:
        raise NotNow(f"{sandbox} is being deleted. No terminal was opened.", sandbox, code="not_running")
    return JsonResponse(terminals.open_another(place.session, person(request)).as_json(), status=201)


@with_terminal
def end_terminal(request: HttpRequest, terminal: Terminal) -> JsonResponse:
    terminals.end(terminal, person(request))
    terminal.refresh_from_db()
    return JsonResponse(terminal.as_json())


@with_terminal
def rename_terminal(request: HttpRequest, terminal: Terminal) -> JsonResponse:
    """Take the title from a form field or a JSON body."""
    try:
        terminal.rename(wanted_title(request))
    except ValidationError as error:
        raise Invalid(error.messages[0], terminal, code="bad_title") from error
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
