"""A bad value in the environment stops the start with a sentence that names it."""

from __future__ import annotations

import pytest
from django.core.exceptions import ImproperlyConfigured

from config.settings import database, read_environment


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("PORT", "http", "SANDLOT_PORT"),
        ("PORT", "70000", "SANDLOT_PORT"),
        ("ORIGINS", "*", "SANDLOT_ORIGINS"),
        ("ORIGINS", "https://*.example.com", "https://sandlot.example.com"),
        ("ORIGINS", "https://example.com/path", "without a path"),
        ("ORIGINS", "example.com", "SANDLOT_ORIGINS"),
        ("ORIGINS", "http://host:abc", "SANDLOT_ORIGINS"),
        ("ORIGINS", "http://host:99999", "SANDLOT_ORIGINS"),
        ("ORIGINS", "http://user@host:8000", "SANDLOT_ORIGINS"),
        ("ORIGINS", "http://[::1:8000", "SANDLOT_ORIGINS"),
        ("ORIGINS", "http://host/?a", "SANDLOT_ORIGINS"),
        ("NETWORK_POOL", "8.8.0.0/16", "private network"),
        ("NETWORK_POOL", "10.0.0.0/30", "/24 or larger"),
        ("INSTANCE", "Not A Label", "SANDLOT_INSTANCE"),
        ("LOG_LEVEL", "LOUD", "SANDLOT_LOG_LEVEL"),
    ],
)
def test_a_bad_value_is_named(monkeypatch: pytest.MonkeyPatch, name: str, value: str, words: str) -> None:
    monkeypatch.setenv(f"SANDLOT_{name}", value)
    with pytest.raises(ImproperlyConfigured, match=words):
        read_environment()


def test_origins_are_taken_exactly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SANDLOT_ORIGINS", "https://sandlot.example.com, http://10.0.0.5:8000/")
    assert read_environment().allowed_origins() == ["https://sandlot.example.com", "http://10.0.0.5:8000"]


@pytest.mark.parametrize(
    ("written", "origin"),
    [
        ("https://Sandlot.Example.com:443/", "https://sandlot.example.com"),
        ("http://localhost:80", "http://localhost"),
        ("https://bücher.example", "https://xn--bcher-kva.example"),
        ("https://localhost:80", "https://localhost:80"),
        ("http://[::1]:8000", "http://[::1]:8000"),
    ],
)
def test_an_origin_is_kept_as_browsers_write_it(monkeypatch: pytest.MonkeyPatch, written: str, origin: str) -> None:
    monkeypatch.setenv("SANDLOT_ORIGINS", written)
    assert read_environment().allowed_origins() == [origin]


def test_without_origins_it_answers_on_this_machine_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SANDLOT_PORT", "8010")
    assert read_environment().allowed_origins() == ["http://localhost:8010", "http://127.0.0.1:8010"]


def test_a_secret_does_not_show_in_a_printed_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SANDLOT_OWNER_PASSWORD", "correct horse battery")
    assert "correct horse" not in repr(read_environment())


def test_a_postgresql_address_is_taken_apart() -> None:
    entry = database("postgresql://ada:p%40ss@db.example:5433/sandlot")
    assert (entry["USER"], entry["PASSWORD"], entry["HOST"], entry["PORT"], entry["NAME"]) == (
        "ada",
        "p@ss",
        "db.example",
        "5433",
        "sandlot",
    )


def test_another_database_is_refused() -> None:
    with pytest.raises(ImproperlyConfigured, match="SANDLOT_DATABASE_URL"):
        database("mysql://localhost/sandlot")
