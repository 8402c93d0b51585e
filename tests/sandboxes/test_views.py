"""The list, creating, and the buttons: for Alice, Bob, Vera and Charlie."""

from __future__ import annotations

import json

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from accounts.models import Role, Team, User
from sandboxes.models import Desired, EngineStatus, Sandbox, State, Template
from sandboxes.sizes import Size
from tests.visitors import browser_of

BUTTONS = ["start", "stop", "pause", "resume", "restart", "retry"]
HTMX = {"HX-Request": "true"}


def page(user: User, address: str = "/") -> str:
    return browser_of(user).get(address).content.decode()


# --- the list -------------------------------------------------------------------------------------------------------
def test_a_row_says_state_owner_template_and_why(sandbox: Sandbox, alice: User) -> None:
    sandbox.reach(State.FAILED, "The disk is full.")
    shown = page(alice)
    assert all(word in shown for word in ("Failed", "quiet-otter", "Debian", "Alice", "The disk is full.", "Retry"))


def test_the_list_without_sandboxes_has_one_sentence_and_one_button(team: Team, bob: User) -> None:
    shown = page(bob)
    assert "No sandboxes yet" in shown
    assert "/sandboxes/new/" in shown


def test_vera_sees_rows_without_buttons(sandbox: Sandbox, vera: User) -> None:
    shown = page(vera)
    assert "quiet-otter" in shown
    assert "/sandboxes/new/" not in shown
    assert "/stop/" not in shown


def test_charlie_sees_nothing_of_others(sandbox: Sandbox, charlie: User) -> None:
    Team.objects.create(name="Elsewhere").add(charlie, Role.OWNER)
    assert "quiet-otter" not in page(charlie)


def test_who_is_in_no_team_is_told_what_to_do(charlie: User) -> None:
    assert "in no team" in page(charlie)


def test_anonymous_is_sent_to_the_sign_in(client: Client, db: None) -> None:
    assert client.get("/")["Location"] == "/accounts/login/?next=/"


def test_five_hundred_rows_ask_as_little_as_one(
    sandbox: Sandbox, alice: User, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    Sandbox.objects.bulk_create(
        Sandbox(
            slug=f"s-{number}",
            team=sandbox.team,
            template=sandbox.template,
            created_by=alice,
            memory_bytes=1,
            cpu_millis=1,
            pids_limit=1,
            disk_bytes=1,
        )
        for number in range(499)
    )
    browser = browser_of(alice)
    with django_assert_max_num_queries(9):
        shown = browser.get("/").content.decode()
    assert shown.count("data-live-row") == 500


def test_a_row_alone_is_what_stands_in_the_list(sandbox: Sandbox, alice: User) -> None:
    row = page(alice, "/sandboxes/quiet-otter/row/").strip()
    assert row.startswith("<article")
    assert "quiet-otter" in row


def test_a_row_is_gone_with_the_membership(sandbox: Sandbox, bob: User) -> None:
    browser = browser_of(bob)
    assert browser.get("/sandboxes/quiet-otter/row/").status_code == 200
    sandbox.team.memberships.get(user=bob).revoke()
    assert browser.get("/sandboxes/quiet-otter/row/").status_code == 404


def test_trouble_of_the_engine_is_a_banner_for_who_is_signed_in(client: Client, sandbox: Sandbox, bob: User) -> None:
    EngineStatus.report_trouble("The engine does not answer.")
    assert "The engine does not answer." in page(bob)
    assert "The engine does not answer." not in client.get("/accounts/login/").content.decode()


# --- creating -------------------------------------------------------------------------------------------------------
def wish(template: Template, team: Team, **changes: object) -> dict[str, object]:
    return {"template": template.slug, "slug": "brisk-lynx", "size": Size.STANDARD, "team": team.pk} | changes


def test_the_form_begins_with_everything_filled_in(template: Template, team: Team, bob: User) -> None:
    shown = page(bob, "/sandboxes/new/")
    assert 'value="debian" required checked' in shown
    assert 'value="standard" checked' in shown
    assert f'name="team" value="{team.pk}"' in shown


def test_bob_creates_a_sandbox_and_is_led_to_its_page(template: Template, team: Team, bob: User) -> None:
    answer = browser_of(bob).post("/sandboxes/new/", wish(template, team, size=Size.LARGE))
    assert answer["Location"] == "/sandboxes/brisk-lynx/"
    made = Sandbox.objects.get(slug="brisk-lynx")
    assert (made.created_by, made.team, made.memory_bytes) == (bob, team, 2 * template.memory_bytes)


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"slug": "Not Good"}, "lower-case letters"),
        ({"slug": ""}, "This field is required."),
        ({"slug": "a" * 40}, "at most 30 characters"),
        ({"slug": "quiet-otter"}, "This name is taken."),
        ({"template": "none"}, "not offered any more"),
        ({"template": ""}, "Choose a template."),
        ({"size": "huge"}, "Select a valid choice"),
    ],
)
def test_errors_stand_next_to_the_field_and_nothing_typed_is_lost(
    sandbox: Sandbox, bob: User, change: dict[str, object], error: str
) -> None:
    fields = wish(sandbox.template, sandbox.team, size="small") | change
    shown = browser_of(bob).post("/sandboxes/new/", fields).content.decode()
    assert error in shown
    if fields["slug"]:
        assert f'value="{fields["slug"]}"' in shown
    assert Sandbox.objects.count() == 1


