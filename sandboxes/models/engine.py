"""What is known of an engine: who supervises it, and what was last seen of it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.db import models
from django.utils import timezone


class Lease(models.Model):
    """Who supervises an engine: one row per engine, taken over when it has run out."""

    engine = models.CharField(max_length=40, primary_key=True)
    owner = models.CharField(max_length=120)
    expires_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.engine}: {self.owner}"

    @classmethod
    def take(cls, engine: str, owner: str, lifetime: timedelta, now: datetime | None = None) -> bool:
        """Take or renew the lease; False while somebody else holds it."""
        now = now or timezone.now()
        cls.objects.get_or_create(engine=engine, defaults={"owner": owner, "expires_at": now})
        free = models.Q(owner=owner) | models.Q(expires_at__lte=now)
        return bool(cls.objects.filter(free, engine=engine).update(owner=owner, expires_at=now + lifetime))

    @classmethod
    def release(cls, engine: str, owner: str) -> None:
        cls.objects.filter(engine=engine, owner=owner).delete()


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
    def report_trouble(cls, text: str | None, engine: str = "default") -> None:
        """Write down what is wrong; None once the engine answers again."""
        seen = {} if text else {"seen_at": timezone.now()}
        cls.objects.update_or_create(engine=engine, defaults={"trouble_text": (text or "")[:500], **seen})

    @classmethod
    def report_facts(cls, facts: dict[str, Any], engine: str = "default") -> None:
        """Keep what the engine says of itself (version, cores, memory): name -> value fit for JSON."""
        cls.objects.update_or_create(engine=engine, defaults={"facts": facts, "seen_at": timezone.now()})
