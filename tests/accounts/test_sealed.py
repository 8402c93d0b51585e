"""A sealed column takes tokens and nothing else, and gives the text back in its own row only."""

from __future__ import annotations

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.models import Value
from django.forms import modelform_factory

from accounts.vault import sealed
from accounts.vault.sealed import SealedField
from accounts.vault.vault import Tampered, is_token, the_vault
from tests.accounts.locker import Locker, _locker_table, lockers

__all__ = ["_locker_table", "lockers"]
pytestmark = pytest.mark.usefixtures("lockers")


@pytest.fixture
def locker() -> Locker:
    return Locker.objects.create(label="one")


def stored(locker: Locker) -> str:
    """Return what a look into the database shows."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT secret FROM accounts_locker WHERE id = %s", [locker.pk])
        return str(cursor.fetchone()[0])


def test_a_secret_is_kept_as_a_token_and_comes_back(locker: Locker) -> None:
    sealed.put(locker, "secret", "hünter2\n$'\"")
    locker.save()
    assert is_token(stored(locker))
    assert "nter2" not in stored(locker)
    assert sealed.get(Locker.objects.get(pk=locker.pk), "secret") == "hünter2\n$'\""


def test_nothing_is_written_until_the_row_is_saved(locker: Locker) -> None:
    sealed.put(locker, "secret", "hunter2")
    assert stored(locker) == ""
    assert sealed.get(locker, "secret") == "hunter2"


def test_an_empty_text_clears(locker: Locker) -> None:
    sealed.put(locker, "secret", "hunter2")
    locker.save()
    sealed.put(locker, "secret", "")
    locker.save()
    assert stored(locker) == ""
    assert sealed.get(locker, "secret") == ""


def test_a_row_that_was_never_saved_is_refused() -> None:
    with pytest.raises(ValueError, match="Save the locker before its secret is sealed"):
        sealed.put(Locker(label="new"), "secret", "hunter2")


def test_a_token_opens_in_its_own_row_and_column_only(locker: Locker) -> None:
    other = Locker.objects.create(label="two")
    sealed.put(locker, "secret", "hunter2")
    other.secret = locker.secret
    with pytest.raises(Tampered, match=f"accounts_locker:{other.pk}:secret"):
        sealed.get(other, "secret")
    assert the_vault().open(locker.secret, f"accounts_locker:{locker.pk}:secret") == "hunter2"


def test_a_plain_secret_is_not_saved_and_not_repeated(locker: Locker) -> None:
    locker.secret = "hunter2"
    for save in (
        locker.save,
        lambda: Locker.objects.create(label="new", secret="hunter2"),
        lambda: Locker.objects.bulk_create([Locker(label="new", secret="hunter2")]),
        lambda: Locker.objects.bulk_update([locker], ["secret"]),
        lambda: Locker.objects.update(secret="hunter2"),
    ):
        with (
            pytest.raises(ValueError, match=r"Locker\.secret takes sealed texts only") as refused,
            transaction.atomic(),
        ):
            save()
        assert "hunter2" not in str(refused.value)
    assert not Locker.objects.exclude(secret="").exists()


def test_the_database_itself_refuses_one_that_goes_around_the_field(locker: Locker) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        Locker.objects.update(secret=Value("hunter2"))
    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("UPDATE accounts_locker SET secret = 'hunter2'")
    assert stored(locker) == ""


def test_no_form_has_it() -> None:
    assert list(modelform_factory(Locker, fields="__all__").base_fields) == ["label"]


def test_a_migration_writes_it_down_as_it_is() -> None:
    _, path, _, options = Locker._meta.get_field("secret").deconstruct()
    assert path == "accounts.vault.sealed.SealedField"
    assert options == {"blank": True, "default": "", "editable": False}


def test_every_sealed_column_is_found() -> None:
    assert [(model, field.name) for model, field in sealed.columns()] == [(Locker, "secret")]
    assert all(isinstance(field, SealedField) for _, field in sealed.columns())
