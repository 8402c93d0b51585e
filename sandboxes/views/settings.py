"""A sandbox's settings, and the head that every tab of its page has."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from sandboxes.forms import DeleteForm, DetailsForm, IdleForm, LimitsForm, SettingsForm
from sandboxes.models import TRASH_KEPT, Sandbox
from sandboxes.permissions import Action
from sandboxes.views.reaching import permitted, visible

PARTS: dict[str, type[SettingsForm]] = {"details": DetailsForm, "limits": LimitsForm, "idle": IdleForm}


@login_required
@require_safe
@never_cache
def settings(request: HttpRequest, slug: str) -> HttpResponse:
    """What everybody in the team may read and managers may change."""
    return settings_page(request, visible(request, slug))


@login_required
@require_POST
@never_cache
def change(request: HttpRequest, slug: str, part: str) -> HttpResponse:
    """Save one part; with errors the page comes back as it was typed."""
    if part not in PARTS:
        raise Http404
    sandbox = permitted(request, slug, Action.MANAGE)
    form = PARTS[part](sandbox, request.POST)
    if not form.is_valid():
        return settings_page(request, sandbox, **{part: form})
    form.save()
    messages.success(request, form.saved)
    return redirect("sandboxes:settings", sandbox.slug)


def settings_page(request: HttpRequest, sandbox: Sandbox, **typed: SettingsForm) -> HttpResponse:
    forms: dict[str, Any] = {part: form(sandbox) for part, form in PARTS.items()}
    trash = {"delete_form": DeleteForm(sandbox), "days": TRASH_KEPT.days}
    return render(request, "sandboxes/settings.html", {"sandbox": sandbox, "tab": "settings"} | forms | typed | trash)


@login_required
@require_safe
@never_cache
def head(request: HttpRequest, slug: str) -> HttpResponse:
    """State and buttons, for live updates of every tab but the terminal, which has more to tell."""
    return render(request, "sandboxes/_head.html", {"sandbox": visible(request, slug)})
