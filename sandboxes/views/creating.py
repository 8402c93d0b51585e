"""A new sandbox."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from accounts.current import teams_of
from accounts.signing import person
from activity.refusals import NotAllowed
from sandboxes.forms import CreateForm


@login_required
def create(request: HttpRequest) -> HttpResponse:
    form = CreateForm(person(request), request.POST or None, team=teams_of(request).current)
    if not form.teams:
        raise NotAllowed("Your role lets you look, not create. Ask an owner or admin of your team.")
    if request.method == "POST" and form.is_valid() and (sandbox := form.save()):
        return redirect(sandbox)
    return render(request, "sandboxes/create.html", {"form": form})
