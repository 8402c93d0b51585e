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


def test_a_team_shows_its_first_members_and_leads_to_all(admin: Client, team: Team) -> None:
    for number in range(30):
        team.add(User.objects.create_user(f"{number}@example.com"))
    page = admin.get(f"/admin/accounts/team/{team.pk}/change/").content.decode()
    assert page.count("in Harbor as") == 20
    address = f"/admin/accounts/membership/?team__id__exact={team.pk}"
    assert f'<a href="{address}">33 members, in a list</a>' in page
    assert "33 memberships" in admin.get(address).content.decode()


def test_a_team_of_many_asks_as_often_as_one_of_few(
    admin: Client, team: Team, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(30):
        team.add(User.objects.create_user(f"{number}@example.com"))
    with django_assert_max_num_queries(7):
        admin.get(f"/admin/accounts/team/{team.pk}/change/")


def test_a_team_is_renamed_and_its_members_stay(admin: Client, team: Team) -> None:
    rows = {"memberships-TOTAL_FORMS": 3, "memberships-INITIAL_FORMS": 3, "memberships-0-DELETE": "on"}
    rows |= {f"memberships-{number}-id": row.pk for number, row in enumerate(team.memberships.all())}
    admin.post(f"/admin/accounts/team/{team.pk}/change/", {"name": "Pier", **rows})
    team.refresh_from_db()
    assert (team.name, team.memberships.count()) == ("Pier", 3)


def change_role(admin: Client, team: Team, user: User, role: str) -> None:
    admin.post(f"/admin/accounts/membership/{team.memberships.get(user=user).pk}/change/", {"role": role})


def test_a_team_keeps_an_owner_in_the_admin_too(admin: Client, team: Team, alice: User) -> None:
    change_role(admin, team, alice, Role.MEMBER)
    assert team.role_of(alice) == Role.OWNER


def test_ownership_can_be_handed_over(admin: Client, team: Team, alice: User, bob: User) -> None:
    change_role(admin, team, bob, Role.OWNER)
    change_role(admin, team, alice, Role.MEMBER)
    assert (team.role_of(alice), team.role_of(bob)) == (Role.MEMBER, Role.OWNER)


def test_a_role_taken_in_the_admin_takes_its_invitations_along(admin: Client, team: Team, bob: User) -> None:
    team.memberships.get(user=bob).change_role(Role.ADMIN)
    team.invite(Role.MEMBER, bob)
    change_role(admin, team, bob, Role.MEMBER)
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
