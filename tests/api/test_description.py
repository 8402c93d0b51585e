"""The description is true: what it says comes back, whatever a program sends, and nothing else does."""

from __future__ import annotations

from typing import Any

import pytest
import schemathesis
from django.core.wsgi import get_wsgi_application
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis.stateful import run_state_machine_as_test
from hypothesis.strategies import booleans
from schemathesis import Case
from schemathesis.specs.openapi.checks import positive_data_acceptance

from accounts.models import ApiToken, User
from api import limits
from api.v1 import api
from sandboxes.models import Sandbox, State
from sessions.models import Session, SessionState, SessionToken
from tests.api.program import Program, said
from tests.visitors import browser_of

LABELS = sorted(
    f"{method.upper()} {path}" for path, each in api.get_openapi_schema()["paths"].items() for method in each
)
# What a body is worth (a name that is taken, a variable of ours) no schema can say: 422 is an answer to a good one too.
LEFT_OUT: list[Any] = [positive_data_acceptance]
EXAMPLES = 25


@pytest.fixture
def program(alice: User, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Program:
    """Of an owner who also has a session with a terminal."""
    monkeypatch.setattr(limits, "tokens", limits.Buckets("token", 1_000_000))
    monkeypatch.setattr(limits, "strangers", limits.Buckets("address", 1_000_000))
    sandbox.reach(State.RUNNING)
    session = Session.for_person(sandbox, alice)
    session.reach(SessionState.RUNNING)
    session.open_terminal(alice)
    return Program(alice)


def schema_for(program: Program) -> Any:
    return schemathesis.openapi.from_wsgi("/api/v1/openapi.json", get_wsgi_application(), headers=bearer(program))


@pytest.mark.parametrize("label", LABELS)
def test_every_answer_is_one_that_is_described(program: Program, label: str) -> None:
    operation = next(each.ok() for each in schema_for(program).get_all_operations() if each.ok().label == label)
    known = known_values(label)

    @given(case=operation.as_strategy(), is_known=booleans())
    @settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck), database=None)
    def run(case: Case[Any], *, is_known: bool) -> None:
        ApiToken.objects.update(revoked_at=None)
        # Half of the paths lead to something that is there.
        case.path_parameters.update({name: value for name, value in known.items() if is_known})
        case.call_and_validate(headers=bearer(program), excluded_checks=LEFT_OUT)

    run()


def test_what_one_operation_makes_the_next_one_finds(program: Program) -> None:
    """Stateful: schemathesis follows Location headers and ids from answer to answer."""
    base = schema_for(program).as_state_machine()

    class Machine(base):  # type: ignore[misc,valid-type]
        def setup(self) -> None:
            ApiToken.objects.update(revoked_at=None)

        def get_call_kwargs(self, case: Case[Any]) -> dict[str, Any]:
            ApiToken.objects.update(revoked_at=None)
            return {"headers": bearer(program)}

        def validate_response(self, response: Any, case: Case[Any], **_: Any) -> None:
            case.validate_response(response, excluded_checks=LEFT_OUT, headers=bearer(program))

    run_state_machine_as_test(
        Machine,
        settings=settings(
            max_examples=10,
            stateful_step_count=10,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            database=None,
        ),
    )


def bearer(program: Program) -> dict[str, str]:
    return {"Authorization": f"Bearer {program.text}"}


def known_values(label: str) -> dict[str, str]:
    """Return what stands in the path for something that is there."""
    session = Session.objects.get()
    if "{token}" in label:
        assert session.user is not None
        made, _ = SessionToken.make(session, session.user)
        return {"id": session.sandbox.slug, "name": session.name, "token": str(made.pk)}
    if "/terminals/{id}" in label:
        return {"id": str(session.terminals.get().pk)}
    if "/teams/{id}" in label:
        return {"id": str(session.sandbox.team_id)}
    if "/{name}" in label:
        return {"id": session.sandbox.slug, "name": session.name}
    return {"id": session.sandbox.slug} if "{id}" in label else {}


# --- the page -------------------------------------------------------------------------------------------------------
def test_the_description_is_for_who_may_come_in(db: None, alice: User) -> None:
    assert Client().get("/api/v1/openapi.json").status_code == 401
    assert said(browser_of(alice).get("/api/v1/openapi.json"))["openapi"] == "3.1.0"
    assert said(Program(alice).get("/openapi.json"))["info"]["title"] == "Sandlot"


def test_people_can_read_it(alice: User) -> None:
    page = browser_of(alice).get("/api/").content.decode()
    for label in LABELS:
        path = label.split()[1].removeprefix("/api/v1")
        assert f"<code>{path}</code>" in page
    assert "sandboxes:write" in page
    assert Client().get("/api/").status_code == 302


def test_every_operation_asks_for_a_token_and_has_a_name_and_a_description() -> None:
    names = [each.operation_id for each in api.operations]
    assert len(names) == len(set(names)) == len(LABELS)
    for each in api.operations:
        assert each.auth_callbacks, each.operation_id
        assert each.description, each.operation_id
        # What its Idempotency-Key can lead to.
        assert "POST" not in each.methods or {400, 422} <= each.response_models.keys(), each.operation_id
