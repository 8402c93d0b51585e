"""Sessions and their terminals.

A session is one person's isolated place in a sandbox; a terminal is one shell in it. Both rows only say what is wanted
and what was seen: the shells live in the session's holder, whatever happens to this process.
"""

from __future__ import annotations

import uuid
from typing import Any

from django.db import models, transaction
from django.utils import timezone

from accounts.models import User
from sandboxes.models import Sandbox
from sandboxes.permissions import Action
from sessions.layouts import Layout  # noqa: F401  Django finds models only through this module
from sessions.names import GLOBAL_SESSION_ID, session_id_for, validate_session_id
from sessions.preferences import Preferences  # noqa: F401

# More shells than one person looks after; the holder's own limit is higher.
TERMINALS_PER_SESSION = 50


class Permission(models.TextChoices):
    WRITE = "write", "Write"
    READ = "read", "Read"


class SessionState(models.TextChoices):
    WAITING = "waiting", "Waiting"
    STARTING = "starting", "Starting"
    RUNNING = "running", "Running"
    STOPPED = "stopped", "Stopped"
    FAILED = "failed", "Failed"


class SessionQuerySet(models.QuerySet["Session"]):
    def wanted(self) -> SessionQuerySet:
        """Those that shall run whenever their sandbox does; the global session first."""
        return self.filter(ended_at=None).order_by("-is_global", "id")

    def visible_to(self, user: User) -> SessionQuerySet:
        return self.filter(sandbox__in=Sandbox.objects.visible_to(user), ended_at=None)


class Session(models.Model):
    """One person's isolated place in a sandbox. Runs as one container."""

    sandbox = models.ForeignKey(Sandbox, on_delete=models.CASCADE, related_name="sessions")
    name = models.CharField("id", max_length=20, validators=[validate_session_id])
    is_global = models.BooleanField(default=False, editable=False)
    user = models.ForeignKey(User, on_delete=models.CASCADE, null=True, blank=True, related_name="sandbox_sessions")
    permission = models.CharField(max_length=5, choices=Permission.choices, default=Permission.WRITE)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    last_used_at = models.DateTimeField(null=True, blank=True, editable=False)
    # Set once it is over; the row goes when the container is gone.
    ended_at = models.DateTimeField(null=True, blank=True, editable=False)
    state = models.CharField(max_length=10, choices=SessionState.choices, default=SessionState.WAITING)
    reason = models.CharField(max_length=500, blank=True, editable=False)

    objects = SessionQuerySet.as_manager()

    class Meta:
        ordering = ["sandbox_id", "-is_global", "name"]
        constraints = [
            models.UniqueConstraint(fields=["sandbox", "name"], name="session_id_unique_in_sandbox"),
            models.UniqueConstraint(fields=["sandbox", "user"], name="one_session_per_person"),
            models.UniqueConstraint(fields=["sandbox"], condition=models.Q(is_global=True), name="one_global_session"),
        ]

    def __str__(self) -> str:
        return f"{self.name} in {self.sandbox.slug}"

    @classmethod
    def for_global(cls, sandbox: Sandbox) -> Session:
        """The session without an id: user pitcher-host, write access to everything."""
        return cls.objects.get_or_create(sandbox=sandbox, is_global=True, defaults={"name": GLOBAL_SESSION_ID})[0]

    @classmethod
    def for_person(cls, sandbox: Sandbox, user: User) -> Session:
        """The person's own session, made at their first visit, with the permission that their role gives."""
        permission = Permission.WRITE if sandbox.permits(Action.WRITE, user) else Permission.READ
        session = cls.objects.filter(sandbox=sandbox, user=user).first()
        if session is None:
            session = cls._first_visit(sandbox, user, permission)
        elif session.permission != permission:
            session.change_permission(permission)
        return session

    @classmethod
    def _first_visit(cls, sandbox: Sandbox, user: User, permission: str) -> Session:
        with transaction.atomic():
            # The sandbox's row is the lock: two first visits at once do not draw the same id.
            Sandbox.objects.select_for_update().get(pk=sandbox.pk)
            taken = set(cls.objects.filter(sandbox=sandbox).values_list("name", flat=True))
            wanted = {"name": session_id_for(user.display_name, taken), "permission": permission}
            session, is_new = cls.objects.get_or_create(sandbox=sandbox, user=user, defaults=wanted)
        if is_new:
            sandbox.announce()
        return session

    @property
    def is_running(self) -> bool:
        return self.state == SessionState.RUNNING

    @property
    def is_open(self) -> bool:
        """Whether terminals can be opened in it."""
        return self.is_running and self.ended_at is None

    @property
    def can_write(self) -> bool:
        return self.permission == Permission.WRITE

    @classmethod
    def note_use(cls, pk: int) -> None:
        """Write down that somebody types."""
        now = timezone.now()
        cls.objects.filter(pk=pk).update(last_used_at=now)
        Sandbox.objects.filter(sessions=pk).update(last_used_at=now)

    def change_permission(self, permission: str) -> None:
        """Write the wish; the supervisor replaces the container, whose mounts decide what can be written."""
        self.permission = permission
        self.save(update_fields=["permission"])
        self.sandbox.announce()

    def end(self) -> None:
        """End the session: its terminals close, its container goes, the shared files stay."""
        Session.objects.filter(pk=self.pk, ended_at=None).update(ended_at=timezone.now())
        self.terminals.live().close_all("The session was ended.")
        self.refresh_from_db()
        self.sandbox.announce()

    def lose_terminals(self, reason: str) -> None:
        """Write down that the shells went with their container; those never started wait for the next one."""
        self.terminals.live().exclude(opened_at=None).close_all(reason or "The session was restarted.")

    def retry(self) -> None:
        """Try again after a failure."""
        if self.state == SessionState.FAILED:
            self.reach(SessionState.WAITING)

    def reach(self, state: str, reason: str = "") -> None:
        """Write the state that was found or reached."""
        Session.objects.filter(pk=self.pk).update(state=state, reason=reason[:500])
        self.state, self.reason = state, reason[:500]
        self.sandbox.announce()

    def open_terminal(self, by: User | None, title: str = "") -> Terminal:
        """Return a new terminal; its shell starts when somebody looks. Raises TooManyTerminalsError."""
        with transaction.atomic():
            # The session's row is the lock: two tabs at once do not draw the same number.
            Session.objects.select_for_update().get(pk=self.pk)
            titles = set(self.terminals.live().values_list("title", flat=True))
            if self.terminals.live().count() >= TERMINALS_PER_SESSION:
                raise TooManyTerminalsError(f"This session has {TERMINALS_PER_SESSION} terminals. Close one first.")
            number = (self.terminals.aggregate(last=models.Max("number"))["last"] or 0) + 1
            title = title or free_title(titles)
            terminal = self.terminals.create(number=number, title=title, created_by=by)
        self.sandbox.announce()
        return terminal


