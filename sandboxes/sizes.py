"""Sizes that the create form offers, as shares of the template's limits."""

from __future__ import annotations

from fractions import Fraction

from django.db.models import TextChoices

from sandboxes.models import Template


class Size(TextChoices):
    SMALL = "small", "Small"
    STANDARD = "standard", "Standard"
    LARGE = "large", "Large"


SHARE = {Size.SMALL: Fraction(1, 2), Size.STANDARD: Fraction(1), Size.LARGE: Fraction(2)}
# What managers may give on a sandbox's settings page, as a share of the template; more is a matter of another template.
MOST_SHARE = 4
# Below these a shell with an editor and a package manager does not get on: the smallest that a model accepts is less.
LEAST = {"memory_bytes": 256 * 1024 * 1024, "cpu_millis": 250, "pids_limit": 128, "disk_bytes": 1024 * 1024 * 1024}


def limits(template: Template, size: Size) -> dict[str, int]:
    """Return memory_bytes, cpu_millis, pids_limit and disk_bytes of a new sandbox.

    A size never goes below what a shell needs, unless the template itself does.
    """
    return {name: share_of(getattr(template, name), size, least) for name, least in LEAST.items()}


def bounds(template: Template) -> dict[str, tuple[int, int]]:
    """Return the least and the most that each limit of its sandboxes may be changed to."""
    return {name: (least, max(least, MOST_SHARE * getattr(template, name))) for name, least in LEAST.items()}


def share_of(whole: int, size: Size, least: int) -> int:
    return max(int(whole * SHARE[size]), min(whole, least))
