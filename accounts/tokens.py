"""One-time link tokens: shown once, stored as a hash."""

from __future__ import annotations

import hashlib
import secrets


def new_token() -> str:
    """Return 256 bits as URL-safe text, fit for a link."""
    return secrets.token_urlsafe(32)


def token_hash(token: str) -> str:
    """Return the SHA-256 of a token in hex: what the database keeps. A 256-bit token needs no slow hash."""
    return hashlib.sha256(token.encode()).hexdigest()
