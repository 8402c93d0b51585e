"""Changes in the admin, whatever the model."""

from __future__ import annotations

import json
from typing import Any

from django.contrib.admin import ModelAdmin
from django.contrib.admin.models import LogEntry
from django.db import transaction
from django.db.models import Model, QuerySet
from django.http import HttpRequest

from activity.log import record


class Recorded(ModelAdmin):
    """What the forms of the admin add, change and delete. Django writes each of them in one transaction.

    Actions of ours go through the models' own methods, which record by themselves. Values are not kept, only the names
    of the fields: some are secrets.
    """

    def log_addition(self, request: HttpRequest, obj: Model, message: Any) -> LogEntry:
        record("admin.add", obj)
        entry: LogEntry = super().log_addition(request, obj, message)
        return entry

    def log_change(self, request: HttpRequest, obj: Model, message: Any) -> LogEntry:
        if message:
            record("admin.change", obj, detail={"change": in_words(message)})
        entry: LogEntry = super().log_change(request, obj, message)
        return entry

    def delete_model(self, request: HttpRequest, obj: Model) -> None:
        with transaction.atomic():
            record("admin.delete", obj)
            super().delete_model(request, obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Model]) -> None:
        with transaction.atomic():
            for obj in queryset:
                record("admin.delete", obj)
            super().delete_queryset(request, queryset)


def in_words(message: Any) -> str:
    """Return Django's message of a change, a sentence or a list for JSON, as a sentence."""
    kept = message if isinstance(message, str) else json.dumps(message)
    return str(LogEntry(change_message=kept).get_change_message())
