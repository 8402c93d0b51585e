"""A sandbox's life: what is wanted, what is, and how one becomes the other.

A page writes what is *wanted* (`desired`, `boot`) and returns; the supervisor makes it so and writes `state`.
"""

from __future__ import annotations

from typing import Any, ClassVar, Self

from django.db import models, transaction
from django.utils import timezone

from activity.log import record
from activity.models import Outcome
from activity.target import Target
from sandboxes.models.operations import Operation, operations_in
from sandboxes.models.states import AT_REST, NEXT_ACTION, SETTLED, Desired, State
from sandboxes.signals import sandbox_changed

ALWAYS = models.Q()


class Life(models.Model):
    """Wanted and reached state. Every method that changes what is wanted returns whether it changed anything."""

    desired = models.CharField(max_length=10, choices=Desired.choices, default=Desired.RUNNING, db_index=True)
    # Counted up by each restart: containers of an older boot are replaced, wherever the work was interrupted.
    boot = models.PositiveIntegerField(default=1, editable=False)
    boot_reached = models.PositiveIntegerField(default=0, editable=False)
    state = models.CharField(max_length=10, choices=State.choices, default=State.CREATING, db_index=True)
    reason = models.CharField(max_length=500, blank=True, editable=False)
    state_at = models.DateTimeField(default=timezone.now, editable=False)

    # What has to hold for a sandbox that is to run.
    may_run: ClassVar[models.Q] = ALWAYS

    class Meta:
        abstract = True

    # --- questions -----------------------------------------------------------------------------------------------
    @property
    def is_running(self) -> bool:
        return self.state == State.RUNNING

    @property
    def is_at_rest(self) -> bool:
        """Whether it stays as it is until someone does something: paused, stopped or failed."""
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

    # --- what people want ----------------------------------------------------------------------------------------
    def start(self) -> bool:
        return self.want(Desired.RUNNING, State.STARTING, verb="sandbox.start")

    def stop(self) -> bool:
        return self.want(Desired.STOPPED, State.STOPPING, verb="sandbox.stop")

    def pause(self) -> bool:
        """Freeze everything in it, kept in memory; only what runs can be paused."""
        running = models.Q(state=State.RUNNING, desired=Desired.RUNNING)
        return self.want(Desired.PAUSED, State.RUNNING, verb="sandbox.pause", only=running)

    def resume(self) -> bool:
        """Let it go on where it stood."""
        paused = models.Q(desired=Desired.PAUSED)
        return self.want(Desired.RUNNING, State.STARTING, verb="sandbox.resume", only=paused)

    def restart(self) -> bool:
        """Replace all containers: private folders are emptied, files stay."""
        return self.want(Desired.RUNNING, State.STARTING, verb="sandbox.restart", boot=models.F("boot") + 1)

    def delete_everything(self, only: models.Q = ALWAYS) -> bool:
        """Remove the sandbox and its files. There is no way back."""
        return self.want(Desired.DELETED, State.DELETING, verb="sandbox.delete", only=only)

    def retry(self) -> bool:
        """Try again after a failure; what is wanted stays."""
        towards = {
            Desired.RUNNING: State.STARTING if self.boot_reached else State.CREATING,
            Desired.PAUSED: State.RUNNING,
            Desired.STOPPED: State.STOPPING,
            Desired.DELETED: State.DELETING,
        }
        return self.want(self.desired, towards[Desired(self.desired)], verb="sandbox.retry")

    # --- what the supervisor wants -------------------------------------------------------------------------------
    def stop_lost(self) -> bool:
        """Its containers ended while it was paused: it is as good as stopped, and says why."""
        reason = "It ended while it was paused: what ran in it is gone, its files are kept."
        paused = models.Q(desired=Desired.PAUSED)
        return self.want(Desired.STOPPED, State.STOPPING, verb="sandbox.crash", only=paused, reason=reason)

    def stop_full(self, reason: str) -> bool:
        """Stop it because its disk is full, unless it is on its way somewhere."""
        running = models.Q(state=State.RUNNING)
        return self.want(Desired.STOPPED, State.STOPPING, verb="sandbox.disk", only=running, reason=reason)

    # --- how both are written ------------------------------------------------------------------------------------
    def rows(self, only: models.Q = ALWAYS) -> models.QuerySet[Self]:
        """Return this row as a selection, for writes that ask again whether a condition holds."""
        return type(self)._default_manager.filter(only, pk=self.pk)  # noqa: SLF001 - public in Django

    def want(
        self, desired: str, towards: str, *, verb: str, only: models.Q = ALWAYS, reason: str = "", **fields: Any
    ) -> bool:
        """Write what is wanted, unless it holds already, record it under this verb and announce it."""
        with transaction.atomic():
            is_new = self.write_wanted(desired, towards, only=only, reason=reason, **fields)
            if is_new:
                record(verb, self, detail={"reason": reason} if reason else None)
        self.refresh_from_db()
        if is_new:
            self.announce()
        return is_new

    def write_wanted(
        self, desired: str, towards: str, *, only: models.Q = ALWAYS, reason: str = "", **fields: Any
    ) -> bool:
        """Write what is wanted and the state on the way there. False when nothing had to change or could.

        A deleted sandbox stays deleted whatever comes after.
        """
        rows = self.rows(only)
        if desired != Desired.DELETED:
            rows = rows.exclude(desired=Desired.DELETED)
        if desired == Desired.RUNNING:
            rows = rows.filter(self.may_run)
        if "boot" not in fields:
            # It is so already, or on its way there.
            rows = rows.exclude(desired=desired, state__in=[SETTLED.get(Desired(desired), towards), towards])
        return bool(rows.update(desired=desired, state=towards, reason=reason, state_at=timezone.now(), **fields))

    def reach(self, state: str, reason: str = "", **fields: Any) -> None:
        """Write the state that was found or reached, unless something else is wanted by now."""
        changes = {"state": state, "reason": reason[:500], "state_at": timezone.now()} | fields
        with transaction.atomic():
            is_written = self.rows(models.Q(desired=self.desired)).update(**changes)
            if is_written and state == State.FAILED and self.state != State.FAILED:
                record("sandbox.run", self, outcome=Outcome.FAILED, detail={"reason": reason})
        if is_written:
            for name, value in changes.items():
                setattr(self, name, value)
            self.announce()

    def note_crash(self) -> None:
        """Record that it ended though it should run."""
        record("sandbox.crash", self, outcome=Outcome.FAILED)

    def explain(self, reason: str) -> None:
        """Say why something happened to it while it runs; the state stays."""
        self.rows(models.Q(state=State.RUNNING)).update(reason=reason[:500])
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
        transaction.on_commit(lambda: sandbox_changed.send(sender=type(self), sandbox=self), robust=True)
