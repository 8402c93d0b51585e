"""The command palette's one question."""

from __future__ import annotations

from django.http import HttpRequest, JsonResponse
from django.middleware.csrf import get_token
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from accounts.current import teams_of
from accounts.models import User
from activity.refusals import SignedOut
from sessions.views.scripts import problem
from sessions.workspace import palette


@require_safe
@never_cache
def items(request: HttpRequest) -> JsonResponse:
    """Return `palette.offer` for the signed-in person, and the token that its forms need as `csrf`."""
    if not isinstance(request.user, User):
        return problem(SignedOut("You are signed out. Sign in again."))
    return JsonResponse(palette.offer(request.user, teams_of(request)) | {"csrf": get_token(request)})
