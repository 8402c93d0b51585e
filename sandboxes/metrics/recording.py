"""Readings of the engine's counters, as rows: the newest beside each sandbox, and samples for its graphs."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction

from sandboxes.metrics.readings import Reading
from sandboxes.models import Sample, Sandbox, Usage
from sandboxes.models.samples import FINE_S, floored


def keep(readings: Mapping[str, Reading], at: datetime) -> None:
    """Write one look at all sandboxes, by slug, in four queries. A sandbox that is gone is left out."""
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
