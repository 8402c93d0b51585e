"""Sandboxes in the admin: watched and steered, never by a call to the engine."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from accounts.models import User
from sandboxes.models import Desired, EngineStatus, Sandbox, State, Step, Template
from tests.visitors import browser_of

LISTS = ["sandbox", "template", "step", "enginestatus"]


@pytest.fixture
def admin(alice: User) -> Client:
    return browser_of(alice)


@pytest.fixture(autouse=True)
def _no_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    """Any call to the engine fails the test."""

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("The admin asked the engine.")

    monkeypatch.setattr("sandboxes.engines.engine_named", refuse)
    monkeypatch.setattr("sessions.terminal.ends.engine_named", refuse)


def act(admin: Client, action: str, *rows: Sandbox) -> str:
    """Run an action, confirmed, and return the page after it."""
    chosen = {"action": action, "_selected_action": [row.pk for row in rows], "confirmed": len(rows)}
    return admin.post("/admin/sandboxes/sandbox/", chosen, follow=True).content.decode()


def more_rows(sandbox: Sandbox, count: int) -> None:
    for number in range(count):
        row = Sandbox.create(slug=f"s-{number}", template=sandbox.template, team=sandbox.team, by=sandbox.created_by)  # type: ignore[arg-type]
        Step.begin(row, "create", "Create the network")
        Template.objects.create(slug=f"t-{number}", title=f"T {number}", image="x")
        EngineStatus.report_facts({}, engine=f"engine-{number}")


@pytest.mark.parametrize("model", LISTS)
def test_lists_ask_the_same_number_of_questions_for_any_number_of_rows(
    admin: Client, sandbox: Sandbox, model: str, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    more_rows(sandbox, 20)
    with django_assert_max_num_queries(10):
        assert admin.get(f"/admin/sandboxes/{model}/").status_code == 200


def test_a_sandbox_with_its_steps(
    admin: Client, sandbox: Sandbox, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(10):
        Step.begin(sandbox, "create", f"Step {number}").finish(Step.Outcome.DONE)
    with django_assert_max_num_queries(9):
        page = admin.get(f"/admin/sandboxes/sandbox/{sandbox.pk}/change/").content.decode()
    assert "Step 9" in page


@pytest.mark.parametrize("query", ["q=otter", "state__exact=creating", "q=alice", "desired__exact=running&q=harbor"])
def test_a_sandbox_is_found(admin: Client, sandbox: Sandbox, query: str) -> None:
    assert "quiet-otter" in admin.get(f"/admin/sandboxes/sandbox/?{query}").content.decode()


def test_limits_can_be_changed_and_nothing_else(admin: Client, sandbox: Sandbox) -> None:
    limits = {"memory_bytes": 2 * 1024**3, "cpu_millis": 500, "pids_limit": 64, "disk_bytes": 1024**3}
    steps = {"steps-TOTAL_FORMS": 0, "steps-INITIAL_FORMS": 0}
    fields = {"title": "Otter", "slug": "other", "state": State.RUNNING, "desired": Desired.DELETED}
    admin.post(f"/admin/sandboxes/sandbox/{sandbox.pk}/change/", limits | steps | fields)
    sandbox.refresh_from_db()
    assert (sandbox.title, sandbox.cpu_millis) == ("Otter", 500)
    assert (sandbox.slug, sandbox.state, sandbox.desired) == ("quiet-otter", State.CREATING, Desired.RUNNING)


def test_actions_answer_per_row(admin: Client, sandbox: Sandbox) -> None:
    more_rows(sandbox, 1)
    other = Sandbox.objects.get(slug="s-0")
    other.reach(State.STOPPED, desired=Desired.STOPPED)
    page = act(admin, "stop", sandbox, other)
    assert "uiet-otter is being stopped." in page
    assert "-0: is stopped, nothing was changed." in page


@pytest.mark.parametrize(
    ("action", "state", "desired"),
    [("start", State.STARTING, Desired.RUNNING), ("restart", State.STARTING, Desired.RUNNING)],
)
def test_start_and_restart(admin: Client, sandbox: Sandbox, action: str, state: str, desired: str) -> None:
    sandbox.reach(State.STOPPED, desired=Desired.STOPPED)
    act(admin, action, sandbox)
    sandbox.refresh_from_db()
    assert (sandbox.state, sandbox.desired) == (state, desired)


def test_deleting_answers_per_row_and_is_final(admin: Client, sandbox: Sandbox) -> None:
    assert "is being deleted" in act(admin, "delete_everything", sandbox)
    sandbox.refresh_from_db()
    assert sandbox.desired == Desired.DELETED
    assert "nothing was changed" in act(admin, "start", sandbox)


def test_trash_and_restore_answer_per_row(admin: Client, sandbox: Sandbox, alice: User) -> None:
    assert "uiet-otter is in the trash." in act(admin, "trash", sandbox)
    sandbox.refresh_from_db()
    assert (sandbox.is_trashed, sandbox.trashed_by) == (True, alice)
    assert "in the trash, nothing was changed" in act(admin, "start", sandbox)
    assert "quiet-otter" not in admin.get("/admin/sandboxes/sandbox/?trashed_at__isempty=1").content.decode()
    assert "is back, stopped" in act(admin, "restore", sandbox)


@pytest.mark.parametrize("address", ["add/", "{pk}/delete/"])
def test_rows_are_neither_added_nor_removed_by_hand(admin: Client, sandbox: Sandbox, address: str) -> None:
    assert admin.get(f"/admin/sandboxes/sandbox/{address.format(pk=sandbox.pk)}").status_code == 403


def test_staff_who_may_only_look_has_no_actions(sandbox: Sandbox, bob: User) -> None:
    bob.is_staff = True
    bob.save()
    bob.user_permissions.add(Permission.objects.get(codename="view_sandbox"))
    act(browser_of(bob), "stop", sandbox)
    sandbox.refresh_from_db()
    assert sandbox.desired == Desired.RUNNING


def test_a_template_in_use_is_not_deleted(admin: Client, sandbox: Sandbox) -> None:
    assert admin.get(f"/admin/sandboxes/template/{sandbox.template_id}/delete/").status_code == 403


def test_what_the_supervisor_wrote_cannot_be_changed(admin: Client, sandbox: Sandbox) -> None:
    step = Step.begin(sandbox, "create", "Create the network")
    answer = admin.post(f"/admin/sandboxes/step/{step.pk}/change/", {"title": "Other"})
    assert answer.status_code == 403
