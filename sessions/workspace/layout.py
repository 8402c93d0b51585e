"""How a person's terminals stand on their screen: tabs, each split into panes. Twin: static/src/lib/panes/panes.js.

As JSON, and nothing else is accepted::

    {"tabs": [{"root": NODE, "active": ID, "zoomed": bool}, …], "shown": index of a tab}
    NODE is {"terminal": ID} or {"split": "right" | "down", "share": 0.1 to 0.9, "first": NODE, "second": NODE}

Knows neither request nor ORM.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

# A session's 50 terminals take about 7 KiB, each in a tab of its own.
ARRANGEMENT_MAX_BYTES = 16 * 1024
# Of 16 panes each has some 40 columns on a large screen; fewer are of no use.
PANES_PER_TAB = 16
LEAST_SHARE, MOST_SHARE = 0.1, 0.9


class BadArrangementError(ValueError):
    """What came is no arrangement; the text is a sentence for people."""


@dataclass(frozen=True)
class Pane:
    terminal: str


@dataclass(frozen=True)
class Split:
    """Two nodes side by side ("right") or one above the other ("down"); `share` is the first one's part."""

    direction: str
    share: float
    first: Node
    second: Node


Node = Pane | Split


@dataclass(frozen=True)
class Tab:
    root: Node
    active: str
    is_zoomed: bool


@dataclass(frozen=True)
class Arrangement:
    tabs: tuple[Tab, ...]
    shown: int

    @classmethod
    def parse(cls, body: bytes) -> Arrangement:
        """Raises BadArrangementError: too long, not JSON, or not of the shape above."""
        if len(body) > ARRANGEMENT_MAX_BYTES:
            raise BadArrangementError(f"A layout has at most {ARRANGEMENT_MAX_BYTES // 1024} KiB.")
        try:
            return cls.of(json.loads(body))
        except (ValueError, RecursionError) as error:
            if isinstance(error, BadArrangementError):
                raise
            raise BadArrangementError("The layout is not JSON.") from error

    @classmethod
    def of(cls, data: object) -> Arrangement:
        """Raises BadArrangementError."""
        fields = _fields(data, "tabs", "shown")
        if not isinstance(fields["tabs"], list) or type(fields["shown"]) is not int:
            raise BadArrangementError("A layout has a list of tabs and the number of the shown one.")
        arrangement = cls(tuple(_tab(tab) for tab in fields["tabs"]), fields["shown"])
        seen = list(arrangement.terminals)
        if len(seen) != len(set(seen)):
            raise BadArrangementError("A terminal stands in a layout once.")
        return replace(arrangement, shown=_inside(arrangement.shown, len(arrangement.tabs)))

    @property
    def terminals(self) -> Iterator[str]:
        for tab in self.tabs:
            yield from _terminals(tab.root)

    def keeping(self, known: Collection[str]) -> Arrangement:
        """Return it without the terminals that are not `known`; what stood beside them takes their room."""
        kept = [_tab_keeping(tab, known) for tab in self.tabs]
        shown = sum(tab is not None for tab in kept[: self.shown])
        tabs = tuple(tab for tab in kept if tab is not None)
        return Arrangement(tabs, _inside(shown, len(tabs)))

    def as_json(self) -> dict[str, Any]:
        return {"tabs": [_tab_as_json(tab) for tab in self.tabs], "shown": self.shown}


def _tab(data: object) -> Tab:
    fields = _fields(data, "root", "active", "zoomed")
    root = _node(fields["root"], PANES_PER_TAB)
    terminals = list(_terminals(root))
    if len(terminals) > PANES_PER_TAB:
        raise BadArrangementError(f"A tab has at most {PANES_PER_TAB} panes.")
    if fields["active"] not in terminals or not isinstance(fields["zoomed"], bool):
        raise BadArrangementError("A tab names the one of its terminals that has the focus, and whether it is zoomed.")
    return Tab(root, fields["active"], fields["zoomed"])


def _node(data: object, depth_left: int) -> Node:
    if depth_left == 0:
        raise BadArrangementError(f"A tab has at most {PANES_PER_TAB} panes.")
    if isinstance(data, dict) and data.keys() == {"terminal"}:
        return Pane(_terminal_id(data["terminal"]))
    fields = _fields(data, "split", "share", "first", "second")
    if fields["split"] not in ("right", "down"):
        raise BadArrangementError("A split goes right or down.")
    first, second = (_node(fields[name], depth_left - 1) for name in ("first", "second"))
    return Split(fields["split"], _share(fields["share"]), first, second)


def _fields(data: object, *names: str) -> dict[str, Any]:
    if not isinstance(data, dict) or data.keys() != set(names):
        raise BadArrangementError(f"Needed are exactly: {', '.join(names)}.")
    return data


def _terminal_id(value: object) -> str:
    try:
        return str(UUID(value)) if isinstance(value, str) else _refuse_id()
    except ValueError:
        return _refuse_id()


def _refuse_id() -> str:
    raise BadArrangementError("A pane names its terminal by its id.")


def _share(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not LEAST_SHARE <= value <= MOST_SHARE:
        raise BadArrangementError(f"A share is a number from {LEAST_SHARE} to {MOST_SHARE}.")
    return round(float(value), 4)


def _inside(index: int, length: int) -> int:
    return max(0, min(index, length - 1))


def _terminals(node: Node) -> Iterator[str]:
    if isinstance(node, Pane):
        yield node.terminal
    else:
        yield from _terminals(node.first)
        yield from _terminals(node.second)


def _tab_keeping(tab: Tab, known: Collection[str]) -> Tab | None:
    root = _keeping(tab.root, known)
    if root is None:
        return None
    terminals = list(_terminals(root))
    is_active_left = tab.active in terminals
    return Tab(root, tab.active if is_active_left else terminals[0], tab.is_zoomed and is_active_left)


def _keeping(node: Node, known: Collection[str]) -> Node | None:
    if isinstance(node, Pane):
        return node if node.terminal in known else None
    first, second = _keeping(node.first, known), _keeping(node.second, known)
    return replace(node, first=first, second=second) if first and second else first or second


def _tab_as_json(tab: Tab) -> dict[str, Any]:
    return {"root": _node_as_json(tab.root), "active": tab.active, "zoomed": tab.is_zoomed}


def _node_as_json(node: Node) -> dict[str, Any]:
    if isinstance(node, Pane):
        return {"terminal": node.terminal}
    first, second = _node_as_json(node.first), _node_as_json(node.second)
    return {"split": node.direction, "share": node.share, "first": first, "second": second}
