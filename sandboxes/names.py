"""Slugs of sandboxes: checked, and suggested so that a form starts with a sensible one."""

from __future__ import annotations

import re
import secrets

from django.core.exceptions import ValidationError

# Part of container, volume and host names: short, lower case, no underscore (host names forbid it).
SLUG = re.compile(r"^[a-z0-9](?:[a-z0-9-]{0,28}[a-z0-9])?$")

ADJECTIVES = """
    amber brisk calm clever coral dusty early gentle golden green happy lucky mellow nimble quiet rapid
    silver sunny tidy warm
""".split()
NOUNS = """
    badger beacon brook cedar comet dune falcon fern harbor heron lagoon lynx maple meadow otter pebble
    reef robin tern willow
""".split()

# Addresses of pages below /sandboxes/.
RESERVED = frozenset({"bulk", "new"})


def validate_slug(value: str) -> None:
    """Raise ValidationError with what is allowed."""
    if value in RESERVED:
        raise ValidationError("This name is taken by a page. Choose another one.")
    if not SLUG.fullmatch(value):
        raise ValidationError(
            "Use 1 to 30 lower-case letters, digits and hyphens; begin and end with a letter or digit."
        )


def suggest() -> str:
    """Return a name like "quiet-otter"; one of 400, so a taken one is only redrawn."""
    return f"{secrets.choice(ADJECTIVES)}-{secrets.choice(NOUNS)}"
