"""The words that narrow and order the list: `status:running owner:me template:debian text`.

Twin: static/src/lib/words/search.js, which narrows the rows of an open page while someone types.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import CharField, F, Q, Value
from django.db.models.expressions import Expression, OrderBy
from django.db.models.functions import Coalesce, Lower, NullIf

from accounts.models import User
from sandboxes.models import SandboxQuerySet

KEYS = ("status", "owner", "template")
# More words than anybody types; each is a condition of the query.
WORDS_MAX, TEXT_MAX = 12, 200


@dataclass(frozen=True)
class Search:
    """What someone asked for: plain words and (key, value) pairs, all of which have to hold. Lower case."""

    words: tuple[str, ...] = ()
    pairs: tuple[tuple[str, str], ...] = ()

    @classmethod
    def parse(cls, text: str) -> Search:
        """Read the language. A key that it does not know is plain text, so nothing typed is an error."""
        words: list[str] = []
        pairs: list[tuple[str, str]] = []
        for part in text[:TEXT_MAX].lower().split()[:WORDS_MAX]:
            key, colon, value = part.partition(":")
            if colon and key in KEYS:
                pairs += [(key, value)] if value else []
            else:
                words.append(part)
        return cls(tuple(words), tuple(pairs))

    def select(self, rows: SandboxQuerySet, user: User) -> SandboxQuerySet:
        """Return the rows for which every word and pair holds."""
        for word in self.words:
            rows = rows.filter(any_of(word, "slug", "title", "description", "template__title") | owned_by(word))
        for key, value in self.pairs:
            rows = rows.filter(condition(key, value, user))
        return rows


def condition(key: str, value: str, user: User) -> Q:
    if key == "status":
        return Q(state__startswith=value)
    if key == "owner":
        return Q(created_by=user) if value == "me" else owned_by(value)
    return any_of(value, "template__slug", "template__title")


def owned_by(text: str) -> Q:
    """The name, or what stands before the @ where there is none: what the column shows."""
    return Q(created_by__name__icontains=text) | Q(created_by__name="", created_by__email__icontains=text)


def any_of(text: str, *columns: str) -> Q:
    either = Q()
    for column in columns:
        either |= Q(**{f"{column}__icontains": text})
    return either


NAME = Lower(Coalesce(NullIf("title", Value("")), "slug", output_field=CharField()))
# Key -> heading, and what the rows are ordered by.
COLUMNS: dict[str, tuple[str, Expression | F]] = {
    "state": ("State", F("state")),
    "name": ("Name", NAME),
    "template": ("Template", F("template__title")),
    "owner": (
        "Owner",
        Lower(Coalesce(NullIf("created_by__name", Value("")), "created_by__email", output_field=CharField())),
    ),
    "used": ("Last used", F("last_used_at")),
}
DEFAULT = "name"


@dataclass(frozen=True)
class Order:
    """A column and a direction."""

    column: str = DEFAULT
    is_down: bool = False

    @classmethod
    def parse(cls, text: str) -> Order:
        """Read `used` or `-used`; what is unknown is the default."""
        column = text.removeprefix("-")
        return cls(column, text.startswith("-")) if column in COLUMNS else cls()

    def __str__(self) -> str:
        return f"-{self.column}" if self.is_down else self.column

    def after_press(self, column: str) -> Order:
        """The order that a press on a heading leads to: the other way round where it stands already, latest first."""
        return Order(column, not self.is_down if column == self.column else column == "used")

    def by(self) -> tuple[OrderBy, str]:
        """Arguments of order_by(). Rows without a value stand last either way."""
        expression = COLUMNS[self.column][1]
        return OrderBy(expression, descending=self.is_down, nulls_last=True), "slug"
