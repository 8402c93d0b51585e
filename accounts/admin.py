"""People and teams in the admin."""

from __future__ import annotations

from typing import Any

from allauth.mfa.models import Authenticator
from django.contrib import admin, messages
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.forms import AdminUserCreationForm
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Count, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html

from accounts.models import ApiToken, Invitation, Membership, Team, User
from accounts.read_only import FirstRows, ReadOnly
from accounts.row_actions import Answer, on_each_row
from activity.source import label_of


@admin.register(User)
class UserAdmin(DjangoUserAdmin):
    """People are disabled, never deleted: what they made keeps its owner, and the last owner stays."""

    list_display = ["email", "name", "is_active", "is_staff", "team_names", "last_login"]
    list_filter = ["is_active", "is_staff", "is_superuser", "teams"]
    search_fields = ["email", "name"]
    ordering = ["email"]
    readonly_fields = ["last_login", "date_joined"]
    filter_horizontal = ["user_permissions"]
    fieldsets = [
        (None, {"fields": ["email", "name", "password"]}),
        ("Rights", {"fields": ["is_active", "is_staff", "is_superuser", "user_permissions"]}),
        ("Dates", {"fields": ["last_login", "date_joined"]}),
    ]
    add_fieldsets = [(None, {"fields": ["email", "name", "usable_password", "password1", "password2"]})]
    add_form = AdminUserCreationForm
    actions = ["disable", "enable", "turn_off_two_factor"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        return super().get_queryset(request).prefetch_related("teams")

    def has_delete_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        return False

    @admin.display(description="teams")
    def team_names(self, user: User) -> str:
        return ", ".join(team.name for team in user.teams.all())

    def in_words(self, user: User) -> str:
        return label_of(user)

    @on_each_row("Disable…", asks="These people are signed out everywhere and cannot sign in. What they made stays.")
    def disable(self, request: HttpRequest, user: User) -> Answer:
        if user == request.user:
            return Answer(f"{user.email}: this is you, left as it was.", messages.WARNING)
        user.disable()
        return Answer(f"{user.email}: disabled.")

    @on_each_row("Enable…", asks="These people can sign in again and have the roles that they had.")
    def enable(self, request: HttpRequest, user: User) -> Answer:
        user.enable()
        return Answer(f"{user.email}: enabled.")

    @on_each_row(
        "Turn off two-factor sign-in…", asks="A password alone is enough for these people until they set it up again."
    )
    def turn_off_two_factor(self, request: HttpRequest, user: User) -> Answer:
        with transaction.atomic():
            deleted, _ = Authenticator.objects.filter(user=user).delete()
        return Answer(f"{user.email}: {'turned off' if deleted else 'was off'}.")


class MembershipInline(ReadOnly, admin.TabularInline):
    """The first members; roles are changed, and memberships ended, where a team keeps its owner: in their own list."""

    model = Membership
    formset = FirstRows
    fields = readonly_fields = ("user", "role", "created_at")
    show_change_link = True
    extra = 0

    def get_queryset(self, request: HttpRequest) -> QuerySet[Membership]:
        rows: QuerySet[Membership] = super().get_queryset(request)
        return rows.select_related("user", "team")


@admin.register(Team)
class TeamAdmin(admin.ModelAdmin):
    list_display = ["name", "member_count", "created_at"]
    search_fields = ["name"]
    fields = ("name", "created_at", "all_members")
    readonly_fields = ("created_at", "all_members")
    inlines = [MembershipInline]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Team]:
        teams: QuerySet[Team] = super().get_queryset(request)
        return teams.annotate(member_total=Count("memberships"))

    def has_delete_permission(self, request: HttpRequest, obj: Team | None = None) -> bool:
        """A team with sandboxes stays; they are deleted first, so that their files go too."""
        return super().has_delete_permission(request, obj) and obj is not None and not obj.sandboxes.exists()

    @admin.display(description="members", ordering="member_total")
    def member_count(self, team: Any) -> int:
        return int(team.member_total)

    @admin.display(description="all members")
    def all_members(self, team: Any) -> str:
        """Lead to where memberships are changed and made. A team that is being added has none yet."""
        if team.pk is None:
            return "Add the team first, then its members."
        members = reverse("admin:accounts_membership_changelist")
        add = reverse("admin:accounts_membership_add")
        words = '<a href="{}?team__id__exact={}">{}, in a list</a> · <a href="{}?team={}">add one</a>'
        return format_html(words, members, team.pk, member_words(team.member_total), add, team.pk)


