"""How an operation is declared: its scope, and every answer that it can give."""

from __future__ import annotations

from typing import Any, cast

from django.http import HttpRequest

from accounts.models import Scope
from api.callers import Bearer, Caller
from api.problems import Problem

# What every operation can answer besides what it is for.
ANYWHERE = (401, 403, 429, 500)


def answers(good: dict[int, Any], *problems: int) -> dict[int, Any]:
    """Return the answers of an operation: the good ones by status, and problems by their statuses."""
    return good | dict.fromkeys(sorted({*ANYWHERE, *problems}), Problem)


def needs(*scopes: Scope | str) -> Bearer:
    """Return the check for one of these scopes; without any, for a person's token."""
    return Bearer(*scopes)


def caller(request: HttpRequest) -> Caller:
    """Return who calls an operation; the check before it has found them."""
    return cast("Caller", request.caller)  # type: ignore[attr-defined]
