"""A person's tokens for programs: what there is, a new one, its end."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from accounts.forms import ApiTokenForm
from accounts.models import ApiToken
from accounts.signing import person


@login_required
@never_cache
def api_tokens(request: HttpRequest) -> HttpResponse:
    """List them; a new one is shown this once: only its hash is kept, so there is no page to go to for it."""
    form = ApiTokenForm(person(request), request.POST or None)
    if request.method == "POST" and form.is_valid() and (made := form.save()):
        return page(request, ApiTokenForm(person(request)), made=made[0], text=made[1])
    return page(request, form)


@login_required
@require_POST
def revoke(request: HttpRequest, pk: int) -> HttpResponse:
    token = get_object_or_404(ApiToken.objects.listed(person(request)), pk=pk)
    token.revoke()
    messages.success(request, f"{token} was revoked. Programs that use it are refused from now on.")
    return redirect("accounts:api_tokens")


def page(request: HttpRequest, form: ApiTokenForm, **extra: Any) -> HttpResponse:
    tokens = ApiToken.objects.listed(person(request))
    return render(request, "accounts/api_tokens.html", {"form": form, "tokens": tokens} | extra)
