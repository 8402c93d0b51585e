"""What people and admins do to accounts and teams is recorded, whichever way they take."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from django.contrib.admin import site
from django.core.exceptions import ValidationError
from django.core.management import call_command
from django.test import Client, override_settings

from accounts.first_start import found_from_environment
from accounts.models import Role, Team, User
from activity.chain import verify
from activity.models import Entry
from activity.recorded import Recorded
from activity.source import client_address
from sandboxes.models import Template
from tests.conftest import PASSWORD
from tests.visitors import browser_of


def new_entries(since: int) -> list[Entry]:
    return list(Entry.objects.filter(number__gt=since).order_by("number"))


def said(entry: Entry) -> tuple[str, str, str, str, str]:
    return entry.actor.split(" <")[0], entry.verb, entry.target.split(" <")[0], entry.outcome, entry.via


def membership_of(user: User) -> int:
    return user.memberships.get().pk


@dataclass(frozen=True)
class Scene:
    """Alice's browser, and Bob who is in her team."""

    alice: Client
    bob: User

    def act(self, action: str) -> None:
        self.alice.post("/admin/accounts/user/", {"action": action, "_selected_action": [self.bob.pk], "confirmed": 1})

    def turn_off_two_factor(self) -> None:
        Authenticator.objects.create(user=self.bob, type="totp", data={})
        self.act("turn_off_two_factor")

    def sign_in(self, login: str, password: str) -> None:
        Client().post("/accounts/login/", {"login": login, "password": password})


PASSWORDS = {"password1": "a quiet harbour", "password2": "a quiet harbour"}
# What someone does -> what stands in the record then: who, verb, target, outcome, via.
CHANGES: list[tuple[str, Callable[[Scene], Any], list[tuple[str, str, str, str, str]]]] = [
    (
        "invite",
        lambda at: at.alice.post("/team/invitations/", {"role": "member", "note": "Grace"}),
        [("Alice", "invitation.create", "Invitation to Harbor as Member", "done", "page")],
    ),
    (
        "change a role",
        lambda at: at.alice.post(f"/team/members/{membership_of(at.bob)}/role/", {"role": "admin"}),
        [("Alice", "membership.role", "Bob in Harbor as Admin", "done", "page")],
    ),
    (
        "remove",
        lambda at: at.alice.post(f"/team/members/{membership_of(at.bob)}/remove/"),
        [("Alice", "membership.revoke", "Bob in Harbor as Member", "done", "page")],
    ),
    (
        "leave",
        lambda at: browser_of(at.bob).post(f"/team/members/{membership_of(at.bob)}/remove/"),
        [
            ("Bob", "login.ok", "Bob", "done", "command"),
            ("Bob", "membership.leave", "Bob in Harbor as Member", "done", "page"),
        ],
    ),
    (
        "invite without the right",
        lambda at: browser_of(at.bob).post("/team/invitations/", {"role": "member"}),
        [("Bob", "login.ok", "Bob", "done", "command"), ("Bob", "access.refused", "Harbor", "refused", "page")],
    ),
    (
        "sign in",
        lambda at: at.sign_in("bob@example.com", PASSWORD),
        [("Bob", "login.ok", "Bob", "done", "page")],
    ),
    (
        "sign in with a wrong password",
        lambda at: at.sign_in("bob@example.com", "wrong"),
        [("Not signed in", "login.failed", "Bob", "refused", "page")],
    ),
    (
        "sign in as nobody",
        lambda at: at.sign_in("secret@pass.word", "wrong"),
        [("Not signed in", "login.failed", "no such account", "refused", "page")],
    ),
    (
        "sign out",
        lambda at: at.alice.post("/accounts/logout/"),
        [("Alice", "login.logout", "Alice", "done", "page")],
    ),
    (
        "change the password",
        lambda at: at.alice.post("/accounts/password/change/", PASSWORDS | {"oldpassword": PASSWORD}),
        [("Alice", "login.password", "Alice", "done", "page")],
    ),
    ("disable in the admin", lambda at: at.act("disable"), [("Alice", "user.disable", "Bob", "done", "admin")]),
    ("enable in the admin", lambda at: at.act("enable"), [("Alice", "user.enable", "Bob", "done", "admin")]),
    (
        "set a password in the admin",
        lambda at: at.alice.post(
            f"/admin/accounts/user/{at.bob.pk}/password/", PASSWORDS | {"usable_password": "true"}
        ),
        [
            ("Alice", "login.password", "Bob", "done", "admin"),
            ("Alice", "admin.change", "Bob", "done", "admin"),
        ],
    ),
    (
        "turn a second factor off in the admin",
        lambda at: at.turn_off_two_factor(),
        [("Command line", "login.mfa", "Bob", "done", "command"), ("Alice", "login.mfa", "Bob", "done", "admin")],
    ),
    (
        "add a team in the admin",
        lambda at: at.alice.post(
            "/admin/accounts/team/add/",
            {"name": "Pier", "memberships-TOTAL_FORMS": 0, "memberships-INITIAL_FORMS": 0},
        ),
        [("Alice", "admin.add", "Pier", "done", "admin")],
    ),
]


@pytest.mark.parametrize(("change", "expected"), [pytest.param(*row[1:], id=row[0]) for row in CHANGES])
def test_what_is_done_is_recorded(
    team: Team, alice: User, bob: User, change: Callable[[Scene], Any], expected: list[tuple[str, ...]]
) -> None:
    browser = browser_of(alice)
    before = verify().count
    change(Scene(browser, bob))
    assert [said(entry) for entry in new_entries(before)] == expected
    verify()


