"""Browsers of the people that tests meet."""

from __future__ import annotations

from django.test import Client

from accounts.models import User


def browser_of(user: User) -> Client:
    """Return a browser in which this person is signed in."""
    client = Client()
    client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
    return client
