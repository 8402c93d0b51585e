"""The name of a session's container says which instance, sandbox and session it is, and never two of them."""

from __future__ import annotations

import re

import pytest
from django.test import override_settings
from hypothesis import given
from hypothesis import strategies as st

from sandboxes.models import Sandbox
from sandboxes.names import validate_slug
from sessions.containers import named
from sessions.names import validate_session_id

# The whole alphabet of each part, and short, so that a separator among them would soon meet another one.
INSTANCES = st.text("a0-", max_size=4)
SLUGS = st.from_regex(r"\A[a-c]([a-c0-1-]{0,3}[a-c0-1])?\Z")
SESSIONS = st.text("aA0_-", min_size=1, max_size=4)
PARTS = st.tuples(INSTANCES, SLUGS, SESSIONS)


def name_of(parts: tuple[str, str, str]) -> str:
    instance, slug, session = parts
    with override_settings(SANDLOT_INSTANCE=instance):
        return named(Sandbox(slug=slug), session)


@given(PARTS, PARTS)
def test_two_sessions_never_have_one_name(one: tuple[str, str, str], other: tuple[str, str, str]) -> None:
    assert (name_of(one) == name_of(other)) == (one == other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (("i", "f-deb", "guest"), ("i", "f", "deb-guest")),
        (("i-f", "deb", "guest"), ("i", "f-deb", "guest")),
        (("i", "a", "b-c-d"), ("i", "a-b", "c-d")),
    ],
)
def test_names_that_met_with_hyphens_do_not_meet(one: tuple[str, str, str], other: tuple[str, str, str]) -> None:
    assert name_of(one) != name_of(other)


def test_the_engine_takes_every_name_and_no_part_holds_the_separator() -> None:
    assert re.fullmatch(r"[a-zA-Z0-9][a-zA-Z0-9_.-]+", name_of(("a" * 24, "b" * 30, "c" * 20)))
    for validate in (validate_slug, validate_session_id):
        with pytest.raises(Exception, match=r"letters|digits"):
            validate("a.b")
