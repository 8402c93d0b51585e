"""How allauth behaves here."""

from __future__ import annotations

from allauth.account.adapter import DefaultAccountAdapter
from django.http import HttpRequest


class ClosedSignup(DefaultAccountAdapter):  # type: ignore[misc]  # allauth has no types
    """Accounts come from the setup link and from invitations only."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False
