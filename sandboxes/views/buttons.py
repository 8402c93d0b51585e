"""The buttons that change what is wanted of a sandbox: one address for each operation."""

from __future__ import annotations

from collections.abc import Callable

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.urls.converters import StringConverter
from django.views.decorators.http import require_POST

from sandboxes.models import Sandbox
from sandboxes.permissions import Action
from sandboxes.views.reaching import changed, permitted

# The last part of the address -> what it does. "Keep awake" is offered beside the time it stops at, not by the state.
CHANGES: dict[str, Callable[[Sandbox], bool]] = {
    "start": Sandbox.start,
    "stop": Sandbox.stop,
    "pause": Sandbox.pause,
    "resume": Sandbox.resume,
    "restart": Sandbox.restart,
    "retry": Sandbox.retry,
    "keep-awake": Sandbox.keep_awake,
}


class OperationConverter(StringConverter):
    """Takes the names above and nothing else, so that the other addresses below a sandbox stay theirs."""

    regex = "|".join(CHANGES)


@login_required
@require_POST
def operation(request: HttpRequest, slug: str, name: str) -> HttpResponse:
    sandbox = permitted(request, slug, Action.OPERATE)
    CHANGES[name](sandbox)
    return changed(request, sandbox)
