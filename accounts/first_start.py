"""The first start: the owner from the environment, or a one-time link in the server's log."""

from __future__ import annotations

from django.conf import settings
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ImproperlyConfigured, ValidationError
from django.core.validators import validate_email
from django.urls import reverse

from accounts.models import SetupLink, User, found
from accounts.models.invitation import SETUP_LINK_LIFETIME


def first_start_words(origin: str) -> list[str]:
    """Make the owner that the environment names, or a new setup link; return what the log is to say."""
    if User.objects.exists():
        return []
    if settings.SANDLOT_OWNER_EMAIL:
        return [found_from_environment()]
    token = SetupLink.renew()
    if token is None:
        return []
    hours = int(SETUP_LINK_LIFETIME.total_seconds() // 3600)
    return [
        f"First start: open this link once, within {hours} hours, to make the owner's account:",
        f"  {origin}{reverse('accounts:setup', args=[token])}",
    ]


def found_from_environment() -> str:
    """Make the owner of SANDLOT_OWNER_EMAIL and _PASSWORD. Raises ImproperlyConfigured on bad values."""
    email, password = settings.SANDLOT_OWNER_EMAIL, settings.SANDLOT_OWNER_PASSWORD
    try:
        validate_email(email)
        validate_password(password, User(email=email))
    except ValidationError as error:
        raise ImproperlyConfigured(f"SANDLOT_OWNER_EMAIL, SANDLOT_OWNER_PASSWORD: {' '.join(error.messages)}") from None
    found(email, password, team_name="Team")
    return f"First start: the owner {email} was made from the environment."
