"""Staff who are not superusers see the rows of their own teams in the admin, whatever the model."""

from __future__ import annotations

from typing import Any

from django.contrib.admin import ModelAdmin, RelatedOnlyFieldListFilter
from django.db.models import ForeignKey, Model, QuerySet
from django.http import HttpRequest

from accounts.models import ApiToken, Membership, User
from accounts.signing import person

# Model -> the way from its rows to their team.
TEAM_OF = {
    "accounts.team": "pk",
    "accounts.membership": "team",
    "accounts.invitation": "team",
    "sandboxes.sandbox": "team",
    "sandboxes.step": "sandbox__team",
    "sandbox_sessions.session": "sandbox__team",
    "sandbox_sessions.terminal": "session__sandbox__team",
    "activity.entry": "team_id",
}
# What belongs to no team, and says nothing about one.
OF_NOBODY = frozenset({"sandboxes.template", "sandboxes.enginestatus"})


class TeamsOnly(ModelAdmin):
    """Narrows rows, filters and choices. Which models someone may see at all, Django's permissions say."""

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return theirs(request, super().get_queryset(request))

    def get_list_filter(self, request: HttpRequest) -> Any:
        filters = super().get_list_filter(request)
        if is_superuser(request):
            return filters
        return [self._narrowed(each) for each in filters]

    def formfield_for_foreignkey(self, db_field: ForeignKey[Any, Any], request: HttpRequest, **options: Any) -> Any:
        field = super().formfield_for_foreignkey(db_field, request, **options)
        if field is not None and field.queryset is not None:
            field.queryset = theirs(request, field.queryset)
        return field

    def has_add_permission(self, request: HttpRequest) -> bool:
        return super().has_add_permission(request) and (is_superuser(request) or self.model is not User)

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Accounts are for superusers: who could change one could make themselves one."""
        return super().has_change_permission(request, obj) and (is_superuser(request) or self.model is not User)

    def _narrowed(self, each: Any) -> Any:
        """Return a filter by a related row so that it offers those only that are on the list."""
        if not isinstance(each, str) or "team" not in each:
            return each
        return (each, RelatedOnlyFieldListFilter)


def theirs(request: HttpRequest, rows: QuerySet[Any]) -> QuerySet[Any]:
    """Return what of these rows belongs to the person's teams; nothing of a model that nobody thought of here."""
    if is_superuser(request):
        return rows
    mine = Membership.objects.filter(user=person(request)).values("team")
    people = Membership.objects.filter(team__in=mine).values("user")
    if rows.model is User:
        return rows.filter(pk__in=people)
    if rows.model is ApiToken:
        return rows.filter(user__in=people)
    label = rows.model._meta.label_lower  # noqa: SLF001  # documented
    if label in OF_NOBODY:
        return rows
    return rows.filter(**{f"{TEAM_OF[label]}__in": mine}) if label in TEAM_OF else rows.none()


def is_superuser(request: HttpRequest) -> bool:
    return bool(getattr(request.user, "is_superuser", False))
