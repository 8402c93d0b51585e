"""A table with a sealed column, for tests of what holds for every such column."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

import pytest
from django.apps.registry import Apps
from django.db import connection, models
from pytest_django.plugin import DjangoDbBlocker

from accounts.vault.sealed import SealedField

# Not the project's registry: no migration is missing, and nobody else meets this model.
LOCKERS = Apps(["accounts"])


class Locker(models.Model):
    """Something of a person's behind a lock."""

    label = models.CharField(max_length=20)
    secret = SealedField()

    objects: ClassVar[models.Manager[Locker]] = models.Manager()

    class Meta:
        apps = LOCKERS
        app_label = "accounts"

    def __str__(self) -> str:
        return self.label


@pytest.fixture(scope="module")
def _locker_table(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """Made outside of a test's transaction, in which SQLite cannot change its schema."""
    with django_db_blocker.unblock(), connection.schema_editor() as editor:
        editor.create_model(Locker)
    yield
    with django_db_blocker.unblock(), connection.schema_editor() as editor:
        editor.delete_model(Locker)


@pytest.fixture
def lockers(_locker_table: None, db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Make the table one of the project's sealed columns."""
    monkeypatch.setattr("accounts.vault.sealed.apps", LOCKERS)
