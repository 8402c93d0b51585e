"""Templates: an image plus what a new sandbox begins with."""

from __future__ import annotations

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models

from accounts.text import LineField
from sandboxes.words import DAY_S, MINUTE_S

MIB = 1024 * 1024
# Shorter ones stop people who read; longer ones are never.
IDLE_TIMEOUT_LIMITS = [MinValueValidator(5 * MINUTE_S), MaxValueValidator(30 * DAY_S)]


class Template(models.Model):
    """An image plus defaults."""

    slug = models.SlugField(max_length=40, unique=True)
    title = LineField(max_length=60)
    description = LineField(max_length=200, blank=True)
    icon = models.CharField(max_length=40, blank=True, help_text="Name of an icon of the page's icon set.")
    image = models.CharField(max_length=200, help_text="Reference of an image on the engine.")
    memory_bytes = models.BigIntegerField("memory", default=1024 * MIB, validators=[MinValueValidator(64 * MIB)])
    cpu_millis = models.PositiveIntegerField(
        "CPU", default=1000, validators=[MinValueValidator(100)], help_text="Thousandths of a core."
    )
    pids_limit = models.PositiveIntegerField("processes", default=512, validators=[MinValueValidator(32)])
    disk_bytes = models.BigIntegerField("disk", default=10 * 1024 * MIB, validators=[MinValueValidator(64 * MIB)])
    idle_timeout_s = models.PositiveIntegerField(
        "idle timeout",
        null=True,
        blank=True,
        validators=IDLE_TIMEOUT_LIMITS,
        help_text="Seconds without typing after which a new sandbox stops by itself. Empty: never.",
    )
    runtime = models.CharField(
        max_length=40, blank=True, help_text="Runtime of the engine, for example runsc. Empty: the engine's default."
    )
    is_active = models.BooleanField("offered", default=True, help_text="Off: no new sandboxes from this template.")
    position = models.PositiveSmallIntegerField(default=100)

    class Meta:
        ordering = ["position", "title"]

    def __str__(self) -> str:
        return self.title
