"""People who sign in and out, and their second factors."""

from __future__ import annotations

from typing import Any

from allauth.mfa import signals as mfa
from django.contrib.auth import get_user_model
from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.signals import user_logged_in, user_logged_out, user_login_failed

from activity.log import record
from activity.models import Outcome
from activity.target import Target


def connect() -> None:
    user_logged_in.connect(signed_in, dispatch_uid="activity")
    user_logged_out.connect(signed_out, dispatch_uid="activity")
    user_login_failed.connect(refused, dispatch_uid="activity")
    for change in ("added", "removed", "reset"):
        getattr(mfa, f"authenticator_{change}").connect(second_factor_changed, dispatch_uid="activity")


def signed_in(user: AbstractBaseUser, **_: Any) -> None:
    record("login.ok", user, by=user)


def signed_out(user: AbstractBaseUser | None, **_: Any) -> None:
    if user is not None:
        record("login.logout", user, by=user)


def refused(credentials: dict[str, Any], **_: Any) -> None:
    """Name the account, never what was typed: some type their password into the wrong field."""
    tried = str(credentials.get("email") or credentials.get("username") or "")
    account = get_user_model().objects.filter(email__iexact=tried).first()
    unknown = Target(kind="user", label="no such account")
    record("login.failed", account or unknown, outcome=Outcome.REFUSED)


def second_factor_changed(user: AbstractBaseUser, authenticator: Any, signal: Any, **_: Any) -> None:
    change = {mfa.authenticator_added: "added", mfa.authenticator_removed: "removed"}.get(signal, "made anew")
    record("login.mfa", user, detail={"change": change, "kind": authenticator.type})
