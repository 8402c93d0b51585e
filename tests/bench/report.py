"""What a measure says: rows of a table, with the target beside the figure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import astuple, dataclass

HEADS = ("what", "target", "ours", "other", "ratio", "holds")


@dataclass(frozen=True)
class Row:
    """One line of the table; `holds` is None where nothing was promised."""

    what: str
    target: str
    ours: str
    other: str = ""
    ratio: str = ""
    holds: bool | None = None

    def cells(self) -> tuple[str, ...]:
        *texts, holds = astuple(self)
        return (*texts, {True: "yes", False: "NO", None: "-"}[holds])


def percentile(values: Sequence[float], percent: float) -> float:
    """Return the value that `percent` of all are not above."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * percent / 100))]


def milliseconds(value_s: float) -> str:
    return f"{value_s * 1000:.2f} ms" if value_s < 0.1 else f"{value_s * 1000:.0f} ms"


def at_most(what: str, values_s: Sequence[float], percent: float, limit_s: float, other_s: Sequence[float] = ()) -> Row:
    """Return the row of a time whose percentile has a fixed limit; the other's is only shown."""
    ours = percentile(values_s, percent)
    other = percentile(other_s, percent) if other_s else 0
    return Row(
        f"{what}, p{percent:g} of {len(values_s)}",
        f"<= {limit_s * 1000:.0f} ms",
        milliseconds(ours),
        milliseconds(other) if other else "",
        f"{ours / other:.2f}" if other else "",
        ours <= limit_s,
    )


def against(what: str, ours_s: Sequence[float], other_s: Sequence[float], percent: float, limit: float) -> Row:
    """Return the row of a time that is compared with another's of the same run."""
    ours, other = percentile(ours_s, percent), percentile(other_s, percent)
    return Row(
        f"{what}, p{percent:g} of {len(ours_s)}",
        f"<= {limit:.1f} x",
        milliseconds(ours),
        milliseconds(other),
        f"{ours / other:.2f}",
        ours / other <= limit,
    )


def as_table(rows: Sequence[Row]) -> str:
    """Return the rows as a Markdown table that is also readable as it stands."""
    lines = [HEADS, *(row.cells() for row in rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(HEADS))]
    lines.insert(1, tuple("-" * width for width in widths))
    return "\n".join(
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)) + " |" for line in lines
    )
