"""What templates show of a sandbox's use."""

from __future__ import annotations

from django import template

from sandboxes.metrics.shares import shares_of

register = template.Library()
register.simple_tag(shares_of)
