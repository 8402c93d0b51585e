"""Secrets at rest: sealed with AES-256-GCM under a key that is not in the database, each bound to its place.

A sealed text is a token, `v1.<key id>.<base64url of nonce and ciphertext>`. Version, key id and place (for a column:
table, row and column) are authenticated with it, so a token that was copied to another row does not open there.

    VaultError
      +-- BadKeys           the keys cannot be read, or are malformed
      +-- RotationRunning   someone else is changing the key file
      +-- UnknownKey        no key has the token's id
      +-- Tampered          another place, changed bytes, or no token at all

Nonces are random: 2^32 texts under one key before a repetition becomes thinkable (NIST SP 800-38D, 8.3).
"""

from __future__ import annotations

import base64
import re
import secrets
from collections.abc import Callable
from functools import cache
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings

from accounts.vault.keys import KEY_ID, BadKeys, Key, KeyFile, RotationRunning, VaultError, parse_keys

__all__ = [
    "BadKeys",
    "RotationRunning",
    "Tampered",
    "UnknownKey",
    "Vault",
    "VaultError",
    "is_token",
    "key_file",
    "key_id_of",
    "the_vault",
]

VERSION = "v1"
# What GCM is made for: 96 bits. The tag that it appends has 128.
NONCE_BYTES, TAG_BYTES = 12, 16
SHORTEST_BODY = -(-(NONCE_BYTES + TAG_BYTES) * 4 // 3)
TOKEN = re.compile(rf"{VERSION}\.({KEY_ID.pattern})\.([A-Za-z0-9_-]{{{SHORTEST_BODY},}})")


class UnknownKey(VaultError):  # noqa: N818  # reads as what it is, below a name with Error
    """No key has this id: the key file or the setting is not the one that this text was sealed with."""


class Tampered(VaultError):  # noqa: N818
    """This is not what was sealed for this place."""


def is_token(text: str) -> bool:
    """Whether this has the shape of a token; whether it opens, only the vault can tell."""
    return TOKEN.fullmatch(text) is not None


def key_id_of(token: str) -> str:
    """Return the id of the key that sealed it. Raises Tampered for what is not a token."""
    return _parts(token)[0]


class Vault:
    """Seals and opens with the keys of the moment: `keys` is asked every time, its first one seals."""

    def __init__(self, keys: Callable[[], tuple[Key, ...]]) -> None:
        self._keys = keys

    def seal(self, text: str, place: str) -> str:
        """Return a token that opens only with the same place. Sealing twice gives two different tokens."""
        key = self._keys()[0]
        nonce = secrets.token_bytes(NONCE_BYTES)
        ciphertext = AESGCM(key.secret).encrypt(nonce, text.encode(), _bound(key.id, place))
        return f"{VERSION}.{key.id}.{_encode(nonce + ciphertext)}"

    def open(self, token: str, place: str) -> str:
        """Return the text. Raises UnknownKey or Tampered; the message never holds text or token."""
        key_id, body = _parts(token)
        key = self._key_of(key_id, place)
        nonce, ciphertext = body[:NONCE_BYTES], body[NONCE_BYTES:]
        try:
            return AESGCM(key.secret).decrypt(nonce, ciphertext, _bound(key_id, place)).decode()
        except InvalidTag:
            raise Tampered(f"The secret at {place} is not what was sealed there.") from None

    def check(self, token: str, place: str) -> None:
        """Raise UnknownKey when no key is there for it any more."""
        self._key_of(key_id_of(token), place)

    def key_ids(self) -> tuple[str, ...]:
        """Return the ids of the keys that open, the one that seals first."""
        return tuple(key.id for key in self._keys())

    def _key_of(self, key_id: str, place: str) -> Key:
        key = next((key for key in self._keys() if key.id == key_id), None)
        if key is None:
            raise UnknownKey(f"There is no key {key_id}, with which the secret at {place} was sealed.")
        return key


def the_vault() -> Vault:
    """Return this process's vault. It follows the key file when another process rotates. Raises BadKeys."""
    return _vault(settings.SANDLOT_VAULT_KEYS, settings.DATA_DIR)


def key_file() -> KeyFile | None:
    """Return the file that holds the keys; None when the environment gives them."""
    return None if settings.SANDLOT_VAULT_KEYS else KeyFile(settings.DATA_DIR / "vault_keys")


@cache
def _vault(given: str, folder: Path) -> Vault:
    if given:
        keys = parse_keys(given.split(","))
        return Vault(lambda: keys)
    file = KeyFile(folder / "vault_keys")
    file.make()
    return Vault(file.read)


def _bound(key_id: str, place: str) -> bytes:
    return f"{VERSION}.{key_id}.{place}".encode()


def _encode(body: bytes) -> str:
    return base64.urlsafe_b64encode(body).decode().rstrip("=")


def _parts(token: str) -> tuple[str, bytes]:
    found = TOKEN.fullmatch(token)
    if found:
        key_id, encoded = found.groups()
        # A length that base64 cannot have, or stray bits in the last letter, are changes like any other.
        body = base64.urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4)) if len(encoded) % 4 != 1 else b""
        if _encode(body) == encoded:
            return key_id, body
    raise Tampered("This is not a sealed text.")
