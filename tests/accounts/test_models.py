"""Teams, memberships, invitations and the first start."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError
from django.utils import timezone

from accounts.models import Invitation, Membership, Role, SetupLink, Team, User

HOUR = timedelta(hours=1)


def place(team: Team, user: User) -> Membership:
    return team.memberships.get(user=user)


# --- people ---------------------------------------------------------------------------------------------------------
def test_an_address_is_one_person_in_any_case(alice: User) -> None:
    with pytest.raises(IntegrityError):
        User.objects.create_user("ALICE@example.com", "x")


def test_without_a_name_the_address_says_who_it_is(db: None) -> None:
    assert str(User(email="grace@example.com")) == "grace"


# --- roles ----------------------------------------------------------------------------------------------------------
def test_the_last_owner_cannot_become_less(team: Team, alice: User) -> None:
    with pytest.raises(ValidationError, match="needs an owner"):
        place(team, alice).change_role(Role.ADMIN)
    assert team.role_of(alice) == Role.OWNER


def test_the_last_owner_cannot_be_removed(team: Team, alice: User) -> None:
    with pytest.raises(ValidationError, match="needs an owner"):
        place(team, alice).revoke()
    assert team.role_of(alice) == Role.OWNER


def test_with_a_second_owner_the_first_may_go(team: Team, alice: User, bob: User) -> None:
    place(team, bob).change_role(Role.OWNER)
    place(team, alice).revoke()
    assert team.role_of(alice) is None


def test_an_admin_neither_makes_owners_nor_touches_them(team: Team, alice: User, bob: User, vera: User) -> None:
    place(team, bob).change_role(Role.ADMIN)
    assert Role.OWNER not in place(team, bob).grantable_roles
    assert not place(team, bob).may_change(place(team, alice))
    assert place(team, bob).may_change(place(team, vera))


def test_an_owner_changes_nobody_in_another_team(team: Team, alice: User, charlie: User) -> None:
    elsewhere = Team.objects.create(name="Elsewhere").add(charlie, Role.MEMBER)
    assert not place(team, alice).may_change(elsewhere)


def test_a_stranger_has_no_role(team: Team, charlie: User) -> None:
    assert team.role_of(charlie) is None


# --- invitations ----------------------------------------------------------------------------------------------------
def test_an_invitation_lets_one_person_in(team: Team, alice: User, bob: User, charlie: User) -> None:
    invitation, token = team.invite(Role.MEMBER, alice)
    assert Invitation.objects.open().with_token(token).get().accept(charlie).role == Role.MEMBER
    with pytest.raises(ValidationError, match="used"):
        invitation.accept(bob)


def test_the_link_is_not_kept(team: Team, alice: User) -> None:
    invitation, token = team.invite(Role.MEMBER, alice)
    assert token not in str(Invitation.objects.filter(pk=invitation.pk).values().get())


def test_an_expired_invitation_is_not_open(team: Team, alice: User, charlie: User) -> None:
    invitation, _ = team.invite(Role.MEMBER, alice, now=timezone.now() - timedelta(days=8))
    assert not Invitation.objects.open().exists()
    with pytest.raises(ValidationError):
        invitation.accept(charlie)


def test_a_revoked_invitation_is_not_open(team: Team, alice: User, charlie: User) -> None:
    invitation, _ = team.invite(Role.MEMBER, alice)
    invitation.revoke()
    with pytest.raises(ValidationError):
        invitation.accept(charlie)


def test_who_is_in_keeps_their_role(team: Team, alice: User, bob: User) -> None:
    invitation, _ = team.invite(Role.VIEWER, alice)
    invitation.accept(bob)
    assert team.role_of(bob) == Role.MEMBER


def test_a_new_account_comes_with_the_invitation_or_not_at_all(team: Team, alice: User) -> None:
    invitation, _ = team.invite(Role.MEMBER, alice)
    invitation.revoke()
    with pytest.raises(ValidationError):
        invitation.accept_as_new("grace@example.com", "correct horse battery")
    assert not User.objects.filter(email="grace@example.com").exists()


def test_a_removed_admin_leaves_no_open_link_behind(team: Team, bob: User) -> None:
    place(team, bob).change_role(Role.ADMIN)
    team.invite(Role.MEMBER, bob)
    place(team, bob).revoke()
    assert not team.invitations.open().exists()


def test_an_owner_who_becomes_admin_keeps_only_the_links_that_an_admin_may_write(
    team: Team, alice: User, bob: User
) -> None:
    place(team, bob).change_role(Role.OWNER)
    team.invite(Role.OWNER, bob)
    kept, _ = team.invite(Role.MEMBER, bob)
    place(team, bob).change_role(Role.ADMIN)
    assert list(team.invitations.open()) == [kept]


# --- the first start ------------------------------------------------------------------------------------------------
def test_the_setup_link_makes_owner_and_team_once(db: None) -> None:
    token = SetupLink.renew()
    assert token
    owner = SetupLink.use(token, "ada@example.com", "correct horse battery", "Harbor", "Ada")
    assert owner.is_superuser
    assert Team.objects.get(name="Harbor").role_of(owner) == Role.OWNER
    with pytest.raises(ValidationError):
        SetupLink.use(token, "eve@example.com", "correct horse battery", "Eve's")


def test_a_newer_setup_link_voids_the_older(db: None) -> None:
    older, newer = SetupLink.renew(), SetupLink.renew()
    assert older
    assert newer
    assert not SetupLink.is_open(older)
    assert SetupLink.is_open(newer)


def test_the_setup_link_expires_after_a_day(db: None) -> None:
    token = SetupLink.renew()
    assert token
    assert SetupLink.is_open(token, now=timezone.now() + 23 * HOUR)
    assert not SetupLink.is_open(token, now=timezone.now() + 25 * HOUR)


def test_with_a_user_there_is_no_setup_link(alice: User) -> None:
    assert SetupLink.renew() is None
