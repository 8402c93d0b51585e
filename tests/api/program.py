"""A program that calls the API in the test's own process."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from django.test import Client

from accounts.models import ApiToken, Scope, Team, User

if TYPE_CHECKING:
    from django.test.client import _MonkeyPatchedWSGIResponse as Answer

EVERYTHING = list(Scope.values)


class Program:
    """Sends JSON with a token and keeps no cookie."""

    def __init__(self, user: User, scopes: list[str] | None = None, team: Team | None = None) -> None:
        self.token, self.text = ApiToken.make(user, "a program", EVERYTHING if scopes is None else scopes, team=team)
        self.client = Client(raise_request_exception=False)

    def call(self, method: str, path: str, body: object = None, **headers: str) -> Answer:
        return self.client.generic(
            method,
            f"/api/v1{path}",
            b"" if body is None else json.dumps(body).encode(),
            content_type="application/json",
            headers={"Authorization": f"Bearer {self.text}"} | {k.replace("_", "-"): v for k, v in headers.items()},
        )

    def get(self, path: str, **headers: str) -> Answer:
        return self.call("GET", path, **headers)

    def post(self, path: str, body: object = None, **headers: str) -> Answer:
        return self.call("POST", path, body, **headers)


def said(answer: Answer, status: int = 200) -> Any:
    """Return the answer's JSON, whose status has to be this one."""
    assert answer.status_code == status, answer.content.decode()
    return json.loads(answer.content) if answer.content else None


def refused(answer: Answer, status: int, code: str) -> Any:
    """Return a problem with this status and code."""
    problem = said(answer, status)
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert (problem["code"], problem["status"]) == (code, status), problem
    assert problem["detail"]
    assert problem["request_id"] == answer.headers["Request-Id"]
    return problem
