"""What is done to sandboxes is recorded, by pages, the admin and the supervisor alike."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from accounts.models import Team, User
from activity.chain import verify
from activity.models import Entry
from activity.source import Source, Via, acting
from sandboxes.models import Sandbox, State, Template
from tests.activity.test_people import new_entries
from tests.visitors import browser_of

BUTTONS = ["start", "stop", "pause", "resume", "restart", "retry"]


def ready_for(sandbox: Sandbox, button: str) -> None:
    if button == "start":
        Sandbox.objects.update(desired="stopped", state="stopped")
    elif button == "resume":
        Sandbox.objects.update(desired="paused", state="paused", boot_reached=1)
    else:
        Sandbox.objects.update(state="failed" if button == "retry" else "running", boot_reached=1)


def last() -> Entry:
    return Entry.objects.all()[0]


def facts(entry: Entry) -> tuple[str, str, str, str, str]:
    return entry.actor.split(" <")[0], entry.verb, entry.target, entry.outcome, entry.via


@pytest.mark.parametrize("button", BUTTONS)
def test_a_button_of_the_page_is_recorded(sandbox: Sandbox, bob: User, button: str) -> None:
    ready_for(sandbox, button)
    browser_of(bob).post(f"/sandboxes/quiet-otter/{button}/")
    assert facts(last()) == ("Bob", f"sandbox.{button}", "quiet-otter", "done", "page")
    assert last().team == "Harbor"


@pytest.mark.parametrize("button", BUTTONS)
def test_a_button_that_the_role_does_not_allow_is_recorded_as_refused(
    sandbox: Sandbox, vera: User, button: str
) -> None:
    browser = browser_of(vera)
    for _ in range(3):
        assert browser.post(f"/sandboxes/quiet-otter/{button}/").status_code == 403
    assert facts(last()) == ("Vera", "access.refused", "quiet-otter", "refused", "page")
    assert last().detail == {"page": f"/sandboxes/quiet-otter/{button}/"}
    assert Entry.objects.filter(outcome="refused").count() == 1


def test_a_stranger_who_gets_404_leaves_nothing_in_the_teams_record(sandbox: Sandbox, charlie: User) -> None:
    assert browser_of(charlie).post("/sandboxes/quiet-otter/stop/").status_code == 404
    assert last().verb == "login.ok"


def test_a_button_that_changes_nothing_is_not_recorded(sandbox: Sandbox, bob: User) -> None:
    ready_for(sandbox, "start")
    browser = browser_of(bob)
    before = verify().count
    browser.post("/sandboxes/quiet-otter/stop/")
    assert new_entries(before) == []


@pytest.mark.parametrize(
    "action", ["start", "stop", "pause", "resume", "restart", "trash", "restore", "delete_everything"]
)
def test_an_action_of_the_admin_is_recorded_for_each_row(
    sandbox: Sandbox, team: Team, template: Template, alice: User, action: str
) -> None:
    other = Sandbox.create(slug="loud-otter", template=template, team=team, by=alice)
    for each in (sandbox, other):
        if action == "restore":
            each.trash(by=alice)
    if action != "restore":
        ready_for(sandbox, action)
    browser = browser_of(alice)
    before = verify().count
    browser.post(
        "/admin/sandboxes/sandbox/",
        {"action": action, "_selected_action": [sandbox.pk, other.pk], "confirmed": 2},
    )
    verb = {"delete_everything": "sandbox.delete"}.get(action, f"sandbox.{action}")
    expected = {("Alice", verb, slug, "done", "admin") for slug in ("quiet-otter", "loud-otter")}
    assert {facts(entry) for entry in new_entries(before)} == expected


def test_creating_describing_trashing_restoring_and_deleting_are_recorded(
    team: Team, template: Template, alice: User
) -> None:
    browser = browser_of(alice)
    before = verify().count
    browser.post("/sandboxes/new/", {"template": "debian", "slug": "calm-heron", "team": team.pk, "size": "standard"})
    browser.post("/sandboxes/calm-heron/settings/details/", {"title": "Heron", "description": ""})
    for button in ("delete", "restore", "delete", "purge"):
        browser.post(f"/sandboxes/calm-heron/{button}/", {"name": "calm-heron"})
    assert [facts(entry)[:3] for entry in new_entries(before)] == [
        ("Alice", f"sandbox.{verb}", "calm-heron")
        for verb in ("create", "settings", "trash", "restore", "trash", "delete")
    ]


# --- what nobody does -----------------------------------------------------------------------------------------------
def purge(sandbox: Sandbox) -> None:
    sandbox.trash(by=None, now=timezone.now() - timedelta(days=8))
    Sandbox.objects.purge_expired()


OUTCOMES: dict[str, tuple[Callable[[Sandbox], Any], str, str]] = {
    "it failed": (lambda sandbox: sandbox.reach(State.FAILED, "No such image."), "sandbox.run", "failed"),
    "it crashed": (lambda sandbox: sandbox.note_crash(), "sandbox.crash", "failed"),
    "its time in the trash is over": (purge, "sandbox.delete", "done"),
    "it is gone": (lambda sandbox: sandbox.forget(), "sandbox.gone", "done"),
}


@pytest.mark.parametrize("outcome", OUTCOMES)
def test_what_the_supervisor_finds_and_does_is_recorded(sandbox: Sandbox, outcome: str) -> None:
    happen, verb, result = OUTCOMES[outcome]
    with acting(lambda: Source(Via.SUPERVISOR)):
        happen(sandbox)
    assert facts(last()) == ("Sandlot", verb, "quiet-otter", result, "supervisor")
    verify()


def test_a_failure_is_recorded_once_with_its_reason(sandbox: Sandbox) -> None:
    before = verify().count
    for reason in ("No such image.", "Still no such image."):
        sandbox.reach(State.FAILED, reason)
    assert [entry.detail for entry in new_entries(before)] == [{"reason": "No such image."}]


def test_entries_outlive_their_sandbox(sandbox: Sandbox) -> None:
    sandbox.forget()
    assert set(Entry.objects.exclude(sandbox="").values_list("verb", flat=True)) == {"sandbox.create", "sandbox.gone"}
    verify()
