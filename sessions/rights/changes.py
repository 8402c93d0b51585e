"""What happens to sessions when a role or an account changes. News from `accounts`, which does not know us."""

from __future__ import annotations

from typing import Any

from accounts.models import Membership, User
from sessions.models import Session


def membership_changed(instance: Membership, created: bool = False, **_: Any) -> None:
    """Receiver: a role was given, changed or taken. A new member has no session yet."""
    if not created:
        theirs = Session.objects.filter(user=instance.user_id, sandbox__team=instance.team_id)
        theirs.follow_roles()


def account_changed(instance: User, created: bool, update_fields: Any = None, **_: Any) -> None:
    """Receiver: an account was disabled. A login only notes its time."""
    if not created and not instance.is_active and update_fields != {"last_login"}:
        Session.objects.filter(user=instance).follow_roles()
