"""Ids of sessions: checked, and made from people's names."""

from __future__ import annotations

import re
from hashlib import sha256

from anyascii import anyascii
from django.core.exceptions import ValidationError

SESSION_ID = re.compile(r"^[a-zA-Z0-9_-]{1,20}$")
GLOBAL_SESSION_ID = "pitcher-host"


def validate_session_id(value: str) -> None:
    """Raise ValidationError with what is allowed."""
    if not SESSION_ID.fullmatch(value):
        raise ValidationError("Use 1 to 20 letters, digits, hyphens or underscores.")


def session_id_for(name: str, email: str, taken: set[str]) -> str:
    """Return an id made from a person's name that nobody has yet: "Ada Lovelace" gives "ada-lovelace".

    A name in another script is written in Latin letters; one that has none gives way to the address.
    """
    base = in_latin(name) or in_latin(email.partition("@")[0]) or f"person-{sha256(email.encode()).hexdigest()[:6]}"
    taken = {other.lower() for other in taken} | {GLOBAL_SESSION_ID}
    candidates = (base if n == 1 else f"{base[: 19 - len(str(n))]}-{n}" for n in range(1, len(taken) + 2))
    return next(candidate for candidate in candidates if candidate not in taken)


def in_latin(text: str) -> str:
    """Return at most 20 letters, digits, hyphens and underscores that read like the text; "" for emoji alone."""
    # What has no letter becomes a description in colons, such as ":rocket:".
    plain = re.sub(r":[a-z0-9_]+:", "-", anyascii(text).lower())
    return re.sub(r"[^a-z0-9_-]+", "-", plain).strip("-")[:20].strip("-")
