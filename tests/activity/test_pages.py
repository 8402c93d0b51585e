"""Reading the record: who sees what, filters, screens, files."""

from __future__ import annotations

import csv
import io
import json
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.test import AsyncClient, Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from accounts.models import Role, Team, User
from activity.log import record
from activity.models import Entry, Outcome
from activity.source import Source, Via, acting
from sandboxes.models import Sandbox, Template
from tests.visitors import browser_of

SANDBOX, TEAM = "/sandboxes/quiet-otter/activity/", "/activity/"


def done(verb: str, target: Sandbox | Team, by: User, outcome: str = Outcome.DONE, **detail: str) -> None:
    with acting(lambda: Source(Via.PAGE, "203.0.113.9", by)):
        record(verb, target, outcome=outcome, detail=detail)


@pytest.fixture
def busy(sandbox: Sandbox, alice: User, bob: User, vera: User) -> Sandbox:
    done("sandbox.stop", sandbox, bob)
    done("sandbox.start", sandbox, alice)
    done("access.refused", sandbox, vera, Outcome.REFUSED, page="/sandboxes/quiet-otter/stop/")
    return sandbox


def shown(browser: Client, address: str) -> list[str]:
    """Return the verbs of the entries on a page, the newest first."""
    entries: list[Entry] = browser.get(address).context["page"].entries
    return [entry.verb for entry in entries]


# --- who sees what --------------------------------------------------------------------------------------------------
def test_everybody_in_the_team_sees_what_was_done_in_its_sandboxes(busy: Sandbox, vera: User) -> None:
    assert shown(browser_of(vera), SANDBOX) == ["access.refused", "sandbox.start", "sandbox.stop", "sandbox.create"]


def test_the_owner_sees_the_whole_team_and_a_member_its_sandboxes(busy: Sandbox, alice: User, bob: User) -> None:
    assert "membership.add" in shown(browser_of(alice), TEAM)
    seen = shown(browser_of(bob), TEAM)
    assert "membership.add" not in seen
    assert "sandbox.stop" in seen


def test_what_was_done_in_another_team_is_not_here(
    busy: Sandbox, alice: User, charlie: User, template: Template
) -> None:
    pier = Team.objects.create(name="Pier")
    pier.add(charlie, Role.OWNER)
    Sandbox.create(slug="far-away", template=template, team=pier, by=charlie)
    assert "far-away" not in browser_of(alice).get(TEAM).content.decode()
    assert "quiet-otter" not in browser_of(charlie).get(TEAM).content.decode()


@pytest.mark.parametrize("address", [SANDBOX, f"{SANDBOX}export.csv", f"{SANDBOX}export.json"])
def test_charlie_gets_404(busy: Sandbox, charlie: User, address: str) -> None:
    assert browser_of(charlie).get(address).status_code == 404


def test_who_is_in_no_team_is_told_so_and_gets_no_file(charlie: User) -> None:
    browser = browser_of(charlie)
    assert "in no team" in browser.get(TEAM).content.decode()
    assert browser.get(f"{TEAM}export.csv").status_code == 404


@pytest.mark.parametrize("address", [SANDBOX, TEAM, f"{TEAM}export.json"])
def test_anonymous_is_sent_to_the_sign_in(busy: Sandbox, client: Client, address: str) -> None:
    assert client.get(address).status_code == 302


@pytest.mark.parametrize("address", [SANDBOX, TEAM, f"{SANDBOX}export.csv", f"{TEAM}export.json"])
def test_addresses_are_for_who_manages(busy: Sandbox, alice: User, bob: User, address: str) -> None:
    def text_for(user: User) -> str:
        return browser_of(user).get(address).getvalue().decode()

    assert "203.0.113.9" in text_for(alice)
    assert "203.0.113.9" not in text_for(bob)