def free_title(taken: set[str]) -> str:
    """Return the first of "Terminal 1", "Terminal 2", … that is not taken."""
    titles = (f"Terminal {number}" for number in range(1, len(taken) + 2))
    return next(title for title in titles if title not in taken)


class TooManyTerminalsError(Exception):
    """The session has as many terminals as it may have."""


class TerminalQuerySet(models.QuerySet["Terminal"]):
    def live(self) -> TerminalQuerySet:
        """Those whose shell has not ended."""
        return self.filter(ended_at=None)

    def close_all(self, reason: str) -> int:
        """Write down that these shells are gone without a status of their own."""
        return self.filter(ended_at=None).update(ended_at=timezone.now(), end_reason=reason)

    def visible_to(self, user: User) -> TerminalQuerySet:
        return self.filter(session__in=Session.objects.visible_to(user))


class Terminal(models.Model):
    """One shell in a session."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    session = models.ForeignKey(Session, on_delete=models.CASCADE, related_name="terminals")
    number = models.PositiveIntegerField(editable=False)
    title = models.CharField(max_length=60)
    created_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    # Set when its shell was started: after that a holder that does not know it has lost it.
    opened_at = models.DateTimeField(null=True, blank=True, editable=False)
    ended_at = models.DateTimeField(null=True, blank=True, editable=False)
    exit_status = models.IntegerField(null=True, blank=True, editable=False)
    end_reason = models.CharField(max_length=200, blank=True, editable=False)

    objects = TerminalQuerySet.as_manager()

    class Meta:
        ordering = ["number"]
        constraints = [models.UniqueConstraint(fields=["session", "number"], name="terminal_number_unique")]

    def __str__(self) -> str:
        return f"{self.title} of {self.session}"

    @property
    def is_live(self) -> bool:
        return self.ended_at is None

    def mark_opened(self) -> None:
        Terminal.objects.filter(pk=self.pk, opened_at=None).update(opened_at=timezone.now())

    def mark_ended(self, status: int | None, reason: str = "") -> None:
        ended = Terminal.objects.filter(pk=self.pk, ended_at=None)
        if ended.update(ended_at=timezone.now(), exit_status=status, end_reason=reason):
            self.session.sandbox.announce()

    def rename(self, title: str) -> None:
        """Give another title. Raises ValidationError when it is empty or too long."""
        self.title = " ".join(title.split())
        self.full_clean(exclude=["session", "created_by"])
        self.save(update_fields=["title"])
        self.session.sandbox.announce()

    def as_json(self) -> dict[str, Any]:
        """What the terminal page needs to know: id, title, state (running | ended), exit_status."""
        state = "running" if self.is_live else "ended"
        return {"id": str(self.pk), "title": self.title, "state": state, "exit_status": self.exit_status}
