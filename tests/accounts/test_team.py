"""The team page: Alice manages, Bob looks, Charlie learns nothing."""

from __future__ import annotations

import re

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from accounts.models import GRANTABLE, Membership, Role, Team, User
from sandboxes.permissions import ROLES_FOR, WORDS, Action, words_of
from tests.visitors import browser_of


def place(team: Team, user: User) -> Membership:
    return team.memberships.get(user=user)


def invite(browser: Client, role: str = Role.MEMBER) -> str:
    """Return the path of the link that the page shows."""
    page = browser.post("/team/invitations/", {"role": role, "note": "Grace"}).content.decode()
    found = re.search(r"/invitations/[\w-]{40,}/", page)
    return found[0] if found else ""


def test_bob_sees_who_is_in_and_manages_nobody(team: Team, bob: User) -> None:
    page = browser_of(bob).get("/team/").content.decode()
    assert "alice@example.com" in page
    assert "/team/members/" in page  # leaving is his own
    assert "Create link" not in page
    assert 'name="role"' not in page


def test_the_page_asks_the_same_number_of_questions_for_any_number_of_members(
    team: Team, alice: User, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(20):
        team.add(User.objects.create_user(f"{number}@example.com"))
    browser = browser_of(alice)
    with django_assert_max_num_queries(9):
        browser.get("/team/")


def test_charlie_is_in_no_team(charlie: User) -> None:
    assert "in no team" in browser_of(charlie).get("/team/").content.decode()


def test_anonymous_is_sent_to_the_sign_in(client: Client, db: None) -> None:
    assert client.get("/team/").status_code == 302


# --- inviting -------------------------------------------------------------------------------------------------------
def test_the_link_is_shown_once_and_works(team: Team, alice: User, charlie: User) -> None:
    browser = browser_of(alice)
    link = invite(browser)
    assert link not in browser.get("/team/").content.decode()
    browser_of(charlie).post(link)
    assert team.role_of(charlie) == Role.MEMBER


def test_the_page_with_the_link_is_not_kept_by_the_browser(team: Team, alice: User) -> None:
    answer = browser_of(alice).post("/team/invitations/", {"role": Role.MEMBER})
    assert "no-store" in answer["Cache-Control"]


def test_bob_cannot_invite(team: Team, bob: User) -> None:
    assert browser_of(bob).post("/team/invitations/", {"role": Role.MEMBER}).status_code == 403
    assert not team.invitations.exists()


def test_an_admin_cannot_invite_an_owner(team: Team, bob: User) -> None:
    place(team, bob).change_role(Role.ADMIN)
    page = browser_of(bob).post("/team/invitations/", {"role": Role.OWNER}).content.decode()
    assert "Select a valid choice" in page
    assert not team.invitations.exists()


def test_alice_revokes_an_invitation(team: Team, alice: User) -> None:
    invitation, _ = team.invite(Role.MEMBER, alice)
    browser_of(alice).post(f"/team/invitations/{invitation.pk}/revoke/")
    assert not team.invitations.open().exists()


def test_another_teams_invitation_does_not_exist_here(team: Team, alice: User, charlie: User) -> None:
    other = Team.objects.create(name="Elsewhere")
    other.add(charlie, Role.OWNER)
    invitation, _ = other.invite(Role.MEMBER, charlie)
    assert browser_of(alice).post(f"/team/invitations/{invitation.pk}/revoke/").status_code == 404
    assert other.invitations.open().exists()


# --- roles and removing ---------------------------------------------------------------------------------------------
def test_alice_changes_a_role(team: Team, alice: User, bob: User) -> None:
    browser_of(alice).post(f"/team/members/{place(team, bob).pk}/role/", {"role": Role.ADMIN})
    assert team.role_of(bob) == Role.ADMIN


@pytest.mark.parametrize("role", [Role.OWNER, "king", ""])
def test_an_admin_cannot_give_more_than_they_may(team: Team, bob: User, vera: User, role: str) -> None:
    place(team, bob).change_role(Role.ADMIN)
    answer = browser_of(bob).post(f"/team/members/{place(team, vera).pk}/role/", {"role": role})
    assert answer.status_code == 403
    assert team.role_of(vera) == Role.VIEWER


def test_bob_changes_nobody(team: Team, bob: User, vera: User) -> None:
    pk = place(team, vera).pk
    assert browser_of(bob).post(f"/team/members/{pk}/role/", {"role": Role.MEMBER}).status_code == 403
    assert browser_of(bob).post(f"/team/members/{pk}/remove/").status_code == 403
    assert team.role_of(vera) == Role.VIEWER


def test_the_last_owner_stays_and_is_told_why(team: Team, alice: User) -> None:
    browser = browser_of(alice)
    pk = place(team, alice).pk
    answers = [
        browser.post(f"/team/members/{pk}/role/", {"role": Role.MEMBER}, follow=True),
        browser.post(f"/team/members/{pk}/remove/", follow=True),
    ]
    assert all("needs an owner" in answer.content.decode() for answer in answers)
    assert team.role_of(alice) == Role.OWNER


def test_bob_may_leave(team: Team, bob: User) -> None:
    browser_of(bob).post(f"/team/members/{place(team, bob).pk}/remove/")
    assert team.role_of(bob) is None


def test_charlie_gets_404_for_members_of_another_team(team: Team, bob: User, charlie: User) -> None:
    Team.objects.create(name="Elsewhere").add(charlie, Role.OWNER)
    pk = place(team, bob).pk
    assert browser_of(charlie).post(f"/team/members/{pk}/role/", {"role": Role.VIEWER}).status_code == 404
    assert browser_of(charlie).post(f"/team/members/{pk}/remove/").status_code == 404


# --- name and roles -------------------------------------------------------------------------------------------------
def test_an_owner_renames_the_team(team: Team, alice: User) -> None:
    page = browser_of(alice).post("/team/rename/", {"name": "  Old   harbor "}, follow=True).content.decode()
    assert "<h1>Old harbor</h1>" in page


@pytest.mark.parametrize(("name", "why"), [("", "required"), ("Pier", "already exists"), ("x" * 61, "at most 60")])
def test_a_name_that_cannot_be_is_refused_with_a_sentence(team: Team, alice: User, name: str, why: str) -> None:
    Team.objects.create(name="Pier")
    page = browser_of(alice).post("/team/rename/", {"name": name}).content.decode()
    assert why in page
    assert "<h1>Harbor</h1>" in page


def test_only_owners_rename(team: Team, bob: User) -> None:
    for role in (Role.ADMIN, Role.MEMBER):
        place(team, bob).change_role(role)
        assert browser_of(bob).post("/team/rename/", {"name": "Mine"}).status_code == 403
    assert not Team.objects.filter(name="Mine").exists()


def test_everybody_reads_what_each_role_may_do(team: Team, vera: User) -> None:
    page = browser_of(vera).get("/team/").content.decode()
    assert all(words_of(role) in page for role in Role)


@pytest.mark.parametrize("role", list(Role))
def test_the_words_of_a_role_follow_the_table(role: Role) -> None:
    for action in Action:
        assert (WORDS[action] in words_of(role)) == (role in ROLES_FOR[action])
    assert ("invite" in words_of(role)) == (role in GRANTABLE)


# --- several teams --------------------------------------------------------------------------------------------------
def test_with_one_team_there_is_nothing_to_switch(team: Team, alice: User) -> None:
    assert "/team/switch/" not in browser_of(alice).get("/").content.decode()


def test_switching_changes_what_the_list_shows(team: Team, alice: User) -> None:
    other = Team.objects.create(name="Lighthouse")
    other.add(alice, Role.MEMBER)
    browser = browser_of(alice)
    assert "<h1>Harbor</h1>" in browser.get("/team/").content.decode()
    browser.post("/team/switch/", {"team": other.pk})
    assert "<h1>Lighthouse</h1>" in browser.get("/team/").content.decode()


@pytest.mark.parametrize("wanted", ["", "0", "none", "999999"])
def test_a_team_of_others_cannot_be_chosen(team: Team, alice: User, wanted: str) -> None:
    assert browser_of(alice).post("/team/switch/", {"team": wanted}).status_code == 404


def test_after_losing_the_chosen_team_the_next_one_is_shown(team: Team, alice: User, bob: User) -> None:
    other = Team.objects.create(name="Lighthouse")
    other.add(bob, Role.MEMBER)
    browser = browser_of(bob)
    browser.post("/team/switch/", {"team": other.pk})
    place(other, bob).revoke()
    assert "<h1>Harbor</h1>" in browser.get("/team/").content.decode()


# --- theme ----------------------------------------------------------------------------------------------------------
def test_the_chosen_theme_is_in_the_first_byte(client: Client, db: None) -> None:
    client.post("/theme/", {"theme": "dark"})
    assert '<html lang="en" data-theme="dark">' in client.get("/accounts/login/").content.decode()


@pytest.mark.parametrize("theme", ["", "pink", '"><script>'])
def test_an_unknown_theme_is_the_systems(client: Client, db: None, theme: str) -> None:
    client.cookies["sandlot_theme"] = theme
    assert 'data-theme="system"' in client.get("/accounts/login/").content.decode()
    assert "sandlot_theme" not in client.post("/theme/", {"theme": theme}).cookies


def test_choosing_a_theme_leads_back_but_not_away(client: Client, db: None) -> None:
    assert client.post("/theme/", {"theme": "dark", "next": "/team/"})["Location"] == "/team/"
    assert client.post("/theme/", {"theme": "dark", "next": "https://evil.example/"})["Location"] == "/"
