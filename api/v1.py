"""Version 1 of the API: its operations, its problems and its description (OpenAPI 3.1)."""

from __future__ import annotations

from typing import Any

from ninja import NinjaAPI
from ninja.openapi.schema import OpenAPISchema
from ninja.operation import Operation

from api.callers import Bearer
from api.models import KEY_MAX
from api.once import answered_once
from api.problems import MEDIA_TYPE, handle_problems
from api.routes import account, commands, files, ports, sandboxes, session_tokens, sessions, terminals

DESCRIPTION = """\
Everything that people do with the mouse, for programs. Send an API token of the account page as
`Authorization: Bearer …`. Failures are problems (RFC 9457) with a `code`. A POST with an `Idempotency-Key`
is done once, however often it is sent within a day. Lists come in pages: send `next_cursor` back as `cursor`.
"""
IDEMPOTENCY_KEY = {
    "in": "header",
    "name": "Idempotency-Key",
    "required": False,
    "description": "Any text of your own. The same key within a day gets the same answer, and nothing is done twice.",
    "schema": {"type": "string", "minLength": 1, "maxLength": KEY_MAX, "pattern": "^[!-~]+$"},
}


class SandlotApi(NinjaAPI):
    """Describes what its operations have in common."""

    def get_openapi_schema(self, **options: Any) -> OpenAPISchema:
        schema = super().get_openapi_schema(**options)
        for operations in schema["paths"].values():
            for method, operation in operations.items():
                if method == "post":
                    operation.setdefault("parameters", []).append(IDEMPOTENCY_KEY)
                operation["x-scope"] = self._scopes[operation["operationId"]]
                for status, answer in operation["responses"].items():
                    # Problems are of their own media type.
                    if int(status) >= 400 and "content" in answer:
                        answer["content"] = {MEDIA_TYPE: answer["content"].pop("application/json")}
        return schema

    @property
    def _scopes(self) -> dict[str, str]:
        return {str(each.operation_id): scope_of(each) for each in self.operations}

    @property
    def operations(self) -> list[Operation]:
        views = [view for router in self._get_bound_routers() for view in router.path_operations.values()]
        return [operation for view in views for operation in view.operations]


def scope_of(operation: Operation) -> str:
    """Return the scope that an operation needs, "" for any token of a person; of several the one to ask for."""
    return next((each.scopes[0] for each in operation.auth_callbacks if isinstance(each, Bearer)), "")


api = SandlotApi(
    title="Sandlot",
    version="1",
    description=DESCRIPTION,
    urls_namespace="api",
    openapi_url="",
    docs_url="",
)
handle_problems(api)
api.add_decorator(answered_once, mode="view")
api.add_router("/sandboxes", sandboxes.router)
api.add_router("/sandboxes", sessions.router)
api.add_router("/sandboxes", session_tokens.router)
api.add_router("/sandboxes", terminals.of_session)
api.add_router("/sandboxes", commands.of_session)
api.add_router("/sandboxes", files.router)
api.add_router("/sandboxes", ports.router)
api.add_router("/terminals", terminals.router)
api.add_router("/commands", commands.router)
api.add_router("", account.router)
