"""People and teams in the admin."""

from __future__ import annotations

import pytest
from allauth.mfa.models import Authenticator
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from accounts.models import Invitation, Membership, Role, Team, User
from tests.visitors import browser_of

LISTS = ["user", "team", "membership", "invitation"]


@pytest.fixture
def admin(alice: User) -> Client:
    return browser_of(alice)


def act(admin: Client, model: str, action: str, *rows: int) -> str:
    """Run an action of a list and return the page after it, without the capital that the admin gives to messages."""
    fields = {"action": action, "_selected_action": rows, "confirmed": len(rows)}
    return admin.post(f"/admin/accounts/{model}/", fields, follow=True).content.decode().replace("Bob@", "bob@")


@pytest.mark.parametrize("model", LISTS)
def test_lists_ask_the_same_number_of_questions_for_any_number_of_rows(
    admin: Client, team: Team, alice: User, model: str, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(15):
        team.add(User.objects.create_user(f"{number}@example.com"))
        team.invite(Role.MEMBER, alice)
    with django_assert_max_num_queries(11):
        assert admin.get(f"/admin/accounts/{model}/").status_code == 200


@pytest.mark.parametrize("model", LISTS)
def test_lists_can_be_searched(admin: Client, team: Team, model: str) -> None:
    assert admin.get(f"/admin/accounts/{model}/?q=alice").status_code == 200


def test_what_people_manage_elsewhere_is_not_here(admin: Client) -> None:
    page = admin.get("/admin/").content.decode()
    assert all(word not in page for word in ("Groups", "Email addresses", "Authenticators"))


def test_a_user_is_disabled_and_enabled(admin: Client, bob: User) -> None:
    assert "bob@example.com: disabled." in act(admin, "user", "disable", bob.pk)
    bob.refresh_from_db()
    assert not bob.is_active
    act(admin, "user", "enable", bob.pk)
    bob.refresh_from_db()
    assert bob.is_active


def test_nobody_disables_themselves(admin: Client, alice: User) -> None:
    assert "this is you" in act(admin, "user", "disable", alice.pk)
    alice.refresh_from_db()
    assert alice.is_active


def test_users_are_never_deleted(admin: Client, bob: User) -> None:
    assert admin.post(f"/admin/accounts/user/{bob.pk}/delete/", {"post": "yes"}).status_code == 403
    assert User.objects.filter(pk=bob.pk).exists()


def test_a_user_is_added_with_a_password(admin: Client) -> None:
    fields = {"email": "grace@example.com", "name": "Grace", "usable_password": "true"}
    passwords = {"password1": "a quiet harbour", "password2": "a quiet harbour"}
    admin.post("/admin/accounts/user/add/", fields | passwords)
    assert User.objects.get(email="grace@example.com").check_password("a quiet harbour")


def test_a_lost_phone_is_no_dead_end(admin: Client, bob: User) -> None:
    Authenticator.objects.create(user=bob, type=Authenticator.Type.TOTP, data={"secret": "x"})
    assert "bob@example.com: turned off." in act(admin, "user", "turn_off_two_factor", bob.pk)
    assert not Authenticator.objects.filter(user=bob).exists()


def team_form(team: Team, **changes: str) -> dict[str, object]:
    rows = list(team.memberships.order_by("created_at"))
    fields: dict[str, object] = {"name": team.name, "memberships-TOTAL_FORMS": len(rows)}
    fields["memberships-INITIAL_FORMS"] = len(rows)
    for number, row in enumerate(rows):
        named = {"id": row.pk, "team": team.pk, "user": row.user_id, "role": row.role}
        fields |= {f"memberships-{number}-{name}": value for name, value in named.items()}
    return fields | {name.replace("__", "-"): value for name, value in changes.items()}


@pytest.mark.parametrize("change", [{"memberships__0__role": "member"}, {"memberships__0__DELETE": "on"}])
def test_a_team_keeps_an_owner_in_the_admin_too(admin: Client, team: Team, alice: User, change: dict[str, str]) -> None:
    page = admin.post(f"/admin/accounts/team/{team.pk}/change/", team_form(team, **change)).content.decode()
    assert "A team needs an owner" in page
    assert team.role_of(alice) == Role.OWNER


def test_ownership_can_be_handed_over_in_one_go(admin: Client, team: Team, alice: User, bob: User) -> None:
    fields = team_form(team, memberships__0__role="member", memberships__1__role="owner")
    admin.post(f"/admin/accounts/team/{team.pk}/change/", fields)
    assert (team.role_of(alice), team.role_of(bob)) == (Role.MEMBER, Role.OWNER)


def test_a_role_taken_in_the_admin_takes_its_invitations_along(admin: Client, team: Team, bob: User) -> None:
    team.memberships.get(user=bob).change_role(Role.ADMIN)
    team.invite(Role.MEMBER, bob)
    admin.post(f"/admin/accounts/team/{team.pk}/change/", team_form(team, memberships__1__DELETE="on"))
    assert team.role_of(bob) is None
    assert not team.invitations.open().exists()


def test_ending_memberships_answers_per_row(admin: Client, team: Team, alice: User, bob: User) -> None:
    page = act(admin, "membership", "revoke", *Membership.objects.values_list("pk", flat=True))
    assert "Bob in Harbor: ended." in page
    assert "Alice in Harbor: A team needs an owner" in page
    assert team.role_of(alice) == Role.OWNER
    assert team.role_of(bob) is None


def test_an_invitation_shows_neither_link_nor_hash(admin: Client, team: Team, alice: User) -> None:
    invitation, token = team.invite(Role.MEMBER, alice)
    pages = [
        admin.get(f"/admin/accounts/invitation/{where}").content.decode() for where in ("", f"{invitation.pk}/change/")
    ]
    assert all(secret not in page for page in pages for secret in (token, invitation.token_hash))


def test_an_invitation_is_revoked(admin: Client, team: Team, alice: User) -> None:
    invitation, _ = team.invite(Role.MEMBER, alice)
    act(admin, "invitation", "revoke", invitation.pk)
    assert not Invitation.objects.open().exists()
