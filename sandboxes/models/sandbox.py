"""Sandboxes: whose they are, what they may use, and who may do what with them.

How they live stands in `life`, how they are deleted in `trash`, when they stop by themselves in `idle`: a chain of
abstract models, each built on the one before.
"""

from __future__ import annotations

import secrets
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import IntegrityError, models, transaction
from django.urls import reverse
from django.utils import timezone

from accounts.models import Team, User
from accounts.text import LineField, LinesField
from activity.log import record
from sandboxes.models.idle import Idle
from sandboxes.models.notice import NOTICE_SHOWN, Notice
from sandboxes.models.states import SETTLED, Desired, State
from sandboxes.models.template import MIB, Template
from sandboxes.models.trash import TRASH_KEPT
from sandboxes.names import suggest, validate_slug
from sandboxes.permissions import ROLES_FOR, WRITERS, Action, may

# What a new sandbox takes over from its template.
INHERITED = ("memory_bytes", "cpu_millis", "pids_limit", "disk_bytes", "idle_timeout_s")


class SandboxQuerySet(models.QuerySet["Sandbox"]):
    def permitting(self, action: Action, user: User) -> SandboxQuerySet:
        """Sandboxes in which this person may do this. The selection twin of `permissions.may`."""
        if not user.is_active:  # an anonymous visitor is not active either
            return self.none()
        # As a subselect: a join would need DISTINCT, which compares whole rows and costs most of a long list.
        allowed = models.Q(team__in=Team.objects.where(user, set(ROLES_FOR[action])))
        if action is Action.MANAGE:
            allowed |= models.Q(created_by=user, team__in=Team.objects.where(user, set(WRITERS)))
        return self.filter(allowed)

    def visible_to(self, user: User) -> SandboxQuerySet:
        """Sandboxes that this person finds in lists and opens. What lies in the trash is only found there."""
        here = self.permitting(Action.VIEW, user).filter(trashed_at=None)
        return here.exclude(desired=Desired.DELETED, state=State.STOPPED)

    def trashed_for(self, user: User) -> SandboxQuerySet:
        """What this person sees in the trash, the latest first."""
        return self.permitting(Action.VIEW, user).exclude(trashed_at=None).order_by("-trashed_at", "slug")

    def operable_by(self, user: User) -> SandboxQuerySet:
        return self.permitting(Action.OPERATE, user)

    def manageable_by(self, user: User) -> SandboxQuerySet:
        return self.permitting(Action.MANAGE, user)

    def with_rights_of(self, user: User) -> SandboxQuerySet:
        """Annotate `can_operate` and `can_manage` for this person: what buttons of a whole page ask, in one query."""
        return self.annotate(
            can_operate=models.Q(pk__in=Sandbox.objects.operable_by(user).values("pk")),
            can_manage=models.Q(pk__in=Sandbox.objects.manageable_by(user).values("pk")),
        )

    def running(self) -> SandboxQuerySet:
        return self.filter(state=State.RUNNING)

    def unsettled(self) -> SandboxQuerySet:
        """Those whose state is not yet what is wanted and that did not give up."""
        reached = models.Q()
        for desired, state in SETTLED.items():
            reached |= models.Q(desired=desired, state=state, boot=models.F("boot_reached"))
        return self.exclude(reached).exclude(state=State.FAILED)

    def stop_idle(self, now: datetime | None = None) -> list[Sandbox]:
        """Stop what nobody used for its idle timeout. Return what was stopped."""
        now = now or timezone.now()
        timed = self.running().filter(desired=Desired.RUNNING).exclude(idle_timeout_s=None)
        return [sandbox for sandbox in timed.select_related("last_used_by") if sandbox.stop_if_idle(now)]

    def purge_expired(self, now: datetime | None = None) -> list[Sandbox]:
        """Delete for good what lay in the trash for its time. Return what was begun with now."""
        due = models.Q(trashed_at__lte=(now or timezone.now()) - TRASH_KEPT)
        lying = self.filter(due).exclude(desired=Desired.DELETED)
        # Asked again with the write: someone may restore it in between.
        return [sandbox for sandbox in lying if sandbox.delete_everything(only=due)]

    def fade_notices(self, now: datetime | None = None) -> None:
        """Take old notices from beside the state."""
        told = Notice.objects.filter(sandbox=models.OuterRef("pk"), text=models.OuterRef("reason"))
        recent = told.filter(at__gt=(now or timezone.now()) - NOTICE_SHOWN)
        for sandbox in self.running().filter(models.Exists(told), ~models.Exists(recent)).exclude(reason=""):
            sandbox.explain("")

    def free_slug(self) -> str:
        """Return a suggested name that nobody has."""
        taken = set(self.values_list("slug", flat=True))
        drawn = (suggest() for _ in range(50))
        return next((slug for slug in drawn if slug not in taken), f"{suggest()}-{secrets.token_hex(2)}")


