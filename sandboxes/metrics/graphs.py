"""A sandbox's samples as columns for graphs, and the same in words for those who do not see graphs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sandboxes.models import Sandbox
from sandboxes.models.samples import COARSE_S, FINE_S, Sample
from sandboxes.words import in_cores, in_rate, in_size

# More than this many spans without a sample are a gap in the line, not a slope.
GAP_SPANS = 3
# Rows of the table beside a graph.
TABLE_ROWS = 12


@dataclass(frozen=True, slots=True)
class Span:
    """What the page shows: its word, how long, from samples of which length."""

    name: str
    title: str
    length: timedelta
    step_s: int


SPANS = {
    "hour": Span("hour", "Last hour", timedelta(hours=1), FINE_S),
    "day": Span("day", "Last day", timedelta(days=1), COARSE_S),
}


@dataclass(frozen=True, slots=True)
class Graph:
    """One picture: its lines are fields of a sample, `limit` the field of the sandbox that bounds the first one."""

    name: str
    title: str
    lines: tuple[tuple[str, str], ...]
    limit: str
    words: Callable[[int], str]
    # Whether the limit holds for each session, not for all together.
    is_per_session: bool = True


def in_processes(count: int) -> str:
    return f"{count} process" if count == 1 else f"{count} processes"


GRAPHS = (
    Graph("cpu", "CPU", (("cpu_millis", "CPU"),), "cpu_millis", in_cores),
    Graph("memory", "Memory", (("memory_bytes", "Memory"),), "memory_bytes", in_size),
    Graph("disk", "Disk", (("disk_bytes", "Disk"),), "disk_bytes", in_size, is_per_session=False),
    Graph("processes", "Processes", (("pids", "Processes"),), "pids_limit", in_processes),
    Graph("network", "Network", (("received_bps", "Received"), ("sent_bps", "Sent")), "", in_rate),
)


def samples_of(sandbox: Sandbox, span: Span, now: datetime) -> list[Sample]:
    """Return the samples of a span, oldest first: at most 289."""
    rows = sandbox.samples.filter(span_s=span.step_s, at__gt=now - span.length, at__lte=now)
    return list(rows.order_by("at"))


def as_columns(sandbox: Sandbox, samples: Sequence[Sample], span: Span, now: datetime) -> dict[str, Any]:
    """Return what the page's script draws: times in seconds, and for each graph its lines and its limit beside them."""
    spaced = list(with_gaps(samples, span.step_s))
    return {
        "from": round((now - span.length).timestamp()),
        "until": round(now.timestamp()),
        "every_s": span.step_s,
        "at": [at for at, _ in spaced],
        "graphs": {graph.name: drawn(graph, sandbox, [sample for _, sample in spaced]) for graph in GRAPHS},
    }


def with_gaps(samples: Iterable[Sample], step_s: int) -> Iterable[tuple[int, Sample | None]]:
    """Yield (time in seconds, sample), and None in between where the sandbox did not run."""
    before: int | None = None
    for sample in samples:
        at = round(sample.at.timestamp())
        if before is not None and at - before > GAP_SPANS * step_s:
            yield before + step_s, None
        yield at, sample
        before = at


def drawn(graph: Graph, sandbox: Sandbox, samples: Sequence[Sample | None]) -> dict[str, Any]:
    lines = [[None if sample is None else getattr(sample, field) for sample in samples] for field, _ in graph.lines]
    if not graph.limit:
        return {"lines": lines, "limit": None}
    limits = [None if sample is None else limit_of(graph, sandbox, sample.sessions) for sample in samples]
    return {"lines": lines, "limit": limits}


def limit_of(graph: Graph, sandbox: Sandbox, sessions: int) -> int:
    """Return the allowance of that many sessions together."""
    limit: int = getattr(sandbox, graph.limit)
    return limit * max(1, sessions) if graph.is_per_session else limit


@dataclass(frozen=True, slots=True)
class Card:
    """A graph as the page writes it: a sentence, and rows of (time, value, …) as an alternative."""

    graph: Graph
    sentence: str
    rows: list[tuple[datetime, list[str]]]

    @property
    def columns(self) -> list[str]:
        return [title for _, title in self.graph.lines]


def card_of(graph: Graph, sandbox: Sandbox, samples: Sequence[Sample]) -> Card:
    known = [sample for sample in samples if getattr(sample, graph.lines[0][0]) is not None]
    rows = [(sample.at, [graph.words(getattr(sample, field)) for field, _ in graph.lines]) for sample in some(known)]
    return Card(graph, sentence(graph, sandbox, known), rows)


def some(samples: Sequence[Sample]) -> list[Sample]:
    """Return at most TABLE_ROWS of them, evenly spread, the newest first and always among them."""
    step = max(1, -(-len(samples) // TABLE_ROWS))
    return list(samples)[::-1][::step]


def sentence(graph: Graph, sandbox: Sandbox, samples: Sequence[Sample]) -> str:
    """Return the latest and the highest value, and the limit; "" where nothing was measured."""
    if not samples:
        return ""
    last = samples[-1]
    latest = ", ".join(words_of(graph, field, title, last, samples) for field, title in graph.lines)
    if not graph.limit:
        return f"{latest}."
    limit = graph.words(limit_of(graph, sandbox, last.sessions))
    return f"{latest}. {share_words(graph, last.sessions).format(limit)}"


def words_of(graph: Graph, field: str, title: str, last: Sample, samples: Sequence[Sample]) -> str:
    highest = max(getattr(sample, field) for sample in samples)
    name = f"{title.lower()} " if len(graph.lines) > 1 else ""
    return f"{name}{graph.words(getattr(last, field))}, highest {graph.words(highest)}"


def share_words(graph: Graph, sessions: int) -> str:
    if graph.is_per_session and sessions > 1:
        return f"The limit of its {sessions} sessions together is {{}}."
    return "The limit is {}."
