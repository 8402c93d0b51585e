"""The log of the supervisor's work on a sandbox."""

from __future__ import annotations

from django.db import models
from django.utils import timezone

from sandboxes.models.sandbox import Sandbox

# What stands in the log of one sandbox; older steps fall off.
STEPS_KEPT = 100


class StepQuerySet(models.QuerySet["Step"]):
    def interrupt(self) -> int:
        """Close steps that a killed supervisor left open."""
        return self.filter(outcome=Step.Outcome.RUNNING).update(
            outcome=Step.Outcome.INTERRUPTED, finished_at=timezone.now()
        )


class Step(models.Model):
    """One step of the supervisor's work on a sandbox, for the person who waits."""

    class Outcome(models.TextChoices):
        RUNNING = "running", "Running"
        DONE = "done", "Done"
        FAILED = "failed", "Failed"
        INTERRUPTED = "interrupted", "Interrupted"

    sandbox = models.ForeignKey(Sandbox, on_delete=models.CASCADE, related_name="steps")
    operation = models.CharField(max_length=20)
    title = models.CharField(max_length=120)
    outcome = models.CharField(max_length=12, choices=Outcome.choices, default=Outcome.RUNNING)
    detail = models.CharField(max_length=2000, blank=True)
    started_at = models.DateTimeField(default=timezone.now)
    finished_at = models.DateTimeField(null=True, blank=True)

    objects = StepQuerySet.as_manager()

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.sandbox.slug}: {self.title}"

    @property
    def took_s(self) -> float | None:
        """Seconds it took; None while it runs."""
        return (self.finished_at - self.started_at).total_seconds() if self.finished_at else None

    @property
    def elapsed_s(self) -> float:
        """Seconds since it began, as far as it has come."""
        return ((self.finished_at or timezone.now()) - self.started_at).total_seconds()

    @classmethod
    def begin(cls, sandbox: Sandbox, operation: str, title: str) -> Step:
        step = cls.objects.create(sandbox=sandbox, operation=operation, title=title)
        oldest_kept = sandbox.steps.order_by("-id").values_list("id", flat=True)[STEPS_KEPT - 1 : STEPS_KEPT]
        for pk in oldest_kept:
            sandbox.steps.filter(id__lt=pk).delete()
        sandbox.announce()
        return step

    def finish(self, outcome: str, detail: str = "") -> None:
        self.outcome, self.detail, self.finished_at = outcome, detail[:2000], timezone.now()
        self.save(update_fields=["outcome", "detail", "finished_at"])
        self.sandbox.announce()