class Sandbox(Idle):
    """One shared filesystem and one network, with a life cycle."""

    slug = models.CharField("id", max_length=30, unique=True, validators=[validate_slug])
    title = LineField(max_length=80, blank=True)
    description = LinesField(max_length=300, blank=True)
    team = models.ForeignKey(Team, on_delete=models.PROTECT, related_name="sandboxes")
    template = models.ForeignKey(Template, on_delete=models.PROTECT, related_name="sandboxes")
    created_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    memory_bytes = models.BigIntegerField("memory", validators=[MinValueValidator(64 * MIB)])
    cpu_millis = models.PositiveIntegerField("CPU", validators=[MinValueValidator(100), MaxValueValidator(256_000)])
    pids_limit = models.PositiveIntegerField("processes", validators=[MinValueValidator(32)])
    disk_bytes = models.BigIntegerField("disk", validators=[MinValueValidator(64 * MIB)])
    image_digest = models.CharField(
        max_length=80, blank=True, editable=False, help_text="The image that its files stand on, fixed at creation."
    )

    # Name -> value, as the image sets them; new shells start with these.
    image_environment = models.JSONField(default=dict, editable=False)

    objects = SandboxQuerySet.as_manager()

    class Meta:
        ordering = ["slug"]
        verbose_name_plural = "sandboxes"

    def __str__(self) -> str:
        return self.title or self.slug

    def get_absolute_url(self) -> str:
        return reverse("sessions:workspace", args=[self.slug])

    @classmethod
    def create(cls, *, slug: str, template: Template, team: Team, by: User, **fields: Any) -> Sandbox:
        """Write the wish for a new sandbox with the template's limits. Raises ValidationError on bad values."""
        inherited = {name: getattr(template, name) for name in INHERITED}
        sandbox = cls(slug=slug, template=template, team=team, created_by=by, **(inherited | fields))
        sandbox.full_clean()
        try:
            with transaction.atomic():
                sandbox.save()
                record("sandbox.create", sandbox, detail={"template": template})
        except IntegrityError as error:  # someone took the name between the check and the row
            raise ValidationError({"slug": "This name is taken."}) from error
        sandbox.announce()
        return sandbox

    def permits(self, action: Action, user: User) -> bool:
        """Whether this person may do this here."""
        return may(user, action, self.team.role_of(user), is_creator=self.created_by_id == user.pk)

    # --- settings ------------------------------------------------------------------------------------------------
    def change_limits(self, **limits: int) -> None:
        """Write memory_bytes, cpu_millis, pids_limit or disk_bytes. Containers get them when they are next made."""
        for name, value in limits.items():
            setattr(self, name, value)
        with transaction.atomic():
            self.save(update_fields=list(limits))
            record("sandbox.settings", self, detail=limits)
        self.announce()

    def describe(self, title: str, description: str) -> None:
        """Give a title, under which lists show it, and say what it is for. The slug stays. Raises ValidationError."""
        self.title, self.description = title, description
        others = {field.name for field in self._meta.fields} - {"title", "description"}
        self.clean_fields(exclude=others)
        with transaction.atomic():
            self.save(update_fields=["title", "description"])
            record("sandbox.settings", self, detail={"title": title})
        self.announce()
