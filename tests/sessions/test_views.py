"""A sandbox's page on the way to a prompt, and what the terminal page's script asks."""

from __future__ import annotations

import json
import re
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from accounts.models import Role, Team, User
from engine import EngineError
from sandboxes.models import Desired, Sandbox, State, Step
from sessions.models import Session, SessionState, Terminal
from sessions.terminal import ends as terminals
from tests.visitors import browser_of

PAGE, STATUS, TERMINALS = (f"/sandboxes/quiet-otter/{end}" for end in ("", "status/", "terminals/"))


def page(user: User, address: str = PAGE) -> str:
    return browser_of(user).get(address).content.decode()


@pytest.fixture
def running(sandbox: Sandbox) -> Sandbox:
    sandbox.reach(State.RUNNING, boot_reached=sandbox.boot)
    return sandbox


@pytest.fixture
def ready(running: Sandbox, bob: User) -> Session:
    """Bob's session runs."""
    session = Session.for_person(running, bob)
    session.reach(SessionState.RUNNING)
    return session


# --- the page -------------------------------------------------------------------------------------------------------
def test_opening_a_running_sandbox_gives_a_prompt_without_another_click(ready: Session, bob: User) -> None:
    shown = page(bob)
    data = re.search(r'<script id="terminals-data" type="application/json">(.*?)</script>', shown)
    assert data
    terminal = ready.terminals.get()
    wanted = {"id": str(terminal.pk), "title": "Terminal 1", "state": "running", "exit_status": None}
    assert json.loads(data[1]) == [wanted]
    assert 'id="terminal-workspace" data-sandbox="quiet-otter" data-may-write="true"' in shown
    assert f'data-terminals-url="{TERMINALS}"' in shown


def test_coming_back_finds_the_same_terminals(ready: Session, bob: User) -> None:
    page(bob)
    page(bob)
    assert ready.terminals.count() == 1


def test_no_terminal_is_opened_in_a_session_that_was_just_ended(ready: Session, bob: User) -> None:
    ready.end()
    answer = browser_of(bob).post(TERMINALS)
    assert answer.status_code == 410
    assert answer.json()["error"]["text"] == "The session bob was just ended. No terminal was opened."


def test_an_ended_terminal_is_followed_by_a_new_one(ready: Session, bob: User) -> None:
    page(bob)
    ready.terminals.get().mark_ended(0)
    page(bob)
    assert ready.terminals.live().count() == 1


def test_a_first_visit_makes_the_persons_session_and_waits(running: Sandbox, bob: User) -> None:
    shown = page(bob)
    assert "Preparing your session" in shown
    assert "terminals-data" not in shown
    assert Session.objects.get(user=bob).name == "bob"


def test_veras_session_reads_only_and_says_so(running: Sandbox, vera: User) -> None:
    shown = page(vera)
    assert "Read only" in shown
    assert "/stop/" not in shown


def test_the_work_is_shown_with_times_and_the_failing_step(sandbox: Sandbox, bob: User) -> None:
    Step.begin(sandbox, "create", "Create the network").finish(Step.Outcome.DONE)
    Step.begin(sandbox, "create", "Start the session").finish(Step.Outcome.FAILED, "No <memory> left.")
    sandbox.reach(State.FAILED, "No <memory> left.")
    shown = page(bob)
    assert "quiet-otter failed" in shown
    assert 'class="step done"' in shown
    assert "0.0 s" in shown
    assert shown.count('class="step-detail">No &lt;memory&gt; left.') == 1
    assert "Retry" in shown
    assert "Copy log" in shown


def test_a_running_step_counts(sandbox: Sandbox, bob: User) -> None:
    Step.begin(sandbox, "create", "Create the network")
    assert "data-elapsed-s=" in page(bob)


def test_only_the_latest_operation_is_shown(sandbox: Sandbox, bob: User) -> None:
    Step.begin(sandbox, "create", "Create the network").finish(Step.Outcome.DONE)
    sandbox.stop()
    assert "Create the network" not in page(bob)
    Step.begin(sandbox, "stop", "Stop the sessions").finish(Step.Outcome.DONE)
    shown = page(bob)
    assert "Stop the sessions" in shown
    assert "Create the network" not in shown


