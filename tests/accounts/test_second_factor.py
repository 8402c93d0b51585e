"""The secrets of second factors: sealed in the database, unnoticed by who signs in."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

import pytest
import time_machine
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import (
    TOTP,
    format_hotp_value,
    generate_totp_secret,
    hotp_value,
    yield_hotp_counters_from_time,
)
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.utils import timezone

from accounts.models import User
from accounts.vault import second_factor
from accounts.vault.vault import is_token
from config.management.commands.prepare import Command
from tests.conftest import PASSWORD


@pytest.fixture(autouse=True)
def _one_moment() -> Iterator[None]:
    """Codes are good for half a minute, which might end between making one and typing it."""
    with time_machine.travel(timezone.now(), tick=False):
        yield


def code_of(secret: str) -> str:
    """Return what the authenticator app shows now."""
    cache.clear()  # a code is good once; here the same half minute is asked for it twice
    return str(format_hotp_value(hotp_value(secret, next(yield_hotp_counters_from_time()))))


def turn_on(client: Client, user: User) -> str:
    """Turn the second factor on through the pages; return the secret that the page showed."""
    address = "/accounts/2fa/totp/activate/"
    client.post("/accounts/login/", {"login": user.email, "password": PASSWORD})
    page = client.post("/accounts/reauthenticate/", {"password": PASSWORD, "next": address}, follow=True)
    shown = re.search(r'id="secret" readonly value="([A-Z2-7]{16,})"', page.content.decode())
    assert shown
    client.post(address, {"code": code_of(shown[1])}, follow=True)
    return shown[1]


def signs_in(user: User, code: str) -> bool:
    client = Client()
    client.post("/accounts/login/", {"login": user.email, "password": PASSWORD})
    client.post("/accounts/2fa/authenticate/", {"code": code})
    return client.get("/").status_code == 200


def stored() -> str:
    """Return what a look into the database shows, logins included."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT data FROM mfa_authenticator")
        found = [str(row[0]) for row in cursor.fetchall()]
    return json.dumps(found)


def plain_factors(user: User) -> tuple[str, list[str]]:
    """Second factors as an installation had them before there was a vault; return secret and recovery codes."""
    secret, seed = generate_totp_secret(), RecoveryCodes.generate_seed()
    Authenticator.objects.create(user=user, type="totp", data={"secret": secret})
    codes = Authenticator.objects.create(user=user, type="recovery_codes", data={"seed": seed, "used_mask": 5})
    return secret, RecoveryCodes(codes).get_unused_codes()


def test_alice_turns_it_on_and_signs_in_with_it(client: Client, alice: User) -> None:
    secret = turn_on(client, alice)
    assert signs_in(alice, code_of(secret))
    assert not signs_in(alice, "000000")
    assert secret not in stored()
    assert [is_token(text) for row in Authenticator.objects.all() for text in second_factor.secrets_of(row.data)] == [
        True,
        True,
    ]


def test_recovery_codes_work_and_their_seed_is_not_in_the_database(client: Client, alice: User) -> None:
    turn_on(client, alice)
    row = Authenticator.objects.get(type="recovery_codes")
    codes = RecoveryCodes(row).get_unused_codes()
    assert len(codes) == 10
    assert signs_in(alice, codes[3])
    assert not signs_in(alice, codes[3])
    assert second_factor.unseal(row.data["seed"]) not in stored()


def test_one_from_before_still_opens(alice: User) -> None:
    secret, codes = plain_factors(alice)
    assert signs_in(alice, code_of(secret))
    assert signs_in(alice, codes[0])


def test_those_from_before_are_sealed_once_and_go_on(alice: User, bob: User) -> None:
    secret, codes = plain_factors(alice)
    TOTP.activate(bob, generate_totp_secret())
    bobs = Authenticator.objects.get(user=bob).data
    assert second_factor.seal_plain() == 2
    assert secret not in stored()
    assert Authenticator.objects.get(user=bob).data == bobs
    assert Authenticator.objects.get(type="recovery_codes").data["used_mask"] == 5
    assert signs_in(alice, code_of(secret))
    assert signs_in(alice, codes[0])
    assert second_factor.seal_plain() == 0


def test_codes_that_came_from_another_system_are_sealed_one_by_one(alice: User) -> None:
    data = {"migrated_codes": ["12345678", "23456789"]}
    row = Authenticator.objects.create(user=alice, type="recovery_codes", data=data)
    assert second_factor.seal_plain() == 1
    row.refresh_from_db()
    assert "12345678" not in stored()
    assert RecoveryCodes(row).get_unused_codes() == ["12345678", "23456789"]


def test_prepare_seals_those_from_before(alice: User) -> None:
    secret, _ = plain_factors(alice)
    said: list[str] = []
    Command().seal_secrets(said.append)
    assert said == ["Looking at the secrets in the database", "    2 second factors sealed"]
    assert secret not in stored()
