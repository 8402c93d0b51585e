"""Pages for what is refused and for what goes wrong around a view. 403, 404 and 500 are templates of Django's names."""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus

from django.core.exceptions import RequestDataTooBig, TooManyFieldsSent
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.csrf import requires_csrf_token

from activity.refusals import Refused

# Attempts are counted by the minute: see ACCOUNT_RATE_LIMITS.
RETRY_AFTER_S = 60
# Refusals that have a page of their own.
PAGES = {HTTPStatus.FORBIDDEN: "403.html", HTTPStatus.NOT_FOUND: "404.html"}
TOO_LARGE = (RequestDataTooBig, TooManyFieldsSent)


@requires_csrf_token
def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Tell apart what is too large from what makes no sense."""
    status = HTTPStatus.REQUEST_ENTITY_TOO_LARGE if isinstance(exception, TOO_LARGE) else HTTPStatus.BAD_REQUEST
    return render(request, f"{status:d}.html", status=status)


def too_many(request: HttpRequest) -> HttpResponse:
    """allauth asks for it where someone tries too often."""
    answer = render(request, "429.html", status=HTTPStatus.TOO_MANY_REQUESTS)
    answer.headers["Retry-After"] = str(RETRY_AFTER_S)
    return answer


class RefusedMiddleware:
    """Answer what a page's view raises from `activity.refusals` with the page of its status and the sentence on it."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        if not isinstance(error, Refused):
            return None
        page = PAGES.get(HTTPStatus(error.status), "refused.html")
        return render(request, page, {"exception": error.text}, status=error.status)


class WrongMethodMiddleware:
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
