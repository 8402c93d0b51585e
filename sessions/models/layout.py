"""A person's layout of a sandbox's terminals, kept so that every machine shows it."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from django.db import models

from accounts.models import User
from sandboxes.models import Sandbox
from sessions.workspace.layout import BadLayoutError, LayoutTree


class Layout(models.Model):
    """One per person and sandbox; `tree` is a LayoutTree as JSON. The last change wins."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    sandbox = models.ForeignKey(Sandbox, on_delete=models.CASCADE, related_name="+")
    tree = models.JSONField()
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "sandbox"], name="one_layout_per_person")]

    def __str__(self) -> str:
        return f"layout of {self.user} in {self.sandbox}"

    @classmethod
    def of(cls, user: User, sandbox: Sandbox, known: Collection[str]) -> dict[str, Any] | None:
        """Return what the person left, without terminals that are not `known` (ids); None before the first change."""
        tree = cls.objects.filter(user=user, sandbox=sandbox).values_list("tree", flat=True).first()
        if tree is None:
            return None
        try:
            return LayoutTree.of(tree).keeping(known).as_json()
        except BadLayoutError:
            # Written by another version of this page: the terminals are shown as tabs, as on the first visit.
            return None

    @classmethod
    def keep(cls, user: User, sandbox: Sandbox, tree: LayoutTree) -> None:
        cls.objects.update_or_create(user=user, sandbox=sandbox, defaults={"tree": tree.as_json()})
