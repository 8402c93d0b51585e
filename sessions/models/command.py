"""Commands: one program in a session each, without a terminal. The row says who ran what, and how it ended."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Sequence
from datetime import timedelta
from typing import Any

from django.db import IntegrityError, models, transaction
from django.utils import timezone

from accounts.models import User
from activity.log import record
from activity.refusals import TooMany
from sandboxes.models import Sandbox

# Running at once; the holder's own limit is higher.
COMMANDS_PER_SESSION = 200
# Ended ones that are remembered; the record of them in the activity stays.
ENDED_KEPT = 200
# Of its words, as they are shown.
WORDS_MAX = 2000
# Shorter values are in too many words by chance.
SECRET_LEAST = 6
HIDDEN = "•••"
# A row is written before its program is started: a look at the holder in between must not take it for lost.
STARTS_WITHIN = timedelta(seconds=30)


class CommandQuerySet(models.QuerySet["Command"]):
    def live(self) -> CommandQuerySet:
        """Those that have not ended, as far as is known."""
        return self.filter(ended_at=None)

    def visible_to(self, user: User) -> CommandQuerySet:
        return self.filter(session__sandbox__in=Sandbox.objects.visible_to(user), session__ended_at=None)

    def end_all(self, reason: str) -> int:
        """Write down that these are gone without a status of their own."""
        return self.live().update(ended_at=timezone.now(), end_reason=reason)

    def settled(self) -> CommandQuerySet:
        """Live ones that the holder must know by now."""
        return self.live().filter(created_at__lt=timezone.now() - STARTS_WITHIN)

    def purge(self) -> int:
        """Forget all but the newest ended ones of these, which are of one session."""
        ended = self.exclude(ended_at=None).order_by("-ended_at")
        last = ended.values_list("ended_at", flat=True)[ENDED_KEPT : ENDED_KEPT + 1].first()
        return self.filter(ended_at__lte=last).delete()[0] if last else 0


class Command(models.Model):
    """One program in a session."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    session = models.ForeignKey("sandbox_sessions.Session", on_delete=models.CASCADE, related_name="commands")
    created_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    # Its words without values of the session's secrets, cut to WORDS_MAX characters.
    argv = models.JSONField(default=list, editable=False)
    # Of the request with its Idempotency-Key, when there was one.
    digest = models.CharField(max_length=64, blank=True, editable=False)
    ended_at = models.DateTimeField(null=True, blank=True, editable=False)
    exit_status = models.PositiveSmallIntegerField(null=True, blank=True, editable=False)
    signal = models.PositiveSmallIntegerField(default=0, editable=False)
    timed_out = models.BooleanField(default=False, editable=False)
    ran_s = models.FloatField(null=True, blank=True, editable=False)
    end_reason = models.CharField(max_length=300, blank=True, editable=False)

    objects = CommandQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at", "-id"]
        indexes = [models.Index(fields=["session", "ended_at"], name="commands_of_session")]

    def __str__(self) -> str:
        return f"{self.title} in {self.session}"

    @property
    def title(self) -> str:
        """Its words in one line, as one would type them; long ones are cut."""
        words = self.argv[2:3] if self.argv[:2] == ["/bin/sh", "-c"] else self.argv
        line = " ".join(words)
        return line if len(line) <= 80 else f"{line[:79]}…"

    @property
    def is_live(self) -> bool:
        return self.ended_at is None

    @classmethod
    def begin(
        cls, session: Any, by: User, argv: Sequence[str], *, pk: uuid.UUID | None = None, digest: str = ""
    ) -> tuple[Command, bool]:
        """Return the row of a command that is to be started, and whether it is new. Raises TooMany.

        One with this id may be there: a request that is sent again starts nothing.
        """
        if pk is not None and (found := cls.objects.filter(pk=pk).select_related("created_by").first()):
            return found, False
        command = cls(pk=pk or uuid.uuid4(), session=session, created_by=by, digest=digest)
        command.argv = without_secrets(argv, session.secrets)
        try:
            with transaction.atomic():
                if cls.objects.filter(session=session).live().count() >= COMMANDS_PER_SESSION:
                    text = f"{COMMANDS_PER_SESSION} commands run in this session. Nothing was started: end one first."
                    raise TooMany(text, session, code="too_many_commands")
                command.save(force_insert=True)
                record("command.run", command)
        except IntegrityError:  # the same request came twice at once
            return cls.objects.select_related("created_by").get(pk=command.pk), False
        return command, True

    def mark_ended(
        self,
        status: int | None,
        *,
        signal: int = 0,
        timed_out: bool = False,
        ran_s: float | None = None,
        reason: str = "",
    ) -> None:
        """Write down how it ended, unless that is known. What nobody saw has no status."""
        ended = {"exit_status": status, "signal": signal, "timed_out": timed_out, "ran_s": ran_s}
        Command.objects.filter(pk=self.pk, ended_at=None).update(
            ended_at=timezone.now(), end_reason=reason[:300], **ended
        )

    def note_end(self, by: User) -> None:
        """Record that someone asks for its end, which the holder then reports."""
        record("command.end", self, by=by)


def without_secrets(argv: Sequence[str], secrets: Collection[str]) -> list[str]:
    """Return the words as they may be kept: no value that is secret in them, and not too long in all."""
    shown, left = [], WORDS_MAX
    for word in argv:
        for secret in sorted(secrets, key=len, reverse=True):
            if len(secret) >= SECRET_LEAST:
                word = word.replace(secret, HIDDEN)  # noqa: PLW2901 - each takes something away
        if left <= 0:
            shown.append("…")
            break
        # What no database takes, or no page shows.
        word = "".join(sign if sign.isprintable() or sign in "\n\t" else "\ufffd" for sign in word)  # noqa: PLW2901
        shown.append(word if len(word) <= left else f"{word[: left - 1]}…")
        left -= len(word)
    return shown