# --- filters and screens --------------------------------------------------------------------------------------------
FILTERS = {
    "what=sandbox": ["sandbox.start", "sandbox.stop", "sandbox.create"],
    "what=sandbox.stop": ["sandbox.stop"],
    "outcome=refused": ["access.refused"],
    "text=BOB": ["sandbox.stop"],
    "text=quiet": ["access.refused", "sandbox.start", "sandbox.stop", "sandbox.create"],
    "text=nothing+like+it": [],
    "person=0": ["sandbox.create"],
    "since=2020-01-01&until=2020-12-31": [],
    "since=2020-12-31&until=2020-01-01": [],
    "since=yesterday": [],
    "what=dance": [],
    "person=x": [],
    "text=" + "x" * 101: [],
}


@pytest.mark.parametrize("query", FILTERS)
def test_filters(busy: Sandbox, alice: User, query: str) -> None:
    assert shown(browser_of(alice), f"{SANDBOX}?{query}") == FILTERS[query]


def test_a_day_begins_and_ends_at_midnight_utc(busy: Sandbox, alice: User) -> None:
    day = timezone.now().date()
    browser = browser_of(alice)
    assert len(shown(browser, f"{SANDBOX}?since={day}&until={day}")) == 4
    assert shown(browser, f"{SANDBOX}?since={day + timedelta(days=1)}") == []
    assert shown(browser, f"{SANDBOX}?until={day - timedelta(days=1)}") == []


def test_a_person_is_chosen_by_name_and_filters_go_together(busy: Sandbox, alice: User, bob: User) -> None:
    browser = browser_of(alice)
    page = browser.get(f"{SANDBOX}?person={bob.pk}&what=sandbox")
    assert f'<option value="{bob.pk}" selected>Bob &lt;bob@example.com&gt;</option>' in page.content.decode()
    assert [entry.verb for entry in page.context["page"].entries] == ["sandbox.stop"]


@pytest.mark.parametrize("before", ["", "x", "-1", "9" * 30, "٣"])
def test_a_screen_that_makes_no_sense_is_the_newest(busy: Sandbox, alice: User, before: str) -> None:
    assert len(shown(browser_of(alice), f"{SANDBOX}?before={before}")) == 4


def test_older_screens_follow_without_gap_or_repeat(busy: Sandbox, alice: User) -> None:
    for _ in range(120):
        done("sandbox.stop", busy, alice)
    browser, address, seen = browser_of(alice), f"{SANDBOX}?what=sandbox", []
    while address:
        page = browser.get(address).context["page"]
        seen += [entry.number for entry in page.entries]
        address = page.older and f"{SANDBOX}{page.older}"
    assert seen == sorted(set(seen), reverse=True)
    assert len(seen) == 123


def test_the_page_asks_the_same_number_of_questions_for_any_number_of_entries(
    busy: Sandbox, alice: User, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for _ in range(60):
        done("sandbox.stop", busy, alice)
    browser = browser_of(alice)
    for address in (SANDBOX, TEAM):
        with django_assert_max_num_queries(12):
            browser.get(address)


def test_what_people_typed_is_text_on_the_page(sandbox: Sandbox, bob: User) -> None:
    User.objects.filter(pk=bob.pk).update(name="<script>alert(1)</script>")
    bob.refresh_from_db()
    done("sandbox.stop", sandbox, bob)
    assert "<script>alert" not in browser_of(bob).get(SANDBOX).content.decode()


# --- files ----------------------------------------------------------------------------------------------------------
def rows_of(browser: Client, address: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(browser.get(address).getvalue().decode())))


def test_a_file_has_what_the_filter_leaves_over_and_its_making_is_recorded(busy: Sandbox, alice: User) -> None:
    browser = browser_of(alice)
    rows = rows_of(browser, f"{SANDBOX}export.csv?what=sandbox.stop")
    assert [(row["actor"], row["verb"], row["target"]) for row in rows] == [
        ("Bob <bob@example.com>", "sandbox.stop", "quiet-otter")
    ]
    entry = Entry.objects.all()[0]
    assert (entry.verb, entry.sandbox) == ("activity.export", "quiet-otter")
    assert entry.detail == {"format": "csv", "filter": "what=sandbox.stop"}


