"""The list: narrowed, sorted, cut into pages, and several rows at once."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from accounts.models import Role, Team, User
from sandboxes.models import Desired, Sandbox, State, Template
from sandboxes.rows import drawn
from sandboxes.search import Order, Search
from tests.visitors import browser_of

BULK = "/sandboxes/bulk/"


@pytest.fixture
def busybox(db: None) -> Template:
    return Template.objects.create(slug="busybox", title="BusyBox", image="sandlot/busybox:test")


@pytest.fixture
def several(sandbox: Sandbox, busybox: Template, bob: User) -> dict[str, Sandbox]:
    """Alice's quiet-otter is being created, Bob's docs runs, Bob's api has stopped."""
    docs = Sandbox.create(slug="docs", title="Manual", template=busybox, team=sandbox.team, by=bob)
    docs.reach(State.RUNNING, boot_reached=1, last_used_at=timezone.now() - timedelta(hours=1))
    api = Sandbox.create(slug="api", template=sandbox.template, team=sandbox.team, by=bob)
    api.stop()
    api.reach(State.STOPPED, boot_reached=1, last_used_at=timezone.now())
    return {"quiet-otter": sandbox, "docs": docs, "api": api}


def shown(user: User, query: str = "") -> list[str]:
    """Return the slugs of the rows, in their order."""
    return re.findall(r'id="sandbox-([a-z0-9-]+)" data-live-row', browser_of(user).get(f"/{query}").content.decode())


# --- narrowed -------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", {"api", "docs", "quiet-otter"}),
        ("status:running", {"docs"}),
        ("status:run", {"docs"}),
        ("status:", {"api", "docs", "quiet-otter"}),
        ("owner:me", {"api", "docs"}),
        ("owner:alice", {"quiet-otter"}),
        ("template:busybox", {"docs"}),
        ("template:DEBIAN owner:bob", {"api"}),
        ("manual", {"docs"}),
        ("otter alice", {"quiet-otter"}),
        ("bob status:stopped", {"api"}),
        ("colour:red", set()),
        ("100%_", set()),
    ],
)
def test_every_word_has_to_hold(several: dict[str, Sandbox], bob: User, text: str, found: set[str]) -> None:
    assert set(Search.parse(text).select(Sandbox.objects.visible_to(bob), bob).values_list("slug", flat=True)) == found


def test_the_address_narrows_and_the_field_shows_it(several: dict[str, Sandbox], bob: User) -> None:
    page = browser_of(bob).get("/?q=status%3Arunning+owner%3Ame&sort=-used").content.decode()
    assert 'value="status:running owner:me"' in page
    assert 'id="sandbox-docs"' in page
    assert 'id="sandbox-api"' not in page
    assert "data-narrowed" in page
    assert "q=status%3Arunning+owner%3Ame&amp;sort=used" in page


def test_nothing_found_is_said_with_the_way_back(several: dict[str, Sandbox], bob: User) -> None:
    page = browser_of(bob).get("/?q=nothing-like-this").content.decode()
    assert "No sandbox matches" in page
    assert "No sandboxes yet" not in page


def test_a_filter_shows_nobody_more_than_they_may_see(several: dict[str, Sandbox], charlie: User) -> None:
    Team.objects.create(name="Elsewhere").add(charlie, Role.OWNER)
    assert shown(charlie, "?q=owner:bob") == []


def test_a_very_long_filter_is_cut_and_answered(several: dict[str, Sandbox], bob: User) -> None:
    assert browser_of(bob).get("/", {"q": "x " * 5000}).status_code == 200


# --- sorted ---------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("sort", "order"),
    [
        ("", ["api", "docs", "quiet-otter"]),
        ("-name", ["quiet-otter", "docs", "api"]),
        ("state", ["quiet-otter", "docs", "api"]),
        ("template", ["docs", "api", "quiet-otter"]),
        ("owner", ["quiet-otter", "api", "docs"]),
        ("used", ["docs", "api", "quiet-otter"]),
        ("-used", ["api", "docs", "quiet-otter"]),
        ("password", ["api", "docs", "quiet-otter"]),
    ],
)
def test_columns_sort_and_what_has_no_value_stands_last(
    several: dict[str, Sandbox], bob: User, sort: str, order: list[str]
) -> None:
    assert shown(bob, f"?sort={sort}") == order


def test_a_press_on_the_same_heading_turns_it_round() -> None:
    assert str(Order().after_press("name")) == "-name"
    assert str(Order("name", is_down=True).after_press("name")) == "name"
    assert str(Order().after_press("used")) == "-used"


