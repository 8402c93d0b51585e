"""How a person likes their terminals, kept for them on every machine. Twin: static/src/lib/looks/preferences.js."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.db import models

from accounts.models import User

PREFERENCES_MAX_BYTES = 4 * 1024


class BadPreferencesError(ValueError):
    """These are not preferences; the text is a sentence for people."""


def _one_of(*values: str) -> Callable[[object], bool]:
    return lambda value: isinstance(value, str) and value in values


def _number(least: float, most: float) -> Callable[[object], bool]:
    return lambda value: isinstance(value, int | float) and not isinstance(value, bool) and least <= value <= most


def _yes_or_no(value: object) -> bool:
    return isinstance(value, bool)


# What may be kept, under the names that the script uses. Sizes are CSS pixels, `scrollback` lines.
ALLOWED: dict[str, Callable[[object], bool]] = {
    "fontFamily": _one_of("page", "jetbrains", "fira", "cascadia", "dejavu", "courier"),
    "fontSize": _number(9, 28),
    "lineHeight": _number(1, 2),
    "theme": _one_of("page", "light", "dark", "contrast"),
    "cursorShape": _one_of("block", "bar", "underline"),
    "cursorBlink": _yes_or_no,
    "bell": _one_of("none", "visual", "sound"),
    "scrollback": _number(1_000, 50_000),
    "screenReader": _yes_or_no,
    "copyOnSelect": _yes_or_no,
    "rightClick": _one_of("menu", "clipboard"),
    "pasteWarning": _yes_or_no,
}


def checked(data: object) -> dict[str, Any]:
    """Return the preferences as they were given; what is missing stays as usual. Raises BadPreferencesError."""
    if not isinstance(data, dict):
        raise BadPreferencesError("Preferences are an object.")
    for name, value in data.items():
        if name not in ALLOWED:
            raise BadPreferencesError(f"There is no preference {str(name)[:40]!r}.")
        if not ALLOWED[name](value):
            raise BadPreferencesError(f"This is not a value for {name}.")
    return data


class Preferences(models.Model):
    """What differs from the usual, by the names in ALLOWED."""

    user = models.OneToOneField(User, on_delete=models.CASCADE, related_name="terminal_preferences")
    chosen = models.JSONField(default=dict)
    updated_at = models.DateTimeField(auto_now=True)

    def __str__(self) -> str:
        return f"terminal preferences of {self.user}"

    @classmethod
    def of(cls, user: User) -> dict[str, Any]:
        """Return what the person chose; {} before the first choice."""
        found = cls.objects.filter(user=user).values_list("chosen", flat=True).first()
        return found if isinstance(found, dict) else {}

    @classmethod
    def keep(cls, user: User, data: object) -> None:
        """Raises BadPreferencesError; then what was kept stays."""
        cls.objects.update_or_create(user=user, defaults={"chosen": checked(data)})
