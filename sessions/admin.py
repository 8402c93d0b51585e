"""Sessions and terminals in the admin."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.db.models import Count, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from accounts.read_only import FirstRows, ReadOnly
from accounts.row_actions import Answer, on_each_row
from accounts.signing import person
from engine import EngineAway, EngineError, EngineTimeout
from sessions.admin_forms import SessionAdminForm
from sessions.models import Command, Session, SessionToken, Terminal
from sessions.terminal import ends as terminals


class TerminalInline(ReadOnly, admin.TabularInline):
    """The newest: a session keeps those that have ended, too."""

    model = Terminal
    formset = FirstRows
    ordering = ["-number"]
    fields = readonly_fields = ("number", "title", "created_by", "created_at", "ended_at", "exit_status", "end_reason")
    extra = 0

    def get_queryset(self, request: HttpRequest) -> QuerySet[Terminal]:
        rows: QuerySet[Terminal] = super().get_queryset(request)
        return rows.select_related("created_by", "session__sandbox")


class CommandInline(ReadOnly, admin.TabularInline):
    """The newest: those that run, and the last that have ended."""

    model = Command
    formset = FirstRows
    ordering = ["-created_at"]
    fields = readonly_fields = ("words", "created_by", "created_at", "ended_at", "exit_status", "ran_s", "end_reason")
    extra = 0

    @admin.display(description="command")
    def words(self, command: Command) -> str:
        return command.title

    def get_queryset(self, request: HttpRequest) -> QuerySet[Command]:
        rows: QuerySet[Command] = super().get_queryset(request)
        return rows.select_related("created_by", "session__sandbox")


class TokenInline(ReadOnly, admin.TabularInline):
    """What opens this session besides its people. The tokens themselves are not kept."""

    model = SessionToken
    formset = FirstRows
    fields = readonly_fields = (
        *("shown", "user", "created_at", "expires_at", "last_used_at", "last_used_from", "revoked_at"),
    )
    extra = 0

    def get_queryset(self, request: HttpRequest) -> QuerySet[SessionToken]:
        rows: QuerySet[SessionToken] = super().get_queryset(request)
        return rows.select_related("user", "session__sandbox")


# What only the server writes.
SEEN = ("state", "reason", "created_by", "created_at", "last_used_at", "ended_at", "all_terminals")


@admin.register(Session)
class SessionAdmin(admin.ModelAdmin):
    """Sessions are made, configured and ended here as on the pages; one that is there is never moved or renamed."""

    form = SessionAdminForm
    autocomplete_fields = ("sandbox", "user")
    fieldsets = (
        (None, {"fields": ("sandbox", "name", "user", "permission")}),
        ("Git", {"fields": ("git_email", "git_name", "git_provider", "git_username", "new_git_token")}),
        ("Environment and host", {"fields": ("new_env", "new_host_token")}),
        ("State", {"fields": SEEN}),
    )
    list_display = ["name", "sandbox", "user", "permission", "state_dot", "terminal_count", "last_used_at", "ended_at"]
    list_select_related = ["sandbox", "user"]
    list_filter = ["state", "permission", "is_global", "sandbox__team"]
    search_fields = ["name", "sandbox__slug", "user__email", "user__name"]
    # The newest first, along the primary key: the model's own order would sort all rows for each page.
    ordering = ["-id"]
    inlines = [TerminalInline, CommandInline, TokenInline]
    actions = ["end"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Session]:
        # Counted for the rows of the page; with a join all sessions would be grouped, also to be counted themselves.
        live = Terminal.objects.live().filter(session=OuterRef("pk")).order_by().values("session")
        sessions: QuerySet[Session] = super().get_queryset(request)
        return sessions.annotate(live_terminals=Coalesce(Subquery(live.values(count=Count("pk"))), 0))

    def get_readonly_fields(self, request: HttpRequest, obj: Session | None = None) -> tuple[str, ...]:
        if obj is None:
            return SEEN
        fixed = ("sandbox", "name", "user")
        return (*SEEN, *fixed, "permission") if obj.is_global or obj.user_id else (*SEEN, *fixed)

    def has_delete_permission(self, request: HttpRequest, obj: Session | None = None) -> bool:
        """A row goes with its container: see the action below."""
        return False

    def save_model(self, request: HttpRequest, obj: Session, form: SessionAdminForm, change: bool) -> None:
        if not change:
            obj.created_by = person(request)
            form.settle_permission()
        super().save_model(request, obj, form, change)
        if change and "permission" in form.changed_data:
            obj.change_permission(obj.permission)
        form.keep()

    @admin.display(description="state", ordering="state")
    def state_dot(self, session: Session) -> SafeString:
        return format_html('<span class="state {}">{}</span>', session.state, session.get_state_display())

    @admin.display(description="terminals", ordering="live_terminals")
    def terminal_count(self, session: Session) -> int:
        return int(getattr(session, "live_terminals", 0))

    @admin.display(description="all terminals")
    def all_terminals(self, session: Any) -> str:
        """Lead to those that have ended, too. A session that is being added has none."""
        if session.pk is None:
            return "None yet."
        terminals = reverse("admin:sandbox_sessions_terminal_changelist")
        return format_html('<a href="{}?session__id__exact={}">In a list</a>', terminals, session.pk)

    def has_end_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("sandbox_sessions.change_session")

    @on_each_row(
        "End…", asks="Their terminals close and their private folders go. The shared files stay.", permissions=["end"]
    )
    def end(self, request: HttpRequest, session: Session) -> Answer:
        if session.is_global:
            text = f"{session}: the global session lives as long as its sandbox, left as it was."
            return Answer(text, messages.WARNING)
        session.end()
        return Answer(f"{session}: ended.")


@admin.register(Terminal)
class TerminalAdmin(ReadOnly, admin.ModelAdmin):
    list_display = ["title", "session", "created_by", "created_at", "ended_at", "exit_status", "end_reason"]
    list_select_related = ["session__sandbox", "created_by"]
    list_filter = [("ended_at", admin.EmptyFieldListFilter), "session__sandbox__team"]
    search_fields = ["title", "session__name", "session__sandbox__slug", "created_by__email"]
    ordering = ["-created_at"]
    actions = ["end"]

    def has_end_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("sandbox_sessions.change_terminal")

    @on_each_row("End…", asks="These shells are hung up, and with them what runs in them.", permissions=["end"])
    def end(self, request: HttpRequest, terminal: Terminal) -> Answer:
        if not terminal.is_live:
            return Answer(f"{terminal}: had ended before.", messages.WARNING)
        try:
            terminals.end(terminal, person(request))
        except EngineError as error:
            is_away = isinstance(error, EngineAway | EngineTimeout)
            return Answer(f"{terminal}: goes on. {error}", messages.ERROR, is_last=is_away)
        return Answer(f"{terminal}: ended.")
