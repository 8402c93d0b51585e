"""Actions of the admin: each says what it is about to do and to which rows, and answers for each of them."""

from __future__ import annotations

import re

import pytest
from django.contrib.admin import site
from django.core.exceptions import ValidationError
from django.test import Client, RequestFactory

from accounts import row_actions
from accounts.models import ApiToken, Invitation, Role, Scope, Team, User
from activity.models import Entry
from sandboxes.models import Sandbox, State
from sessions.models import Session
from tests.sessions.test_access import terminal_of
from tests.visitors import browser_of

# Starting is undone by stopping and ends nothing: the only one that does not ask.
ASKS_NOT = {("sandboxes/sandbox", "start"), ("sandboxes/sandbox", "resume")}
ALL = [
    (f"{model._meta.app_label}/{model._meta.model_name}", action)
    for model, admin in site._registry.items()
    for action in admin.actions or ()
]


@pytest.fixture
def admin(alice: User) -> Client:
    return browser_of(alice)


@pytest.fixture
def rows(sandbox: Sandbox, bob: User, alice: User) -> dict[str, int | str]:
    """A row of each model whose list has actions."""
    sandbox.reach(State.RUNNING)
    session = Session.for_person(sandbox, bob)
    return {
        "sandboxes/sandbox": sandbox.pk,
        "sandbox_sessions/session": session.pk,
        "sandbox_sessions/terminal": str(terminal_of(session).pk),
        "accounts/user": bob.pk,
        "accounts/membership": bob.memberships.get().pk,
        "accounts/apitoken": ApiToken.make(bob, "nightly", [Scope.SANDBOXES_READ])[0].pk,
        "accounts/invitation": sandbox.team.invite(Role.MEMBER, alice)[0].pk,
    }


def post(admin: Client, model: str, **fields: object) -> str:
    return admin.post(f"/admin/{model}/", fields, follow=True).content.decode()


def confirm(admin: Client, page: str, address: str) -> str:
    """Press the button of the page that asks, with all that stands in its form."""
    form = page[page.index('<form method="post">') :]
    fields: dict[str, list[str]] = {}
    for name, value in re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', form):
        fields.setdefault(name, []).append(value)
    return admin.post(address, fields, follow=True).content.decode()


def test_there_are_actions_to_look_at() -> None:
    assert len(ALL) >= 13


@pytest.mark.parametrize(("model", "action"), sorted(set(ALL) - ASKS_NOT))
def test_it_asks_first_and_changes_nothing_until_then(
    admin: Client, rows: dict[str, int | str], model: str, action: str
) -> None:
    before = Entry.objects.count()
    page = post(admin, model, action=action, _selected_action=rows[model])
    assert "Yes: " in page
    assert "No, take me back" in page
    assert re.search(r": 1 [\w ]+</h1>", page), "the title says how many"
    assert Entry.objects.count() == before


def test_only_starting_and_resuming_do_not_ask(admin: Client, rows: dict[str, int | str]) -> None:
    for model, action in ASKS_NOT:
        assert "Yes: " not in post(admin, model, action=action, _selected_action=rows[model])


def test_confirmed_it_is_done_and_answers_for_each_row(admin: Client, team: Team, bob: User, vera: User) -> None:
    page = post(admin, "accounts/user", action="disable", _selected_action=[bob.pk, vera.pk])
    assert "Bob &lt;bob@example.com&gt;" in page
    assert "Vera &lt;vera@example.com&gt;" in page
    assert User.objects.filter(is_active=False).count() == 0
    answer = confirm(admin, page, "/admin/accounts/user/")
    assert "ob@example.com: disabled." in answer
    assert "era@example.com: disabled." in answer
    assert set(User.objects.filter(is_active=False)) == {bob, vera}


def invitations(team: Team, by: User, count: int) -> None:
    for number in range(count):
        team.invite(Role.MEMBER, by, note=f"n{number}")


def test_many_rows_are_named_up_to_a_bound_and_counted(admin: Client, team: Team, alice: User) -> None:
    invitations(team, alice, 60)
    address = "/admin/accounts/invitation/"
    page = post(admin, "accounts/invitation", action="revoke", select_across=1, _selected_action=1)
    assert "Revoke: 60 invitations" in page
    assert page.count("<li>Invitation to Harbor as Member</li>") == 20
    assert "and 40 more" in page
    answer = confirm(admin, page, address)
    assert answer.count("its link does not open any more.") == 50
    assert "10 more: done." in answer
    assert not Invitation.objects.open().exists()


def test_all_means_all_of_the_filtered_list(admin: Client, team: Team, alice: User) -> None:
    invitations(team, alice, 3)
    team.invite(Role.VIEWER, alice)
    address = "/admin/accounts/invitation/?role__exact=member"
    fields = {"action": "revoke", "select_across": 1, "_selected_action": 1}
    page = admin.post(address, fields).content.decode()
    assert "Revoke: 3 invitations" in page
    confirm(admin, page, address)
    assert [row.role for row in Invitation.objects.open()] == [Role.VIEWER]


def test_what_has_come_to_the_list_since_is_left_alone(admin: Client, team: Team, alice: User) -> None:
    invitations(team, alice, 2)
    page = post(admin, "accounts/invitation", action="revoke", select_across=1, _selected_action=1)
    invitations(team, alice, 1)
    confirm(admin, page, "/admin/accounts/invitation/")
    assert Invitation.objects.open().count() == 1


def test_what_has_gone_from_the_list_since_is_asked_about_again(admin: Client, team: Team, alice: User) -> None:
    invitations(team, alice, 3)
    page = post(admin, "accounts/invitation", action="revoke", select_across=1, _selected_action=1)
    Invitation.objects.order_by("pk")[:1].get().delete()
    again = confirm(admin, page, "/admin/accounts/invitation/")
    assert "The selection has changed" in again
    assert "Revoke: 2 invitations" in again
    assert Invitation.objects.open().count() == 2


def test_too_many_at_once_are_refused_with_a_way_out(
    admin: Client, team: Team, alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(row_actions, "ROWS_MAX", 4)
    invitations(team, alice, 5)
    page = post(admin, "accounts/invitation", action="revoke", select_across=1, _selected_action=1, confirmed=5)
    assert "5 rows are too many at once, nothing was changed." in page
    assert Invitation.objects.open().count() == 5


def test_a_row_that_refuses_does_not_keep_the_others(
    admin: Client, team: Team, alice: User, bob: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    disable = User.disable

    def disable_but_bob(user: User) -> None:
        if user == bob:
            raise ValidationError("Not now.")
        disable(user)

    monkeypatch.setattr(User, "disable", disable_but_bob)
    rows = list(User.objects.exclude(pk=alice.pk).values_list("pk", flat=True))
    page = post(admin, "accounts/user", action="disable", _selected_action=rows, confirmed=len(rows))
    assert "bob@example.com&gt;: Not now." in page
    assert "era@example.com: disabled." in page


def test_what_would_fail_for_all_stops_and_says_how_many_are_left(admin: Client, team: Team, alice: User) -> None:
    """Rows after one that waited for an engine in vain would wait as long."""
    said: list[str] = []
    users = site._registry[User]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(users, "message_user", lambda _request, text, _level: said.append(text))
        answers = [row_actions.Answer("One.", is_last=False), row_actions.Answer("Two: away.", is_last=True)]
        row_actions.tell(users, RequestFactory().get("/"), answers, 9)
    assert said == ["One.", "Two: away.", "7 more: left as they were."]
