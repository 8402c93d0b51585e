"""The buttons that change what is wanted of a sandbox."""

from __future__ import annotations

from collections.abc import Callable

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_POST

from sandboxes.models import Sandbox
from sandboxes.permissions import Action
from sandboxes.views.reaching import changed, permitted


def operation(change: Callable[[Sandbox], object]) -> Callable[..., HttpResponse]:
    """Return the view of one button."""

    @login_required
    @require_POST
    def view(request: HttpRequest, slug: str) -> HttpResponse:
        sandbox = permitted(request, slug, Action.OPERATE)
        change(sandbox)
        return changed(request, sandbox)

    return view


start = operation(Sandbox.start)
stop = operation(Sandbox.stop)
pause = operation(Sandbox.pause)
resume = operation(Sandbox.resume)
restart = operation(Sandbox.restart)
retry = operation(Sandbox.retry)
keep_awake = operation(Sandbox.keep_awake)
