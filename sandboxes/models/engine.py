"""What is known of an engine: who supervises it, and what was last seen of it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.db import models
from django.utils import timezone

from sandboxes.engines import DEFAULT


class Lease(models.Model):
    """Who supervises an engine: one row per engine. `sandboxes.supervising.lease` says when another may take it."""

    engine = models.CharField(max_length=40, primary_key=True)
    owner = models.CharField(max_length=120)
    # Written by the owner's clock, for people to read; others only see that it changes.
    expires_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.engine}: {self.owner}"

    @classmethod
    def take(cls, engine: str, owner: str, lifetime: timedelta) -> bool:
        """Take a lease that nobody has, or renew one's own; False while it is another's."""
        expires_at = timezone.now() + lifetime
        row, is_new = cls.objects.get_or_create(engine=engine, defaults={"owner": owner, "expires_at": expires_at})
        if is_new or row.owner != owner:
            return is_new
        return bool(cls.objects.filter(engine=engine, owner=owner).update(expires_at=expires_at))

    @classmethod
    def take_over(cls, engine: str, seen: tuple[str, datetime], owner: str, lifetime: timedelta) -> bool:
        """Take another's lease, (owner, expires_at) as it was seen; False when it was renewed or taken since."""
        rows = cls.objects.filter(engine=engine, owner=seen[0], expires_at=seen[1])
        return bool(rows.update(owner=owner, expires_at=timezone.now() + lifetime))


class EngineStatus(models.Model):
    """What the supervisor last saw of an engine, so that pages need not ask it: one row per engine."""

    engine = models.CharField(max_length=40, primary_key=True)
    trouble_text = models.CharField("trouble", max_length=500, blank=True)
    facts = models.JSONField(default=dict)
    seen_at = models.DateTimeField("seen", null=True, blank=True)

    class Meta:
        verbose_name_plural = "engine status"

    def __str__(self) -> str:
        return self.engine

    @classmethod
    def trouble(cls) -> str | None:
        """Return the sentence of the engine in trouble; None when all is well."""
        return cls.objects.exclude(trouble_text="").values_list("trouble_text", flat=True).first()

    @classmethod
    def report_trouble(cls, text: str | None, engine: str = DEFAULT) -> None:
        """Write down what is wrong; None once the engine answers again."""
        seen = {} if text else {"seen_at": timezone.now()}
        cls.objects.update_or_create(engine=engine, defaults={"trouble_text": (text or "")[:500], **seen})

    @classmethod
    def report_facts(cls, facts: dict[str, Any], engine: str = DEFAULT) -> None:
        """Keep what the engine says of itself (version, cores, memory): name -> value fit for JSON."""
        cls.objects.update_or_create(engine=engine, defaults={"facts": facts, "seen_at": timezone.now()})
