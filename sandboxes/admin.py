"""Sandboxes in the admin: the same sentences as on the pages, for many at once. Nothing here asks the engine."""

from __future__ import annotations

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString

from accounts.read_only import ReadOnly
from accounts.row_actions import Answer, on_each_row
from accounts.signing import person
from sandboxes.models import EngineStatus, Sandbox, Step, Template
from sandboxes.words import in_cores, in_seconds, in_size


@admin.register(Template)
class TemplateAdmin(admin.ModelAdmin):
    list_display = ["title", "slug", "image", "memory", "cpu", "disk", "is_active", "position"]
    list_editable = ["is_active", "position"]
    list_filter = ["is_active"]
    search_fields = ["title", "slug", "image"]
    prepopulated_fields = {"slug": ["title"]}

    def has_delete_permission(self, request: HttpRequest, obj: Template | None = None) -> bool:
        """One in use is not offered any more instead: its sandboxes point at it."""
        return super().has_delete_permission(request, obj) and obj is not None and not obj.sandboxes.exists()

    @admin.display(ordering="memory_bytes")
    def memory(self, template: Template) -> str:
        return in_size(template.memory_bytes)

    @admin.display(description="CPU", ordering="cpu_millis")
    def cpu(self, template: Template) -> str:
        return in_cores(template.cpu_millis)

    @admin.display(ordering="disk_bytes")
    def disk(self, template: Template) -> str:
        return in_size(template.disk_bytes)


class StepInline(ReadOnly, admin.TabularInline):
    model = Step
    fields = readonly_fields = ("operation", "title", "outcome", "took", "started_at", "detail")
    ordering = ["-id"]
    extra = 0

    def get_queryset(self, request: HttpRequest) -> QuerySet[Step]:
        steps: QuerySet[Step] = super().get_queryset(request)
        return steps.select_related("sandbox")  # for the heading of each row

    @admin.display(description="took")
    def took(self, step: Step) -> str:
        return "" if step.took_s is None else in_seconds(step.took_s)


@admin.register(Sandbox)
class SandboxAdmin(admin.ModelAdmin):
    """New ones are made on the page; these are watched, changed in their limits, started, stopped and deleted."""

    list_display = [
        "slug",
        "team",
        "template",
        "state_dot",
        "desired",
        "reason",
        "created_by",
        "last_used_at",
        "trashed_at",
    ]
    list_select_related = ["team", "template", "created_by"]
    # By date with a filter, not with a hierarchy: that truncates the date of every row for its links.
    list_filter = ["state", "desired", ("trashed_at", admin.EmptyFieldListFilter), "team", "template", "created_at"]
    search_fields = ["slug", "title", "team__name", "created_by__email", "created_by__name"]
    inlines = [StepInline]
    actions = ["start", "pause", "resume", "stop", "restart", "trash", "restore", "delete_everything"]
    fieldsets = [
        (None, {"fields": ["slug", "title", "team", "template", "created_by", "created_at", "last_used_at"]}),
        ("State", {"fields": ["state", "desired", "reason", "state_at", "trashed_at", "trashed_by"]}),
        (
            "Limits",
            {
                "fields": ["memory_bytes", "cpu_millis", "pids_limit", "disk_bytes", "idle_timeout_s", "image_digest"],
                "description": "New limits hold after the next restart, the idle timeout at once.",
            },
        ),
    ]
    # Team and template are fixed: sessions, files and rights were given under them.
    readonly_fields = (
        "slug team template created_by created_at last_used_at state desired reason state_at trashed_at trashed_by "
        "image_digest".split()
    )

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Sandbox | None = None) -> bool:
        """A row is never removed by hand: its files would stay. See the action below."""
        return False

    @admin.display(description="state", ordering="state")
    def state_dot(self, sandbox: Sandbox) -> SafeString:
        return format_html('<span class="state {}">{}</span>', sandbox.state, sandbox.get_state_display())

    def in_words(self, sandbox: Sandbox) -> str:
        return f"{sandbox.slug} of {sandbox.team}, made by {sandbox.created_by or 'nobody'}"

    # --- actions -------------------------------------------------------------------------------------------------
    @on_each_row("Start")
    def start(self, request: HttpRequest, sandbox: Sandbox) -> Answer:
        return wished(sandbox, sandbox.start(), "is being started")

    @on_each_row("Pause…", asks="Everything in these sandboxes stands still until they are resumed; nothing is lost.")
    def pause(self, request: HttpRequest, sandbox: Sandbox) -> Answer:
        return wished(sandbox, sandbox.pause(), "is being paused")

    @on_each_row("Resume")
    def resume(self, request: HttpRequest, sandbox: Sandbox) -> Answer:
        return wished(sandbox, sandbox.resume(), "goes on")

    @on_each_row(
        "Stop…", asks="Everybody's terminals in these sandboxes end and private folders are emptied. Files stay."
    )
    def stop(self, request: HttpRequest, sandbox: Sandbox) -> Answer:
        return wished(sandbox, sandbox.stop(), "is being stopped")

    @on_each_row("Restart…", asks="Everybody's terminals end and private folders are emptied. Files stay.")
    def restart(self, request: HttpRequest, sandbox: Sandbox) -> Answer:
        return wished(sandbox, sandbox.restart(), "is being restarted")

    @on_each_row("Move to the trash…", asks="These sandboxes stop and are hidden. For seven days they can be restored.")
    def trash(self, request: HttpRequest, sandbox: Sandbox) -> Answer:
        return wished(sandbox, sandbox.trash(by=person(request)), "is in the trash")

    @on_each_row("Restore from the trash…", asks="Their teams see these sandboxes again, stopped.")
    def restore(self, request: HttpRequest, sandbox: Sandbox) -> Answer:
        return wished(sandbox, sandbox.restore(), "is back, stopped")

    @on_each_row(
        "Delete with all files…", asks="These sandboxes go with all files and terminals. There is no way back."
    )
    def delete_everything(self, request: HttpRequest, sandbox: Sandbox) -> Answer:
        return wished(sandbox, sandbox.delete_everything(), "is being deleted")


def wished(sandbox: Sandbox, is_new: bool, outcome: str) -> Answer:
    if is_new:
        return Answer(f"{sandbox.slug} {outcome}.")
    return Answer(f"{sandbox.slug}: {sandbox.why_unchanged}", messages.WARNING)


@admin.register(Step)
class StepAdmin(ReadOnly, admin.ModelAdmin):
    """What was done, for looking back."""

    list_display = ["sandbox", "operation", "title", "outcome", "started_at", "finished_at", "detail"]
    list_select_related = ["sandbox"]
    list_filter = ["outcome", "operation"]
    search_fields = ["sandbox__slug", "title", "detail"]
    ordering = ["-id"]


@admin.register(EngineStatus)
class EngineStatusAdmin(ReadOnly, admin.ModelAdmin):
    list_display = ["engine", "trouble_text", "seen_at"]
    fields = ["engine", "trouble_text", "seen_at", "facts"]
