"""What people in a sandbox were told: out of memory, too many processes, disk full."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from django.db import models, transaction
from django.utils import timezone

from activity.log import record
from activity.models import Outcome

if TYPE_CHECKING:
    from sandboxes.models.sandbox import Sandbox

NOTICES_KEPT = 50
# The same trouble again within this time is not told twice.
NOTICE_QUIET = timedelta(seconds=30)
# A notice stands beside the state this long, then it is history.
NOTICE_SHOWN = timedelta(minutes=15)


class NoticeQuerySet(models.QuerySet["Notice"]):
    def newest_id(self) -> int:
        return self.order_by("-pk").values_list("pk", flat=True).first() or 0

    def for_sessions(self, session_ids: Iterable[int], after: int) -> list[tuple[int, int, str, str]]:
        """Return (session, notice, kind, text) for what these were told since, oldest first, in one query."""
        concerned = models.Q(session="") | models.Q(session=models.F("sandbox__sessions__name"))
        rows = self.filter(concerned, pk__gt=after, sandbox__sessions__in=session_ids).order_by("pk")
        return list(rows.values_list("sandbox__sessions", "pk", "kind", "text"))


class Notice(models.Model):
    """Something that happened to a sandbox and that people who are in it are told at once.

    A table, because the supervisor and the open terminals may be processes apart: the watch over the terminals
    reads it every second. `session` is empty when it concerns all.
    """

    class Kind(models.TextChoices):
        OOM = "oom", "Out of memory"
        PIDS = "pids", "Too many processes"
        DISK = "disk", "Disk full"

    sandbox = models.ForeignKey("sandboxes.Sandbox", on_delete=models.CASCADE, related_name="notices")
    session = models.CharField(max_length=20, blank=True)
    kind = models.CharField(max_length=10, choices=Kind.choices)
    text = models.CharField(max_length=300)
    at = models.DateTimeField(default=timezone.now)

    objects = NoticeQuerySet.as_manager()

    class Meta:
        ordering = ["-pk"]

    def __str__(self) -> str:
        return self.text

    @classmethod
    def tell(
        cls,
        sandbox: Sandbox,
        kind: str,
        text: str,
        session: str = "",
        *,
        now: datetime | None = None,
        quiet: timedelta = NOTICE_QUIET,
    ) -> bool:
        """Tell it: in the terminals, beside the state, and in the activity. False when the same was told lately."""
        now = now or timezone.now()
        same = sandbox.notices.filter(kind=kind, session=session, at__gt=now - quiet)
        with transaction.atomic():
            if same.exists():
                return False
            sandbox.notices.create(kind=kind, text=text, session=session, at=now)
            stale = sandbox.notices.values_list("pk", flat=True)[NOTICES_KEPT : 2 * NOTICES_KEPT]
            sandbox.notices.filter(pk__in=list(stale)).delete()
            record(f"sandbox.{kind}", sandbox, outcome=Outcome.FAILED, detail={"session": session} if session else {})
            sandbox.explain(text)
        return True
