"""Tokens for programs: shown once, stored as a hash, never worth more than their person, gone when they should be."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone

from accounts.models import ApiToken, Scope, Team, User
from accounts.models.api_token import LIFETIME_MAX, TOKENS_PER_PERSON
from accounts.tokens import PERSON, SESSION, is_api_token, new_api_token, token_hash
from activity.models import Entry
from tests.visitors import browser_of

READ = [Scope.SANDBOXES_READ]


# --- the text -------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("kind", [PERSON, SESSION])
def test_a_token_says_what_it_is_and_checks_itself(kind: str) -> None:
    text = new_api_token(kind)
    assert text.startswith(f"slt{kind}_")
    assert len(text) == 41
    assert is_api_token(text)


@pytest.mark.parametrize("change", [lambda t: t[:-1], lambda t: t + "0", lambda t: t.upper(), lambda t: "x" + t[1:]])
def test_what_is_mistyped_is_told_apart(change: object) -> None:
    assert not is_api_token(change("sltp_0123456789abcdefghijABCDEFGHIJ000000"))  # type: ignore[operator]


def test_a_character_that_changed_breaks_the_checksum() -> None:
    text = new_api_token(PERSON)
    other = "a" if text[10] != "a" else "b"
    assert not is_api_token(text[:10] + other + text[11:])


# --- the row --------------------------------------------------------------------------------------------------------
def test_only_the_hash_is_kept_and_the_making_is_recorded(bob: User, team: Team) -> None:
    token, text = ApiToken.make(bob, "  nightly   build ", [*READ, Scope.TERMINALS_WRITE], team=team)
    assert ApiToken.objects.with_text(text) == token
    assert (token.name, token.shown, token.token_hash) == ("nightly build", text[:9], token_hash(text))
    assert token.grants == {Scope.SANDBOXES_READ, Scope.TERMINALS_WRITE, Scope.TERMINALS_READ}
    assert timedelta(days=89) < token.expires_at - timezone.now() <= timedelta(days=90)
    entry = Entry.objects.latest("number")
    assert entry.verb == "token.create"
    assert text not in str(vars(entry)) + str(vars(token))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"name": ""}, "cannot be blank"),
        ({"name": "a\u202eb"}, r"U\+202E"),
        ({"scopes": []}, "at least one"),
        ({"scopes": ["root"]}, "at least one"),
        ({"lifetime": LIFETIME_MAX + timedelta(seconds=1)}, "365 days at most"),
        ({"lifetime": timedelta()}, "365 days at most"),
    ],
)
def test_what_makes_no_sense_is_refused(bob: User, change: dict[str, object], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        ApiToken.make(bob, **({"name": "a", "scopes": READ} | change))  # type: ignore[arg-type]
    assert not ApiToken.objects.exists()


def test_a_team_has_to_be_ones_own(charlie: User, team: Team) -> None:
    with pytest.raises(ValidationError, match="not in this team"):
        ApiToken.make(charlie, "a", READ, team=team)


def test_there_is_a_limit_on_what_one_person_has(bob: User) -> None:
    for number in range(TOKENS_PER_PERSON):
        last, _ = ApiToken.make(bob, str(number), READ)
    with pytest.raises(ValidationError, match="Revoke one"):
        ApiToken.make(bob, "more", READ)
    last.revoke()
    ApiToken.make(bob, "more", READ)


def test_it_ends_with_what_it_stands_on(bob: User, team: Team) -> None:
    def is_open(text: str) -> bool:
        return ApiToken.objects.with_text(text) is not None

    one, text = ApiToken.make(bob, "a", READ, team=team)
    assert is_open(text)
    ApiToken.objects.filter(pk=one.pk).update(expires_at=timezone.now())
    assert not is_open(text)
    two, text = ApiToken.make(bob, "b", READ, team=team)
    assert two.revoke()
    assert not two.revoke()
    assert not is_open(text)
    _, text = ApiToken.make(bob, "c", READ, team=team)
    _, everywhere = ApiToken.make(bob, "d", READ)
    bob.memberships.get().revoke()
    assert not is_open(text)
    assert is_open(everywhere)
    bob.disable()
    assert not is_open(everywhere)


def test_a_new_password_ends_those_that_asked_for_it(bob: User) -> None:
    _, stays = ApiToken.make(bob, "a", READ)
    _, ends = ApiToken.make(bob, "b", READ, ends_with_password=True)
    bob.set_password("another long password")
    bob.save()
    assert ApiToken.objects.with_text(stays)
    assert not ApiToken.objects.with_text(ends)


def test_use_is_written_once_a_minute(bob: User) -> None:
    token, _ = ApiToken.make(bob, "a", READ)
    now = timezone.now()
    for second in (0, 1, 59):
        token.note_use("192.0.2.1", now + timedelta(seconds=second))
    assert ApiToken.objects.get().last_used_at == now
    token.note_use("192.0.2.2", now + timedelta(seconds=60))
    assert ApiToken.objects.get().last_used_from == "192.0.2.2"


# --- the page -------------------------------------------------------------------------------------------------------
def test_the_page_shows_a_new_token_once(bob: User, team: Team) -> None:
    browser = browser_of(bob)
    wish = {"name": "ci", "scopes": [Scope.SANDBOXES_WRITE], "lifetime": "30", "team": team.pk}
    page = browser.post("/account/tokens/", wish).content.decode()
    token = ApiToken.objects.get()
    text = page.split('id="new-token" readonly value="')[1].split('"')[0]
    assert ApiToken.objects.with_text(text) == token
    again = browser.get("/account/tokens/").content.decode()
    assert "ci" in again
    assert token.shown in again
    assert text not in again
    assert (token.team, token.user) == (team, bob)


def test_a_token_is_revoked_by_its_person_alone(bob: User, alice: User) -> None:
    token, text = ApiToken.make(bob, "ci", READ)
    assert browser_of(alice).post(f"/account/tokens/{token.pk}/revoke/").status_code == 404
    assert ApiToken.objects.with_text(text)
    page = browser_of(bob).post(f"/account/tokens/{token.pk}/revoke/", follow=True).content.decode()
    assert "ci was revoked" in page
    assert not ApiToken.objects.with_text(text)


def test_what_the_form_refuses_is_said(bob: User) -> None:
    page = browser_of(bob).post("/account/tokens/", {"name": "ci", "lifetime": "30"}).content.decode()
    assert "Choose at least one." in page
    assert not ApiToken.objects.exists()


def test_the_admin_shows_no_hash(alice: User, bob: User) -> None:
    token, _ = ApiToken.make(bob, "ci", READ)
    page = browser_of(alice).get(f"/admin/accounts/apitoken/{token.pk}/change/").content.decode()
    assert token.shown in page
    assert token.token_hash not in page
