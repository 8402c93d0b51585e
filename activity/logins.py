"""People who sign in and out, and their second factors: told by signals, whichever page or command does it.

Each entry is written in the transaction of its change, so nothing of it is left when it cannot be recorded.
"""

from __future__ import annotations

from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.signals import user_logged_in, user_logged_out, user_login_failed
from django.db import transaction
from django.db.models.signals import post_delete, post_save
from django.http import HttpRequest

from activity.log import record
from activity.models import Outcome
from activity.target import Target


def connect() -> None:
    from allauth.mfa.models import Authenticator  # noqa: PLC0415  # models are there once the apps are ready

    user_logged_in.connect(signed_in, dispatch_uid="activity")
    user_logged_out.connect(signed_out, dispatch_uid="activity")
    user_login_failed.connect(refused, dispatch_uid="activity")
    # Of the rows, because allauth sends its own signals when the change is committed.
    post_save.connect(second_factor_saved, sender=Authenticator, dispatch_uid="activity")
    post_delete.connect(second_factor_removed, sender=Authenticator, dispatch_uid="activity")


def signed_in(request: HttpRequest, user: AbstractBaseUser, **_: Any) -> None:
    """The login is a row, too: written here, and not with the answer, it is there with its entry or not at all."""
    with transaction.atomic():
        request.session.save()
        record("login.ok", user, by=user)


def signed_out(request: HttpRequest, user: AbstractBaseUser | None, **_: Any) -> None:
    """Django tells this first and removes the login then: its row goes here, together with the entry."""
    if user is not None:
        with transaction.atomic():
            request.session.delete(request.session.session_key)
            record("login.logout", user, by=user)


def refused(credentials: dict[str, Any], **_: Any) -> None:
    """Name the account, never what was typed: some type their password into the wrong field."""
    tried = str(credentials.get("email") or credentials.get("username") or "")
    account = get_user_model().objects.filter(email__iexact=tried).first()
    unknown = Target(kind="user", label="no such account")
    record("login.failed", account or unknown, outcome=Outcome.REFUSED)


def second_factor_saved(instance: Any, created: bool, update_fields: frozenset[str] | None, **_: Any) -> None:
    """allauth adds a factor, and uses up a recovery code, in a transaction. Who uses one is not signed in yet."""
    if created:
        record("login.mfa", instance.user, detail={"change": "added", "kind": instance.type})
    elif update_fields is None and instance.type == "recovery_codes":
        record("login.mfa", instance.user, by=instance.user, detail={"change": "used a code", "kind": instance.type})


def second_factor_removed(instance: Any, **_: Any) -> None:
    """Django deletes rows that someone listens for within a transaction."""
    record("login.mfa", instance.user, detail={"change": "removed", "kind": instance.type})
