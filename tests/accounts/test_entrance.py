"""How people come in, and which doors are closed."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
import time_machine
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import (
    TOTP,
    format_hotp_value,
    generate_totp_secret,
    hotp_value,
    yield_hotp_counters_from_time,
)
from allauth.mfa.utils import is_mfa_enabled
from django.contrib.auth import get_user
from django.test import Client
from django.utils import timezone

from accounts.models import Role, SetupLink, Team, User
from tests.conftest import PASSWORD
from tests.visitors import browser_of

NEW_ACCOUNT = {"email": "Grace@example.com", "name": "Grace", "password": "a quiet harbour"}


# --- sign in and out ------------------------------------------------------------------------------------------------
def test_alice_signs_in_and_lands_on_the_list(client: Client, alice: User) -> None:
    answer = client.post("/accounts/login/", {"login": "Alice@example.com", "password": PASSWORD})
    assert answer.status_code == 302
    assert answer["Location"] == "/"


def test_a_wrong_password_says_so_next_to_the_form(client: Client, alice: User) -> None:
    answer = client.post("/accounts/login/", {"login": "alice@example.com", "password": "wrong"})
    assert answer.status_code == 200
    assert "not correct" in answer.content.decode()


def test_signing_in_leads_back_to_where_one_wanted_to_go(client: Client, alice: User) -> None:
    wanted = client.get("/sandboxes/new/")
    assert wanted["Location"] == "/accounts/login/?next=/sandboxes/new/"
    answer = client.post(wanted["Location"], {"login": alice.email, "password": PASSWORD, "next": "/sandboxes/new/"})
    assert answer["Location"] == "/sandboxes/new/"


def test_another_site_is_no_place_to_go_after_signing_in(client: Client, alice: User) -> None:
    answer = client.post("/accounts/login/?next=https://evil.example/", {"login": alice.email, "password": PASSWORD})
    assert answer["Location"] == "/"


def test_a_disabled_account_is_told_so(client: Client, bob: User) -> None:
    bob.is_active = False
    bob.save()
    answer = client.post("/accounts/login/", {"login": bob.email, "password": PASSWORD}, follow=True)
    assert "disabled" in answer.content.decode()
    assert not get_user(client).is_authenticated


def test_signing_out_asks_first_and_ends_the_login(alice: User) -> None:
    browser = browser_of(alice)
    assert "keep running" in browser.get("/accounts/logout/").content.decode()
    assert browser.post("/accounts/logout/")["Location"] == "/accounts/login/"
    assert browser.get("/").status_code == 302


def test_a_new_password_keeps_this_browser_signed_in_and_ends_the_others(alice: User) -> None:
    here, there = browser_of(alice), browser_of(alice)
    fields = {"oldpassword": PASSWORD, "password1": "another long one", "password2": "another long one"}
    here.post("/accounts/password/change/", fields)
    assert here.get("/").status_code == 200
    assert there.get("/").status_code == 302


@pytest.mark.parametrize(
    "address",
    ["/accounts/2fa/", "/accounts/password/change/", "/accounts/reauthenticate/", "/accounts/2fa/totp/activate/"],
)
def test_every_page_of_the_account_opens(alice: User, address: str) -> None:
    answer = browser_of(alice).get(address, follow=True)
    assert answer.status_code == 200
    assert "Sandlot" in answer.content.decode()


def test_two_factor_sign_in_can_be_turned_on(client: Client, alice: User) -> None:
    address = "/accounts/2fa/totp/activate/"
    client.post("/accounts/login/", {"login": alice.email, "password": PASSWORD})
    asked = client.get(address, follow=True)
    assert "enter your password once more" in asked.content.decode()
    page = client.post("/accounts/reauthenticate/", {"password": PASSWORD, "next": address}, follow=True)
    secret = re.search(r'id="secret" readonly value="([A-Z2-7]{16,})"', page.content.decode())
    assert secret
    with time_machine.travel(timezone.now(), tick=False):  # a code is good for its 30 seconds
        code = format_hotp_value(hotp_value(secret[1], next(yield_hotp_counters_from_time())))
        done = client.post(address, {"code": code}, follow=True)
    assert "Recovery codes" in done.content.decode()
    assert is_mfa_enabled(alice)


def test_the_second_factor_is_asked_for_and_takes_a_recovery_code(client: Client, alice: User) -> None:
    TOTP.activate(alice, generate_totp_secret())
    codes = RecoveryCodes.activate(alice)
    asked = client.post("/accounts/login/", {"login": alice.email, "password": PASSWORD}, follow=True)
    assert "Enter your code" in asked.content.decode()
    assert "Incorrect code" in client.post("/accounts/2fa/authenticate/", {"code": "000000"}).content.decode()
    client.post("/accounts/2fa/authenticate/", {"code": codes.get_unused_codes()[0]})
    assert client.get("/").status_code == 200
    assert "9 of 10 left" in client.get("/accounts/2fa/").content.decode()


# --- closed doors ---------------------------------------------------------------------------------------------------
def test_nobody_signs_up(client: Client, db: None) -> None:
    assert "by invitation" in client.get("/accounts/signup/").content.decode()
    fields = {"email": "eve@example.com", "password1": "a quiet harbour", "password2": "a quiet harbour"}
    assert client.post("/accounts/signup/", fields).status_code == 405
    assert not User.objects.exists()


def test_a_forgotten_password_goes_through_an_admin(client: Client, db: None) -> None:
    assert "Ask an admin" in client.get("/accounts/password/reset/").content.decode()
    assert client.post("/accounts/password/reset/", {"email": "a@example.com"}).status_code == 405


def test_addresses_are_not_changed_by_oneself(alice: User) -> None:
    assert browser_of(alice).get("/accounts/email/")["Location"] == "/"


def test_the_admin_uses_the_same_sign_in(client: Client, db: None) -> None:
    answer = client.get("/admin/", follow=True)
    assert answer.redirect_chain[-1][0].startswith("/accounts/login/?next=")


def test_bob_is_not_let_into_the_admin(bob: User) -> None:
    assert browser_of(bob).get("/admin/", follow=True).status_code == 403


# --- setup ----------------------------------------------------------------------------------------------------------
@pytest.fixture
def setup_address(db: None) -> str:
    return f"/setup/{SetupLink.renew()}/"


def test_the_setup_link_signs_the_owner_in(client: Client, setup_address: str) -> None:
    assert client.get(setup_address).status_code == 200
    answer = client.post(setup_address, NEW_ACCOUNT | {"team_name": "Harbor"}, follow=True)
    assert "No sandboxes yet" in answer.content.decode()
    assert Team.objects.get().role_of(User.objects.get(email="grace@example.com")) == Role.OWNER


def test_the_setup_link_works_once(client: Client, setup_address: str) -> None:
    client.post(setup_address, NEW_ACCOUNT | {"team_name": "Harbor"})
    again = Client().post(setup_address, {**NEW_ACCOUNT, "email": "eve@example.com", "team_name": "Eve's"})
    assert again.status_code == 410
    assert User.objects.count() == 1


def test_a_void_setup_link_says_what_to_do(client: Client, db: None) -> None:
    answer = client.get("/setup/none/")
    assert answer.status_code == 410
    assert "Start the server again" in answer.content.decode()


def test_nothing_typed_is_lost_when_the_password_is_too_weak(client: Client, setup_address: str) -> None:
    answer = client.post(setup_address, {**NEW_ACCOUNT, "password": "short", "team_name": "Harbor"})
    page = answer.content.decode()
    assert "too short" in page
    assert "Grace@example.com" in page
    assert "Harbor" in page
    assert "no-store" in answer["Cache-Control"]


# --- invitations ----------------------------------------------------------------------------------------------------
@pytest.fixture
def invited(team: Team, alice: User) -> str:
    return f"/invitations/{team.invite(Role.MEMBER, alice)[1]}/"


def test_a_newcomer_makes_an_account_and_is_in(client: Client, team: Team, invited: str) -> None:
    page = client.get(invited).content.decode()
    assert "Join Harbor" in page
    answer = client.post(invited, NEW_ACCOUNT, follow=True)
    assert "You are in Harbor now." in answer.content.decode()
    assert team.role_of(User.objects.get(email="grace@example.com")) == Role.MEMBER


def test_charlie_joins_with_the_account_he_has(team: Team, charlie: User, invited: str) -> None:
    browser = browser_of(charlie)
    assert "charlie@example.com" in browser.get(invited).content.decode()
    browser.post(invited)
    assert team.role_of(charlie) == Role.MEMBER


def test_looking_at_an_invitation_does_not_use_it(team: Team, charlie: User, invited: str) -> None:
    browser_of(charlie).get(invited)
    assert team.role_of(charlie) is None
    assert team.invitations.open().exists()


def test_bob_who_is_in_does_not_use_it_up(team: Team, bob: User, invited: str) -> None:
    assert "member of this team already" in browser_of(bob).post(invited).content.decode()
    assert team.invitations.open().exists()


def test_an_address_with_an_account_is_asked_to_sign_in(client: Client, bob: User, invited: str) -> None:
    page = client.post(invited, {**NEW_ACCOUNT, "email": "BOB@example.com"}).content.decode()
    assert "Sign in with it" in page
    assert f"/accounts/login/?next={invited}" in page


def test_used_revoked_expired_and_unknown_look_the_same(client: Client, team: Team, alice: User, bob: User) -> None:
    used, used_token = team.invite(Role.MEMBER, alice)
    used.accept(User.objects.create_user("first@example.com"))
    revoked, revoked_token = team.invite(Role.MEMBER, alice)
    revoked.revoke()
    _, expired_token = team.invite(Role.MEMBER, alice, now=timezone.now() - timedelta(days=30))
    answers = [client.get(f"/invitations/{token}/") for token in (used_token, revoked_token, expired_token, "none")]
    assert {answer.status_code for answer in answers} == {410}
    nonce = re.compile(r'content="[A-Za-z0-9+/=]{20,}"')
    assert len({nonce.sub("", answer.content.decode()) for answer in answers}) == 1
    assert "Harbor" not in answers[0].content.decode()
