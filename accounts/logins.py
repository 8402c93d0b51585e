"""Proof that somebody is signed in, for connections that outlive the request that opened them."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from django.contrib.auth import HASH_SESSION_KEY
from django.contrib.auth.models import AnonymousUser
from django.contrib.sessions.backends.base import SessionBase
from django.contrib.sessions.models import Session as BrowserSession
from django.utils import timezone

from accounts.models import User


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


def still_good(logins: Collection[Login]) -> set[Login]:
    """Return those that have not ended, in two queries whatever their number."""
    users = User.objects.filter(is_active=True).in_bulk({login.user_id for login in logins})
    hashes = {pk: user.get_session_auth_hash() for pk, user in users.items()}
    now = timezone.now()
    keys = {login.key for login in logins}
    alive = set(
        BrowserSession.objects.filter(session_key__in=keys, expire_date__gt=now).values_list("session_key", flat=True)
    )
    return {login for login in logins if login.key in alive and hashes.get(login.user_id) == login.auth_hash}
