"""Around every request to the API: it has a number, its limits are told, and every failure is a problem."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from http import HTTPStatus

from django.http import HttpRequest, HttpResponse

from activity.middleware import note_refusal
from api.problems import MEDIA_TYPE, code_of, problem

PREFIX = "/api/"
VERSION = "1"
TEXTS = {
    HTTPStatus.NOT_FOUND: "There is nothing at this address.",
    HTTPStatus.METHOD_NOT_ALLOWED: "This address takes other methods; see Allow.",
    HTTPStatus.BAD_REQUEST: "This request makes no sense.",
}


class ApiMiddleware:
    """Stands right behind the one that names the source of what is recorded."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not request.path.startswith(PREFIX):
            return self.get_response(request)
        request.request_id = secrets.token_hex(8)  # type: ignore[attr-defined]
        answer = as_problem(request, self.get_response(request))
        if hasattr(request, "refused_target"):
            note_refusal(request, request.refused_target)
        answer.headers["Request-Id"] = request.request_id  # type: ignore[attr-defined]
        answer.headers["Sandlot-Version"] = VERSION
        answer.headers.setdefault("Cache-Control", "no-store")
        for name, value in getattr(getattr(request, "rate", None), "headers", {}).items():
            answer.headers[name] = value
        return answer


def as_problem(request: HttpRequest, answer: HttpResponse) -> HttpResponse:
    """Return what Django itself says about an address or a method in the API's own words."""
    status = answer.status_code
    if status < 400 or answer.headers.get("Content-Type", "").startswith(MEDIA_TYPE):
        return answer
    text = TEXTS.get(HTTPStatus(status), HTTPStatus(status).description or HTTPStatus(status).phrase)
    headers = {"Allow": answer.headers["Allow"]} if "Allow" in answer.headers else None
    return problem(request, status, code_of(status), text, headers=headers)
