"""Proof of who is there, for connections that outlive the request that opened them."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from django.contrib.auth import HASH_SESSION_KEY
from django.contrib.auth.models import AnonymousUser
from django.contrib.sessions.backends.base import SessionBase
from django.contrib.sessions.models import Session as BrowserSession
from django.utils import timezone

from accounts.models import ApiToken, User


@dataclass(frozen=True)
class Login:
    """One browser's sign-in. It ends with a logout, a new password, expiry, or a disabled account."""

    user_id: int
    key: str
    auth_hash: str

    @classmethod
    def of(cls, user: User | AnonymousUser, browser: SessionBase) -> Login | None:
        """Return the login behind a connection; None for anonymous visitors."""
        if isinstance(user, AnonymousUser) or not user.is_active or not browser.session_key:
            return None
        return cls(user.pk, browser.session_key, browser.get(HASH_SESSION_KEY, ""))

    def grants(self, scope: str) -> bool:
        return True

    def reaches(self, team_id: int) -> bool:
        return True


@dataclass(frozen=True)
class TokenLogin:
    """A program's token. It ends with its date, its revocation, the account, or the membership in its team."""

    user_id: int
    token_id: int
    scopes: frozenset[str]
    team_id: int | None

    @classmethod
    def of(cls, token: ApiToken | None) -> TokenLogin:
        """Return the proof that a token is; without one it is proof of nothing."""
        if token is None:
            return cls(0, 0, frozenset(), None)
        return cls(token.user_id, token.pk, token.grants, token.team_id)

    def grants(self, scope: str) -> bool:
        return scope in self.scopes

    def reaches(self, team_id: int) -> bool:
        return self.team_id in (None, team_id)


def still_good(proofs: Collection[Login | TokenLogin]) -> set[Login | TokenLogin]:
    """Return those that have not ended, in three queries whatever their number."""
    logins = {each for each in proofs if isinstance(each, Login)}
    programs = {each for each in proofs if isinstance(each, TokenLogin)}
    return {*good_logins(logins), *good_programs(programs)}


def good_logins(logins: set[Login]) -> set[Login]:
    if not logins:
        return set()
    users = User.objects.filter(is_active=True).in_bulk({login.user_id for login in logins})
    hashes = {pk: user.get_session_auth_hash() for pk, user in users.items()}
    now = timezone.now()
    keys = {login.key for login in logins}
    alive = set(
        BrowserSession.objects.filter(session_key__in=keys, expire_date__gt=now).values_list("session_key", flat=True)
    )
    return {login for login in logins if login.key in alive and hashes.get(login.user_id) == login.auth_hash}


def good_programs(programs: set[TokenLogin]) -> set[TokenLogin]:
    if not programs:
        return set()
    usable = set(
        ApiToken.objects.usable().filter(pk__in={each.token_id for each in programs}).values_list("pk", flat=True)
    )
    return {each for each in programs if each.token_id in usable}
