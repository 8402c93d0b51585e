"""How a person's terminals stand on their screen: tabs, each split into panes. Twin: static/src/lib/panes/panes.js.

As JSON, and nothing else is accepted::

    {"tabs": [{"root": NODE, "active": ID, "zoomed": bool}, …], "shown": index of a tab}
    NODE is {"terminal": ID} or {"split": "right" | "down", "share": 0.1 to 0.9, "first": NODE, "second": NODE}

Knows neither request nor ORM.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

# A session's 50 terminals take about 7 KiB, each in a tab of its own.
LAYOUT_MAX_BYTES = 16 * 1024
# Of 16 panes each has some 40 columns on a large screen; fewer are of no use.
PANES_PER_TAB = 16
LEAST_SHARE, MOST_SHARE = 0.1, 0.9

TerminalId = Annotated[str, AfterValidator(lambda value: str(UUID(value)))]
Share = Annotated[float, Field(ge=LEAST_SHARE, le=MOST_SHARE), AfterValidator(lambda value: round(value, 4))]


class BadLayoutError(ValueError):
    """What came is no layout; the text is a sentence for people."""


class Shape(BaseModel):
    """Exactly these fields, and nothing that only looks like their types."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class Pane(Shape):
    terminal: TerminalId

    @property
    def terminals(self) -> Iterator[str]:
        yield self.terminal

    def keeping(self, known: Collection[str]) -> Node | None:
        return self if self.terminal in known else None


class Split(Shape):
    """Two nodes side by side ("right") or one above the other ("down"); `share` is the first one's part."""

    split: Literal["right", "down"]
    share: Share
    first: Node
    second: Node

    @property
    def terminals(self) -> Iterator[str]:
        yield from self.first.terminals
        yield from self.second.terminals

    def keeping(self, known: Collection[str]) -> Node | None:
        first, second = self.first.keeping(known), self.second.keeping(known)
        return self.model_copy(update={"first": first, "second": second}) if first and second else first or second


Node = Pane | Split


class Tab(Shape):
    """`active` has the focus."""

    root: Node
    active: str
    zoomed: bool

    @model_validator(mode="after")
    def _check(self) -> Tab:
        terminals = list(self.root.terminals)
        if len(terminals) > PANES_PER_TAB:
            raise ValueError(f"A tab has at most {PANES_PER_TAB} panes.")
        if self.active not in terminals:
            raise ValueError("A tab names the one of its terminals that has the focus.")
        return self

    def keeping(self, known: Collection[str]) -> Tab | None:
        root = self.root.keeping(known)
        if root is None:
            return None
        is_active_left = self.active in root.terminals
        active = self.active if is_active_left else next(root.terminals)
        return Tab(root=root, active=active, zoomed=self.zoomed and is_active_left)


class LayoutTree(Shape):
    tabs: list[Tab]
    shown: int

    @classmethod
    def parse(cls, body: bytes) -> LayoutTree:
        """Return the layout that JSON says. Raises BadLayoutError: too long, not JSON, or not of the shape above."""
        if len(body) > LAYOUT_MAX_BYTES:
            raise BadLayoutError(f"A layout has at most {LAYOUT_MAX_BYTES // 1024} KiB.")
        try:
            return cls.model_validate_json(body)
        except ValidationError as error:
            raise BadLayoutError(sentence_of(error)) from error

    @classmethod
    def of(cls, data: object) -> LayoutTree:
        """Return the layout that was kept. Raises BadLayoutError."""
        try:
            return cls.model_validate(data)
        except ValidationError as error:
            raise BadLayoutError(sentence_of(error)) from error

    @model_validator(mode="after")
    def _check(self) -> LayoutTree:
        seen = list(self.terminals)
        if len(seen) != len(set(seen)):
            raise ValueError("A terminal stands in a layout once.")
        return self

    @property
    def terminals(self) -> Iterator[str]:
        for tab in self.tabs:
            yield from tab.root.terminals

    def keeping(self, known: Collection[str]) -> LayoutTree:
        """Return it without the terminals that are not `known`; what stood beside them takes their room."""
        kept = [tab.keeping(known) for tab in self.tabs]
        shown = sum(tab is not None for tab in kept[: max(0, self.shown)])
        return LayoutTree(tabs=[tab for tab in kept if tab is not None], shown=shown)

    def as_json(self) -> dict[str, Any]:
        """Return it as it is kept, with the number of a tab that is there."""
        return self.model_dump() | {"shown": max(0, min(self.shown, len(self.tabs) - 1))}


def sentence_of(error: ValidationError) -> str:
    """Return what is wrong first, and where."""
    first = error.errors(include_url=False, include_input=False)[0]
    where = ".".join(str(part) for part in first["loc"])
    return f"The layout was not kept: {where or 'it'}: {first['msg'].rstrip('.')}."
