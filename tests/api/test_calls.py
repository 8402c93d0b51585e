"""The API does what the pages do, says why not in problems, and reaches nothing that the person does not."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import ApiToken, Role, Scope, Team, User
from accounts.models.api_token import INCLUDES
from activity.models import Entry
from api import limits
from api.models import KeptAnswer
from sandboxes.models import Desired, Sandbox, State, Template, Usage
from sessions.models import Session, SessionState
from tests.api.program import Program, refused, said


@pytest.fixture
def program(bob: User, team: Team) -> Program:
    return Program(bob)


# --- coming in ------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "header", ["", "Bearer", "Bearer ", "Bearer sltp_0123456789abcdefghijABCDEFGHIJ000000", "Basic Ym9iOmI=", "sltp_x"]
)
def test_without_a_good_token_nobody_comes_in(db: None, header: str) -> None:
    headers = {"Authorization": header} if header else {}
    answer = Client().get("/api/v1/sandboxes", headers=headers)
    problem = refused(answer, 401, "unauthenticated")
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")
    assert "account page" in problem["next_action"]


def test_a_browsers_login_is_no_token(alice: User, team: Team) -> None:
    browser = Client()
    browser.force_login(alice)
    refused(browser.get("/api/v1/me"), 401, "unauthenticated")


def test_a_token_ends_with_its_person(program: Program, bob: User) -> None:
    said(program.get("/me"))
    bob.disable()
    refused(program.get("/me"), 401, "unauthenticated")


def test_an_expired_or_revoked_token_opens_nothing(program: Program) -> None:
    said(program.call("DELETE", "/tokens/current"), 204)
    refused(program.get("/me"), 401, "unauthenticated")


@pytest.mark.parametrize(
    ("method", "path", "needed"),
    [
        ("GET", "/sandboxes", Scope.SANDBOXES_READ),
        ("POST", "/sandboxes", Scope.SANDBOXES_WRITE),
        ("DELETE", "/sandboxes/quiet-otter", Scope.SANDBOXES_WRITE),
        ("POST", "/sandboxes/quiet-otter/actions/stop", Scope.SANDBOXES_WRITE),
        ("POST", "/sandboxes/quiet-otter/sessions", Scope.SESSIONS_WRITE),
        ("GET", "/sandboxes/quiet-otter/sessions/pitcher-host/terminals", Scope.TERMINALS_READ),
        ("POST", "/sandboxes/quiet-otter/sessions/pitcher-host/terminals", Scope.TERMINALS_WRITE),
    ],
)
def test_each_operation_needs_its_scope(bob: User, sandbox: Sandbox, method: str, path: str, needed: str) -> None:
    others = [scope for scope in Scope.values if scope != needed and INCLUDES.get(scope) != needed]
    program = Program(bob, others)
    problem = refused(program.call(method, path, {}), 403, "missing_scope")
    assert needed in problem["detail"]
    assert Entry.objects.filter(verb="access.refused").exists()


def test_me_says_who_it_is_and_what_the_token_may(program: Program, bob: User, team: Team) -> None:
    me = said(program.get("/me"))
    assert me["person"] == {"id": bob.pk, "name": bob.display_name, "email": bob.email}
    assert me["token"]["scopes"] == sorted(Scope.values)
    assert me["token"]["is_current"]
    assert [each["name"] for each in me["teams"]] == [team.name]
    assert program.text not in json.dumps(me)


def test_use_is_noted(program: Program) -> None:
    said(program.get("/me"))
    token = ApiToken.objects.get()
    assert token.last_used_at
    assert token.last_used_from == "127.0.0.1"


# --- sandboxes ------------------------------------------------------------------------------------------------------
def test_a_sandbox_is_created_with_sensible_values(program: Program, template: Template, team: Team, bob: User) -> None:
    answer = program.post("/sandboxes", {})
    made = said(answer, 201)
    sandbox = Sandbox.objects.get()
    assert answer.headers["Location"] == f"/api/v1/sandboxes/{sandbox.slug}"
    assert (made["id"], made["state"], made["wanted"]) == (sandbox.slug, "creating", "running")
    assert (sandbox.team, sandbox.template, sandbox.created_by) == (team, template, bob)
    entry = Entry.objects.get(verb="sandbox.create")
    assert (entry.via, entry.actor_id) == ("api", bob.pk)
    assert "by the token a program" in entry.actor


def test_what_is_asked_for_holds(program: Program, template: Template, team: Team) -> None:
    body = {
        "id": "lab",
        "title": "Lab",
        "description": "For trials.",
        "team": team.pk,
        "template": template.slug,
        "size": "small",
        "idle_timeout_s": 900,
    }
    made = said(program.post("/sandboxes", body), 201)
    assert {name: made[name] for name in ("id", "title", "description", "idle_timeout_s")} == {
        "id": "lab",
        "title": "Lab",
        "description": "For trials.",
        "idle_timeout_s": 900,
    }
    assert made["memory_bytes"] == template.memory_bytes // 2


@pytest.mark.parametrize(
    ("body", "where"),
    [
        ({"id": "No Good"}, "body.id"),
        ({"id": "quiet-otter"}, "body.id"),
        ({"id": "new"}, "body.id"),
        ({"title": "x" * 81}, "body.title"),
        ({"title": "a\u202eb"}, "body.title"),
        ({"title": "a\0b"}, "body.title"),
        ({"template": "none"}, "body.template"),
        ({"size": "huge"}, "body.size"),
        ({"idle_timeout_s": 1}, "body.idle_timeout_s"),
        ({"color": "red"}, "body.color"),
        ({"team": "one"}, "body.team"),
    ],
)
def test_a_wish_that_makes_no_sense_is_refused_with_its_place(
    program: Program, sandbox: Sandbox, body: dict[str, Any], where: str
) -> None:
    problem = refused(program.post("/sandboxes", body), 422, "invalid")
    assert [error["where"] for error in problem["errors"]] == [where]
    assert "Nothing was changed" in problem["detail"]
    assert Sandbox.objects.count() == 1


def test_in_several_teams_the_team_is_asked_for(program: Program, bob: User, template: Template) -> None:
    other = Team.objects.create(name="Other")
    other.add(bob)
    problem = refused(program.post("/sandboxes", {}), 422, "invalid")
    assert problem["errors"][0]["where"] == "body.team"
    said(program.post("/sandboxes", {"team": other.pk}), 201)


def test_a_viewer_creates_nothing(vera: User, team: Team, template: Template) -> None:
    refused(Program(vera).post("/sandboxes", {}), 403, "not_allowed")


def test_a_stranger_finds_nothing(charlie: User, sandbox: Sandbox) -> None:
    program = Program(charlie)
    assert said(program.get("/sandboxes"))["items"] == []
    for method, path in [("GET", ""), ("PATCH", ""), ("DELETE", ""), ("POST", "/actions/stop"), ("GET", "/sessions")]:
        refused(program.call(method, f"/sandboxes/{sandbox.slug}{path}", {}), 404, "unknown_sandbox")


def test_a_token_of_a_team_reaches_no_other(bob: User, team: Team, sandbox: Sandbox) -> None:
    other = Team.objects.create(name="Other")
    other.add(bob)
    program = Program(bob, team=other)
    assert said(program.get("/sandboxes"))["items"] == []
    refused(program.get(f"/sandboxes/{sandbox.slug}"), 404, "unknown_sandbox")
    assert [each["name"] for each in said(program.get("/teams"))["items"]] == ["Other"]
    refused(program.get(f"/teams/{team.pk}/members"), 404, "unknown_team")
    assert said(program.post("/sandboxes", {}), 201)["team"]["name"] == "Other"


def test_operations_write_what_is_wanted(program: Program, sandbox: Sandbox) -> None:
    sandbox.reach(State.RUNNING)
    stopped = said(program.post(f"/sandboxes/{sandbox.slug}/actions/stop"), 202)
    assert (stopped["wanted"], stopped["state"]) == ("stopped", "stopping")
    assert said(program.post(f"/sandboxes/{sandbox.slug}/actions/stop"), 202)["wanted"] == "stopped"
    assert Entry.objects.filter(verb="sandbox.stop").count() == 1


def test_what_cannot_be_done_now_says_so(program: Program, sandbox: Sandbox) -> None:
    Sandbox.objects.update(desired=Desired.STOPPED, state=State.STOPPED)
    problem = refused(program.post(f"/sandboxes/{sandbox.slug}/actions/pause"), 409, "sandbox_stopped")
    assert "nothing was changed" in problem["detail"]
    refused(program.post(f"/sandboxes/{sandbox.slug}/actions/explode"), 422, "invalid")


def test_a_change_is_written_and_bounded(bob: User, sandbox: Sandbox) -> None:
    Sandbox.objects.update(created_by=bob)
    program = Program(bob)
    address = f"/sandboxes/{sandbox.slug}"
    changed = said(program.call("PATCH", address, {"title": "New", "idle_timeout_s": None, "pids_limit": 256}))
    assert (changed["title"], changed["idle_timeout_s"], changed["pids_limit"]) == ("New", None, 256)
    problem = refused(program.call("PATCH", address, {"memory_bytes": 1, "title": "Newer"}), 422, "invalid")
    assert problem["errors"][0]["where"] == "body.memory_bytes"
    assert said(program.get(address))["title"] == "New"


def test_a_change_of_what_has_changed_is_refused(bob: User, sandbox: Sandbox) -> None:
    Sandbox.objects.update(created_by=bob)
    program, address = Program(bob), f"/sandboxes/{sandbox.slug}"
    tag = program.get(address).headers["ETag"]
    answer = program.call("PATCH", address, {"title": "First"}, If_Match=tag)
    assert said(answer)["title"] == "First"
    refused(program.call("PATCH", address, {"title": "Second"}, If_Match=tag), 412, "precondition_failed")
    said(program.call("PATCH", address, {"title": "Second"}, If_Match=answer.headers["ETag"]))


def test_who_does_not_manage_it_changes_nothing(program: Program, sandbox: Sandbox) -> None:
    refused(program.call("PATCH", f"/sandboxes/{sandbox.slug}", {"title": "x"}), 403, "not_allowed")
    refused(program.call("DELETE", f"/sandboxes/{sandbox.slug}"), 403, "not_allowed")
    assert Entry.objects.filter(verb="access.refused", sandbox_id=sandbox.pk).exists()


def test_deleting_goes_over_the_trash(alice: User, sandbox: Sandbox) -> None:
    program, address = Program(alice), f"/sandboxes/{sandbox.slug}"
    refused(program.call("DELETE", f"{address}?permanent=true"), 404, "unknown_sandbox")
    lying = said(program.call("DELETE", address), 202)
    assert lying["trashed_at"]
    refused(program.get(address), 404, "unknown_sandbox")
    assert [row["id"] for row in said(program.get("/sandboxes?trashed=true"))["items"]] == [sandbox.slug]
    assert said(program.post(f"{address}/restore"))["trashed_at"] is None
    said(program.call("DELETE", address), 202)
    assert said(program.call("DELETE", f"{address}?permanent=true"), 202)["wanted"] == "deleted"


def test_a_wait_ends_with_the_state_or_the_time(program: Program, sandbox: Sandbox) -> None:
    address = f"/sandboxes/{sandbox.slug}"
    assert said(program.get(f"{address}?wait=0.3&until=running"))["state"] == "creating"
    sandbox.reach(State.RUNNING, boot_reached=1)
    assert said(program.get(f"{address}?wait=20&until=running"))["state"] == "running"
    sandbox.reach(State.FAILED, "No image.")
    failed = said(program.get(f"{address}?wait=20&until=running"))
    assert (failed["state"], failed["reason"], failed["operations"]) == ("failed", "No image.", ["retry"])
    refused(program.get(f"{address}?wait=21"), 422, "invalid")


def test_the_list_speaks_the_pages_words(
    program: Program, team: Team, template: Template, alice: User, bob: User
) -> None:
    for slug, by in (("one", alice), ("two", bob), ("three", bob)):
        Sandbox.create(slug=slug, template=template, team=team, by=by).reach(State.RUNNING)
    Sandbox.objects.get(slug="three").reach(State.STOPPED)

    def found(query: str) -> list[str]:
        return [row["id"] for row in said(program.get(f"/sandboxes?{query}"))["items"]]

    assert found("q=owner:me") == ["three", "two"]
    assert found("q=status:running") == ["one", "two"]
    assert found("order=-name") == ["two", "three", "one"]
    assert found(f"team={team.pk}&q=thr") == ["three"]
    refused(program.get("/sandboxes?order=size"), 422, "invalid")


@pytest.mark.parametrize("order", ["name", "-name", "state", "-state", "owner", "template", "used", "-used"])
def test_pages_hold_each_row_once_whatever_comes_between(
    program: Program, team: Team, template: Template, alice: User, order: str
) -> None:
    now = timezone.now()
    for number in range(7):
        made = Sandbox.create(slug=f"s{number}", template=template, team=team, by=alice)
        if number % 3:
            Sandbox.objects.filter(pk=made.pk).update(last_used_at=now - timedelta(hours=number % 2))
    seen: list[str] = []
    cursor = ""
    for turn in range(10):
        page = said(program.get(f"/sandboxes?limit=2&order={order}&cursor={cursor}"))
        seen += [row["id"] for row in page["items"]]
        if turn == 0:
            Sandbox.create(slug="a-new-one", template=template, team=team, by=alice)
        if (cursor := page["next_cursor"] or "") == "":
            break
    assert len(seen) == len(set(seen))
    assert {f"s{number}" for number in range(7)} <= set(seen)
    whole = said(program.get(f"/sandboxes?limit=500&order={order}"))["items"]
    assert [each for each in seen if each != "a-new-one"] == [row["id"] for row in whole if row["id"] != "a-new-one"]


def test_a_cursor_is_good_for_its_own_list_only(program: Program, team: Team, template: Template, alice: User) -> None:
    for number in range(3):
        Sandbox.create(slug=f"s{number}", template=template, team=team, by=alice)
    cursor = said(program.get("/sandboxes?limit=1"))["next_cursor"]
    refused(program.get(f"/sandboxes?limit=1&order=-name&cursor={cursor}"), 400, "bad_cursor")
    refused(program.get(f"/sandboxes?cursor={cursor[:-2]}xx"), 400, "bad_cursor")
    refused(program.get("/sandboxes?cursor=nonsense"), 400, "bad_cursor")


def test_use_steps_metrics_and_activity_are_there(program: Program, sandbox: Sandbox) -> None:
    address = f"/sandboxes/{sandbox.slug}"
    sandbox.reach(State.RUNNING)
    assert said(program.get(address))["usage"]["cpu_millis"] is None
    Usage.objects.create(sandbox=sandbox, at=timezone.now(), cpu_millis=250, disk_bytes=1)
    assert said(program.get(address))["usage"]["cpu_millis"] == 250
    assert said(program.get(f"{address}/steps"))["items"] == []
    assert said(program.get(f"{address}/metrics?span=day"))["every_s"] == 300
    sandbox.stop()
    sandbox.start()
    entries: list[str] = []
    cursor = ""
    for _ in range(5):
        page = said(program.get(f"{address}/activity?limit=1&cursor={cursor}"))
        entries += [row["verb"] for row in page["items"]]
        if not (cursor := page["next_cursor"] or ""):
            break
    assert entries[:2] == ["sandbox.start", "sandbox.stop"]


# --- once -----------------------------------------------------------------------------------------------------------
def test_one_key_makes_one_sandbox(program: Program, template: Template) -> None:
    answers = [program.post("/sandboxes", {"title": "one"}, Idempotency_Key="k1") for _ in range(5)]
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.content for answer in answers}) == 1
    assert len({answer.headers["Location"] for answer in answers}) == 1
    assert [answer.headers.get("Idempotency-Replayed") for answer in answers] == [None, *["true"] * 4]
    assert Sandbox.objects.count() == 1


def test_a_key_is_for_one_request(program: Program, template: Template) -> None:
    said(program.post("/sandboxes", {"title": "one"}, Idempotency_Key="k1"), 201)
    refused(program.post("/sandboxes", {"title": "two"}, Idempotency_Key="k1"), 422, "idempotency_conflict")
    refused(program.post("/sandboxes", {}, Idempotency_Key="x" * 201), 400, "bad_idempotency_key")
    assert Sandbox.objects.count() == 1


def test_what_failed_may_be_tried_again_with_its_key(program: Program, template: Template) -> None:
    Template.objects.update(is_active=False)
    refused(program.post("/sandboxes", {}, Idempotency_Key="k1"), 422, "invalid")
    Template.objects.update(is_active=True)
    said(program.post("/sandboxes", {}, Idempotency_Key="k1"), 201)


def test_a_key_is_its_tokens_and_ends_after_a_day(program: Program, bob: User, template: Template) -> None:
    said(program.post("/sandboxes", {}, Idempotency_Key="k1"), 201)
    said(Program(bob).post("/sandboxes", {}, Idempotency_Key="k1"), 201)
    KeptAnswer.objects.update(at=timezone.now() - timedelta(hours=25))
    said(program.post("/sandboxes", {}, Idempotency_Key="k1"), 201)
    assert Sandbox.objects.count() == 3


def test_a_refusal_is_recorded_also_where_a_key_was_sent(vera: User, sandbox: Sandbox) -> None:
    path = f"/sandboxes/{sandbox.slug}/actions/stop"
    refused(Program(vera).post(path, Idempotency_Key="k"), 403, "not_allowed")
    assert Entry.objects.filter(verb="access.refused", actor_id=vera.pk).count() == 1


# --- limits and oddities --------------------------------------------------------------------------------------------
def test_too_many_requests_are_told_when_to_come_back(program: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "tokens", limits.Buckets("token", 3))
    for left in (2, 1, 0):
        answer = program.get("/me")
        assert answer.headers["RateLimit"].startswith(f'"token";r={left};')
    answer = program.get("/me")
    refused(answer, 429, "rate_limited")
    assert int(answer.headers["Retry-After"]) == 20
    assert answer.headers["RateLimit-Policy"] == '"token";q=3;w=60'


def test_who_guesses_tokens_is_slowed_down(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "strangers", limits.Buckets("address", 2))
    statuses = [Client().get("/api/v1/me").status_code for _ in range(3)]
    assert statuses == [401, 401, 429]


def test_a_bucket_fills_again() -> None:
    bucket = limits.Buckets("x", 60)
    assert [bucket.take("a", 0).is_over for _ in range(61)] == [False] * 60 + [True]
    assert not bucket.take("b", 0).is_over
    assert bucket.take("a", 0.5).is_over
    assert not bucket.take("a", 1.5).is_over


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/nothing", 404, "not_found"),
        ("PUT", "/sandboxes", 405, "method_not_allowed"),
        ("GET", "/sandboxes/..%2f..%2fetc", 404, "not_found"),
        ("GET", "/sandboxes/%00", 404, "unknown_sandbox"),
        ("GET", "/sandboxes?q=%00%FF", 200, ""),
        ("GET", "/terminals/nonsense", 422, "invalid"),
        ("GET", "/teams/99999999999999999999999/members", 404, "unknown_team"),
        ("GET", "/sandboxes?limit=0", 422, "invalid"),
        ("GET", "/sandboxes?team=99999999999999999999999", 422, "invalid"),
    ],
)
def test_odd_requests_get_a_plain_answer(program: Program, method: str, path: str, status: int, code: str) -> None:
    answer = program.call(method, path)
    if status < 400:
        said(answer, status)
    else:
        refused(answer, status, code)


def test_a_body_that_is_no_json_and_one_that_is_too_large(program: Program) -> None:
    headers = {"Authorization": f"Bearer {program.text}"}
    answer = program.client.generic("POST", "/api/v1/sandboxes", b"{", "application/json", headers=headers)
    refused(answer, 400, "bad_request")
    huge = b'{"title": "' + b"x" * (1024 * 1024) + b'"}'
    answer = program.client.generic("POST", "/api/v1/sandboxes", huge, "application/json", headers=headers)
    refused(answer, 413, "too_large")


# --- sessions -------------------------------------------------------------------------------------------------------
def test_a_session_is_connected_with_what_it_brings(program: Program, sandbox: Sandbox, bob: User) -> None:
    body = {
        "id": "review",
        "permission": "read",
        "git": {"email": "bob@example.com", "token": "ghp-canary"},
        "env": {"A": "canary-1"},
        "host_token": "canary-2",
    }
    answer = program.post(f"/sandboxes/{sandbox.slug}/sessions", body)
    made = said(answer, 201)
    assert "canary" not in answer.content.decode()
    assert (made["id"], made["permission"], made["env"], made["has_host_token"]) == ("review", "read", ["A"], True)
    assert made["git"] == {
        "email": "bob@example.com",
        "name": "review",
        "provider": "github.com",
        "username": "x-access-token",
        "has_token": True,
    }
    session = Session.objects.get(name="review")
    assert (session.environment, session.git.token, session.created_by) == ({"A": "canary-1"}, "ghp-canary", bob)
    assert said(program.post(f"/sandboxes/{sandbox.slug}/sessions", {"id": "review", "env": {"B": "2"}}))["env"] == [
        "A"
    ]


def test_without_an_id_it_is_the_global_session_and_own_is_ones_own(
    program: Program, sandbox: Sandbox, bob: User
) -> None:
    address = f"/sandboxes/{sandbox.slug}/sessions"
    assert said(program.post(address, {}))["id"] == "pitcher-host"
    own = said(program.post(address, {"own": True}))
    assert own["person"]["id"] == bob.pk
    assert "type" in own["may"]
    refused(program.post(address, {"own": True, "id": "x"}), 422, "invalid")
    assert [row["id"] for row in said(program.get(address))["items"]] == ["pitcher-host", own["id"]]


@pytest.mark.parametrize("bad", ["x" * 21, "a b", "ä", "", "a\n"])
def test_an_id_that_cannot_be_is_refused(program: Program, sandbox: Sandbox, bad: str) -> None:
    problem = refused(program.post(f"/sandboxes/{sandbox.slug}/sessions", {"id": bad}), 422, "invalid")
    assert problem["errors"][0]["where"] == "body.id"


def test_a_bad_part_of_a_new_session_leaves_nothing_behind(program: Program, sandbox: Sandbox) -> None:
    body = {"id": "review", "env": {"SANDLOT_X": "1"}}
    refused(program.post(f"/sandboxes/{sandbox.slug}/sessions", body), 422, "invalid")
    assert not Session.objects.filter(name="review").exists()


def test_a_session_is_changed_and_ended(program: Program, sandbox: Sandbox) -> None:
    address = f"/sandboxes/{sandbox.slug}/sessions/review"
    said(program.post(f"/sandboxes/{sandbox.slug}/sessions", {"id": "review", "env": {"A": "1", "B": "2"}}), 201)
    assert said(program.call("PATCH", address, {"env": {"A": None, "C": "3"}}))["env"] == ["B", "C"]
    said(program.call("DELETE", address), 204)
    refused(program.get(address), 404, "unknown_session")


def test_a_session_of_someone_else_is_looked_at_only(program: Program, sandbox: Sandbox, alice: User) -> None:
    hers = Session.for_person(sandbox, alice)
    hers.set_environment({"SECRET_NAME": "1"})
    address = f"/sandboxes/{sandbox.slug}/sessions/{hers.name}"
    shown = said(program.get(address))
    assert (shown["may"], shown["env"]) == (["look"], [])
    refused(program.call("PATCH", address, {"env": {}}), 403, "not_allowed")
    refused(program.call("DELETE", address), 403, "not_allowed")
    refused(program.post(f"{address}/terminals", {}), 403, "not_allowed")


# --- terminals ------------------------------------------------------------------------------------------------------
def test_a_terminal_is_opened_named_and_ended(program: Program, sandbox: Sandbox, bob: User) -> None:
    session = Session.for_person(sandbox, bob)
    session.reach(SessionState.RUNNING)
    address = f"/sandboxes/{sandbox.slug}/sessions/{session.name}/terminals"
    answer = program.post(address, {"title": "build"})
    made = said(answer, 201)
    assert answer.headers["Location"] == f"/api/v1/terminals/{made['id']}"
    assert (made["title"], made["state"], made["socket"]) == ("build", "running", f"/ws/terminals/{made['id']}/")
    assert [row["id"] for row in said(program.get(address))["items"]] == [made["id"]]
    one = f"/terminals/{made['id']}"
    assert said(program.call("PATCH", one, {"title": "test"}))["title"] == "test"
    said(program.call("DELETE", one), 204)
    assert said(program.get(one))["state"] == "ended"


def test_a_terminal_in_a_stopped_sandbox_is_refused(program: Program, sandbox: Sandbox, bob: User) -> None:
    session = Session.for_person(sandbox, bob)
    sandbox.stop()
    address = f"/sandboxes/{sandbox.slug}/sessions/{session.name}/terminals"
    refused(program.post(address, {}), 409, "not_running")


def test_a_terminal_of_another_team_does_not_exist(charlie: User, sandbox: Sandbox, bob: User) -> None:
    session = Session.for_person(sandbox, bob)
    terminal = session.open_terminal(bob)
    for method in ("GET", "PATCH", "DELETE"):
        answer = Program(charlie).call(method, f"/terminals/{terminal.pk}", {"title": "x"})
        refused(answer, 404, "unknown_terminal")


def test_teams_members_templates_and_tokens_are_listed(program: Program, team: Team, template: Template) -> None:
    members = said(program.get(f"/teams/{team.pk}/members"))["items"]
    assert {row["role"] for row in members} == {"owner", "member", "viewer"}
    assert [row["id"] for row in said(program.get("/templates"))["items"]] == [template.slug]
    assert [row["is_current"] for row in said(program.get("/tokens"))["items"]] == [True]


# --- speed ----------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "path", ["/sandboxes?limit=500", "/teams", "/sandboxes?limit=500&trashed=true", "/sandboxes/quiet-otter/sessions"]
)
def test_a_list_asks_the_same_number_of_questions_for_any_number_of_rows(
    sandbox: Sandbox, alice: User, path: str
) -> None:
    program = Program(alice)

    def more(count: int) -> None:
        for _ in range(count):
            Session.connect(sandbox, f"s{Session.objects.count()}", by=alice, permission="write")
            Team.objects.create(name=f"Pier {Team.objects.count()}").add(alice, Role.MEMBER)
            made = Sandbox.create(
                slug=Sandbox.objects.free_slug(), template=sandbox.template, team=sandbox.team, by=alice
            )
            if "trashed" in path:
                made.trash(by=alice)

    def asked() -> tuple[int, int]:
        with CaptureQueriesContext(connection) as queries:
            rows = said(program.get(path))["items"]
        return len(rows), len(queries)

    more(2)
    asked()
    few, questions = asked()
    more(8)
    many, questions_then = asked()
    assert many == few + 8
    assert questions_then == questions