def test_a_new_try_hides_what_failed_before(sandbox: Sandbox, bob: User) -> None:
    Step.begin(sandbox, "create", "Create the network").finish(Step.Outcome.FAILED, "No memory.")
    sandbox.reach(State.FAILED, "No memory.")
    sandbox.retry()
    assert "No memory." not in page(bob)
    Step.begin(sandbox, "create", "Create the network again")
    shown = page(bob)
    assert "Create the network again" in shown
    assert "No memory." not in shown


def test_a_failed_session_can_be_tried_again(running: Sandbox, bob: User) -> None:
    Session.for_person(running, bob).reach(SessionState.FAILED, "No memory.")
    shown = page(bob)
    assert "Your session did not start" in shown
    assert "No memory." in shown
    browser_of(bob).post("/sandboxes/quiet-otter/retry-session/")
    assert Session.objects.get(user=bob).state == SessionState.WAITING


def test_a_stopped_sandbox_says_what_is_kept(running: Sandbox, bob: User) -> None:
    running.stop()
    running.reach(State.STOPPED)
    assert "files are kept" in page(bob)


def test_a_sandbox_on_its_way_out_gets_no_new_session(running: Sandbox, bob: User) -> None:
    running.delete_everything()
    assert "Deleting quiet-otter" in page(bob)
    assert not Session.objects.filter(user=bob).exists()


@pytest.mark.parametrize("address", [PAGE, STATUS])
def test_charlie_gets_404(ready: Session, charlie: User, address: str) -> None:
    Team.objects.create(name="Elsewhere").add(charlie, Role.OWNER)
    assert browser_of(charlie).get(address).status_code == 404
    assert not Session.objects.filter(user=charlie).exists()


@pytest.mark.parametrize("address", [PAGE, STATUS])
def test_anonymous_is_sent_to_the_sign_in(client: Client, ready: Session, address: str) -> None:
    assert client.get(address).status_code == 302


