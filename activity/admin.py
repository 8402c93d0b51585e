"""The record in the admin: for reading. Staff who are not superusers see their teams'."""

from __future__ import annotations

from django.contrib import admin
from django.db.models import Model, QuerySet
from django.http import HttpRequest

from activity.models import Entry


@admin.register(Entry)
class EntryAdmin(admin.ModelAdmin):
    list_display = ["number", "at", "actor", "words", "target", "outcome", "team", "sandbox", "via", "address", "facts"]
    list_filter = ["outcome", "via", "verb", "at"]
    search_fields = ["actor", "target", "sandbox", "team", "address"]
    search_help_text = "Who, target, sandbox, team or address."

    def get_queryset(self, request: HttpRequest) -> QuerySet[Entry]:
        entries: QuerySet[Entry] = super().get_queryset(request)
        if request.user.is_superuser:
            return entries
        # The app that has teams stands above this one; the user knows them.
        return entries.filter(team_id__in=request.user.teams.values_list("pk", flat=True))  # type: ignore[union-attr]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False
