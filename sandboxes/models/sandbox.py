"""Sandboxes: what is wanted, what is, and how it came about.

A page writes what is *wanted* (`desired`, `boot`) and returns; the supervisor makes it so and writes `state`.
"""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import IntegrityError, models, transaction
from django.urls import reverse
from django.utils import timezone

from accounts.models import Team, User
from activity.log import record
from activity.models import Outcome as Result
from activity.target import Target
from sandboxes.models.operations import Operation, operations_in
from sandboxes.models.states import AT_REST, NEXT_ACTION, SETTLED, Desired, State
from sandboxes.models.template import IDLE_TIMEOUT_LIMITS, MIB, Template
from sandboxes.names import suggest, validate_slug
from sandboxes.permissions import ROLES_FOR, WRITERS, Action, may
from sandboxes.signals import sandbox_changed
from sandboxes.words import HOUR_S, clock, in_words

NO_CONDITION = models.Q()
# As long as somebody is away who will miss it: deleted on Friday, wanted back after a week's leave.
TRASH_KEPT = timedelta(days=7)
# "Last used" is for people and for timeouts of minutes: a write a minute is enough.
USE_WRITTEN_EVERY = timedelta(minutes=1)
# What one press of "Keep awake" gives at least: a job over a working day or a night.
KEPT_AWAKE_S = 8 * HOUR_S
# What a new sandbox takes over from its template.
INHERITED = ("memory_bytes", "cpu_millis", "pids_limit", "disk_bytes", "idle_timeout_s")


class Use(models.TextChoices):
    """What somebody did that counts as using a sandbox, as it reads before their name."""

    TYPED = "typed", "last keystroke by"
    OPENED = "opened", "terminal opened by"


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

    def purge_expired(self, now: datetime | None = None) -> list[Sandbox]:
        """Delete for good what lay in the trash for its time. Return what was begun with now."""
        due = models.Q(trashed_at__lte=(now or timezone.now()) - TRASH_KEPT)
        lying = self.filter(due).exclude(desired=Desired.DELETED)
        # Asked again with the write: somebody may restore it in between.
        return [sandbox for sandbox in lying if sandbox.delete_everything(only=due)]

    def stop_idle(self, now: datetime | None = None) -> list[Sandbox]:
        """Stop what nobody used for its idle timeout. Return what was stopped."""
        now = now or timezone.now()
        timed = self.running().filter(desired=Desired.RUNNING).exclude(idle_timeout_s=None)
        return [sandbox for sandbox in timed.select_related("last_used_by") if sandbox.stop_if_idle(now)]

    def running(self) -> SandboxQuerySet:
        return self.filter(state=State.RUNNING)

    def free_slug(self) -> str:
        """Return a suggested name that nobody has."""
        taken = set(self.values_list("slug", flat=True))
        drawn = (suggest() for _ in range(50))
        return next((slug for slug in drawn if slug not in taken), f"{suggest()}-{secrets.token_hex(2)}")

    def unsettled(self) -> SandboxQuerySet:
        """Those whose state is not yet what is wanted and that did not give up."""
        reached = models.Q()
        for desired, state in SETTLED.items():
            reached |= models.Q(desired=desired, state=state, boot=models.F("boot_reached"))
        return self.exclude(reached).exclude(state=State.FAILED)


