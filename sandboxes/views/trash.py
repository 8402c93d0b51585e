"""Into the trash, out of it, and gone for good."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from accounts.current import teams_of
from accounts.signing import person
from sandboxes.forms import DeleteForm
from sandboxes.models import TRASH_KEPT, Sandbox
from sandboxes.permissions import Action
from sandboxes.views.reaching import permitted, trashed

# More lie there only after a great clean-up; the rest shows as these go.
SHOWN = 200


@login_required
@require_safe
@never_cache
def trash(request: HttpRequest) -> HttpResponse:
    """What the team threw away within the last days."""
    user = person(request)
    lying = Sandbox.objects.trashed_for(user).filter(team=teams_of(request).current)
    rows = lying.with_rights_of(user).select_related("template", "trashed_by", "team")[:SHOWN]
    return render(request, "sandboxes/trash.html", {"sandboxes": rows, "days": TRASH_KEPT.days})


@login_required
@never_cache
def delete(request: HttpRequest, slug: str) -> HttpResponse:
    """Put a sandbox into the trash once its name was typed."""
    sandbox = permitted(request, slug, Action.MANAGE)
    form = DeleteForm(sandbox, request.POST or None)
    if request.method == "POST" and form.is_valid():
        sandbox.trash(by=person(request))
        messages.success(request, f"{sandbox} is in the trash for {TRASH_KEPT.days} days.")
        return redirect("sandboxes:list")
    return render(request, "sandboxes/delete.html", {"sandbox": sandbox, "form": form, "days": TRASH_KEPT.days})


@login_required
@require_POST
def restore(request: HttpRequest, slug: str) -> HttpResponse:
    sandbox = trashed(request, slug)
    if not sandbox.restore():
        messages.error(request, f"{sandbox} is being deleted for good. It cannot be restored.")
        return redirect("sandboxes:trash")
    messages.success(request, f"{sandbox} is back with its files. Start it when you need it.")
    return redirect(sandbox)


@login_required
@never_cache
def purge(request: HttpRequest, slug: str) -> HttpResponse:
    """Delete a sandbox of the trash for good once its name was typed."""
    sandbox = trashed(request, slug)
    form = DeleteForm(sandbox, request.POST or None)
    if request.method == "POST" and form.is_valid():
        sandbox.delete_everything()
        messages.success(request, f"{sandbox} is being deleted for good.")
        return redirect("sandboxes:trash")
    return render(request, "sandboxes/purge.html", {"sandbox": sandbox, "form": form})
