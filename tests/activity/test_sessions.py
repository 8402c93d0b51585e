"""What is done in sessions and terminals is recorded, and who looked."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection

from accounts.models import Role, User
from activity.chain import verify
from activity.models import Entry
from activity.refusals import Refused
from activity.sockets import with_source
from activity.source import Source, Via, acting, current
from sandboxes.models import Sandbox
from sessions.models import Session, SessionState, Terminal
from sessions.rights.admission import let_in, note_end_wish
from tests.activity.test_people import new_entries
from tests.activity.test_sandboxes import facts
from tests.sessions.test_access import signed_in, terminal_of
from tests.visitors import browser_of

AT = "/sandboxes/quiet-otter"


@pytest.fixture
def running(sandbox: Sandbox) -> Sandbox:
    Sandbox.objects.update(state="running", boot_reached=1)
    sandbox.refresh_from_db()
    return sandbox


@pytest.fixture
def terminal(running: Sandbox, bob: User) -> Terminal:
    return terminal_of(Session.for_person(running, bob))


def through_a_socket(user: User, do: Callable[[], Any]) -> None:
    with acting(lambda: Source(Via.SOCKET, "203.0.113.9", user)):
        do()


# --- by pages -------------------------------------------------------------------------------------------------------
def test_the_first_visit_and_each_later_one_are_recorded_once(running: Sandbox, bob: User) -> None:
    browser = browser_of(bob)
    before = verify().count
    browser.get(f"{AT}/")
    Session.objects.get(user=bob).reach(SessionState.RUNNING)
    for _ in range(3):
        browser.get(f"{AT}/")
    assert [facts(entry) for entry in new_entries(before)] == [
        ("Bob", "session.create", "bob in quiet-otter", "done", "page"),
        ("Bob", "session.connect", "bob in quiet-otter", "done", "page"),
        ("Bob", "terminal.open", "Terminal 1 of bob in quiet-otter", "done", "page"),
    ]


CHANGES: list[tuple[str, dict[str, Any], str, str]] = [
    (f"{AT}/terminals/", {}, "terminal.open", "Terminal 2 of bob in quiet-otter"),
    ("/terminals/{pk}/rename/", {"title": "logs"}, "terminal.rename", "logs of bob in quiet-otter"),
    ("/terminals/{pk}/end/", {}, "terminal.end", "Terminal 1 of bob in quiet-otter"),
    (f"{AT}/sessions/bob/end/", {}, "session.end", "bob in quiet-otter"),
]


@pytest.mark.parametrize(("address", "fields", "verb", "target"), CHANGES, ids=[row[2] for row in CHANGES])
def test_what_a_page_changes_is_recorded(
    terminal: Terminal, bob: User, address: str, fields: dict[str, Any], verb: str, target: str
) -> None:
    browser = browser_of(bob)
    before = verify().count
    browser.post(address.format(pk=terminal.pk), fields)
    assert [facts(entry) for entry in new_entries(before)] == [("Bob", verb, target, "done", "page")]


@pytest.mark.parametrize(
    "address",
    [
        f"{AT}/sessions/bob/terminals/",
        f"{AT}/sessions/bob/settings/",
        f"{AT}/sessions/bob/retry/",
        f"{AT}/sessions/bob/end/",
        "/terminals/{pk}/rename/",
        "/terminals/{pk}/end/",
    ],
)
def test_what_a_page_refuses_is_recorded(terminal: Terminal, vera: User, address: str) -> None:
    browser = browser_of(vera)
    before = verify().count
    assert browser.post(address.format(pk=terminal.pk), {"title": "mine"}).status_code == 403
    (entry,) = new_entries(before)
    assert facts(entry)[:2] == ("Vera", "access.refused")
    assert (entry.outcome, entry.sandbox) == ("refused", "quiet-otter")
    assert "bob in quiet-otter" in entry.target


def test_settings_are_recorded_by_name_and_never_by_value(running: Sandbox, bob: User) -> None:
    session = Session.for_person(running, bob)
    session.set_environment({"API_KEY": "a canary"})
    entry = Entry.objects.all()[0]
    assert (entry.verb, entry.detail) == ("session.settings", {"changed": "env"})
    with connection.cursor() as cursor:
        cursor.execute("SELECT detail FROM activity_entry")
        assert "canary" not in str(cursor.fetchall())


def test_a_role_that_is_taken_says_what_became_of_the_session(running: Sandbox, bob: User, alice: User) -> None:
    Session.for_person(running, bob)
    membership = running.team.memberships.get(user=bob)
    before = verify().count
    browser_of(alice).post(f"/team/members/{membership.pk}/role/", {"role": Role.VIEWER})
    browser_of(alice).post(f"/team/members/{membership.pk}/remove/")
    said = [(entry.verb, entry.actor.split(" <")[0]) for entry in new_entries(before) if entry.verb != "login.ok"]
    assert said == [
        ("session.permission", "Alice"),
        ("membership.role", "Alice"),
        ("session.end", "Alice"),
        ("membership.revoke", "Alice"),
    ]


# --- by sockets -----------------------------------------------------------------------------------------------------
def test_looking_at_a_terminal_is_recorded_once_however_often_the_link_comes_back(
    terminal: Terminal, alice: User, bob: User
) -> None:
    terminal.mark_opened()
    before = verify().count
    for user in (bob, alice, bob, alice):
        login = signed_in(user)
        through_a_socket(user, lambda login=login: let_in(login, terminal.pk))  # type: ignore[misc]
    assert [facts(entry) for entry in new_entries(before)] == [
        (who, "terminal.attach", "Terminal 1 of bob in quiet-otter", "done", "socket") for who in ("Bob", "Alice")
    ]
    assert {entry.address for entry in new_entries(before)} == {"203.0.113.9"}


def test_a_stranger_at_a_terminal_is_recorded_as_refused(terminal: Terminal, charlie: User) -> None:
    login = signed_in(charlie)
    for _ in range(2):
        with pytest.raises(Refused):
            through_a_socket(charlie, lambda: let_in(login, terminal.pk))
    (entry,) = Entry.objects.filter(verb="terminal.attach")
    assert (entry.actor.split(" <")[0], entry.outcome, entry.team) == ("Charlie", "refused", "Harbor")


def test_an_end_by_the_person_and_a_shell_that_ended_are_told_apart(terminal: Terminal, bob: User) -> None:
    before = verify().count
    through_a_socket(bob, lambda: note_end_wish(terminal.pk))
    through_a_socket(bob, lambda: terminal.mark_ended(130))
    through_a_socket(bob, lambda: terminal.mark_ended(130))
    assert [facts(entry) for entry in new_entries(before)] == [
        ("Bob", "terminal.end", "Terminal 1 of bob in quiet-otter", "done", "socket"),
        ("Sandlot", "terminal.exit", "Terminal 1 of bob in quiet-otter", "done", "socket"),
    ]
    assert new_entries(before)[1].detail == {"status": 130, "reason": ""}


async def test_a_socket_names_its_client() -> None:
    seen: list[Source] = []

    async def application(scope: Any, receive: Any, send: Any) -> None:
        seen.append(current())

    await with_source(application)({"user": None, "client": ["203.0.113.9", 1], "headers": []}, None, None)
    assert seen == [Source(Via.SOCKET, "203.0.113.9")]


# --- what nobody does -----------------------------------------------------------------------------------------------
def test_a_session_that_fails_is_recorded_once_with_its_reason_and_its_retry(running: Sandbox, bob: User) -> None:
    session = Session.for_person(running, bob)
    before = verify().count
    for _ in range(2):
        session.reach(SessionState.FAILED, "The holder is not ready.")
    browser_of(bob).post(f"{AT}/retry-session/")
    entries = [entry for entry in new_entries(before) if entry.verb != "login.ok"]
    assert [(entry.verb, entry.outcome, entry.detail) for entry in entries] == [
        ("session.run", "failed", {"reason": "The holder is not ready."}),
        ("session.retry", "done", {}),
    ]
