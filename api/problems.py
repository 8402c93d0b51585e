"""What went wrong, for programs: RFC 9457 problems with a code to branch on, a sentence, and what to do."""

from __future__ import annotations

import logging
from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from django.core.exceptions import RequestDataTooBig, TooManyFieldsSent, ValidationError
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from ninja import NinjaAPI, Schema
from ninja.errors import AuthenticationError, HttpError
from ninja.errors import ValidationError as BadRequestValues
from pydantic import Field

from accounts.vault.vault import VaultError
from activity.refusals import NotAllowed, Refused

logger = logging.getLogger(__name__)

MEDIA_TYPE = "application/problem+json"


class FieldError(Schema):
    """One value that cannot be."""

    where: str = Field(description="Where it stands: body.title, query.limit, path.id.")
    text: str = Field(description="What is wrong with it.")


class Problem(Schema):
    """Why something was not done (RFC 9457)."""

    type: str = Field(description="A relative address that names the kind of problem.", examples=["/problems/unknown"])
    title: str = Field(description="The status in words.")
    status: int
    detail: str = Field(description="What happened and what did not change, for people.")
    code: str = Field(description="For programs to branch on; stays the same between versions.")
    next_action: str = Field(default="", description="What to do about it.")
    request_id: str = Field(description="Names this request in the server's log.")
    errors: list[FieldError] = Field(default_factory=list)
    details: dict[str, Any] = Field(default_factory=dict, description="Values of `detail` that a program needs.")


NEXT_ACTIONS = {
    "unauthenticated": "Send a valid token as `Authorization: Bearer …`. Tokens are made on the account page.",
    "missing_scope": "Make a token with this scope on the account page.",
    "rate_limited": "Wait for as many seconds as Retry-After says.",
    "engine_away": "Try again in a few seconds.",
    "internal": "Try again. If it stays, give the request_id to whoever runs the server.",
    "precondition_failed": "Get it again, look at what changed, and send its new ETag.",
    "stopped": "Start the sandbox (actions/start), or ask with ?start=true.",
    "paused": "Resume the sandbox (actions/resume), or ask with ?start=true.",
    "not_running": "Wait for the session: ask for it with ?wait=20.",
    "still_starting": "Send the same request again.",
    "session_failed": "See the reason. Retry the sandbox (actions/retry) when it is mended.",
    "sandbox_failed": "See its reason and steps. Retry the sandbox (actions/retry) when it is mended.",
    "session_outdated": "Restart the sandbox (actions/restart): its files stay, what runs in it ends.",
    "line_lost": "Send the same request again.",
    "too_many_commands": "End commands that are not needed, or wait for their end.",
    "nothing_listens": "Start the server, and wait for its port with ?port=…&wait=20.",
    "wrong_offset": "Go on with the part at details.next_offset.",
    "file_changed": "Read it again, and write with its new ETag.",
    "disk_full": "Remove files, or ask whoever runs the server for more room.",
    "idempotency_conflict": "Use a new key for a new request.",
}


def problem(
    request: HttpRequest,
    status: int,
    code: str,
    detail: str,
    *,
    errors: list[FieldError] | None = None,
    details: dict[str, Any] | None = None,
    headers: dict[str, str] | None = None,
) -> HttpResponse:
    """Return the answer that says why not."""
    body = Problem(
        type=f"/problems/{code.replace('_', '-')}",
        title=HTTPStatus(status).phrase,
        status=status,
        detail=detail,
        code=code,
        next_action=NEXT_ACTIONS.get(code, ""),
        request_id=getattr(request, "request_id", ""),
        errors=errors or [],
        details=details or {},
    )
    return JsonResponse(body.dict(), status=status, content_type=MEDIA_TYPE, headers=headers)


def refused(request: HttpRequest, error: Refused) -> HttpResponse:
    if isinstance(error, NotAllowed):
        # Recorded by the middleware, once the transaction of this request is over.
        request.refused_target = error.target  # type: ignore[attr-defined]
    headers = getattr(error, "headers", None)
    return problem(request, error.status, error.code, error.text, details=error.details, headers=headers)


def unauthenticated(request: HttpRequest, _: AuthenticationError) -> HttpResponse:
    text = "There is no token, or it is mistyped, expired or revoked."
    return problem(request, 401, "unauthenticated", text, headers={"WWW-Authenticate": 'Bearer realm="Sandlot"'})


def bad_values(request: HttpRequest, error: BadRequestValues) -> HttpResponse:
    return invalid(request, [FieldError(where=place_of(each["loc"]), text=each["msg"]) for each in error.errors])


def refused_by_model(request: HttpRequest, error: ValidationError) -> HttpResponse:
    found = error.message_dict if hasattr(error, "error_dict") else {"": error.messages}
    return invalid(request, [FieldError(where=place(name), text=" ".join(texts)) for name, texts in found.items()])


def not_found(request: HttpRequest, _: Http404) -> HttpResponse:
    return problem(request, 404, "unknown", "This does not exist, or you may not see it.")


def too_large(request: HttpRequest, _: Exception) -> HttpResponse:
    return problem(request, 413, "too_large", "The body is larger than may be sent. Nothing was changed.")


def sealed(request: HttpRequest, error: VaultError) -> HttpResponse:
    logger.error("%s asked for what does not open: %s", request.path, error)
    text = "A secret of this cannot be opened. Whoever runs the server finds the reason in its log."
    return problem(request, 503, "sealed", text)


def other(request: HttpRequest, error: HttpError) -> HttpResponse:
    return problem(request, error.status_code, code_of(error.status_code), f"{error}.")


def internal(request: HttpRequest, error: Exception) -> HttpResponse:
    logger.error("Request %s failed", getattr(request, "request_id", ""), exc_info=error)
    return problem(request, 500, "internal", "Something went wrong in the server.")


HANDLERS: dict[type[Exception], Callable[..., HttpResponse]] = {
    Refused: refused,
    AuthenticationError: unauthenticated,
    BadRequestValues: bad_values,
    ValidationError: refused_by_model,
    Http404: not_found,
    RequestDataTooBig: too_large,
    TooManyFieldsSent: too_large,
    VaultError: sealed,
    HttpError: other,
    Exception: internal,
}


def handle_problems(api: NinjaAPI) -> None:
    """Answer everything that is raised below the API as a problem."""
    for error, handler in HANDLERS.items():
        api.add_exception_handler(error, handler)


def invalid(request: HttpRequest, errors: list[FieldError]) -> HttpResponse:
    text = " ".join(f"{each.where}: {each.text}" if each.where else each.text for each in errors)
    return problem(request, 422, "invalid", f"{text} Nothing was changed.", errors=errors)


def code_of(status: int) -> str:
    """Return the code of a problem that has no other name than its status."""
    return HTTPStatus(status).phrase.lower().replace(" ", "_").replace("-", "_")


def place_of(where: Any) -> str:
    """Return where a value stands. A body's one parameter is called so in the code only."""
    parts = [str(part) for part in where]
    return ".".join(parts[:1] + parts[2:] if parts[0] == "body" and len(parts) > 1 else parts)


# Names of rows' fields that the API calls otherwise.
CALLED = {"slug": "id", "name": "id", "__all__": ""}


def place(field: str) -> str:
    called = CALLED.get(field, field)
    return f"body.{called}" if called else ""
