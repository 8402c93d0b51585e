"""What sandboxes use, as rows: the newest look and a day of samples.

Written by `sandboxes.metrics.recording` only. Nothing here touches `last_used_at`: being looked at is not being used.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.db import models
from django.db.models import Avg, Max
from django.utils import timezone

# An hour of samples as they were taken and a day of means: 528 rows for a sandbox that runs all day.
FINE_S, COARSE_S = 15, 300
FINE_KEPT, COARSE_KEPT = timedelta(hours=1), timedelta(days=1)
# A look that is older says nothing about now: three were missed.
FRESH = timedelta(seconds=4 * FINE_S)

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