def test_the_page_asks_few_questions(
    ready: Session, bob: User, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    page(bob)
    browser = browser_of(bob)
    with django_assert_max_num_queries(13):
        browser.get(PAGE)


# --- live -----------------------------------------------------------------------------------------------------------
def test_a_waiting_page_is_told_to_load_again_once_there_is_a_prompt(running: Sandbox, bob: User) -> None:
    browser = browser_of(bob)
    waiting = browser.get(STATUS)
    assert "HX-Refresh" not in browser.get(f"{STATUS}?waiting=1")
    assert f'data-live-status="{STATUS}?waiting=1"' in waiting.content.decode()
    Session.objects.get(user=bob).reach(SessionState.RUNNING)
    assert browser.get(f"{STATUS}?waiting=1")["HX-Refresh"] == "true"


def test_a_page_with_its_prompt_is_left_alone(ready: Session, bob: User) -> None:
    answer = browser_of(bob).get(STATUS)
    assert "HX-Refresh" not in answer
    assert f'data-live-status="{STATUS}"' in answer.content.decode()


def test_the_update_carries_head_and_work(sandbox: Sandbox, bob: User) -> None:
    shown = page(bob, STATUS).strip()
    assert shown.startswith('<div class="sandbox-status"')
    assert 'id="sandbox-progress" aria-label="Progress" aria-live="polite" hx-swap-oob="true"' in shown
    assert "<html" not in shown


# --- terminals over JSON --------------------------------------------------------------------------------------------
def error_of(answer: Any) -> tuple[int, str]:
    """Return status and code; every refusal carries a sentence too."""
    error = answer.json()["error"]
    assert error["text"].endswith(".")
    return answer.status_code, error["code"]


def test_bob_opens_one_more_terminal(ready: Session, bob: User) -> None:
    answer = browser_of(bob).post(TERMINALS)
    assert answer.status_code == 201
    assert answer.json()["title"] == "Terminal 1"
    assert ready.terminals.get().created_by == bob


def test_a_stopped_sandbox_opens_none(running: Sandbox, bob: User) -> None:
    running.stop()
    assert error_of(browser_of(bob).post(TERMINALS)) == (409, "not_running")


def test_too_many_terminals_are_refused(ready: Session, bob: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sessions.models.session.TERMINALS_PER_SESSION", 1)
    browser = browser_of(bob)
    browser.post(TERMINALS)
    assert error_of(browser.post(TERMINALS)) == (409, "too_many_terminals")


def test_bob_renames_his_terminal_by_form_and_by_json(ready: Session, bob: User) -> None:
    terminal = ready.open_terminal(by=bob)
    browser = browser_of(bob)
    address = f"/terminals/{terminal.pk}/rename/"
    assert browser.post(address, {"title": "build"}).json()["title"] == "build"
    renamed = browser.post(address, json.dumps({"title": "täst"}), content_type="application/json")
    assert renamed.json()["title"] == "täst"


@pytest.mark.parametrize(
    "body", ["", "{", "[]", '{"title": 1}', '{"title": ""}', "\udcff".encode(errors="surrogateescape")]
)
def test_a_bad_title_changes_nothing(ready: Session, bob: User, body: str | bytes) -> None:
    terminal = ready.open_terminal(by=bob)
    answer = browser_of(bob).post(f"/terminals/{terminal.pk}/rename/", body, content_type="application/json")
    assert error_of(answer) == (400, "bad_title")
    terminal.refresh_from_db()
    assert terminal.title == "Terminal 1"


def test_bob_ends_his_terminal(ready: Session, bob: User) -> None:
    terminal = ready.open_terminal(by=bob)
    answer = browser_of(bob).post(f"/terminals/{terminal.pk}/end/")
    assert answer.json()["state"] == "ended"


def test_a_terminal_that_cannot_be_ended_goes_on(ready: Session, bob: User, monkeypatch: pytest.MonkeyPatch) -> None:
    def away() -> None:
        raise EngineError("The engine does not answer.")

    monkeypatch.setattr(terminals, "engine_named", away)
    terminal = ready.open_terminal(by=bob)
    terminal.mark_opened()
    assert error_of(browser_of(bob).post(f"/terminals/{terminal.pk}/end/")) == (503, "engine_away")
    terminal.refresh_from_db()
    assert terminal.is_live


def test_alice_who_manages_the_sandbox_may_end_bobs(ready: Session, alice: User, bob: User) -> None:
    terminal = ready.open_terminal(by=bob)
    assert browser_of(alice).post(f"/terminals/{terminal.pk}/end/").status_code == 200


@pytest.mark.parametrize("verb", ["end", "rename"])
def test_vera_who_sees_bobs_terminal_changes_nothing(ready: Session, bob: User, vera: User, verb: str) -> None:
    terminal = ready.open_terminal(by=bob)
    answer = browser_of(vera).post(f"/terminals/{terminal.pk}/{verb}/", {"title": "mine"})
    assert error_of(answer) == (403, "not_allowed")
    terminal.refresh_from_db()
    assert (terminal.is_live, terminal.title) == (True, "Terminal 1")


@pytest.mark.parametrize("verb", ["end", "rename"])
def test_charlie_learns_nothing_of_terminals(ready: Session, bob: User, charlie: User, verb: str) -> None:
    terminal = ready.open_terminal(by=bob)
    browser = browser_of(charlie)
    theirs, none = (browser.post(f"/terminals/{pk}/{verb}/") for pk in (terminal.pk, uuid4()))
    assert theirs.json() == none.json()
    assert error_of(theirs) == (404, "unknown_terminal")
    assert error_of(browser.post(TERMINALS)) == (404, "unknown_sandbox")


def test_who_is_signed_out_hears_it_as_json(client: Client, ready: Session, bob: User) -> None:
    terminal = ready.open_terminal(by=bob)
    for address in (TERMINALS, f"/terminals/{terminal.pk}/end/", f"/terminals/{terminal.pk}/rename/"):
        assert error_of(client.post(address)) == (401, "signed_out")
    assert Terminal.objects.live().count() == 1


def test_a_look_opens_nothing(ready: Session, bob: User) -> None:
    assert browser_of(bob).get(TERMINALS).status_code == 405
    assert ready.sandbox.desired == Desired.RUNNING
    assert not ready.terminals.exists()