def test_json_is_an_array_of_the_same_entries(busy: Sandbox, alice: User) -> None:
    answer = browser_of(alice).get(f"{SANDBOX}export.json")
    found = json.loads(answer.getvalue())
    assert [row["verb"] for row in found][1:] == ["access.refused", "sandbox.start", "sandbox.stop", "sandbox.create"]
    assert found[1]["detail"] == {"page": "/sandboxes/quiet-otter/stop/"}
    assert "attachment" in answer["Content-Disposition"]
    assert json.loads(browser_of(alice).get(f"{SANDBOX}export.json?text=none+such").getvalue()) == []


@pytest.mark.parametrize("sign", ["=", "+", "-", "@"])
def test_a_spreadsheet_computes_nothing_that_someone_typed(sandbox: Sandbox, bob: User, sign: str) -> None:
    User.objects.filter(pk=bob.pk).update(name=f'{sign}HYPERLINK("https://evil.example")')
    bob.refresh_from_db()
    done("sandbox.stop", sandbox, bob)
    (row,) = rows_of(browser_of(bob), f"{SANDBOX}export.csv?what=sandbox.stop")
    assert row["actor"].startswith(f"'{sign}")


def test_a_file_of_more_than_one_batch_is_whole(sandbox: Sandbox, alice: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("activity.export.BATCH", 7)
    for _ in range(20):
        done("sandbox.stop", sandbox, alice)
    rows = rows_of(browser_of(alice), f"{SANDBOX}export.csv?what=sandbox.stop")
    assert len({row["number"] for row in rows}) == 20


@pytest.mark.parametrize("address", [f"{SANDBOX}export.xml", f"{TEAM}export."])
def test_other_formats_do_not_exist(busy: Sandbox, alice: User, address: str) -> None:
    assert browser_of(alice).get(address).status_code == 404


def test_a_filter_that_makes_no_sense_leads_back_to_the_page(busy: Sandbox, alice: User) -> None:
    assert browser_of(alice).get(f"{SANDBOX}export.csv?since=never")["Location"] == SANDBOX


@pytest.mark.django_db(transaction=True)
async def test_the_server_sends_a_file_in_pieces(busy: Sandbox, alice: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("activity.export.BATCH", 2)
    browser = AsyncClient()
    await browser.aforce_login(alice, backend="allauth.account.auth_backends.AuthenticationBackend")
    answer: Any = await browser.get(f"{SANDBOX}export.json")
    pieces = [piece async for piece in answer]
    assert len(pieces) > 2
    assert len(json.loads(b"".join(pieces))) == 5


# --- the admin ------------------------------------------------------------------------------------------------------
def test_the_admin_shows_entries_and_changes_none(busy: Sandbox, alice: User) -> None:
    browser, pk = browser_of(alice), Entry.objects.all()[0].pk
    assert "quiet-otter" in browser.get("/admin/activity/entry/?q=quiet&outcome__exact=refused").content.decode()
    assert browser.get(f"/admin/activity/entry/{pk}/change/").status_code == 200
    for address in ("add/", f"{pk}/delete/"):
        assert browser.post(f"/admin/activity/entry/{address}", {"post": "yes"}).status_code == 403
    assert browser.post(f"/admin/activity/entry/{pk}/change/", {"actor": "Nobody"}).status_code == 403


def test_staff_see_their_teams_in_the_admin(busy: Sandbox, bob: User, charlie: User) -> None:
    for user in (bob, charlie):
        User.objects.filter(pk=user.pk).update(is_staff=True)
        user.user_permissions.add(Permission.objects.get(codename="view_entry"))
    assert "quiet-otter" in browser_of(bob).get("/admin/activity/entry/").content.decode()
    assert "quiet-otter" not in browser_of(charlie).get("/admin/activity/entry/").content.decode()
