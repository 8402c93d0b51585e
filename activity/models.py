"""The record of what was done: entries that are written once, in a chain, and the head that knows its end.

No foreign keys: what an entry names may be renamed and deleted, and the entry stays as it was written.
Code refuses to change entries here; a trigger in the database refuses it to everybody else (migration 0002).
"""

from __future__ import annotations

from typing import Any, ClassVar, Never

from django.db import models

from activity.source import Via
from activity.verbs import VERBS


class Outcome(models.TextChoices):
    DONE = "done", "Done"
    REFUSED = "refused", "Refused"
    FAILED = "failed", "Failed"


class AppendOnly(Exception):  # noqa: N818  # "raise AppendOnly(...)" is the sentence
    """Someone tried to change what was written."""


def refuse(*_: Any, **__: Any) -> Never:
    raise AppendOnly("What is recorded is neither changed nor removed.")


class EntryQuerySet(models.QuerySet["Entry"]):
    update = delete = bulk_create = bulk_update = refuse


class Entry(models.Model):
    """One thing that was done, refused or failed. Written by `activity.log.record` only."""

    number = models.BigIntegerField(primary_key=True)
    at = models.DateTimeField(db_index=True)
    actor_id = models.BigIntegerField(null=True)
    actor = models.CharField("who", max_length=200)
    via = models.CharField(max_length=10, choices=[(via.value, via.value) for via in Via])
    address = models.CharField("from", max_length=45, blank=True)
    verb = models.CharField("what", max_length=40)
    target_kind = models.CharField(max_length=40, blank=True)
    target_id = models.CharField(max_length=40, blank=True)
    target = models.CharField(max_length=200, blank=True)
    sandbox_id = models.BigIntegerField(null=True)
    sandbox = models.CharField(max_length=80, blank=True)
    team_id = models.BigIntegerField(null=True)
    team = models.CharField(max_length=80, blank=True)
    outcome = models.CharField(max_length=10, choices=Outcome.choices)
    detail = models.JSONField(default=dict)
    hash = models.CharField(max_length=64)

    objects = EntryQuerySet.as_manager()

    # What the hash covers, besides the hash before it.
    VALUES: ClassVar[list[str]] = (
        "number at actor_id actor via address verb target_kind target_id target "
        "sandbox_id sandbox team_id team outcome detail"
    ).split()

    class Meta:
        ordering = ["-number"]
        verbose_name_plural = "entries"
        indexes = [
            models.Index(fields=["team_id", "-number"], name="entry_of_team"),
            models.Index(fields=["sandbox_id", "-number"], name="entry_of_sandbox"),
            # For the names in a page's filter, and for one of them.
            models.Index(fields=["team_id", "actor_id", "-number"], name="entry_of_team_by"),
            models.Index(fields=["sandbox_id", "actor_id", "-number"], name="entry_of_sandbox_by"),
            models.Index(fields=["actor_id", "at"], name="entry_of_actor"),
            models.Index(fields=["verb", "-number"], name="entry_of_verb"),
        ]

    def __str__(self) -> str:
        return f"{self.actor}: {self.words} {self.target}".strip()

    def save(self, *, force_insert: Any = False, **options: Any) -> None:
        if not force_insert:
            refuse()
        super().save(force_insert=True, **options)

    delete = refuse

    @property
    def words(self) -> str:
        """What was done, in words; the bare verb for one of a version that knew it."""
        return VERBS.get(self.verb, self.verb)

    @property
    def actor_name(self) -> str:
        """Who, without the address behind the name."""
        return self.actor.split(" <")[0]

    @property
    def facts(self) -> str:
        """The details as one line; what is empty says nothing."""
        return " · ".join(f"{name}: {value}" for name, value in self.detail.items() if value not in ("", None))


class Head(models.Model):
    """The end of the chain: how many entries there are and the last one's hash. One row."""

    PK = 1

    id = models.SmallIntegerField(primary_key=True, default=PK)
    count = models.BigIntegerField(default=0)
    hash = models.CharField(max_length=64, blank=True)

    def __str__(self) -> str:
        return f"{self.count} entries"

    @classmethod
    def locked(cls) -> Head:
        """Return the head for the rest of the transaction. Nobody else writes an entry until it ends."""
        return cls.objects.select_for_update().get_or_create(pk=cls.PK)[0]

    def move_to(self, entry: Entry) -> None:
        self.count, self.hash = entry.number, entry.hash
        self.save(update_fields=["count", "hash"])
