"""A sandbox's settings, and the head that every tab of its page has."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from sandboxes.forms import DeleteForm, DetailsForm
from sandboxes.models import TRASH_KEPT, Sandbox
from sandboxes.permissions import Action
from sandboxes.views.reaching import permitted, visible


@login_required
@never_cache
def settings(request: HttpRequest, slug: str) -> HttpResponse:
    """What everybody in the team may read and managers may change."""
    if request.method != "POST":
        sandbox = visible(request, slug)
        return settings_page(request, sandbox, DetailsForm(sandbox))
    sandbox = permitted(request, slug, Action.MANAGE)
    form = DetailsForm(sandbox, request.POST)
    if not form.is_valid():
        return settings_page(request, sandbox, form)
    form.save()
    messages.success(request, "Saved.")
    return redirect("sandboxes:settings", sandbox.slug)


def settings_page(request: HttpRequest, sandbox: Sandbox, form: DetailsForm) -> HttpResponse:
    context = {
        "sandbox": sandbox,
        "tab": "settings",
        "form": form,
        "delete_form": DeleteForm(sandbox),
        "days": TRASH_KEPT.days,
    }
    return render(request, "sandboxes/settings.html", context)


@login_required
@require_safe
@never_cache
def head(request: HttpRequest, slug: str) -> HttpResponse:
    """State and buttons, for live updates of every tab but the terminal, which has more to tell."""
    return render(request, "sandboxes/_head.html", {"sandbox": visible(request, slug)})
