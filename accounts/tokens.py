"""Tokens: shown once, stored as a hash."""

from __future__ import annotations

import hashlib
import re
import secrets
import string
import zlib

BASE62 = string.digits + string.ascii_uppercase + string.ascii_lowercase
# 30 characters of 62 are 178 bits; 6 more carry the checksum of what stands before them.
RANDOM_LENGTH, CHECKSUM_LENGTH = 30, 6
API_TOKEN = re.compile(rf"^slt[ps]_[0-9A-Za-z]{{{RANDOM_LENGTH + CHECKSUM_LENGTH}}}$")
# The letter behind "slt".
PERSON, SESSION = "p", "s"
# What lists show of a token: its kind and four characters.
SHOWN_LENGTH = 9


def new_token() -> str:
    """Return 256 bits as URL-safe text, fit for a link."""
    return secrets.token_urlsafe(32)


def token_hash(token: str) -> str:
    """Return the SHA-256 of a token in hex: what the database keeps. A random token needs no slow hash."""
    return hashlib.sha256(token.encode()).hexdigest()


def new_api_token(kind: str) -> str:
    """Return a token for programs: `slt`, its kind, 30 random characters and a checksum that scanners can check."""
    body = f"slt{kind}_" + "".join(secrets.choice(BASE62) for _ in range(RANDOM_LENGTH))
    return body + checksum(body)


def is_api_token(text: str) -> bool:
    """Whether this can be one of ours: a mistyped token is told apart without asking the database."""
    return bool(API_TOKEN.fullmatch(text)) and checksum(text[:-CHECKSUM_LENGTH]) == text[-CHECKSUM_LENGTH:]


def checksum(body: str) -> str:
    """Return the CRC-32 of ASCII text as six characters of base 62."""
    number, digits = zlib.crc32(body.encode()), ""
    for _ in range(CHECKSUM_LENGTH):
        number, digit = divmod(number, len(BASE62))
        digits = BASE62[digit] + digits
    return digits
