"""The pages around sessions: the list, a new one, what one brings along, its end."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from accounts.models import User
from accounts.vault import sealed
from sandboxes.models import Sandbox, State
from sessions.brings.environment import ENV_MAX_COUNT
from sessions.brings.git import Git
from sessions.models import Permission, Session, SessionState, SessionToken
from tests.visitors import browser_of

CANARY = "canary-91bd"


@pytest.fixture
def running(sandbox: Sandbox) -> Sandbox:
    sandbox.reach(State.RUNNING, boot_reached=sandbox.boot)
    Session.for_global(sandbox).reach(SessionState.RUNNING)
    return sandbox


def page(sandbox: Sandbox, *parts: str) -> str:
    return "/".join(["/sandboxes", sandbox.slug, *parts, ""])


def variables(*rows: dict[str, str], known: int = 0) -> dict[str, str]:
    """Return the fields of so many rows, as a browser sends them."""
    fields = {"env-TOTAL_FORMS": str(len(rows)), "env-INITIAL_FORMS": str(known)}
    return fields | {f"env-{number}-{name}": value for number, row in enumerate(rows) for name, value in row.items()}


def settings_of(session: Session, **changes: Any) -> dict[str, Any]:
    columns = ("git_email", "git_name", "git_provider", "git_username")
    return {column: getattr(session, column) for column in columns} | variables() | changes


# --- the list -------------------------------------------------------------------------------------------------------
def test_everybody_in_the_team_sees_who_is_there(running: Sandbox, bobs_session: Session, vera: User) -> None:
    terminal = bobs_session.open_terminal(by=bobs_session.user)
    bobs_session.reach(SessionState.RUNNING)
    text = browser_of(vera).get(page(running, "sessions")).content.decode()
    assert all(word in text for word in ("pitcher-host", "bob", "Write", terminal.title, f"#terminal-{terminal.pk}"))
    assert "End bob" not in text
    assert "Settings of bob" not in text


def test_looking_at_the_list_makes_no_session(running: Sandbox, vera: User) -> None:
    browser_of(vera).get(page(running, "sessions"))
    assert not running.sessions.filter(user=vera).exists()


def test_the_list_asks_as_often_for_many_as_for_one(
    running: Sandbox, bob: User, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(30):
        Session.connect(running, f"ref-{number}", by=bob)[0].open_terminal(by=bob)
    client = browser_of(bob)
    with django_assert_max_num_queries(16):
        assert client.get(page(running, "sessions")).content.decode().count("Terminal 1") == 30


def test_a_stranger_gets_404_everywhere(running: Sandbox, bobs_session: Session, charlie: User) -> None:
    client = browser_of(charlie)
    for parts in (["sessions"], ["new-session"], ["sessions", "bob"], ["sessions", "bob", "settings"]):
        assert client.get(page(running, *parts)).status_code == 404
    for parts in (["sessions", "bob", "end"], ["sessions", "bob", "terminals"], ["sessions", "bob", "retry"]):
        assert client.post(page(running, *parts)).status_code == 404
    assert Session.objects.get(pk=bobs_session.pk).ended_at is None


# --- a new one ------------------------------------------------------------------------------------------------------
def test_bob_creates_a_read_session_with_everything(running: Sandbox, bob: User) -> None:
    fields = {
        "name": "some-user-reference",
        "permission": "read",
        "git_email": "ref@example.com",
        "git_token": CANARY,
        "host_token": "host-token",
        **variables({"name": "FOO", "value": "bar"}, {"name": "LINES_", "value": "a\r\nb"}, {"name": "", "value": ""}),
    }
    answer = browser_of(bob).post(page(running, "new-session"), fields, follow=True)
    session = running.sessions.get(name="some-user-reference")
    assert (session.permission, session.created_by, session.user) == (Permission.READ, bob, None)
    assert session.git == Git(email="ref@example.com", name="some-user-reference", token=CANARY)
    assert session.environment == {"FOO": "bar", "LINES_": "a\nb"}
    assert sealed.get(session, "host_token") == "host-token"
    assert CANARY not in answer.content.decode()


def test_an_id_that_is_there_leads_to_its_session_and_changes_nothing(running: Sandbox, bob: User, alice: User) -> None:
    fields = {"name": "ref", "permission": "read", **variables({"name": "A", "value": "1"})}
    browser_of(bob).post(page(running, "new-session"), fields)
    again = fields | {"permission": "write", **variables({"name": "A", "value": "2"})}
    answer = browser_of(alice).post(page(running, "new-session"), again, follow=True)
    assert "is there already" in answer.content.decode()
    session = running.sessions.get(name="ref")
    assert (session.permission, session.environment) == (Permission.READ, {"A": "1"})


def test_without_an_id_it_is_the_global_session(running: Sandbox, bob: User) -> None:
    answer = browser_of(bob).post(
        page(running, "new-session"), {"name": "", "permission": "write", **variables()}, follow=True
    )
    assert "pitcher-host is there already" in answer.content.decode()


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"name": "a b"}, "Use 1 to 20 letters"),
        ({"permission": "root"}, "root is not one of the available choices"),
        ({"git_email": "nobody"}, "Enter an email address"),
        ({"git_token": "x"}, "git needs an email address"),
        ({"git_email": "a@example.com", "git_provider": "not a host"}, "Enter a host such as"),
        (variables({"name": "1A", "value": ""}), "is not a name"),
        (variables({"name": "", "value": "lost"}), "Say which variable has this value"),
        (variables({"name": "A", "value": "1"}, {"name": "A", "value": "2"}), "named twice"),
        (variables({"name": "A", "value": "x" * 65_536}), "65,537 bytes, and 65,536 are the most. Shorten or remove"),
    ],
)
def test_what_cannot_be_is_refused_and_what_was_typed_stays(
    running: Sandbox, bob: User, fields: dict[str, str], words: str
) -> None:
    wish = {"name": "ref", "permission": "write", **variables()} | fields
    answer = browser_of(bob).post(page(running, "new-session"), wish)
    text = answer.content.decode()
    assert answer.status_code == 200
    assert words in text.replace("&#x27;", "'")
    assert not running.sessions.filter(is_global=False).exists()
    if value := fields.get("env-0-value"):
        assert value in text


def test_as_many_variables_as_there_may_be_go_through_the_form(running: Sandbox, bob: User) -> None:
    rows = [{"known": "", "name": f"A{n}", "value": str(n)} for n in range(ENV_MAX_COUNT + 1)]
    wish = {"name": "ref", "permission": "write", "git_email": "ref@example.com"}
    answer = browser_of(bob).post(page(running, "new-session"), wish | variables(*rows))
    assert answer.status_code == 200
    assert "These are 1001 variables; 1000 are the most" in answer.content.decode()
    assert browser_of(bob).post(page(running, "new-session"), wish | variables(*rows[:-1])).status_code == 302
    assert len(running.sessions.get(name="ref").environment) == ENV_MAX_COUNT


def test_a_secret_that_was_typed_beside_a_mistake_is_asked_for_again(running: Sandbox, bob: User) -> None:
    """It is not sent back to the page, so the page says that it is not there any more."""
    wish = {"name": "ref", "permission": "write", "git_email": "ref@example.com", "git_token": CANARY}
    text = browser_of(bob).post(page(running, "new-session"), wish | variables({"name": "1A"})).content.decode()
    assert CANARY not in text
    assert text.count("Type it again") == 1
    assert 'value="ref@example.com"' in text


def test_only_who_manages_the_sandbox_makes_sessions_for_members(
    running: Sandbox, alice: User, bob: User, vera: User
) -> None:
    wish = {"name": "for-vera", "permission": "write", "user": str(vera.pk), **variables()}
    browser_of(bob).post(page(running, "new-session"), wish | {"name": "bobs"})
    assert running.sessions.get(name="bobs").user is None
    browser_of(alice).post(page(running, "new-session"), wish)
    made = running.sessions.get(name="for-vera")
    assert (made.user, made.permission) == (vera, Permission.READ)


def test_a_viewer_creates_none_and_hears_why(running: Sandbox, vera: User) -> None:
    answer = browser_of(vera).get(page(running, "new-session"))
    assert answer.status_code == 403
    assert "Your role lets you look" in answer.content.decode()


# --- settings -------------------------------------------------------------------------------------------------------
def test_settings_are_set_replaced_and_cleared_and_never_shown(running: Sandbox, bobs_session: Session) -> None:
    assert bobs_session.user is not None
    client, address = browser_of(bobs_session.user), page(running, "sessions", "bob", "settings")
    wish = settings_of(
        bobs_session, git_email="bob@example.com", git_token=CANARY, **variables({"name": "KEY", "value": CANARY})
    )
    answer = client.post(address, wish, follow=True)
    assert "New terminals have the new variables" in answer.content.decode()
    text = client.get(address).content.decode()
    assert CANARY not in text
    assert text.count("Set. Type to replace it.") == 2
    session = Session.objects.get(pk=bobs_session.pk)
    assert (session.git.token, session.environment) == (CANARY, {"KEY": CANARY})

    kept = variables({"known": "KEY", "value": ""}, {"name": "", "value": ""}, known=1)
    client.post(address, settings_of(session, **kept))
    session = Session.objects.get(pk=bobs_session.pk)
    assert (session.git.token, session.environment) == (CANARY, {"KEY": CANARY})

    replaced = variables({"known": "KEY", "value": "new"}, {"name": "MORE", "value": ""}, known=1)
    client.post(address, settings_of(session, git_token="t2", **replaced))
    session = Session.objects.get(pk=bobs_session.pk)
    assert (session.git.token, session.environment) == ("t2", {"KEY": "new", "MORE": ""})

    cleared = variables({"known": "KEY", "remove": "on"}, {"known": "MORE", "remove": "on"}, known=2)
    client.post(address, settings_of(session, clear_git_token="on", **cleared))
    session = Session.objects.get(pk=bobs_session.pk)
    assert (session.git.token, session.environment) == ("", {})


def test_rows_do_not_mix_when_someone_else_removed_one(running: Sandbox, bobs_session: Session) -> None:
    """Rows are known by their names, not by their places in the form."""
    bobs_session.set_environment({"A": "1", "B": "2", "C": "3"})
    stale = variables({"known": "A"}, {"known": "B", "remove": "on"}, {"known": "C", "value": "9"}, known=3)
    bobs_session.set_environment({"B": "2", "C": "3"})
    assert bobs_session.user is not None
    wish = settings_of(bobs_session, **stale)
    browser_of(bobs_session.user).post(page(running, "sessions", "bob", "settings"), wish)
    assert Session.objects.get(pk=bobs_session.pk).environment == {"C": "9"}


def test_a_byte_too_many_beside_what_is_set_changes_nothing(running: Sandbox, bobs_session: Session) -> None:
    """Counted with the variables that are set already; what was typed stays on the page."""
    assert bobs_session.user is not None
    bobs_session.set_environment({"KEPT": "x" * 60_000})
    bobs_session.set_git(Git(email="bob@example.com", token=CANARY))
    client, address = browser_of(bobs_session.user), page(running, "sessions", "bob", "settings")
    typed = "typed" * 1106 + "!"
    rows = variables({"known": "KEPT"}, {"name": "N", "value": typed + "y"}, known=1)
    answer = client.post(address, settings_of(bobs_session, git_token="another", **rows))
    text = answer.content.decode()
    assert "Names and values make 65,537 bytes, and 65,536 are the most. Shorten or remove some" in text
    assert f"{typed}y" in text
    assert "Type it again" in text
    session = Session.objects.get(pk=bobs_session.pk)
    assert (session.environment, session.git.token) == ({"KEPT": "x" * 60_000}, CANARY)
    rows = variables({"known": "KEPT"}, {"name": "N", "value": typed}, known=1)
    assert client.post(address, settings_of(bobs_session, git_token="another", **rows)).status_code == 302
    session = Session.objects.get(pk=bobs_session.pk)
    assert (session.environment, session.git.token) == ({"KEPT": "x" * 60_000, "N": typed}, "another")


@pytest.mark.parametrize("name", ["bob", "pitcher-host"])
def test_vera_who_may_look_changes_no_settings(running: Sandbox, bobs_session: Session, vera: User, name: str) -> None:
    address = page(running, "sessions", name, "settings")
    assert browser_of(vera).get(address).status_code == 403
    assert browser_of(vera).post(address, settings_of(bobs_session)).status_code == 403


def test_vera_changes_nothing_about_her_own_read_session(running: Sandbox, vera: User) -> None:
    Session.for_person(running, vera)
    answer = browser_of(vera).get(page(running, "sessions", "vera", "settings"))
    assert answer.status_code == 403
    assert "not yours to change" in answer.content.decode()


# --- looking, working, ending ---------------------------------------------------------------------------------------
def test_alice_looks_at_bobs_terminals_and_opens_none(running: Sandbox, bobs_session: Session, alice: User) -> None:
    bobs_session.reach(SessionState.RUNNING)
    terminal = bobs_session.open_terminal(by=bobs_session.user)
    text = browser_of(alice).get(page(running, "sessions", "bob")).content.decode()
    assert 'data-may-write="false"' in text
    assert str(terminal.pk) in text
    assert browser_of(alice).post(page(running, "sessions", "bob", "terminals")).status_code == 403
    assert bobs_session.terminals.count() == 1


def test_a_session_without_terminals_is_looked_at_without_opening_one(
    running: Sandbox, bobs_session: Session, alice: User
) -> None:
    bobs_session.reach(SessionState.RUNNING)
    assert browser_of(alice).get(page(running, "sessions", "bob")).status_code == 200
    assert not bobs_session.terminals.exists()


def test_bob_works_in_the_global_session_and_vera_does_not(running: Sandbox, bob: User, vera: User) -> None:
    assert browser_of(bob).post(page(running, "sessions", "pitcher-host", "terminals")).status_code == 201
    assert browser_of(vera).post(page(running, "sessions", "pitcher-host", "terminals")).status_code == 403


def test_sessions_are_ended_by_their_owner_and_by_managers(
    running: Sandbox, alice: User, bob: User, vera: User
) -> None:
    mine = Session.for_person(running, vera)
    outside, _ = Session.connect(running, "ref", by=bob)
    assert browser_of(vera).post(page(running, "sessions", "ref", "end")).status_code == 403
    assert browser_of(vera).post(page(running, "sessions", "vera", "end")).status_code == 302
    assert browser_of(alice).post(page(running, "sessions", "ref", "end")).status_code == 302
    assert all(Session.objects.get(pk=session.pk).ended_at for session in (mine, outside))


def test_the_global_session_is_not_ended(running: Sandbox, alice: User) -> None:
    assert browser_of(alice).post(page(running, "sessions", "pitcher-host", "end")).status_code == 403
    assert Session.for_global(running).ended_at is None


def test_secrets_that_do_not_open_are_said_and_not_a_500(running: Sandbox, bobs_session: Session, alice: User) -> None:
    bobs_session.set_git(Git(email="b@example.com", token=CANARY))
    bobs_session.set_environment({"A": CANARY})
    Session.objects.filter(pk=bobs_session.pk).update(git_token=bobs_session.env, env=bobs_session.git_token)
    for address in (page(running, "sessions", "bob", "settings"), admin_page(bobs_session)):
        answer = browser_of(alice).get(address)
        assert answer.status_code == 503
        assert "A secret cannot be opened" in answer.content.decode()


def admin_page(session: Session) -> str:
    return f"/admin/sandbox_sessions/session/{session.pk}/change/"


# --- tokens ---------------------------------------------------------------------------------------------------------
def test_a_token_is_made_shown_once_and_revoked(running: Sandbox, bobs_session: Session, bob: User) -> None:
    browser, at = browser_of(bob), page(running, "sessions", "bob", "tokens")
    assert "No token opens this session" in browser.get(at).content.decode()
    made = browser.post(at, {"hours": "8"}).content.decode()
    token = SessionToken.objects.get()
    (text,) = set(re.findall(r"slts_\w{30,}", made))
    assert SessionToken.objects.usable().with_text(text) == token
    assert timedelta(hours=7.9) < token.expires_at - timezone.now() <= timedelta(hours=8)
    listed = browser.get(at).content.decode()
    assert token.shown in listed
    assert text not in listed
    browser.post(f"{at}{token.pk}/revoke/")
    assert not SessionToken.objects.usable().exists()
    assert token.shown not in browser.get(at).content.decode().partition("</main>")[0].partition('class="rows')[2]


def test_who_manages_the_session_sees_and_revokes_its_tokens_and_makes_none(
    running: Sandbox, bobs_session: Session, bob: User, alice: User
) -> None:
    token, _ = SessionToken.make(bobs_session, bob)
    browser, at = browser_of(alice), page(running, "sessions", "bob", "tokens")
    assert token.shown in browser.get(at).content.decode()
    assert "Create token" not in browser.get(at).content.decode()
    assert browser.post(at, {"hours": "1"}).status_code == 403
    assert browser.post(f"{at}{token.pk}/revoke/").status_code == 302
    assert not SessionToken.objects.usable().exists()


def test_tokens_of_a_session_are_nobody_elses_business(
    running: Sandbox, bobs_session: Session, bob: User, vera: User, charlie: User
) -> None:
    token, _ = SessionToken.make(bobs_session, bob)
    at = page(running, "sessions", "bob", "tokens")
    for person, status in ((vera, 403), (charlie, 404)):
        assert browser_of(person).get(at).status_code == status
        assert browser_of(person).post(f"{at}{token.pk}/revoke/").status_code == status
    assert browser_of(bob).post(at, {"hours": "7"}).status_code == 200
    assert SessionToken.objects.count() == 1
