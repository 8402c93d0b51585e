"""The trash: what is thrown away stops, hides, can be restored for seven days, and goes for good after that."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import Role, Team, User
from sandboxes.models import TRASH_KEPT, Desired, Sandbox, State, Template
from sandboxes.permissions import Action
from sandboxes.signals import sandbox_changed
from sessions.models import Session, Terminal
from tests.visitors import browser_of

PAGE = "/sandboxes/quiet-otter/"


@pytest.fixture
def running(sandbox: Sandbox) -> Sandbox:
    sandbox.reach(State.RUNNING, boot_reached=sandbox.boot)
    return sandbox


@pytest.fixture
def lying(running: Sandbox, alice: User) -> Sandbox:
    """In the trash, its containers gone."""
    running.trash(by=alice)
    running.reach(State.STOPPED, boot_reached=running.boot)
    return running


# --- what is wanted -------------------------------------------------------------------------------------------------
def test_the_trash_stops_what_runs_and_keeps_who_and_when(running: Sandbox, alice: User) -> None:
    assert running.trash(by=alice)
    assert (running.desired, running.state, running.trashed_by) == (Desired.STOPPED, State.STOPPING, alice)
    assert running.purge_at == running.trashed_at + TRASH_KEPT  # type: ignore[operator]
    assert running in Sandbox.objects.unsettled()


def test_what_had_stopped_stays_stopped_and_the_news_is_told(
    running: Sandbox, alice: User, django_capture_on_commit_callbacks: object
) -> None:
    running.stop()
    running.reach(State.STOPPED)
    told: list[str] = []

    def listen(sandbox: Sandbox, **_: object) -> None:
        told.append(sandbox.slug)

    sandbox_changed.connect(listen)
    with django_capture_on_commit_callbacks(execute=True):  # type: ignore[operator]
        running.trash(by=alice)
    sandbox_changed.disconnect(listen)
    assert told == ["quiet-otter"]
    assert running.state == State.STOPPED
    assert running not in Sandbox.objects.unsettled()


@pytest.mark.parametrize("wish", [Sandbox.start, Sandbox.restart])
def test_nothing_starts_in_the_trash(lying: Sandbox, wish: object) -> None:
    assert wish(lying) is False  # type: ignore[operator]
    assert (lying.desired, lying.state) == (Desired.STOPPED, State.STOPPED)


def test_a_second_throw_does_not_prolong(lying: Sandbox, bob: User) -> None:
    since = lying.trashed_at
    assert not lying.trash(by=bob)
    assert lying.trashed_at == since


def test_a_supervisor_that_was_bringing_it_up_does_not_call_it_running(running: Sandbox, alice: User) -> None:
    seen_by_supervisor = Sandbox.objects.get(pk=running.pk)
    running.trash(by=alice)
    seen_by_supervisor.reach(State.RUNNING, boot_reached=1)
    running.refresh_from_db()
    assert running.state == State.STOPPING


def test_a_failed_creation_can_be_thrown_away_and_restored(sandbox: Sandbox, alice: User) -> None:
    sandbox.reach(State.FAILED, "No such image.")
    sandbox.trash(by=alice)
    assert (sandbox.state, sandbox.reason) == (State.STOPPING, "")
    sandbox.reach(State.STOPPED, boot_reached=sandbox.boot)
    assert sandbox.restore()
    assert sandbox.start()


def test_restore_brings_it_back_stopped_under_its_name(lying: Sandbox, bob: User) -> None:
    assert lying.restore()
    assert (lying.slug, lying.state, lying.trashed_at, lying.trashed_by) == ("quiet-otter", "stopped", None, None)
    assert lying in Sandbox.objects.visible_to(bob)
    assert not lying.restore()


def test_restored_while_it_still_stops_it_ends_stopped(running: Sandbox, alice: User) -> None:
    running.trash(by=alice)
    running.restore()
    assert (running.desired, running.state) == (Desired.STOPPED, State.STOPPING)


def test_what_goes_for_good_does_not_come_back(lying: Sandbox) -> None:
    assert lying.delete_everything()
    assert not lying.restore()
    assert not lying.trash(by=None)
    assert (lying.desired, lying.state) == (Desired.DELETED, State.DELETING)


def test_after_seven_days_and_not_before_it_goes_for_good(lying: Sandbox) -> None:
    assert lying.trashed_at is not None
    assert Sandbox.objects.purge_expired(lying.trashed_at + TRASH_KEPT - timedelta(seconds=1)) == []
    assert Sandbox.objects.purge_expired(lying.trashed_at + TRASH_KEPT) == [lying]
    lying.refresh_from_db()
    assert lying.desired == Desired.DELETED
    assert Sandbox.objects.purge_expired(lying.trashed_at + TRASH_KEPT) == []


def test_who_restores_in_the_last_moment_wins(lying: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """Restored between the question what is due and the wish to delete it."""
    delete_everything = Sandbox.delete_everything

    def restored_first(sandbox: Sandbox, **conditions: object) -> bool:
        Sandbox.objects.get(pk=sandbox.pk).restore()
        return delete_everything(sandbox, **conditions)  # type: ignore[arg-type]

    monkeypatch.setattr(Sandbox, "delete_everything", restored_first)
    assert Sandbox.objects.purge_expired(timezone.now() + TRASH_KEPT) == []
    lying.refresh_from_db()
    assert (lying.desired, lying.trashed_at) == (Desired.STOPPED, None)


# --- who sees it ----------------------------------------------------------------------------------------------------
def test_its_page_its_row_and_its_terminals_are_gone_for_all(running: Sandbox, alice: User, bob: User) -> None:
    terminal = Session.for_person(running, bob).open_terminal(by=bob)
    running.trash(by=alice)
    for user in (alice, bob):
        browser = browser_of(user)
        for address in (PAGE, f"{PAGE}row/", f"{PAGE}head/", f"{PAGE}status/", f"{PAGE}settings/"):
            assert browser.get(address).status_code == 404
        assert "quiet-otter" not in browser.get("/").content.decode().split("<main", 1)[1]
    assert terminal not in Terminal.objects.visible_to(bob)


def test_the_list_leads_to_the_trash_with_its_number(lying: Sandbox, alice: User) -> None:
    assert "Trash (1)" in browser_of(alice).get("/").content.decode()
    shown = browser_of(alice).get("/trash/").content.decode()
    assert "quiet-otter" in shown
    assert "in 6 days" in shown
    assert "by Alice" in shown
    assert "Restore" in shown


def test_an_empty_trash_says_what_it_is_for(team: Team, bob: User) -> None:
    assert "The trash is empty" in browser_of(bob).get("/trash/").content.decode()


def test_vera_and_bob_look_and_change_nothing(lying: Sandbox, bob: User, vera: User) -> None:
    for user in (bob, vera):
        browser = browser_of(user)
        shown = browser.get("/trash/").content.decode()
        assert "quiet-otter" in shown
        assert "Restore quiet-otter" not in shown
        assert browser.post(f"{PAGE}restore/").status_code == 403
        assert browser.post(f"{PAGE}purge/", {"name": "quiet-otter"}).status_code == 403
    lying.refresh_from_db()
    assert (lying.is_trashed, lying.desired) == (True, Desired.STOPPED)


def test_charlie_learns_nothing(lying: Sandbox, charlie: User) -> None:
    Team.objects.create(name="Elsewhere").add(charlie, Role.OWNER)
    browser = browser_of(charlie)
    assert "quiet-otter" not in browser.get("/trash/").content.decode()
    assert browser.post(f"{PAGE}restore/").status_code == 404
    assert browser.post(f"{PAGE}purge/", {"name": "quiet-otter"}).status_code == 404
    assert not Sandbox.objects.trashed_for(charlie).exists()


def test_anonymous_changes_nothing(client: Client, lying: Sandbox) -> None:
    assert client.get("/trash/").status_code == 302
    assert client.post(f"{PAGE}restore/").status_code == 302
    lying.refresh_from_db()
    assert lying.is_trashed


def test_rights_in_the_trash_are_those_outside(lying: Sandbox, template: Template, bob: User) -> None:
    his = Sandbox.create(slug="his", template=template, team=lying.team, by=bob)
    his.trash(by=bob)
    rows = {row.slug: row.can_manage for row in Sandbox.objects.trashed_for(bob).with_rights_of(bob)}  # type: ignore[attr-defined]
    assert rows == {"his": True, "quiet-otter": lying.permits(Action.MANAGE, bob)}


# --- the pages ------------------------------------------------------------------------------------------------------
def test_deleting_asks_for_the_name_and_puts_it_into_the_trash(running: Sandbox, alice: User) -> None:
    browser = browser_of(alice)
    assert "7 days" in browser.get(f"{PAGE}delete/").content.decode()
    wrong = browser.post(f"{PAGE}delete/", {"name": "quiet"})
    assert "Nothing was changed." in wrong.content.decode()
    assert browser.post(f"{PAGE}delete/", {"name": "quiet-otter"})["Location"] == "/"
    running.refresh_from_db()
    assert running.is_trashed


def test_bob_deletes_only_what_he_created(running: Sandbox, template: Template, bob: User) -> None:
    Sandbox.create(slug="his", template=template, team=running.team, by=bob)
    browser = browser_of(bob)
    assert browser.post(f"{PAGE}delete/", {"name": "quiet-otter"}).status_code == 403
    assert browser.post("/sandboxes/his/delete/", {"name": "his"}).status_code == 302
    assert Sandbox.objects.get(trashed_at=None) == running


def test_alice_restores(lying: Sandbox, alice: User) -> None:
    assert browser_of(alice).post(f"{PAGE}restore/")["Location"] == PAGE
    lying.refresh_from_db()
    assert not lying.is_trashed


def test_gone_for_good_asks_for_the_name_again(lying: Sandbox, alice: User) -> None:
    browser = browser_of(alice)
    assert "There is no way back" in browser.get(f"{PAGE}purge/").content.decode()
    assert "Nothing was changed." in browser.post(f"{PAGE}purge/", {"name": "quiet"}).content.decode()
    assert browser.post(f"{PAGE}purge/", {"name": "quiet-otter"})["Location"] == "/trash/"
    lying.refresh_from_db()
    assert lying.desired == Desired.DELETED
    late = browser.post(f"{PAGE}restore/", follow=True).content.decode()
    assert "cannot be restored" in late


def test_nothing_outside_the_trash_is_purged_by_its_page(running: Sandbox, alice: User) -> None:
    assert browser_of(alice).post(f"{PAGE}purge/", {"name": "quiet-otter"}).status_code == 404


def test_its_name_stays_taken_and_only_its_team_learns_why(
    lying: Sandbox, template: Template, bob: User, charlie: User
) -> None:
    elsewhere = Team.objects.create(name="Elsewhere")
    elsewhere.add(charlie, Role.OWNER)
    wish = {"template": template.slug, "slug": "quiet-otter", "size": "standard"}
    told = browser_of(bob).post("/sandboxes/new/", wish | {"team": lying.team.pk}).content.decode()
    assert "in the trash of Harbor until" in told
    told = browser_of(charlie).post("/sandboxes/new/", wish | {"team": elsewhere.pk}).content.decode()
    assert "This name is taken." in told
    assert "trash" not in told
