"""A sandbox's page at a session: its terminals, or the work that leads to them."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from accounts.signing import person
from activity.log import VISIT, record
from activity.refusals import NotNow
from sandboxes.models import Sandbox, Use
from sandboxes.permissions import Action
from sandboxes.views.reaching import changed, permitted, visible
from sessions.rights.table import Act, require
from sessions.workspace.desk import desk_of
from sessions.workspace.place import Place


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
    return render(request, "sessions/detail.html", context | desk_of(person(request), place))


@login_required
@require_safe
@never_cache
def status(request: HttpRequest, slug: str, name: str = "") -> HttpResponse:
    """State and step log, for live updates. A page that waits for its prompt is told to load itself again."""
    place = place_at(request, visible(request, slug), name)
    response = render(request, "sessions/_status.html", {"sandbox": place.sandbox, "place": place})
    if place.is_ready and "waiting" in request.GET:
        response["HX-Refresh"] = "true"
    return response


@login_required
@require_POST
def retry_session(request: HttpRequest, slug: str, name: str = "") -> HttpResponse:
    """Try again to bring a session up: one's own, or another that one works in."""
    sandbox = permitted(request, slug, Action.VIEW)
    place = place_at(request, sandbox, name)
    if place.session is None:
        raise NotNow(f"{sandbox} is being deleted. Nothing was changed.", sandbox)
    require(person(request), Act.TYPE, place.session)
    place.session.retry()
    return changed(request, sandbox)


def place_at(request: HttpRequest, sandbox: Sandbox, name: str) -> Place:
    """Return the person's place at a session; without an id at their own, which the first visit makes."""
    if not name:
        return Place.of(sandbox, person(request))
    session = get_object_or_404(sandbox.sessions.filter(ended_at=None).select_related("user", "created_by"), name=name)
    session.sandbox = sandbox
    return Place.at(session, person(request))
