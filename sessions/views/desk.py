"""Keeps how a person arranged their desk, and says what a terminal is busy with before it is closed."""

from __future__ import annotations

import json

from django.http import HttpRequest, JsonResponse

from accounts.signing import person
from activity.refusals import Invalid
from sessions.models import Terminal
from sessions.models.layout import Layout
from sessions.models.preferences import PREFERENCES_MAX_BYTES, BadPreferencesError, Preferences
from sessions.terminal import ends as terminals
from sessions.views.scripts import for_script, seen_sandbox, with_terminal
from sessions.workspace.layout import BadLayoutError, LayoutTree


@for_script
def keep_layout(request: HttpRequest, slug: str) -> JsonResponse:
    """Keep the JSON body as this person's layout, without terminals that they cannot see."""
    user, sandbox = person(request), seen_sandbox(request, slug)
    try:
        layout = LayoutTree.parse(request.body)
    except BadLayoutError as error:
        raise Invalid(f"{error} The layout was not kept.", code="bad_layout") from error
    seen = Terminal.objects.visible_to(user).live().filter(session__sandbox=sandbox, pk__in=list(layout.terminals))
    Layout.keep(user, sandbox, layout.keeping({str(pk) for pk in seen.values_list("pk", flat=True)}))
    return JsonResponse({"kept": True})


@for_script
def keep_preferences(request: HttpRequest) -> JsonResponse:
    """Keep the JSON body as this person's preferences."""
    try:
        Preferences.keep(person(request), preferences_in(request.body))
    except BadPreferencesError as error:
        raise Invalid(f"{error} Nothing was changed.", code="bad_preferences") from error
    return JsonResponse({"kept": True})


def preferences_in(body: bytes) -> object:
    """Raises BadPreferencesError when it is too long or not JSON."""
    if len(body) > PREFERENCES_MAX_BYTES:
        raise BadPreferencesError(f"Preferences have at most {PREFERENCES_MAX_BYTES // 1024} KiB.")
    try:
        return json.loads(body)
    except (ValueError, RecursionError) as error:
        raise BadPreferencesError("The preferences are not JSON.") from error


@with_terminal
def program(_request: HttpRequest, terminal: Terminal) -> JsonResponse:
    """Say what closing would interrupt: {"program": its name}, or null when only the shell waits."""
    return JsonResponse({"program": terminals.program_in(terminal)})