# --- pages and speed ------------------------------------------------------------------------------------------------
def test_more_than_a_page_is_cut(several: dict[str, Sandbox], bob: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sandboxes.views.listing.ROWS_MAX", 2)
    assert shown(bob) == ["api", "docs"]
    assert shown(bob, "?page=2") == ["quiet-otter"]
    assert shown(bob, "?page=none") == ["api", "docs"]
    page = browser_of(bob).get("/?page=2").content.decode()
    assert "3 to 3 of 3" in page
    assert 'data-live-list="/?&amp;page=2" data-narrowed' in page


def test_a_row_that_shows_the_same_is_not_drawn_again(several: dict[str, Sandbox], bob: User, vera: User) -> None:
    drawn.cache_clear()
    shown(bob)
    shown(bob)
    assert drawn.cache_info().misses == 3
    several["docs"].stop()
    shown(bob)
    assert drawn.cache_info().misses == 4


def test_what_one_may_do_never_shows_on_anothers_page(several: dict[str, Sandbox], bob: User, vera: User) -> None:
    for user, may_operate in ((bob, True), (vera, False), (bob, True)):
        page = browser_of(user).get("/").content.decode()
        assert ("Stop docs" in page) is may_operate
        assert ('name="chosen"' in page) is may_operate
        assert ("data-mine" in page) is (user == bob)


def test_what_people_wrote_is_escaped(several: dict[str, Sandbox], bob: User) -> None:
    several["docs"].describe("<b>bold</b>", "")
    assert "&lt;b&gt;bold" in browser_of(bob).get("/").content.decode()


# --- several at once ------------------------------------------------------------------------------------------------
def chose(user: User, do: str, *slugs: str, **more: str) -> str:
    return browser_of(user).post(BULK, {"do": do, "chosen": slugs, **more}, follow=True).content.decode()


def test_each_row_is_answered(several: dict[str, Sandbox], bob: User) -> None:
    page = chose(bob, "stop", "docs", "api", "quiet-otter")
    assert "<strong>Manual</strong> is being stopped." in page
    assert "<strong>api</strong> is stopped, nothing was changed." in page
    assert "<strong>quiet-otter</strong> is being stopped." in page
    assert not Sandbox.objects.filter(desired=Desired.RUNNING).exists()


def test_the_answers_are_shown_once(several: dict[str, Sandbox], bob: User) -> None:
    browser = browser_of(bob)
    assert browser.post(BULK, {"do": "start", "chosen": ["api"]})["Location"] == "/"
    assert "is being started." in browser.get("/").content.decode()
    assert "is being started." not in browser.get("/").content.decode()


def test_throwing_away_asks_first_and_then_answers_for_each(several: dict[str, Sandbox], bob: User) -> None:
    page = chose(bob, "trash", "docs", "quiet-otter")
    assert "Move 2 sandboxes to the trash?" in page
    assert not Sandbox.objects.exclude(trashed_at=None).exists()
    page = chose(bob, "trash", "docs", "quiet-otter", confirmed="yes")
    assert "<strong>Manual</strong> is in the trash." in page
    assert "<strong>quiet-otter</strong> Your role does not let you do this. Nothing was changed." in page
    assert [row.slug for row in Sandbox.objects.exclude(trashed_at=None)] == ["docs"]


@pytest.mark.parametrize("do", ["start", "stop", "trash"])
def test_vera_changes_nothing(several: dict[str, Sandbox], vera: User, do: str) -> None:
    before = list(Sandbox.objects.values())
    page = chose(vera, do, *several, confirmed="yes")
    assert page.count("Your role does not let you do this.") == 3
    assert list(Sandbox.objects.values()) == before


@pytest.mark.parametrize("do", ["start", "stop", "trash"])
def test_charlie_learns_nothing(several: dict[str, Sandbox], charlie: User, do: str) -> None:
    Team.objects.create(name="Elsewhere").add(charlie, Role.OWNER)
    before = list(Sandbox.objects.values())
    theirs, unknown = chose(charlie, do, *several, confirmed="yes"), chose(charlie, do, "none", confirmed="yes")
    assert "No sandbox was chosen." in theirs
    assert "No sandbox was chosen." in unknown
    assert list(Sandbox.objects.values()) == before


def test_nothing_chosen_and_an_unknown_deed_change_nothing(several: dict[str, Sandbox], bob: User) -> None:
    assert "No sandbox was chosen." in chose(bob, "stop")
    assert browser_of(bob).post(BULK, {"do": "burn", "chosen": ["docs"]}).status_code == 400
    assert browser_of(bob).get(BULK).status_code == 405


def test_anonymous_changes_nothing(client: Client, several: dict[str, Sandbox]) -> None:
    assert client.post(BULK, {"do": "stop", "chosen": ["docs"]}).status_code == 302
    assert Sandbox.objects.get(slug="docs").state == State.RUNNING


def test_choosing_many_asks_who_may_only_once(
    several: dict[str, Sandbox], vera: User, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    browser = browser_of(vera)
    chose(vera, "stop", *several)  # the refusals are on record now, so that only the questions are left
    with django_assert_max_num_queries(20):
        browser.post(BULK, {"do": "stop", "chosen": list(several)})
