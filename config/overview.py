"""The first page of the admin: how the whole is doing, from rows alone. Nothing here asks the engine."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.db.models import Count, F, Sum
from django.utils import timezone

from accounts.models import Team, User
from sandboxes.metrics.readings import Share
from sandboxes.models import EngineStatus, Sandbox, State
from sandboxes.models.samples import FRESH, Usage
from sandboxes.words import in_cores, in_size
from sessions.models import Session, SessionState, Terminal

# Sandboxes that ran unused the longest: candidates for a stop.
IDLE_SHOWN = 5


@dataclass(frozen=True)
class Engine:
    """What is known of an engine, in words: `facts` are (name, value), `shares` promises against what there is."""

    status: EngineStatus
    facts: list[tuple[str, str]]
    shares: list[Share]


def overview_for(user: User) -> dict[str, Any]:
    """Return `states`, `numbers`, `idle` and `engines` for people who may see them: of this person's teams only."""
    sandboxes = sandboxes_of(user)
    counted = dict(sandboxes.order_by().values_list("state").annotate(Count("pk")))
    running = sandboxes.filter(state=State.RUNNING)
    return {
        "states": [(state, counted.get(state, 0)) for state in State],
        "numbers": numbers(sandboxes),
        "idle": running.select_related("team").order_by(F("last_used_at").asc(nulls_first=True))[:IDLE_SHOWN],
        "engines": engines() if user.has_perm("sandboxes.view_enginestatus") else [],
    }


def sandboxes_of(user: User) -> Any:
    rows = Sandbox.objects.all()
    return rows if user.is_superuser else rows.filter(team__in=Team.objects.filter(memberships__user=user))


def numbers(sandboxes: Any) -> list[tuple[str, int]]:
    live = Terminal.objects.filter(session__sandbox__in=sandboxes, ended_at=None)
    fresh = Usage.objects.filter(sandbox__in=sandboxes, at__gt=timezone.now() - FRESH)
    return [
        ("Running sessions", running_sessions(sandboxes).filter(sandbox__state=State.RUNNING).count()),
        ("Open terminals", live.count()),
        ("Sandboxes measured in the last minute", fresh.count()),
    ]


def running_sessions(sandboxes: Any) -> Any:
    return Session.objects.filter(sandbox__in=sandboxes, state=SessionState.RUNNING, ended_at=None)


def engines() -> list[Engine]:
    return [Engine(status, facts_of(status), shares_of(status)) for status in EngineStatus.objects.all()]


def facts_of(status: EngineStatus) -> list[tuple[str, str]]:
    """Return what the engine says of itself, name and value, without what is shown as a bar."""
    names = ("version", "operating_system", "kernel", "architecture", "storage_driver", "cgroup_version", "runtimes")
    values = ((name, status.facts.get(name)) for name in names)
    return [(name.replace("_", " "), as_text(value)) for name, value in values if value]


def as_text(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def shares_of(status: EngineStatus) -> list[Share]:
    """Return how much of the machine the running sessions may take at most, and how full its disk is."""
    cores, memory = status.facts.get("cpus", 0) * 1000, status.facts.get("memory_bytes", 0)
    limits = running_sessions(Sandbox.objects.all()).aggregate(
        cpu=Sum("sandbox__cpu_millis"), memory=Sum("sandbox__memory_bytes")
    )
    cpu, memory_promised = limits["cpu"] or 0, limits["memory"] or 0
    shares = []
    if cores and memory:
        shares += [
            Share("Limits of CPU", in_cores(cpu), in_cores(cores), cpu / cores),
            Share("Limits of memory", in_size(memory_promised), in_size(memory), memory_promised / memory),
        ]
    root = Path(status.facts.get("root_folder", ""))
    if status.facts.get("root_folder") and root.is_dir():
        disk = shutil.disk_usage(root)
        shares.append(Share("Disk", in_size(disk.used), in_size(disk.total), disk.used / disk.total))
    return shares
