"""Ids of sessions: checked, and made from people's names."""

from __future__ import annotations

import re
import unicodedata

from django.core.exceptions import ValidationError

SESSION_ID = re.compile(r"^[a-zA-Z0-9_-]{1,20}$")
GLOBAL_SESSION_ID = "pitcher-host"


def validate_session_id(value: str) -> None:
    """Raise ValidationError with what is allowed."""
    if not SESSION_ID.fullmatch(value):
        raise ValidationError("Use 1 to 20 letters, digits, hyphens or underscores.")


def session_id_for(name: str, taken: set[str]) -> str:
    """Return an id made from a person's name that nobody has yet: "Ada Lovelace" gives "ada-lovelace"."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    base = re.sub(r"[^a-z0-9_-]+", "-", plain.lower()).strip("-")[:20] or "guest"
    taken = {other.lower() for other in taken} | {GLOBAL_SESSION_ID}
    candidates = (base if n == 1 else f"{base[: 19 - len(str(n))]}-{n}" for n in range(1, len(taken) + 2))
    return next(candidate for candidate in candidates if candidate not in taken)
