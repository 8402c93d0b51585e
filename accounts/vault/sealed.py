"""Columns that hold secrets: only tokens of the vault ever reach the database.

`sealed.put(session, "git_token", "hunter2")` sets a token, which `session.save()` writes;
`sealed.get(session, "git_token")` is "hunter2" again.
"""

# ruff: noqa: SLF001 - `_meta` is documented API.

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.apps import apps
from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper

from accounts.vault.vault import VERSION, is_token, the_vault


class SealedField(models.TextField):  # type: ignore[type-arg]  # takes none at run time
    """A text column that holds a token or "". Read and written by `get` and `put`, never shown in a form.

    A token is bound to the column's name: a migration that renames table or column must seal anew.
    """

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **{"blank": True, "default": "", "editable": False, **options})

    def pre_save(self, model_instance: models.Model, add: bool) -> Any:
        """Refuse what nothing can open. Raises UnknownKey.

        A row that was loaded before its key was rotated away and is saved as a whole now would put the dead token over
        the one that was sealed anew.
        """
        token = super().pre_save(model_instance, add)
        if token and is_token(token):
            the_vault().check(token, place_of(model_instance, self.attname))
        return token

    def get_db_prep_save(self, value: Any, connection: BaseDatabaseWrapper) -> Any:
        """Refuse what is not a token. Raises ValueError, which does not repeat the value."""
        if isinstance(value, str) and value and not is_token(value):
            raise ValueError(f"{self.model.__name__}.{self.name} takes sealed texts only: set it with sealed.put().")
        return super().get_db_prep_save(value, connection)

    def db_check(self, connection: BaseDatabaseWrapper) -> str:
        """Have the database refuse it too, for what does not come through this class."""
        column, start = connection.ops.quote_name(self.column or self.attname), f"{VERSION}."
        return f"{column} = '' OR substr({column}, 1, {len(start)}) = '{start}'"


def put(row: models.Model, column: str, text: str) -> None:
    """Seal a text into the row's attribute; "" clears it. Saves nothing.

    Raises ValueError for a row without a primary key, because the token is bound to it: save the row first.
    """
    setattr(row, column, the_vault().seal(text, place_of(row, column)) if text else "")


def get(row: models.Model, column: str) -> str:
    """Return the text, "" when there is none. Raises what `Vault.open` raises."""
    token: str = getattr(row, column)
    return the_vault().open(token, place_of(row, column)) if token else ""


def place_of(row: models.Model, column: str) -> str:
    """Return where a row's token belongs: `<table>:<primary key>:<column>`. Raises ValueError without a primary key."""
    if row.pk is None:
        raise ValueError(f"Save the {row._meta.verbose_name} before its {column} is sealed: the seal names the row.")
    field = row._meta.get_field(column)
    return f"{field.model._meta.db_table}:{row.pk}:{column}"


def columns() -> Iterator[tuple[type[models.Model], SealedField]]:
    """Yield every sealed column of the project with the model whose table has it."""
    for model in apps.get_models():
        for field in model._meta.local_concrete_fields:
            if isinstance(field, SealedField):
                yield model, field
