"""The API's description, for programs as OpenAPI and for people as a page without a script."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe
from django.views.decorators.http import require_safe
from ninja.errors import AuthenticationError

from activity.refusals import Refused
from api.callers import caller_of
from api.problems import HANDLERS, Problem
from api.v1 import api

BASE = "/api/v1"


@require_safe
def openapi(request: HttpRequest) -> HttpResponse:
    """OpenAPI 3.1, only with a token or for people who are signed in: it tells strangers nothing about the server."""
    if not request.user.is_authenticated:
        try:
            caller_of(request)
        except (AuthenticationError, Refused) as error:
            kind = AuthenticationError if isinstance(error, AuthenticationError) else Refused
            return HANDLERS[kind](request, error)
    return JsonResponse(api.get_openapi_schema())


@dataclass(frozen=True)
class Part:
    """A parameter, a field of a body, or an answer: what it is called, of what kind it is, and what it means."""

    name: str
    kind: str
    text: SafeString
    is_needed: bool = False


@dataclass(frozen=True)
class Shown:
    """One operation as the page shows it."""

    method: str
    path: str  # behind /api/v1
    anchor: str
    title: str
    text: SafeString
    scope: str
    parameters: list[Part]
    body: list[Part]
    answers: list[Part]


@login_required
@require_safe
def reference(request: HttpRequest) -> HttpResponse:
    schema = api.get_openapi_schema()
    groups: dict[str, list[Shown]] = {}
    for tag, shown in operations_of(schema):
        groups.setdefault(tag, []).append(shown)
    kinds = {name: fields_of(schema, kind) for name, kind in sorted(schema["components"]["schemas"].items())}
    problem = kinds[Problem.__name__]
    return render(request, "api/reference.html", {"groups": groups.items(), "kinds": kinds.items(), "problem": problem})


def operations_of(schema: dict[str, Any]) -> Iterator[tuple[str, Shown]]:
    for path, operations in schema["paths"].items():
        for method, operation in operations.items():
            body = operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema")
            yield (
                operation["tags"][0],
                Shown(
                    method=method.upper(),
                    path=path.removeprefix(BASE),
                    anchor=operation["operationId"],
                    title=operation["operationId"].replace("_", " ").capitalize(),
                    text=with_code(operation.get("description", "")),
                    scope=operation.get("x-scope", ""),
                    parameters=[parameter_of(schema, each) for each in operation.get("parameters", [])],
                    body=fields_of(schema, body) if body else [],
                    answers=[answer_of(schema, status, each) for status, each in operation["responses"].items()],
                ),
            )


def parameter_of(schema: dict[str, Any], parameter: dict[str, Any]) -> Part:
    kind = kind_of(schema, parameter["schema"])
    text = parameter.get("description") or parameter["schema"].get("description", "")
    return Part(parameter["name"], f"{parameter['in']}, {kind}", with_code(text), bool(parameter.get("required")))


def answer_of(schema: dict[str, Any], status: Any, answer: dict[str, Any]) -> Part:
    content: dict[str, Any] = next(iter(answer.get("content", {}).values()), {})
    return Part(
        str(status), kind_of(schema, content["schema"]) if content else "nothing", with_code(answer["description"])
    )


def fields_of(schema: dict[str, Any], kind: dict[str, Any]) -> list[Part]:
    """Return the fields of an object."""
    found = resolved(schema, kind)
    needed = found.get("required", [])
    return [
        Part(name, kind_of(schema, field), with_code(field.get("description", "")), name in needed)
        for name, field in found.get("properties", {}).items()
    ]


def with_code(text: str) -> SafeString:
    """Return a description as HTML, with `what stands between backticks` as code."""
    return mark_safe(re.sub(r"`([^`]+)`", r"<code>\1</code>", escape(text)))  # noqa: S308 - escaped above


def resolved(schema: dict[str, Any], kind: dict[str, Any]) -> dict[str, Any]:
    if "$ref" in kind:
        found: dict[str, Any] = schema["components"]["schemas"][kind["$ref"].rsplit("/", 1)[1]]
        return found
    return kind


def kind_of(schema: dict[str, Any], kind: dict[str, Any]) -> str:
    """Return what a value is, in a few words: "string", "list of SandboxOut", "integer or null"."""
    if "$ref" in kind:
        return str(kind["$ref"].rsplit("/", 1)[1])
    if "anyOf" in kind:
        return " or ".join(dict.fromkeys(kind_of(schema, each) for each in kind["anyOf"]))
    if "enum" in kind:
        return " | ".join(map(str, kind["enum"]))
    if kind.get("type") == "array":
        return f"list of {kind_of(schema, kind.get('items', {}))}"
    if "const" in kind:
        return str(kind["const"])
    return str(kind.get("format") or kind.get("type", "anything"))
