"""Texts that people set: nothing invisible in them, whichever way they come."""

from __future__ import annotations

import pytest
from django.apps import apps
from django.core.exceptions import ValidationError
from django.db import models
from django.test import Client

from accounts.models import Team, User
from accounts.text import LineField, check_line, check_lines, fit

UNFIT = [
    "\0",
    "\x07",
    "\x1b[31m",
    "\x85",
    "\xad",
    "\u200b",
    "\u200e",
    "\u200f",
    "\u202a",
    "\u202e",
    "\u2028",
    "\u2060",
    "\u2066",
    "\u2069",
    "\u061c",
    "\ufeff",
    "\u3164",
    "\u2800",
    "\ue000",
    "\U000e0041",
    "\ud800",
]
FINE = ["Ada", "Łukasz Żak", "張偉", "محمد", "می‌خواهم", "👩‍🚀", "❤️", "O'Brien", "क्‍ष", "a b", ""]
# What nobody types into a page, or what has rules of its own.
OTHERWISE = {
    "accounts.User.password",
    "accounts.User.email",
    "sandboxes.Sandbox.slug",
    "sandboxes.Template.icon",
    "sandboxes.Template.runtime",
    "sandboxes.Template.slug",
    "sandboxes.Template.image",
    "sandbox_sessions.Session.name",
    "sandbox_sessions.Session.git_email",
    "sandbox_sessions.Session.git_provider",
}


@pytest.mark.parametrize("character", UNFIT)
def test_what_nobody_can_see_is_refused_with_its_name(character: str) -> None:
    with pytest.raises(ValidationError, match=r"This holds .*, which cannot be part of it"):
        check_line(f"a{character}b")
    assert fit(f"a{character[0]}b") == "ab"


@pytest.mark.parametrize("text", FINE)
def test_what_languages_and_emoji_need_stays(text: str) -> None:
    check_line(text)
    assert fit(text) == text


def test_lines_may_be_broken_where_there_are_several() -> None:
    check_lines("one\r\n\ttwo")
    with pytest.raises(ValidationError, match="a line break"):
        check_line("one\ntwo")
    with pytest.raises(ValidationError, match=r"U\+202E"):
        check_lines("one\n\u202etwo")


def test_every_text_that_people_set_is_checked() -> None:
    """A new text column is a LineField, has choices, is no one's to edit, or stands in the list above."""
    unchecked = {
        f"{field.model._meta.app_label}.{field.model.__name__}.{field.name}"
        for app in ("accounts", "sandboxes", "sandbox_sessions")
        for model in apps.get_app_config(app).get_models()
        for field in model._meta.get_fields()
        if isinstance(field, models.CharField | models.TextField)
        and not isinstance(field, LineField)
        and field.editable
        and not field.choices
    }
    machines = {name for name in unchecked if name.split(".")[1] in ("Step", "Notice", "Lease", "EngineStatus")}
    assert unchecked - machines <= OTHERWISE


def test_a_name_that_turns_the_page_round_is_refused_by_the_form(client: Client, alice: User, team: Team) -> None:
    client.force_login(alice)
    page = client.post("/team/rename/", {"name": "Ops \u202eesrever"}, follow=True)
    assert "U+202E" in page.content.decode()
    team.refresh_from_db()
    assert team.name != "Ops \u202eesrever"


def test_what_comes_past_every_form_is_stored_without_it(alice: User, team: Team) -> None:
    User.objects.filter(pk=alice.pk).update(name="A\u202eda")
    Team.objects.filter(pk=team.pk).update(name="Op\x1bs")
    assert User.objects.get(pk=alice.pk).name == "Ada"
    assert Team.objects.get(pk=team.pk).name == "Ops"
