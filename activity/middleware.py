"""Names the source of what a request does, and records what the policy refuses."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from django.contrib.auth.base_user import AbstractBaseUser
from django.core.exceptions import PermissionDenied
from django.db.models import Model
from django.http import HttpRequest, HttpResponse

from activity.log import record
from activity.models import Outcome
from activity.refusals import NotAllowed
from activity.source import Source, Via, acting, client_address

# Someone who presses a button that refuses, again and again, does not fill the record.
REFUSED_ONCE_IN = timedelta(minutes=1)


class ActivityMiddleware:
    """Stands right behind the one that knows the user."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        with acting(lambda: source_of(request)):
            return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> None:
        """Record it; whoever answers comes after this. What the request wrote has been rolled back by now."""
        if isinstance(error, NotAllowed):
            note_refusal(request, error.target)
        elif isinstance(error, PermissionDenied):
            note_refusal(request, None)


def note_refusal(request: HttpRequest, target: Model | None) -> None:
    """Record that the policy refuses this request; for views that answer 403 themselves."""
    detail = {"page": request.path}
    record("access.refused", target, outcome=Outcome.REFUSED, detail=detail, once_in=REFUSED_ONCE_IN)


def source_of(request: HttpRequest) -> Source:
    user = request.user if isinstance(request.user, AbstractBaseUser) else None
    headers = request.META
    address = client_address(headers.get("REMOTE_ADDR", ""), headers.get("HTTP_X_FORWARDED_FOR", ""))
    return Source(via_of(request), address, user, token=getattr(request, "token_name", ""))


def via_of(request: HttpRequest) -> Via:
    names = request.resolver_match.namespaces if request.resolver_match is not None else []
    return Via.API if "api" in names else Via.ADMIN if "admin" in names else Via.PAGE