def member_words(count: int) -> str:
    return f"{count} member{'' if count == 1 else 's'}"


@admin.register(Membership)
class MembershipAdmin(admin.ModelAdmin):
    list_display = ["user", "team", "role", "created_at"]
    list_select_related = ["user", "team"]
    list_filter = ["role", "team"]
    search_fields = ["user__email", "user__name", "team__name"]
    # Along the primary key: the model's own order would sort all rows for each page.
    ordering = ["-id"]
    autocomplete_fields = ["user", "team"]
    actions = ["revoke"]

    def get_readonly_fields(self, request: HttpRequest, obj: Membership | None = None) -> list[str]:
        """A membership does not wander; the last owner's role stays."""
        fixed = ["user", "team", "created_at"] if obj else ["created_at"]
        return [*fixed, "role"] if obj and obj.is_last_owner else fixed

    def save_model(self, request: HttpRequest, obj: Membership, form: Any, change: bool) -> None:
        if change:
            obj.change_role(obj.role)
        else:
            super().save_model(request, obj, form, change)

    def has_delete_permission(self, request: HttpRequest, obj: Membership | None = None) -> bool:
        """Ending one is the action below, which keeps the last owner."""
        return False

    @on_each_row("End…", asks="These people are no longer in the team: their sessions in its sandboxes end.")
    def revoke(self, request: HttpRequest, membership: Membership) -> Answer:
        where = f"{membership.user} in {membership.team}"
        try:
            membership.revoke()
        except ValidationError as error:
            return Answer(f"{where}: {error.messages[0]}", messages.ERROR)
        return Answer(f"{where}: ended.")


@admin.register(Invitation)
class InvitationAdmin(admin.ModelAdmin):
    """Who was invited and what became of it. The link itself is not kept; new ones are made on the team page."""

    list_display = ["team", "role", "note", "invited_by", "created_at", "expires_at", "accepted_by", "revoked_at"]
    list_select_related = ["team", "invited_by", "accepted_by"]
    list_filter = ["role", "team"]
    search_fields = ["note", "invited_by__email", "accepted_by__email"]
    ordering = ["-id"]
    actions = ["revoke"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Invitation | None = None) -> bool:
        return obj is None and super().has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Invitation | None = None) -> bool:
        return False

    @on_each_row("Revoke…", asks="These links no longer work. People who joined by them stay.")
    def revoke(self, request: HttpRequest, invitation: Invitation) -> Answer:
        if not Invitation.objects.open().filter(pk=invitation.pk).exists():
            return Answer(f"{invitation}: was not open, left as it was.", messages.WARNING)
        invitation.revoke()
        return Answer(f"{invitation}: its link does not open any more.")


@admin.register(ApiToken)
class ApiTokenAdmin(admin.ModelAdmin):
    """Whose programs may come in. The tokens themselves are not kept; people make them on their account page."""

    list_display = ["user", "name", "shown", "team", "expires_at", "last_used_at", "last_used_from", "revoked_at"]
    list_select_related = ["user", "team"]
    list_filter = ["team"]
    search_fields = ["name", "shown", "user__email", "user__name"]
    ordering = ["-id"]
    actions = ["revoke"]
    fields = readonly_fields = (
        *("user", "name", "shown", "scopes", "team", "created_at", "expires_at", "ends_with_password"),
        *("last_used_at", "last_used_from", "revoked_at"),
    )

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: ApiToken | None = None) -> bool:
        return obj is None and super().has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: ApiToken | None = None) -> bool:
        return False

    @on_each_row("Revoke…", asks="Programs that use these tokens are refused from now on.")
    def revoke(self, request: HttpRequest, token: ApiToken) -> Answer:
        what = f"{token.name} of {token.user}"
        if not token.revoke():
            return Answer(f"{what}: was revoked before, left as it was.", messages.WARNING)
        return Answer(f"{what}: revoked.")
