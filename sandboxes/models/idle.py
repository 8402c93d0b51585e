"""Idleness: who used a sandbox last, when it stops by itself, and why."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import models, transaction
from django.utils import timezone

from accounts.models import User
from activity.log import record
from sandboxes.models.states import Desired, State
from sandboxes.models.template import IDLE_TIMEOUT_LIMITS
from sandboxes.models.trash import Trashable
from sandboxes.words import HOUR_S, clock, in_words

# "Last used" is for people and for timeouts of minutes: a write a minute is enough.
USE_WRITTEN_EVERY = timedelta(minutes=1)
# What one press of "Keep awake" gives at least: a job over a working day or a night.
KEPT_AWAKE_S = 8 * HOUR_S


class Use(models.TextChoices):
    """What someone did that counts as using a sandbox, as it reads before their name."""

    TYPED = "typed", "last keystroke by"
    OPENED = "opened", "terminal opened by"
    RAN = "ran", "command run by"
    FILES = "files", "files used by"
    PORTS = "ports", "port used by"


class Idle(Trashable):
    """A life that ends in a stop when nobody uses the sandbox for its idle timeout."""

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

    class Meta:
        abstract = True

    @property
    def stops_at(self) -> datetime | None:
        """When it stops by itself unless someone uses it; None while it does not run or has no idle timeout."""
        if not self.is_running or self.desired != Desired.RUNNING or self.idle_timeout_s is None:
            return None
        idle_out = self.idle_since + timedelta(seconds=self.idle_timeout_s)
        return max(idle_out, self.awake_until) if self.awake_until else idle_out

    @property
    def idle_since(self) -> datetime:
        """When someone last used it; at least since it was started."""
        return max(self.last_used_at, self.state_at) if self.last_used_at else self.state_at

    @property
    def idle_cause(self) -> str:
        """What `stops_at` counts from, in words that a time follows: "last keystroke by Ada"."""
        if self.awake_until is not None and self.awake_until == self.stops_at:
            return "kept awake by hand"
        if self.idle_since != self.last_used_at:
            return "started"
        return f"{Use(self.last_use or Use.TYPED).label} {self.last_used_by or 'someone'}"

    @property
    def idle_cause_at(self) -> datetime | None:
        """The time that follows `idle_cause`, where one does."""
        return None if self.awake_until is not None and self.awake_until == self.stops_at else self.idle_since

    def change_idle_timeout(self, seconds: int | None) -> None:
        """Stop after so much time without typing; None: never."""
        self.idle_timeout_s = seconds
        with transaction.atomic():
            self.save(update_fields=["idle_timeout_s"])
            record("sandbox.settings", self, detail={"idle_timeout_s": seconds if seconds is not None else "never"})
        self.announce()

    def note_use(self, by: User, use: str, now: datetime | None = None) -> None:
        """Write down that someone works here: it stays awake, and people see who was there last."""
        now = now or timezone.now()
        if self.last_used_at and self.last_used_at > now - USE_WRITTEN_EVERY:
            return
        self.rows().update(last_used_at=now, last_used_by=by, last_use=use)
        self.last_used_at, self.last_used_by, self.last_use = now, by, use
        self.announce()

    def keep_awake(self, now: datetime | None = None) -> bool:
        """Do not stop it for idleness for the next hours; its idle timeout may be longer still."""
        until = (now or timezone.now()) + timedelta(seconds=max(KEPT_AWAKE_S, self.idle_timeout_s or 0))
        timed = self.rows(models.Q(desired=Desired.RUNNING)).exclude(idle_timeout_s=None)
        with transaction.atomic():
            is_new = bool(timed.update(awake_until=until))
            if is_new:
                record("sandbox.awake", self, detail={"until": f"{until:%Y-%m-%d %H:%M} UTC"})
        self.refresh_from_db()
        if is_new:
            self.announce()
        return is_new

    def stop_if_idle(self, now: datetime) -> bool:
        """Stop it when its time is over, unless someone uses it in this very moment."""
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
        return self.want(Desired.STOPPED, State.STOPPING, verb="sandbox.idle", only=unused, reason=reason)
