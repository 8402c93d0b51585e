"""What the first visitor would wait for, done before the server listens."""

from __future__ import annotations

import gc

from django.template.loader import get_template
from django.urls import reverse

from config.environment import ROOT

TEMPLATES = ROOT / "templates"


def warm_up() -> None:
    """Load all addresses and templates, and leave what is there now out of every later search for garbage.

    A full collection goes over all objects of Django and its apps, 0.1 s, and falls into some request or other.
    """
    reverse("sandboxes:list")
    for file in TEMPLATES.rglob("*.html"):
        get_template(str(file.relative_to(TEMPLATES)))
    gc.collect()
    gc.freeze()
