"""The admin's first page, and what staff who are not superusers see of the rest."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import Permission
from pytest_django import DjangoAssertNumQueries

from accounts.models import Role, Team, User
from sandboxes.models import EngineStatus, Sandbox, State
from sessions.models import Session, SessionState
from tests.visitors import browser_of

FACTS = {"cpus": 4, "memory_bytes": 8 * 2**30, "version": "20.10.24", "root_folder": "/", "runtimes": ["runc"]}
LISTS = ["sandboxes/sandbox", "sandboxes/step", "sandbox_sessions/session", "sandbox_sessions/terminal"]


@pytest.fixture
def running(sandbox: Sandbox) -> Sandbox:
    sandbox.reach(State.RUNNING)
    Session.for_global(sandbox).reach(SessionState.RUNNING)
    EngineStatus.report_facts(FACTS)
    return sandbox


@pytest.fixture
def staff(charlie: User, sandbox: Sandbox) -> User:
    """Charlie may see everything that permissions open, but only in a team of their own."""
    own = Team.objects.create(name="Lighthouse")
    own.add(charlie, Role.OWNER)
    Sandbox.create(slug="own-place", template=sandbox.template, team=own, by=charlie)
    charlie.is_staff = True
    charlie.save()
    charlie.user_permissions.set(Permission.objects.all())
    return User.objects.get(pk=charlie.pk)


def test_it_says_states_capacity_and_engine(alice: User, running: Sandbox) -> None:
    page = browser_of(alice).get("/admin/").content.decode()
    assert "quiet-otter" in page
    assert "1 core of 4 cores" in page
    assert "1 GB of 8 GB" in page
    assert "20.10.24" in page


def test_more_rows_ask_no_more(
    alice: User, running: Sandbox, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(30):
        Sandbox.create(slug=f"s-{number}", template=running.template, team=running.team, by=alice).reach(State.RUNNING)
    browser = browser_of(alice)
    with django_assert_max_num_queries(16):
        assert browser.get("/admin/").status_code == 200


def test_without_an_engine_it_is_still_a_page(alice: User, sandbox: Sandbox) -> None:
    assert browser_of(alice).get("/admin/").status_code == 200


def test_staff_see_numbers_of_their_own_teams(staff: User, running: Sandbox) -> None:
    page = browser_of(staff).get("/admin/").content.decode()
    assert "quiet-otter" not in page
    assert "<dt>Running sessions</dt><dd>0</dd>" in page


@pytest.mark.parametrize("place", LISTS)
def test_staff_see_rows_and_filters_of_their_own_teams(staff: User, running: Sandbox, place: str) -> None:
    running.steps.create(operation="create", title="Create the network")
    Session.for_global(running).open_terminal(None)
    page = browser_of(staff).get(f"/admin/{place}/").content.decode()
    assert "quiet-otter" not in page
    assert "Harbor" not in page


def test_a_row_of_another_team_is_not_found(staff: User, running: Sandbox) -> None:
    answer = browser_of(staff).get(f"/admin/sandboxes/sandbox/{running.pk}/change/", follow=True)
    assert "quiet-otter" not in answer.content.decode().replace("doesn’t exist", "")
    assert answer.redirect_chain


def test_an_action_does_not_reach_another_team(staff: User, running: Sandbox) -> None:
    browser_of(staff).post(
        "/admin/sandboxes/sandbox/", {"action": "stop", "_selected_action": [running.pk], "confirmed": 1}
    )
    running.refresh_from_db()
    assert running.state == State.RUNNING


def test_staff_change_no_accounts_and_make_no_superusers(staff: User, bob: User) -> None:
    browser = browser_of(staff)
    assert browser.post(f"/admin/accounts/user/{staff.pk}/change/", {"is_superuser": "on"}).status_code == 403
    assert browser.get("/admin/accounts/user/add/").status_code == 403
    assert "bob@example.com" not in browser.get("/admin/accounts/user/").content.decode()


def test_staff_add_nobody_to_a_team_of_others(staff: User, team: Team) -> None:
    fields = {"user": staff.pk, "team": team.pk, "role": "owner"}
    browser_of(staff).post("/admin/accounts/membership/add/", fields)
    assert team.role_of(staff) is None