def test_a_template_that_is_not_offered_cannot_be_used(template: Template, team: Team, bob: User) -> None:
    Template.objects.update(is_active=False)
    shown = browser_of(bob).post("/sandboxes/new/", wish(template, team)).content.decode()
    assert "No template is offered" in shown
    assert not Sandbox.objects.exists()


def test_vera_cannot_create(template: Template, team: Team, vera: User) -> None:
    browser = browser_of(vera)
    assert browser.get("/sandboxes/new/").status_code == 403
    assert browser.post("/sandboxes/new/", wish(template, team)).status_code == 403
    assert not Sandbox.objects.exists()


def test_charlie_cannot_create_in_another_team(template: Template, team: Team, charlie: User) -> None:
    Team.objects.create(name="Elsewhere").add(charlie, Role.OWNER)
    answer = browser_of(charlie).post("/sandboxes/new/", wish(template, team))
    assert "Select a valid choice" in answer.content.decode()
    assert not Sandbox.objects.exists()


def test_with_several_teams_one_chooses_among_those_where_one_may_create(
    template: Template, team: Team, bob: User
) -> None:
    Team.objects.create(name="Lighthouse").add(bob, Role.ADMIN)
    Team.objects.create(name="Museum").add(bob, Role.VIEWER)
    shown = page(bob, "/sandboxes/new/").split("<main", 1)[1]
    assert "Lighthouse" in shown
    assert "Museum" not in shown


# --- buttons --------------------------------------------------------------------------------------------------------
def test_bob_stops_and_starts(sandbox: Sandbox, bob: User) -> None:
    browser = browser_of(bob)
    assert browser.post("/sandboxes/quiet-otter/stop/")["Location"] == "/sandboxes/quiet-otter/"
    sandbox.refresh_from_db()
    assert sandbox.desired == Desired.STOPPED
    browser.post("/sandboxes/quiet-otter/start/")
    sandbox.refresh_from_db()
    assert sandbox.desired == Desired.RUNNING


def test_the_pages_script_hears_which_sandbox_to_draw_again(sandbox: Sandbox, bob: User) -> None:
    answer = browser_of(bob).post("/sandboxes/quiet-otter/restart/", headers=HTMX)
    assert answer.status_code == 204
    assert json.loads(answer["HX-Trigger"]) == {"sandbox-changed": {"slug": "quiet-otter"}}


@pytest.mark.parametrize("button", BUTTONS)
def test_vera_is_refused(sandbox: Sandbox, vera: User, button: str) -> None:
    assert browser_of(vera).post(f"/sandboxes/quiet-otter/{button}/").status_code == 403
    assert Sandbox.objects.get().state_at == sandbox.state_at


@pytest.mark.parametrize("button", [*BUTTONS, "delete"])
def test_charlie_gets_404(sandbox: Sandbox, charlie: User, button: str) -> None:
    browser = browser_of(charlie)
    unknown = browser.post(f"/sandboxes/none/{button}/", {"name": "none"})
    theirs = browser.post(f"/sandboxes/quiet-otter/{button}/", {"name": "quiet-otter"})
    assert unknown.status_code == theirs.status_code == 404
    assert Sandbox.objects.get().state_at == sandbox.state_at


@pytest.mark.parametrize("button", BUTTONS)
def test_a_link_alone_changes_nothing(sandbox: Sandbox, alice: User, button: str) -> None:
    assert browser_of(alice).get(f"/sandboxes/quiet-otter/{button}/").status_code == 405


@pytest.mark.parametrize("button", [*BUTTONS, "delete"])
def test_anonymous_changes_nothing(client: Client, sandbox: Sandbox, button: str) -> None:
    assert client.post(f"/sandboxes/quiet-otter/{button}/").status_code == 302
    assert Sandbox.objects.get().state_at == sandbox.state_at


def test_a_post_from_elsewhere_is_refused_with_a_page(sandbox: Sandbox, alice: User) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = browser_of(alice).cookies
    answer = strict.post("/sandboxes/quiet-otter/stop/")
    assert answer.status_code == 403
    assert "Nothing was changed." in answer.content.decode()
