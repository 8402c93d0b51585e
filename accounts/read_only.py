"""Rows in the admin that are looked at, and changed elsewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db.models import Model, QuerySet
from django.forms import BaseInlineFormSet
from django.http import HttpRequest

if TYPE_CHECKING:
    FormSet = BaseInlineFormSet[Any, Any, Any]
else:
    FormSet = BaseInlineFormSet

# Rows below another one's form; a link leads to the list of all.
SHOWN = 20


class ReadOnly:
    """For an admin, or an inline, that shows and changes nothing."""

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


class FirstRows(FormSet):
    """The first SHOWN rows of an inline that is read only: a hundred rows cost half a second to draw."""

    def get_queryset(self) -> QuerySet[Any]:
        if not hasattr(self, "_first"):
            self._first = super().get_queryset()[:SHOWN]
        return self._first
