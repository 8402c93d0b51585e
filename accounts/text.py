"""Text that people give things and that others read: no controls, nothing invisible, nothing that turns the line round.

U+202E makes what follows it read backwards, also the words beside it; a name of invisible characters only looks like
none, and one that holds some looks like another's. Joiners stay, because Persian, Hindi and many emoji need them.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from django import forms
from django.core.exceptions import ValidationError
from django.db import models

# Takes no parameters at run time.
if TYPE_CHECKING:
    Column = models.CharField[str, str]
else:
    Column = models.CharField

# Categories that no name needs: controls, formatting, surrogates, private use, line and paragraph separators.
UNFIT = frozenset({"Cc", "Cf", "Cs", "Co", "Zl", "Zp"})
JOINERS = frozenset("\u200c\u200d")
# Letters and symbols by category, blank or nothing to the eye.
BLANK = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0")
BREAKS = frozenset("\t\n\r")
NAMES = {"\0": "NUL", "\t": "a tab", "\n": "a line break", "\r": "a line break", "\x1b": "an escape"}


def unfit_in(text: str, *, is_one_line: bool = True) -> Iterator[str]:
    """Yield each character that cannot stay, as often as it is there."""
    for character in text:
        if character in JOINERS or (character in BREAKS and not is_one_line):
            continue
        if unicodedata.category(character) in UNFIT or character in BLANK:
            yield character


def check_line(text: str) -> None:
    """Raise ValidationError that names the first character that cannot be in a line of text."""
    check(text, is_one_line=True)


def check_lines(text: str) -> None:
    """Like `check_line`, for text that may have line breaks and tabs."""
    check(text, is_one_line=False)


def check(text: str, *, is_one_line: bool) -> None:
    for character in unfit_in(text, is_one_line=is_one_line):
        name = NAMES.get(character) or f"the invisible character U+{ord(character):04X}"
        raise ValidationError(f"This holds {name}, which cannot be part of it. Remove it, or type the text anew.")


def fit(text: str, *, is_one_line: bool = True) -> str:
    """Return the text without what cannot stay."""
    unfit = set(unfit_in(text, is_one_line=is_one_line))
    return re.sub("[" + re.escape("".join(unfit)) + "]", "", text) if unfit else text


class LineField(Column):
    """A line that people read. Forms refuse what is unfit; what comes by another way is stored without it."""

    default_validators = [check_line]
    is_one_line = True

    def get_prep_value(self, value: Any) -> Any:
        value = super().get_prep_value(value)
        return fit(value, is_one_line=self.is_one_line) if isinstance(value, str) else value

    def deconstruct(self) -> Any:
        """The column is a CharField's."""
        name, _, arguments, options = super().deconstruct()
        return name, "django.db.models.CharField", arguments, options


class LinesField(LineField):
    """Like LineField, with line breaks and tabs."""

    default_validators = [check_lines]
    is_one_line = False


class LineInput(forms.CharField):
    """The form's side of LineField, for forms that are not made from a model."""

    default_validators = [check_line]


class LinesInput(forms.CharField):
    """The form's side of LinesField."""

    default_validators = [check_lines]
