"""`manage.py verify_activity`: walk the hash chain of the activity record."""

from __future__ import annotations

from argparse import ArgumentParser, ArgumentTypeError
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from activity.chain import ChainBroken, Verified, verify


class Command(BaseCommand):
    help = "Say whether the activity record is as it was written. Exit status 1 when it is not."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--known",
            type=head,
            metavar="NUMBER:HASH",
            help="What an earlier run printed: the record must still contain that entry, with that hash.",
        )

    def handle(self, *, known: Verified | None = None, **options: Any) -> None:
        try:
            verified = verify(known)
        except ChainBroken as broken:
            raise CommandError(f"The activity record is not right. {broken}") from broken
        self.stdout.write(f"{verified.count} entries are right. Keep this elsewhere: {verified.count}:{verified.hash}")


def head(text: str) -> Verified:
    number, _, digest = text.partition(":")
    if not number.isdigit() or len(digest) != 64:
        raise ArgumentTypeError("takes what an earlier run printed, NUMBER:HASH")
    return Verified(int(number), digest)
