"""`manage.py rotate_keys`: a fresh key for the secrets in the database. Killed at any point, the next run finishes."""

from __future__ import annotations

import time
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from accounts.vault.keys import Key, KeyFile
from accounts.vault.rotation import Outcome, keys_in_use, missing_keys, seal_anew
from accounts.vault.vault import VaultError, key_file, the_vault
from activity.log import record

# A request may have sealed with the former key and not written yet: longer than SQLite's writers wait for each other.
GRACE_S = 30


class Command(BaseCommand):
    help = "Seal all secrets in the database with a fresh key. Dashboards that run go on and follow by themselves."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--forget-old",
            action="store_true",
            help=f"Drop the former keys from the key file, after {GRACE_S} s for requests under way. "
            "Backups of the database from before need them.",
        )
        parser.add_argument(
            "--clear-lost",
            action="store_true",
            help="Give up secrets that do not open: fields become empty, second factors are turned off.",
        )

    def handle(self, *, forget_old: bool = False, clear_lost: bool = False, **options: Any) -> None:
        try:
            vault, file = the_vault(), key_file()
            if not clear_lost:
                self._refuse_without(missing_keys())
            if file:
                with file.changing():
                    self._rotate(file, forget_old=forget_old, clear_lost=clear_lost)
            else:
                self._seal_anew(clear_lost=clear_lost)
                self._say_what_to_remove(vault.key_ids()[1:])
        except VaultError as error:
            raise CommandError(str(error)) from error

    def _refuse_without(self, missing: set[str]) -> None:
        # Before anything is changed: the file with the missing keys may still be put back as a whole.
        if missing:
            raise CommandError(
                f"Keys are missing: {_names(missing)}. Nothing was changed. Put them back, after the first one, "
                "or give up what they sealed with --clear-lost."
            )

    def _rotate(self, file: KeyFile, *, forget_old: bool, clear_lost: bool) -> None:
        former = {key.id for key in file.read()}
        fresh = Key.fresh()
        with transaction.atomic():
            record("keys.add", detail={"key": fresh.id})
            file.add(fresh)
        self.stdout.write(f"Key {fresh.id} seals from now on.")
        self._seal_anew(clear_lost=clear_lost)
        if forget_old:
            self.stdout.write(f"Waiting {GRACE_S} s for requests under way.")
            time.sleep(GRACE_S)
            self._seal_anew(clear_lost=clear_lost)
            self._forget(file, former)
        else:
            self.stdout.write(f"Kept for backups: {_names(former)}. `rotate_keys --forget-old` drops former keys.")

    def _forget(self, file: KeyFile, former: set[str]) -> None:
        used = keys_in_use() & former
        with transaction.atomic():
            record("keys.forget", detail={"keys": sorted(former - used)})
            file.forget(former - used)
        self.stdout.write(f"Dropped: {_names(former - used)}.")
        if used:
            raise CommandError(f"Still in use, and therefore kept: {_names(used)}. Run this again.")

    def _seal_anew(self, *, clear_lost: bool) -> None:
        outcome = seal_anew(clear_lost=clear_lost)
        for label, count in outcome.sealed.items():
            self.stdout.write(f"Sealed anew: {count} of {label}.")
        if outcome.lost:
            self._tell_lost(outcome)

    def _tell_lost(self, outcome: Outcome) -> None:
        """Raises CommandError when something is left that does not open."""
        for reason in outcome.reasons:
            self.stderr.write(reason)
        if outcome.cleared < outcome.lost:
            raise CommandError(
                f"Not opened, and left as they are: {outcome.lost}. All keys are kept. "
                "Give these secrets up with --clear-lost."
            )
        self.stdout.write(f"Given up: {outcome.cleared} that did not open.")

    def _say_what_to_remove(self, former: tuple[str, ...]) -> None:
        used = keys_in_use() & set(former)
        if used:
            raise CommandError(f"Still in use: {_names(used)}. Run this again.")
        if former:
            self.stdout.write(f"Remove from SANDLOT_VAULT_KEYS: {_names(set(former))}. Backups from before need them.")
        else:
            self.stdout.write("To rotate, put a fresh key in front of SANDLOT_VAULT_KEYS, restart, run this again.")


def _names(ids: set[str]) -> str:
    return ", ".join(sorted(ids)) or "none"
