"""Everything that is sealed, and sealing it anew with the key that seals now.

Each secret is sealed by itself, in any order and any number of times: a run that was killed is finished by the next.
Nobody's newer value is lost: a secret is replaced only where the old token still stands.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, Protocol

from django.db import models, transaction

from accounts.batches import BATCH, in_batches
from accounts.vault import sealed, second_factor
from accounts.vault.vault import VERSION, VaultError, is_token, key_id_of, the_vault
from activity.log import record

# Lost secrets that are named; the others are counted.
NAMED = 10
# Rows that are sealed in one transaction with the entry that tells of them: about 20 ms, in which SQLite lets nobody
# else write.
TOGETHER = 50


@dataclass
class Outcome:
    """What one run did."""

    sealed: dict[str, int] = field(default_factory=dict)  # by what it was
    lost: int = 0  # could not be opened
    cleared: int = 0  # of the lost ones
    reasons: list[str] = field(default_factory=list)  # of the first lost ones


class Store(Protocol):
    """One place that holds sealed texts."""

    label: str

    def stored(self) -> Iterator[str]:
        """Yield every stored text."""

    def stale(self, fresh: str) -> Iterator[Any]:
        """Yield what holds something else than tokens that start with `fresh`, in bounded batches."""

    def seal_anew(self, row: Any, fresh: str) -> bool:
        """Seal one row; return whether there was something left to do. Raises VaultError and changes nothing."""

    def clear(self, row: Any) -> None:
        """Give up what cannot be opened."""


class Column:
    """A sealed column of a model."""

    def __init__(self, model: type[models.Model], name: str) -> None:
        self.label, self._name = f"{model._meta.label}.{name}", name  # noqa: SLF001  # documented
        self._rows = model._base_manager.exclude(**{name: ""})  # noqa: SLF001  # documented

    def stored(self) -> Iterator[str]:
        return self._rows.values_list(self._name, flat=True).iterator(chunk_size=BATCH)

    def stale(self, fresh: str) -> Iterator[models.Model]:
        return in_batches(self._rows.exclude(**{f"{self._name}__startswith": fresh}).only("pk", self._name))

    def seal_anew(self, row: models.Model, fresh: str) -> bool:
        while not (old := getattr(row, self._name)).startswith(fresh):
            sealed.put(row, self._name, sealed.get(row, self._name))
            if self._replace(row, old, getattr(row, self._name)):
                return True
            # Someone was faster: look at what they wrote.
            now = self._rows.filter(pk=row.pk).values_list(self._name, flat=True).first()
            if now is None:
                break
            setattr(row, self._name, now)
        return False

    def clear(self, row: models.Model) -> None:
        with transaction.atomic():
            if self._replace(row, getattr(row, self._name), ""):
                record("keys.clear", row, detail={"field": self._name})

    def _replace(self, row: models.Model, old: str, new: str) -> bool:
        return self._rows.filter(pk=row.pk, **{self._name: old}).update(**{self._name: new}) == 1


class SecondFactors:
    """The secrets that allauth keeps."""

    label = "second factors"

    def stored(self) -> Iterator[str]:
        for row in second_factor.rows(is_token):
            yield from filter(is_token, second_factor.secrets_of(row.data))

    def stale(self, fresh: str) -> Iterator[Any]:
        return second_factor.rows(lambda secret: not secret.startswith(fresh))

    def seal_anew(self, row: Any, fresh: str) -> bool:
        return second_factor.rewrite(row.pk, lambda secret: not secret.startswith(fresh))

    def clear(self, row: Any) -> None:
        row.delete()  # recorded as every second factor that is removed


def stores() -> list[Store]:
    return [*(Column(model, field.name) for model, field in sealed.columns()), SecondFactors()]


def seal_anew(*, clear_lost: bool = False) -> Outcome:
    """Seal everything with the key that seals now.

    What cannot be opened is left as it is and told, or given up with `clear_lost`: a column becomes empty, a second
    factor is turned off.
    """
    fresh = f"{VERSION}.{the_vault().key_ids()[0]}."
    outcome = Outcome()
    for store in stores():
        outcome.sealed[store.label] = 0
        rows = store.stale(fresh)
        while some := list(islice(rows, TOGETHER)):
            with transaction.atomic():
                _seal_some(store, some, fresh, outcome, clear_lost=clear_lost)
    return outcome


def _seal_some(store: Store, rows: list[Any], fresh: str, outcome: Outcome, *, clear_lost: bool) -> None:
    count, lost = 0, []
    for row in rows:
        try:
            count += store.seal_anew(row, fresh)
        except VaultError as error:
            outcome.lost += 1
            outcome.reasons = [*outcome.reasons, f"{store.label}: {error}"][:NAMED]
            lost.append(row)
    # Behind the others, for each is recorded, and the record is taken hold of after the rows.
    for row in lost if clear_lost else []:
        store.clear(row)
        outcome.cleared += 1
    outcome.sealed[store.label] += count
    if count:
        # The key's id, never the key.
        record("keys.seal", detail={"what": store.label, "key": the_vault().key_ids()[0], "count": count})


def keys_in_use() -> set[str]:
    """Return the ids of the keys with which something is sealed."""
    return {key_id_of(text) for store in stores() for text in store.stored()}


def missing_keys() -> set[str]:
    """Return the ids of keys with which something is sealed, and which are not here."""
    return keys_in_use() - set(the_vault().key_ids())
