"""Roles in words, wherever one is chosen."""

from __future__ import annotations

from django import template

from accounts.models import Role
from sandboxes.permissions import words_of

register = template.Library()


@register.simple_tag
def roles_in_words() -> list[tuple[str, str]]:
    """Return (name, what it may do) of every role, the most powerful first."""
    return [(str(role.label), words_of(role)) for role in Role]
