"""Terminals: one shell in a session each. The row says what is wanted and what was seen of it."""

from __future__ import annotations

import uuid
from typing import Any

from django.db import models, transaction
from django.utils import timezone

from accounts.models import User
from accounts.text import LineField
from activity.log import record
from sandboxes.models import Sandbox

# More shells than one person looks after; the holder's own limit is higher.
TERMINALS_PER_SESSION = 50


def free_title(taken: set[str]) -> str:
    """Return the first of "Terminal 1", "Terminal 2", … that is not taken."""
    titles = (f"Terminal {number}" for number in range(1, len(taken) + 2))
    return next(title for title in titles if title not in taken)


class TerminalQuerySet(models.QuerySet["Terminal"]):
    def live(self) -> TerminalQuerySet:
        """Those whose shell has not ended."""
        return self.filter(ended_at=None)

    def close_all(self, reason: str) -> int:
        """Write down that these shells are gone without a status of their own."""
        return self.filter(ended_at=None).update(ended_at=timezone.now(), end_reason=reason)

    def visible_to(self, user: User) -> TerminalQuerySet:
        return self.filter(session__sandbox__in=Sandbox.objects.visible_to(user), session__ended_at=None)


class Terminal(models.Model):
    """One shell in a session."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    session = models.ForeignKey("sandbox_sessions.Session", on_delete=models.CASCADE, related_name="terminals")
    number = models.PositiveIntegerField(editable=False)
    title = LineField(max_length=60)
    created_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    # Set when its shell was started: after that a holder that does not know it has lost it.
    opened_at = models.DateTimeField(null=True, blank=True, editable=False)
    ended_at = models.DateTimeField(null=True, blank=True, editable=False)
    exit_status = models.IntegerField(null=True, blank=True, editable=False)
    end_reason = models.CharField(max_length=200, blank=True, editable=False)

    objects = TerminalQuerySet.as_manager()

    class Meta:
        ordering = ["number"]
        constraints = [models.UniqueConstraint(fields=["session", "number"], name="terminal_number_unique")]

    def __str__(self) -> str:
        return f"{self.title} of {self.session}"

    @property
    def is_live(self) -> bool:
        return self.ended_at is None

    def mark_opened(self) -> None:
        Terminal.objects.filter(pk=self.pk, opened_at=None).update(opened_at=timezone.now())

    def mark_ended(self, status: int | None, reason: str = "", by: User | None = None) -> None:
        """Write down that the shell is gone: by itself, or because someone ended it."""
        running = Terminal.objects.filter(pk=self.pk, ended_at=None)
        with transaction.atomic():
            is_new = running.update(ended_at=timezone.now(), exit_status=status, end_reason=reason)
            if is_new and by is not None:
                record("terminal.end", self, by=by)
            elif is_new:
                record("terminal.exit", self, detail={"status": status, "reason": reason}, unattended=True)
        if is_new:
            self.session.sandbox.announce()

    def rename(self, title: str) -> None:
        """Give another title. Raises ValidationError when it is empty or too long."""
        self.title = " ".join(title.split())
        self.full_clean(exclude=["session", "created_by"])
        with transaction.atomic():
            self.save(update_fields=["title"])
            record("terminal.rename", self)
        self.session.sandbox.announce()

    def as_json(self) -> dict[str, Any]:
        """What the terminal page needs to know: id, title, state (running | ended), exit_status."""
        state = "running" if self.is_live else "ended"
        return {"id": str(self.pk), "title": self.title, "state": state, "exit_status": self.exit_status}
