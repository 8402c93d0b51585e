"""Environment variables: which names and values are taken, and that they come back unchanged."""

from __future__ import annotations

import pytest
from django.core.exceptions import ValidationError
from hypothesis import given
from hypothesis import strategies as st

from sessions.environment import ENV_MAX_BYTES, ENV_MAX_COUNT, check, packed, size_of, unpacked

VALUES = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=200)


@given(st.dictionaries(st.from_regex(r"\A[A-Za-z_][A-Za-z0-9_]{0,20}\Z"), VALUES, max_size=20))
def test_what_is_good_comes_back_unchanged(env: dict[str, str]) -> None:
    if not any(name.startswith("SANDLOT_") for name in env):
        check(env)
    assert unpacked(packed(env)) == env


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("", "is not a name"),
        ("1A", "not a digit first"),
        ("A-B", "is not a name"),
        ("A B", "is not a name"),
        ("A=B", "is not a name"),
        ("A\n", "is not a name"),
        ("Ä", "is not a name"),
        ("SANDLOT_SESSION", "set by Sandlot itself"),
    ],
)
def test_bad_names_are_refused_with_the_reason(name: str, words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        check({name: "x"})


def test_all_that_is_wrong_is_said_at_once() -> None:
    with pytest.raises(ValidationError) as caught:
        check({"1A": "", "B": "nul\0", "C": "\ud800", "D": "fine"})
    assert len(caught.value.messages) == 3


def test_64_kib_are_taken_and_a_byte_more_is_not() -> None:
    value = "ä" * ((ENV_MAX_BYTES - 3) // 2)
    filled = {"A": value + "x" * (ENV_MAX_BYTES - 3 - 2 * len(value))}
    assert size_of(filled) == ENV_MAX_BYTES
    check(filled)
    with pytest.raises(ValidationError, match="65,537 bytes; 65,536 are the most"):
        check({"A": filled["A"] + "x"})


def test_the_number_is_bounded() -> None:
    with pytest.raises(ValidationError, match="1000 are the most"):
        check({f"A{n}": "" for n in range(ENV_MAX_COUNT + 1)})
