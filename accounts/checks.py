"""System checks: what would make secrets readable, or unreadable, is said at the start."""

from __future__ import annotations

import stat
from collections.abc import Sequence
from typing import Any

from django.core import checks
from django.core.checks import CheckMessage, Error, Tags, register
from django.db import DEFAULT_DB_ALIAS, DatabaseError

from accounts.vault.rotation import missing_keys
from accounts.vault.vault import VaultError, key_file


@register(Tags.security)
def key_file_is_private(**_options: Any) -> list[CheckMessage]:
    file = key_file()
    if file is None or not file.path.exists():
        return []
    try:
        file.read()
    except VaultError as error:
        return [Error(str(error), hint="Put the file back from a backup, with its owner.", id="accounts.E001")]
    mode = stat.S_IMODE(file.path.stat().st_mode)
    if not mode & (stat.S_IRWXG | stat.S_IRWXO):
        return []
    words = f"The key file {file.path} is open to other users of this machine (mode {mode:04o})."
    return [checks.Warning(words, hint=f"Run: chmod 600 {file.path}", id="accounts.W001")]


@register(Tags.database)
def every_key_is_there(databases: Sequence[str] | None = None, **_options: Any) -> list[CheckMessage]:
    if DEFAULT_DB_ALIAS not in (databases or ()):
        return []
    try:
        missing = missing_keys()
    except VaultError as error:
        return [Error(str(error), id="accounts.E001")]
    except DatabaseError:
        # The tables are not there yet, or not as they will be: `migrate` comes first.
        return []
    if not missing:
        return []
    file = key_file()
    where = f"the key file {file.path}" if file else "SANDLOT_VAULT_KEYS"
    return [
        Error(
            f"The database holds secrets that no key opens: {where} lacks {', '.join(sorted(missing))}.",
            hint="Put the missing keys back, after the first one. If they are lost for good, "
            "`manage.py rotate_keys --clear-lost` gives up what they sealed.",
            id="accounts.E002",
        )
    ]
