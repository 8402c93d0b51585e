"""What sandboxes use, as rows: the newest look, a day of samples, and what people in a sandbox were told.

Written by `sandboxes.supervising.sampler` only. Nothing here touches `last_used_at`: being looked at is not being used.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from django.db import models, transaction
from django.db.models import Avg, Max
from django.utils import timezone

from activity.log import record
from activity.models import Outcome
from sandboxes.metrics.readings import Reading, Share
from sandboxes.templatetags.ui import in_cores, in_size

if TYPE_CHECKING:
    from sandboxes.models import Sandbox

# An hour of samples as they were taken and a day of means: 528 rows for a sandbox that runs all day.
FINE_S, COARSE_S = 15, 300
FINE_KEPT, COARSE_KEPT = timedelta(hours=1), timedelta(days=1)
# A look that is older says nothing about now: three were missed.
FRESH = timedelta(seconds=4 * FINE_S)
NOTICES_KEPT = 50
# The same trouble again within this time is the same news.
NOTICE_QUIET = timedelta(seconds=30)
# News stands beside the state this long, then it is history.
NOTICE_SHOWN = timedelta(minutes=15)

AVERAGED = ("cpu_millis", "received_bps", "sent_bps")
HIGHEST = ("memory_bytes", "pids", "sessions", "disk_bytes")


class Measures(models.Model):
    """What was measured at one moment, for all sessions of a sandbox together. See `metrics.readings.Reading`."""

    sessions = models.PositiveSmallIntegerField(default=0)
    cpu_millis = models.PositiveIntegerField("CPU", default=0)
    memory_bytes = models.BigIntegerField("memory", default=0)
    pids = models.PositiveIntegerField("processes", default=0)
    received_bps = models.BigIntegerField("received", default=0)
    sent_bps = models.BigIntegerField("sent", default=0)
    # Measured apart, and seldom: see `sandboxes.supervising.disk`.
    disk_bytes = models.BigIntegerField("disk", null=True, blank=True)

    class Meta:
        abstract = True


class SampleQuerySet(models.QuerySet["Sample"]):
    def thin(self, since: datetime, now: datetime) -> None:
        """Turn the fine samples since then into coarse ones, window by window, and drop what is too old.

        A window that was done before stays as it is, so who was killed in between just does it again.
        """
        start = floored(max(since, now - FINE_KEPT), COARSE_S)
        while (end := start + timedelta(seconds=COARSE_S)) <= now:
            self.bulk_create(self._coarse(start, end), ignore_conflicts=True)
            start = end
        self.filter(span_s=FINE_S, at__lt=now - FINE_KEPT).delete()
        self.filter(span_s=COARSE_S, at__lt=now - COARSE_KEPT).delete()

    def _coarse(self, start: datetime, end: datetime) -> list[Sample]:
        aggregates = {name: Avg(name) for name in AVERAGED} | {name: Max(name) for name in HIGHEST}
        within = self.filter(span_s=FINE_S, at__gte=start, at__lt=end).order_by()
        named: dict[str, Any] = {f"of_{name}": aggregate for name, aggregate in aggregates.items()}
        rows = within.values_list("sandbox_id").annotate(**named)
        return [coarse_sample(pk, start, dict(zip(aggregates, values, strict=True))) for pk, *values in rows]


def coarse_sample(sandbox_id: int, at: datetime, values: dict[str, float | None]) -> Sample:
    whole: dict[str, Any] = {name: None if value is None else round(value) for name, value in values.items()}
    return Sample(sandbox_id=sandbox_id, span_s=COARSE_S, at=at, **whole)


def floored(moment: datetime, span_s: int) -> datetime:
    """Return the beginning of the span, counted from the epoch, in which a moment lies."""
    return datetime.fromtimestamp(moment.timestamp() // span_s * span_s, tz=moment.tzinfo)


class Sample(Measures):
    """A point of a graph: `span_s` seconds from `at` on; means of rates, peaks of sizes."""

    sandbox = models.ForeignKey("sandboxes.Sandbox", on_delete=models.CASCADE, related_name="samples")
    span_s = models.PositiveSmallIntegerField(default=FINE_S)
    at = models.DateTimeField()

    objects = SampleQuerySet.as_manager()

    class Meta:
        ordering = ["at"]
        constraints = [models.UniqueConstraint(fields=["sandbox", "span_s", "at"], name="one_sample_per_span")]
        indexes = [models.Index(fields=["span_s", "at"], name="sample_age")]

    def __str__(self) -> str:
        return f"sandbox {self.sandbox_id} at {self.at:%H:%M:%S}"


class Usage(Measures):
    """The newest look at a sandbox: what lists show beside it, one row each."""

    sandbox = models.OneToOneField("sandboxes.Sandbox", on_delete=models.CASCADE, primary_key=True)
    at = models.DateTimeField(null=True)
    disk_at = models.DateTimeField(null=True)
    # Stopped for a full disk since then; empty again once there is room.
    disk_stopped_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name_plural = "usage"

    def __str__(self) -> str:
        return f"usage of sandbox {self.sandbox_id}"

    def is_fresh(self, now: datetime | None = None) -> bool:
        return self.at is not None and (now or timezone.now()) - self.at <= FRESH


def keep(readings: Mapping[str, Reading], at: datetime) -> None:
    """Write one look at all sandboxes, by slug, in four queries. A sandbox that is gone is left out."""
    from sandboxes.models import Sandbox  # noqa: PLC0415  # it needs this module to be complete

    known = Sandbox.objects.filter(slug__in=readings).values_list("slug", "pk", "usage__disk_bytes")
    measures = {pk: measured(readings[slug]) | {"disk_bytes": disk} for slug, pk, disk in known}
    with transaction.atomic():
        samples = [Sample(sandbox_id=pk, at=floored(at, FINE_S), **values) for pk, values in measures.items()]
        Sample.objects.bulk_create(samples, ignore_conflicts=True)
        usages = [Usage(sandbox_id=pk, at=at, **values) for pk, values in measures.items()]
        changed = ["at", *Reading.__dataclass_fields__]
        Usage.objects.bulk_create(usages, update_conflicts=True, unique_fields=["sandbox"], update_fields=changed)


def measured(reading: Reading) -> dict[str, Any]:
    return {name: getattr(reading, name) for name in Reading.__dataclass_fields__}


def shares_of(sandbox: Sandbox, now: datetime | None = None) -> list[Share]:
    """Return how much of its limits a sandbox uses, for bars; [] when nobody has looked lately.

    Lists load it with `select_related("usage")`: no query of its own.
    """
    usage: Usage | None = getattr(sandbox, "usage", None)
    if usage is None or not usage.is_fresh(now) or not sandbox.is_running:
        return [disk_share(sandbox, usage.disk_bytes)] if usage and usage.disk_bytes is not None else []
    cores, memory = sandbox.cpu_millis * usage.sessions, sandbox.memory_bytes * usage.sessions
    shares = [
        Share("CPU", in_cores(usage.cpu_millis), in_cores(cores), usage.cpu_millis / (cores or 1)),
        Share("Memory", in_size(usage.memory_bytes), in_size(memory), usage.memory_bytes / (memory or 1)),
    ]
    return shares if usage.disk_bytes is None else [*shares, disk_share(sandbox, usage.disk_bytes)]


def disk_share(sandbox: Sandbox, used_bytes: int) -> Share:
    return Share("Disk", in_size(used_bytes), in_size(sandbox.disk_bytes), used_bytes / sandbox.disk_bytes)


class NoticeQuerySet(models.QuerySet["Notice"]):
    def newest_id(self) -> int:
        return self.order_by("-pk").values_list("pk", flat=True).first() or 0

    def for_sessions(self, session_ids: Iterable[int], after: int) -> list[tuple[int, int, str, str]]:
        """Return (session, notice, kind, text) for what these were told since, oldest first, in one query."""
        concerned = models.Q(session="") | models.Q(session=models.F("sandbox__sessions__name"))
        rows = self.filter(concerned, pk__gt=after, sandbox__sessions__in=session_ids).order_by("pk")
        return list(rows.values_list("sandbox__sessions", "pk", "kind", "text"))

    def fade(self, now: datetime | None = None) -> None:
        """Take old news from beside the state."""
        from sandboxes.models import Sandbox, State  # noqa: PLC0415  # it needs this module to be complete

        told = self.filter(sandbox=models.OuterRef("pk"), text=models.OuterRef("reason"))
        recent = told.filter(at__gt=(now or timezone.now()) - NOTICE_SHOWN)
        old = Sandbox.objects.filter(models.Exists(told), ~models.Exists(recent), state=State.RUNNING).exclude(
            reason=""
        )
        for sandbox in old:
            sandbox.explain("")


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
