"""Nothing that people type or paste is cut without a word."""

from __future__ import annotations

import re

import pytest
from django import forms

from accounts.models import User
from sandboxes.models import Sandbox
from tests.live import ROOT
from tests.visitors import browser_of

TYPED = re.compile(r"maxlength", re.IGNORECASE)


def test_a_field_with_a_limit_shows_no_limit_to_the_browser() -> None:
    class Named(forms.Form):
        name = forms.CharField(max_length=3)
        note = forms.CharField(max_length=3, widget=forms.Textarea)

    assert not TYPED.search(Named().as_p())
    assert "at most 3 characters" in str(Named({"name": "four", "note": ""}).errors)


@pytest.mark.parametrize(
    "path", ["/sandboxes/new/", "/sandboxes/quiet-otter/new-session/", "/sandboxes/quiet-otter/settings/", "/team/"]
)
def test_no_field_of_a_page_cuts_what_is_pasted(sandbox: Sandbox, alice: User, path: str) -> None:
    page = browser_of(alice).get(path, follow=True)
    assert page.status_code == 200
    fields = re.findall(r"<(?:input|textarea)[^>]*>", page.content.decode())
    named = [field for field in fields if "palette-input" not in field and 'type="search"' not in field]
    assert named
    assert not [field for field in named if TYPED.search(field)]


def test_an_id_that_is_too_long_is_refused_and_not_cut(sandbox: Sandbox, alice: User) -> None:
    fields = {"name": "x" * 21, "permission": "write", "env-TOTAL_FORMS": "0", "env-INITIAL_FORMS": "0"}
    page = browser_of(alice).post("/sandboxes/quiet-otter/new-session/", fields).content.decode()
    assert "at most 20 characters" in page
    assert not sandbox.sessions.filter(name__startswith="xx").exists()


def test_templates_and_scripts_set_no_limit_by_hand() -> None:
    """But for searches: there nothing is created under a cut name."""
    for folder in ("templates", "static/src"):
        for file in (ROOT / folder).rglob("*"):
            if file.suffix in (".html", ".js") and file.name != "attrs.html":
                for line in filter(TYPED.search, file.read_text().splitlines()):
                    assert 'type="search"' in line or "palette-input" in line, f"{file}: {line.strip()}"
