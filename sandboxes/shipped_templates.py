"""The templates that come with Sandlot."""

from __future__ import annotations

from django.db import transaction

from activity.log import record
from sandboxes.models import MIB, Template

SHIPPED: dict[str, dict[str, object]] = {
    "debian": {
        "title": "Debian",
        "description": "Bash, git, Python, vim, tmux and apt: a machine for everything.",
        "icon": "brand-debian",
        "position": 10,
    },
    "busybox": {
        "title": "BusyBox",
        "description": "A few megabytes with a shell and the classic tools, nothing else.",
        "icon": "box",
        "position": 20,
        "memory_bytes": 256 * MIB,
        "cpu_millis": 500,
        "disk_bytes": 1024 * MIB,
    },
}


def offer_templates(references: dict[str, str]) -> None:
    """Make the shipped templates' rows once, and point them at their newest images. What an admin changed stays."""
    for slug in filter(references.__contains__, SHIPPED):
        with transaction.atomic():
            offer(slug, references[slug])


def offer(slug: str, image: str) -> None:
    template, is_new = Template.objects.get_or_create(slug=slug, defaults=SHIPPED[slug] | {"image": image})
    if is_new:
        record("template.offer", template, detail={"image": image})
    elif template.image != image:
        Template.objects.filter(pk=template.pk).update(image=image)
        record("template.image", template, detail={"from": template.image, "to": image})
