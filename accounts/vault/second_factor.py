"""Second factors at rest: allauth keeps their secrets in `Authenticator.data`, here as tokens of the vault.

allauth seals a secret before there is a row, so all of them share one place: their tokens are bound to this use, and
not to the person. Someone who can write to the database could give one person's factor to another; they could as well
delete it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from allauth.mfa.models import Authenticator
from django.db import transaction

from accounts.batches import in_batches
from accounts.vault.vault import is_token, the_vault
from activity.log import record

PLACE = "mfa_authenticator:data:secret"
# What allauth passes through `encrypt`: of TOTP, of recovery codes, of codes that came from another system.
SECRETS = ("secret", "seed", "migrated_codes")


def seal(text: str) -> str:
    return the_vault().seal(text, PLACE)


def unseal(stored: str) -> str:
    """Return the secret; one that was stored before there was a vault is returned as it is. Raises VaultError."""
    return the_vault().open(stored, PLACE) if is_token(stored) else stored


def seal_plain() -> int:
    """Seal what was stored before there was a vault; return in how many rows."""

    def is_plain(stored: str) -> bool:
        return not is_token(stored)

    with transaction.atomic():
        count = sum(rewrite(row.pk, is_plain) for row in rows(is_plain))
        if count:
            record("keys.seal", detail={"what": "second factors", "key": the_vault().key_ids()[0], "count": count})
    return count


def rows(chosen: Callable[[str], bool]) -> Iterator[Authenticator]:
    """Yield the rows that hold a chosen secret."""
    for row in in_batches(Authenticator.objects.all()):
        if any(map(chosen, secrets_of(row.data))):
            yield row


def rewrite(pk: int, chosen: Callable[[str], bool]) -> bool:
    """Seal the chosen secrets of one row anew; return whether there were any. Raises VaultError and changes nothing."""
    with transaction.atomic():
        # The lock keeps what allauth writes meanwhile: which recovery codes are used up.
        row = Authenticator.objects.select_for_update().filter(pk=pk).first()
        if row is None or not any(map(chosen, secrets_of(row.data))):
            return False
        row.data = {name: _sealed_anew(value, chosen) if name in SECRETS else value for name, value in row.data.items()}
        row.save(update_fields=["data"])
        return True


def secrets_of(data: dict[str, Any]) -> Iterator[str]:
    """Yield the secrets of a row's data as they are stored."""
    for name in SECRETS:
        value = data.get(name, [])
        yield from [value] if isinstance(value, str) else value


def _sealed_anew(value: Any, chosen: Callable[[str], bool]) -> Any:
    if isinstance(value, list):
        return [_sealed_anew(part, chosen) for part in value]
    return seal(unseal(value)) if chosen(value) else value
