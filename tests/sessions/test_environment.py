"""Environment variables: which names and values are taken, and that they come back unchanged."""

from __future__ import annotations

import pytest
from django.core.exceptions import ValidationError
from hypothesis import given
from hypothesis import strategies as st

from sessions.brings.environment import ENV_MAX_BYTES, ENV_MAX_COUNT, check, packed, size_of, unpacked

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


@pytest.mark.parametrize("count", [1, 7, ENV_MAX_COUNT])
def test_64_kib_of_names_and_values_are_taken_and_a_byte_more_is_not(count: int) -> None:
    """In sum, as someone counts them: bytes, and nothing but names and values."""
    share, rest = divmod(64 * 1024, count)
    env = {name: value_of(name, share) for name in (f"A{n}" for n in range(count))}
    env["A0"] += "x" * rest
    assert len("".join(env) + "".join(env.values())) < ENV_MAX_BYTES == 64 * 1024 == size_of(env)
    check(env)
    wrong = "Names and values make 65,537 bytes, and 65,536 are the most. Shorten or remove some"
    with pytest.raises(ValidationError, match=wrong):
        check(env | {"A0": env["A0"] + "x"})


def value_of(name: str, size: int) -> str:
    """Return a value that makes so many bytes with its name, most of them in characters of two."""
    pairs, single = divmod(size - len(name), 2)
    return "ä" * pairs + "x" * single


def test_the_number_is_bounded() -> None:
    with pytest.raises(ValidationError, match="1000 are the most"):
        check({f"A{n}": "" for n in range(ENV_MAX_COUNT + 1)})
