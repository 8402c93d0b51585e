"""The hash chain: each entry's hash covers its own values and the hash before it.

Whoever changes, removes or slips in an entry has to write all that follow anew, and the head too.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC

from django.db import transaction

from activity.models import Entry, Head

# Entries that are held in memory at once.
BATCH = 2000


class ChainBroken(Exception):  # noqa: N818  # "raise ChainBroken(...)" is the sentence
    """The entry of this number is not right; the text says why."""


@dataclass(frozen=True)
class Verified:
    """How many entries are right and the hash of the last one: worth keeping where this server cannot write."""

    count: int
    hash: str


def verify(known: Verified | None = None) -> Verified:
    """Walk the whole chain. Raises ChainBroken at the first entry that is not right.

    `known` is what an earlier walk returned: the chain must still lead over it. Entries may be written meanwhile;
    only the walk over those holds them up.
    """
    walk = Walk(known)
    walk.until(Head.objects.get(pk=Head.PK).count if Head.objects.exists() else 0)
    with transaction.atomic():
        head = Head.locked()
        walk.until(head.count)
        walk.compare(head)
    return Verified(walk.count, walk.hash)


class Walk:
    """How far a walk along the chain has come."""

    def __init__(self, known: Verified | None) -> None:
        self.count, self.hash, self._known = 0, "", known

    def until(self, count: int) -> None:
        for entry in entries(self.count, count):
            self._step(entry)
        if self.count < count:
            raise ChainBroken(f"Entry {self.count + 1} is missing; there were {count}.")

    def compare(self, head: Head) -> None:
        """Hold the end of the walk against the head, and that nothing stands beyond it."""
        if self.hash != head.hash:
            raise ChainBroken(f"Entry {self.count} is not the one that was written last.")
        if Entry.objects.filter(number__gt=head.count).exists():
            raise ChainBroken(f"Entry {head.count + 1} was not written by the server.")
        if self._known and self._known.count > self.count:
            raise ChainBroken(f"Entry {self.count + 1} is missing; there were {self._known.count}.")

    def _step(self, entry: Entry) -> None:
        number = self.count + 1
        if entry.number != number:
            raise ChainBroken(f"Entry {number} is missing.")
        if entry.hash != hash_of(self.hash, entry):
            raise ChainBroken(f"Entry {number} was changed after it was written, or the one before was replaced.")
        self.count, self.hash = number, entry.hash
        if self._known and self._known.count == number and self._known.hash != entry.hash:
            raise ChainBroken(f"Entry {number} has another hash than the one that is known.")


def entries(after: int, until: int) -> Iterator[Entry]:
    """Yield the entries after this number, in order and in batches."""
    rows = Entry.objects.filter(number__gt=after, number__lte=until).order_by("number")
    return rows.iterator(chunk_size=BATCH)


def hash_of(previous: str, entry: Entry) -> str:
    """Return the SHA-256, in hex, over the previous hash and the entry's values as canonical JSON."""
    text = json.dumps(content_of(entry), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(f"{previous}\n{text}".encode()).hexdigest()


def content_of(entry: Entry) -> dict[str, object]:
    """Return all values of an entry but the hash, as they come back from any database."""
    values: dict[str, object] = {name: getattr(entry, name) for name in Entry.VALUES}
    return values | {"at": entry.at.astimezone(UTC).isoformat(timespec="microseconds")}