class Sandbox(models.Model):
    """One shared filesystem and one network, with a life cycle."""

    slug = models.CharField("id", max_length=30, unique=True, validators=[validate_slug])
    title = models.CharField(max_length=80, blank=True)
    description = models.CharField(max_length=300, blank=True)
    team = models.ForeignKey(Team, on_delete=models.PROTECT, related_name="sandboxes")
    template = models.ForeignKey(Template, on_delete=models.PROTECT, related_name="sandboxes")
    created_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    last_used_at = models.DateTimeField(null=True, blank=True, editable=False)
    last_used_by = models.ForeignKey(
        User, on_delete=models.SET_NULL, null=True, blank=True, editable=False, related_name="+"
    )
    last_use = models.CharField(max_length=6, choices=Use.choices, blank=True, editable=False)
    idle_timeout_s = models.PositiveIntegerField(
        "idle timeout",
        null=True,
        blank=True,
        validators=IDLE_TIMEOUT_LIMITS,
        help_text="Seconds without typing after which it stops by itself. Empty: never.",
    )
    # Not stopped for idleness before this.
    awake_until = models.DateTimeField(null=True, blank=True, editable=False)

    memory_bytes = models.BigIntegerField("memory", validators=[MinValueValidator(64 * MIB)])
    cpu_millis = models.PositiveIntegerField("CPU", validators=[MinValueValidator(100), MaxValueValidator(256_000)])
    pids_limit = models.PositiveIntegerField("processes", validators=[MinValueValidator(32)])
    disk_bytes = models.BigIntegerField("disk", validators=[MinValueValidator(64 * MIB)])
    image_digest = models.CharField(
        max_length=80, blank=True, editable=False, help_text="The image that its files stand on, fixed at creation."
    )

    # Name -> value, as the image sets them; new shells start with these.
    image_environment = models.JSONField(default=dict, editable=False)

    desired = models.CharField(max_length=10, choices=Desired.choices, default=Desired.RUNNING, db_index=True)
    # Counted up by each restart: containers of an older boot are replaced, wherever the work was interrupted.
    boot = models.PositiveIntegerField(default=1, editable=False)
    boot_reached = models.PositiveIntegerField(default=0, editable=False)
    state = models.CharField(max_length=10, choices=State.choices, default=State.CREATING, db_index=True)
    reason = models.CharField(max_length=500, blank=True, editable=False)
    state_at = models.DateTimeField(default=timezone.now, editable=False)
    # In the trash since: stopped and hidden, its files and its name kept until it is restored or its time is over.
    trashed_at = models.DateTimeField("in the trash since", null=True, blank=True, editable=False, db_index=True)
    trashed_by = models.ForeignKey(
        User, on_delete=models.SET_NULL, null=True, blank=True, editable=False, related_name="+"
    )

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
        except IntegrityError as error:  # somebody took the name between the check and the row
            raise ValidationError({"slug": "This name is taken."}) from error
        sandbox.announce()
        return sandbox

    # --- questions -----------------------------------------------------------------------------------------------
    @property
    def is_running(self) -> bool:
        return self.state == State.RUNNING

    @property
    def is_at_rest(self) -> bool:
        """Whether it stays as it is until somebody does something: paused, stopped or failed."""
        return self.state in AT_REST

    @property
    def operations(self) -> tuple[Operation, ...]:
        """What can be done with it now, in the order of the buttons."""
        return operations_in(self.state, self.desired)

    @property
    def main_operation(self) -> Operation | None:
        """The one of `operations` that a single button stands for; None while it is being deleted."""
        return next((operation for operation in self.operations if operation.is_main), None)

    @property
    def next_action(self) -> str:
        return NEXT_ACTION[self.state]

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

    def change_idle_timeout(self, seconds: int | None) -> None:
        """Stop after so much time without typing; None: never."""
        self.idle_timeout_s = seconds
        with transaction.atomic():
            self.save(update_fields=["idle_timeout_s"])
            record("sandbox.settings", self, detail={"idle_timeout_s": seconds if seconds is not None else "never"})
        self.announce()

    def describe(self, title: str, description: str) -> None:
        """Give a title, under which lists show it, and say what it is for. The slug stays."""
        self.title, self.description = title, description
        with transaction.atomic():
            self.save(update_fields=["title", "description"])
            record("sandbox.settings", self, detail={"title": title})
        self.announce()

    @property
    def stops_at(self) -> datetime | None:
        """When it stops by itself unless somebody uses it; None while it does not run or has no idle timeout."""
        if not self.is_running or self.desired != Desired.RUNNING or self.idle_timeout_s is None:
            return None
        idle_out = self.idle_since + timedelta(seconds=self.idle_timeout_s)
        return max(idle_out, self.awake_until) if self.awake_until else idle_out

    @property
    def idle_since(self) -> datetime:
        """When somebody last used it; at least since it was started."""
        return max(self.last_used_at, self.state_at) if self.last_used_at else self.state_at

    @property
    def idle_cause(self) -> str:
        """What `stops_at` counts from, in words that a time follows: "last keystroke by Ada"."""
        if self.awake_until is not None and self.awake_until == self.stops_at:
            return "kept awake by hand"
        if self.idle_since != self.last_used_at:
            return "started"
        return f"{Use(self.last_use or Use.TYPED).label} {self.last_used_by or 'somebody'}"

    @property
    def idle_cause_at(self) -> datetime | None:
        """The time that follows `idle_cause`, where one does."""
        return None if self.awake_until is not None and self.awake_until == self.stops_at else self.idle_since

    @property
    def is_trashed(self) -> bool:
        return self.trashed_at is not None

    @property
    def purge_at(self) -> datetime | None:
        """When the trash is emptied of it; None outside the trash."""
        return self.trashed_at + TRASH_KEPT if self.trashed_at else None

    @property
    def why_unchanged(self) -> str:
        """What to tell who wished for something that changed nothing."""
        if self.desired == Desired.DELETED:
            return "is being deleted, nothing was changed."
        where = "in the trash" if self.is_trashed else self.get_state_display().lower()
        return f"is {where}, nothing was changed."

    def note_use(self, by: User, use: str, now: datetime | None = None) -> None:
        """Write down that somebody works here: it stays awake, and people see who was there last."""
        now = now or timezone.now()
        if self.last_used_at and self.last_used_at > now - USE_WRITTEN_EVERY:
            return
        Sandbox.objects.filter(pk=self.pk).update(last_used_at=now, last_used_by=by, last_use=use)
        self.last_used_at, self.last_used_by, self.last_use = now, by, use
        self.announce()

    # --- wishes: each returns whether it changed anything -----------------------------------------------------------
    def start(self) -> bool:
        return self._wish("sandbox.start", Desired.RUNNING, State.STARTING)

    def stop(self) -> bool:
        return self._wish("sandbox.stop", Desired.STOPPED, State.STOPPING)

    def pause(self) -> bool:
        """Let everything in it stand still, kept in memory; only what runs can be paused."""
        running = models.Q(state=State.RUNNING, desired=Desired.RUNNING)
        return self._wish("sandbox.pause", Desired.PAUSED, State.RUNNING, only=running)

    def resume(self) -> bool:
        """Let it go on where it stood."""
        return self._wish("sandbox.resume", Desired.RUNNING, State.STARTING, only=models.Q(desired=Desired.PAUSED))

    def stop_lost(self) -> bool:
        """Its containers ended while it was paused: it is as good as stopped, and says why."""
        reason = "It ended while it was paused: what ran in it is gone, its files are kept."
        paused = models.Q(desired=Desired.PAUSED)
        return self._wish("sandbox.crash", Desired.STOPPED, State.STOPPING, only=paused, reason=reason)

    def stop_if_idle(self, now: datetime) -> bool:
        """Stop it when its time is over, unless somebody uses it in this very moment."""
        if self.stops_at is None or self.idle_timeout_s is None or self.stops_at > now:
            return False
        unused = models.Q(
            state=State.RUNNING,
            desired=Desired.RUNNING,
            last_used_at=self.last_used_at,
            awake_until=self.awake_until,
            idle_timeout_s=self.idle_timeout_s,
        )
        at = f" {clock(self.idle_cause_at, now)} UTC" if self.idle_cause_at else ""
        reason = f"Stopped: nobody typed for {in_words(self.idle_timeout_s)}; {self.idle_cause}{at}."
        return self._wish("sandbox.idle", Desired.STOPPED, State.STOPPING, only=unused, reason=reason)

    def stop_full(self, reason: str) -> bool:
        """Stop it because its disk is full, unless it is on its way somewhere."""
        running = models.Q(state=State.RUNNING)
        return self._wish("sandbox.disk", Desired.STOPPED, State.STOPPING, only=running, reason=reason)

    def keep_awake(self, now: datetime | None = None) -> bool:
        """Do not stop it for idleness for the next hours; its idle timeout may be longer still."""
        until = (now or timezone.now()) + timedelta(seconds=max(KEPT_AWAKE_S, self.idle_timeout_s or 0))
        timed = Sandbox.objects.filter(pk=self.pk, desired=Desired.RUNNING).exclude(idle_timeout_s=None)
        with transaction.atomic():
            is_new = bool(timed.update(awake_until=until))
            if is_new:
                record("sandbox.awake", self, detail={"until": f"{until:%Y-%m-%d %H:%M} UTC"})
        self.refresh_from_db()
        if is_new:
            self.announce()
        return is_new

    def restart(self) -> bool:
        """Replace all containers: private folders are emptied, files stay."""
        return self._wish("sandbox.restart", Desired.RUNNING, State.STARTING, boot=models.F("boot") + 1)

    def trash(self, by: User | None, now: datetime | None = None) -> bool:
        """Put it into the trash: it stops and is hidden, files and name are kept for `TRASH_KEPT`."""
        with transaction.atomic():
            outside = Sandbox.objects.filter(pk=self.pk, trashed_at=None).exclude(desired=Desired.DELETED)
            is_new = bool(outside.update(trashed_at=now or timezone.now(), trashed_by=by))
            if is_new and not self._wish("", Desired.STOPPED, State.STOPPING):
                self.announce()  # it had stopped before
            if is_new:
                record("sandbox.trash", self)
        self.refresh_from_db()
        return is_new

    def restore(self) -> bool:
        """Take it out of the trash, stopped as it is. What is being deleted for good does not come back."""
        lying = Sandbox.objects.filter(pk=self.pk).exclude(trashed_at=None).exclude(desired=Desired.DELETED)
        with transaction.atomic():
            is_back = bool(lying.update(trashed_at=None, trashed_by=None))
            if is_back:
                record("sandbox.restore", self)
        self.refresh_from_db()
        self.announce()
        return is_back

    def delete_everything(self, only: models.Q = NO_CONDITION) -> bool:
        """Remove the sandbox and its files. There is no way back."""
        return self._wish("sandbox.delete", Desired.DELETED, State.DELETING, only=only)

    def retry(self) -> bool:
        """Try again after a failure, with the same wish."""
        towards = {
            Desired.RUNNING: State.STARTING,
            Desired.PAUSED: State.RUNNING,
            Desired.STOPPED: State.STOPPING,
            Desired.DELETED: State.DELETING,
        }[Desired(self.desired)]
        if self.desired == Desired.RUNNING and not self.boot_reached:
            towards = State.CREATING
        return self._wish("sandbox.retry", self.desired, towards)

    def _wish(
        self,
        verb: str,
        desired: str,
        towards: str,
        *,
        only: models.Q = NO_CONDITION,
        reason: str = "",
        **fields: Any,
    ) -> bool:
        """Write what is wanted, unless it holds already, and record it under this verb; "" for a part of a wish.

        A deleted sandbox stays deleted whatever comes after, and one in the trash does not run.
        """
        rows = Sandbox.objects.filter(only, pk=self.pk)
        if desired != Desired.DELETED:
            rows = rows.exclude(desired=Desired.DELETED)
        if desired == Desired.RUNNING:
            rows = rows.filter(trashed_at=None)
        if "boot" not in fields:
            settled = SETTLED.get(Desired(desired))
            rows = rows.exclude(desired=desired, state=settled) if settled else rows
        with transaction.atomic():
            is_new = bool(rows.update(desired=desired, state=towards, reason=reason, state_at=timezone.now(), **fields))
            if is_new and verb:
                record(verb, self, detail={"reason": reason} if reason else None)
        self.refresh_from_db()
        if is_new:
            self.announce()
        return is_new

    # --- what the supervisor writes ------------------------------------------------------------------------------
    def reach(self, state: str, reason: str = "", **fields: Any) -> None:
        """Write the state that was found or reached, unless something else is wanted by now."""
        changes = {"state": state, "reason": reason[:500], "state_at": timezone.now()} | fields
        with transaction.atomic():
            is_written = Sandbox.objects.filter(pk=self.pk, desired=self.desired).update(**changes)
            if is_written and state == State.FAILED and self.state != State.FAILED:
                record("sandbox.run", self, outcome=Result.FAILED, detail={"reason": reason})
        if is_written:
            for name, value in changes.items():
                setattr(self, name, value)
            self.announce()

    def note_crash(self) -> None:
        """Write down that it ended though it shall run."""
        record("sandbox.crash", self, outcome=Result.FAILED)

    def explain(self, reason: str) -> None:
        """Say why something happened to it while it runs; the state stays."""
        Sandbox.objects.filter(pk=self.pk, state=State.RUNNING).update(reason=reason[:500])
        self.announce()

    def forget(self) -> None:
        """Remove the row once nothing of it is left on the engine."""
        gone = Target.of(self)
        with transaction.atomic():
            self.delete()
            record("sandbox.gone", gone)
        self.announce()

    def announce(self) -> None:
        """Tell whoever listens, once the change is committed."""
        transaction.on_commit(lambda: sandbox_changed.send(sender=Sandbox, sandbox=self), robust=True)
