"""Start, stop or throw away several sandboxes, with one line of outcome for each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from accounts.models import Membership, User
from accounts.signing import person
from activity.middleware import note_refusal
from sandboxes.models import TRASH_KEPT, Sandbox
from sandboxes.permissions import Action, may

# As many as one page of the list has.
CHOSEN_MAX = 500
# Where the answers wait in the browser's login for the page that shows them.
RESULTS = "bulk_results"


@dataclass(frozen=True)
class Deed:
    """What a button of the list does to each chosen sandbox, and how that reads afterwards."""

    needs: Action
    change: Callable[[Sandbox, User], bool]
    outcome: str


DEEDS = {
    "start": Deed(Action.OPERATE, lambda sandbox, _: sandbox.start(), "is being started."),
    "stop": Deed(Action.OPERATE, lambda sandbox, _: sandbox.stop(), "is being stopped."),
    "trash": Deed(Action.MANAGE, lambda sandbox, user: sandbox.trash(by=user), "is in the trash."),
}


@dataclass(frozen=True)
class Result:
    """One line: a sandbox, what happened, and whether that is what was wished for."""

    name: str
    text: str
    is_done: bool


@login_required
@require_POST
def bulk(request: HttpRequest) -> HttpResponse:
    """Do one thing to all chosen; throwing away asks first."""
    deed, slugs = DEEDS.get(request.POST.get("do", "")), request.POST.getlist("chosen")[:CHOSEN_MAX]
    if deed is None:
        raise BadRequest("The list has no such button.")
    chosen = list(Sandbox.objects.visible_to(person(request)).select_related("team").filter(slug__in=slugs))
    if not chosen:
        messages.warning(request, "No sandbox was chosen. Nothing was changed.")
    elif deed.needs is Action.MANAGE and "confirmed" not in request.POST:
        return render(request, "sandboxes/bulk_trash.html", {"sandboxes": chosen, "days": TRASH_KEPT.days})
    else:
        results = [done(request, deed, sandbox, role) for sandbox, role in with_roles(chosen, person(request))]
        request.session[RESULTS] = [asdict(result) for result in results]
    return redirect("sandboxes:list")


def with_roles(chosen: list[Sandbox], user: User) -> list[tuple[Sandbox, str | None]]:
    roles = dict(Membership.objects.filter(user=user).values_list("team_id", "role"))
    return [(sandbox, roles.get(sandbox.team_id)) for sandbox in chosen]


def done(request: HttpRequest, deed: Deed, sandbox: Sandbox, role: str | None) -> Result:
    user = person(request)
    if not may(user, deed.needs, role, is_creator=sandbox.created_by_id == user.pk):
        note_refusal(request, sandbox)
        return Result(str(sandbox), "Your role does not let you do this. Nothing was changed.", is_done=False)
    if deed.change(sandbox, user):
        return Result(str(sandbox), deed.outcome, is_done=True)
    return Result(str(sandbox), sandbox.why_unchanged, is_done=False)


def last_results(request: HttpRequest) -> list[dict[str, Any]]:
    """Return the lines of the last deed, once."""
    results: list[dict[str, Any]] = request.session.pop(RESULTS, [])
    return results