def test_an_invitation_is_accepted_with_and_without_an_account(team: Team, alice: User, charlie: User) -> None:
    before = verify().count
    invitation, token = team.invite(Role.VIEWER, alice)
    Client().post(
        f"/invitations/{token}/", {"email": "grace@example.com", "name": "Grace", "password": "a quiet harbour"}
    )
    invitation, token = team.invite(Role.MEMBER, alice)
    browser_of(charlie).post(f"/invitations/{token}/")
    assert [said(entry)[:3] for entry in new_entries(before)] == [
        ("Command line", "invitation.create", "Invitation to Harbor as Viewer"),
        ("Not signed in", "user.create", "Grace"),
        ("Not signed in", "membership.add", "Grace in Harbor as Viewer"),
        ("Grace", "invitation.accept", "Invitation to Harbor as Viewer"),
        ("Grace", "login.ok", "Grace"),
        ("Command line", "invitation.create", "Invitation to Harbor as Member"),
        ("Charlie", "login.ok", "Charlie"),
        ("Charlie", "membership.add", "Charlie in Harbor as Member"),
        ("Charlie", "invitation.accept", "Invitation to Harbor as Member"),
    ]
    assert invitation.token_hash not in str([entry.detail for entry in Entry.objects.all()])


def test_a_taken_role_takes_invitations_along_and_says_so(team: Team, alice: User, bob: User) -> None:
    membership = team.memberships.get(user=bob)
    membership.change_role(Role.ADMIN)
    team.invite(Role.MEMBER, bob)
    before = verify().count
    membership.change_role(Role.MEMBER)
    assert [entry.verb for entry in new_entries(before)] == ["invitation.revoke", "membership.role"]
    assert new_entries(before)[1].detail == {"from": "admin", "to": "member"}


def test_a_change_that_is_refused_leaves_no_entry(team: Team, alice: User) -> None:
    before = verify().count
    with pytest.raises(ValidationError):
        team.memberships.get(user=alice).revoke()
    with pytest.raises(ValidationError):
        team.memberships.get(user=alice).change_role(Role.MEMBER)
    assert verify().count == before


def test_commands_are_recorded(bob: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("getpass.getpass", lambda **_: "a quiet harbour")
    before = verify().count
    call_command("changepassword", bob.email)
    assert said(new_entries(before)[0]) == ("Command line", "login.password", "Bob", "done", "command")


@pytest.mark.django_db
def test_the_first_start_is_recorded() -> None:
    with override_settings(SANDLOT_OWNER_EMAIL="ada@example.com", SANDLOT_OWNER_PASSWORD="a quiet harbour"):
        found_from_environment()
    assert [entry.verb for entry in new_entries(0)] == ["user.create", "team.create", "membership.add"]


# --- the admin ------------------------------------------------------------------------------------------------------
@pytest.mark.django_db
def test_every_model_of_the_admin_is_recorded() -> None:
    assert [model for model, admin in site._registry.items() if not isinstance(admin, Recorded)] == []


def test_a_form_of_the_admin_says_which_fields_changed_and_not_their_values(
    alice: User, team: Team, template: Template
) -> None:
    fields = {name: getattr(template, name) for name in ("slug", "image", "memory_bytes", "cpu_millis", "pids_limit")}
    before = verify().count + 1
    browser_of(alice).post(
        f"/admin/sandboxes/template/{template.pk}/change/",
        fields | {"title": "Canary", "disk_bytes": template.disk_bytes, "position": 1, "is_active": "on"},
    )
    (entry,) = new_entries(before)
    assert (entry.verb, entry.target_kind, entry.target) == ("admin.change", "template", "debian")
    assert entry.detail == {"change": "Changed Title and Position."}


def test_deleting_in_the_admin_leaves_the_entries(alice: User, team: Team) -> None:
    pier = Team.objects.create(name="Pier")
    pier.rename("Old pier")
    browser = browser_of(alice)
    before, pier_id = verify().count, pier.pk
    browser.post(f"/admin/accounts/team/{pier.pk}/delete/", {"post": "yes"})
    assert not Team.objects.filter(pk=pier_id).exists()
    (entry,) = new_entries(before)
    assert said(entry) == ("Alice", "admin.delete", "Old pier", "done", "admin")
    assert Entry.objects.get(verb="team.rename").team_id == pier_id
    verify()


# --- from where -----------------------------------------------------------------------------------------------------
TRUSTED = ("HTTP_X_FORWARDED_PROTO", "https")


@pytest.mark.parametrize(
    ("proxy", "peer", "forwarded", "address"),
    [
        (None, "203.0.113.9", "", "203.0.113.9"),
        (None, "127.0.0.1", "203.0.113.9", "127.0.0.1"),
        (TRUSTED, "127.0.0.1", "203.0.113.9", "203.0.113.9"),
        (TRUSTED, "10.0.0.2", "198.51.100.1, 203.0.113.9", "203.0.113.9"),
        (TRUSTED, "127.0.0.1", "203.0.113.9, nonsense", ""),
        (TRUSTED, "127.0.0.1", "", "127.0.0.1"),
        (TRUSTED, "192.0.3.1", "203.0.113.9", "192.0.3.1"),
        (TRUSTED, "127.0.0.1", "2001:db8::1", "2001:db8::1"),
    ],
)
def test_the_address_is_the_clients_and_not_what_it_says(
    proxy: tuple[str, str] | None, peer: str, forwarded: str, address: str
) -> None:
    with override_settings(SECURE_PROXY_SSL_HEADER=proxy):
        assert client_address(peer, forwarded) == address


def test_the_address_of_a_browser_is_kept(bob: User) -> None:
    browser = Client(REMOTE_ADDR="203.0.113.9", HTTP_X_FORWARDED_FOR="198.51.100.1")
    browser.post("/accounts/login/", {"login": bob.email, "password": PASSWORD})
    assert Entry.objects.get(verb="login.ok").address == "203.0.113.9"
