"""Readings of the engine's counters, as rows: the newest beside each sandbox, and samples for its graphs."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction

from sandboxes.metrics.readings import Reading, Share
from sandboxes.metrics.shares import UNKNOWN, shares_of
from sandboxes.models import Sample, Sandbox, Usage
from sandboxes.models.samples import FINE_S, floored

# A bar is 100 pixels wide or less.
SEEN_PERCENT = 10


def keep(readings: Mapping[str, Reading], at: datetime) -> None:
    """Write one look at all sandboxes, by slug, in four queries. A sandbox that is gone is left out.

    Pages are told where a bar that was a dash has a value now, or one moved by as much as an eye sees.
    """
    known = list(Sandbox.objects.filter(slug__in=readings).select_related("usage"))
    disks = {sandbox.pk: disk_of(sandbox) for sandbox in known}
    measures = {each.pk: measured(readings[each.slug]) | {"disk_bytes": disks[each.pk]} for each in known}
    moved = [each for each in known if has_moved(each, Usage(at=at, **measures[each.pk]), at)]
    with transaction.atomic():
        for sandbox in moved:
            sandbox.announce()
        samples = [Sample(sandbox_id=pk, at=floored(at, FINE_S), **values) for pk, values in measures.items()]
        Sample.objects.bulk_create(samples, ignore_conflicts=True)
        usages = [Usage(sandbox_id=pk, at=at, **values) for pk, values in measures.items()]
        changed = ["at", *Reading.__dataclass_fields__]
        Usage.objects.bulk_create(usages, update_conflicts=True, unique_fields=["sandbox"], update_fields=changed)


def disk_of(sandbox: Sandbox) -> int | None:
    usage: Usage | None = getattr(sandbox, "usage", None)
    return usage.disk_bytes if usage else None


def has_moved(sandbox: Sandbox, usage: Usage, at: datetime) -> bool:
    """Whether the bars look different with this usage. The sandbox has it afterwards."""
    before = shares_of(sandbox, at)
    sandbox.usage = usage
    return [seen(share) for share in before] != [seen(share) for share in shares_of(sandbox, at)]


def seen(share: Share) -> tuple[str, bool, int]:
    return share.name, share.used == UNKNOWN, share.percent // SEEN_PERCENT


def measured(reading: Reading) -> dict[str, Any]:
    return {name: getattr(reading, name) for name in Reading.__dataclass_fields__}
