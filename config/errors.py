"""Pages for what goes wrong before a view, or around it. Those of 403, 404 and 500 are Django's own to find."""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus

from django.core.exceptions import RequestDataTooBig, TooManyFieldsSent
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.csrf import requires_csrf_token

# Attempts are counted by the minute: see ACCOUNT_RATE_LIMITS.
RETRY_AFTER_S = 60
TOO_LARGE = (RequestDataTooBig, TooManyFieldsSent)


@requires_csrf_token
def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Tell apart what is too large from what makes no sense."""
    status = HTTPStatus.REQUEST_ENTITY_TOO_LARGE if isinstance(exception, TOO_LARGE) else HTTPStatus.BAD_REQUEST
    return render(request, f"{status:d}.html", status=status)


def too_many(request: HttpRequest) -> HttpResponse:
    """allauth asks for it where somebody tries too often."""
    answer = render(request, "429.html", status=HTTPStatus.TOO_MANY_REQUESTS)
    answer.headers["Retry-After"] = str(RETRY_AFTER_S)
    return answer


class NotAllowedMiddleware:
    """Give the empty answer to a wrong method a page: links to buttons' addresses are copied and typed."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        answer = self.get_response(request)
        if answer.status_code != HTTPStatus.METHOD_NOT_ALLOWED or answer.content:
            return answer
        page = render(request, "405.html", status=answer.status_code)
        page.headers["Allow"] = answer.headers["Allow"]
        return page
