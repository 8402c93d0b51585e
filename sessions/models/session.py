"""Sessions: one person's isolated place in a sandbox each.

The row only says what is wanted and what was seen: the shells live in the session's holder, whatever happens to this
process.
"""

from __future__ import annotations

from collections.abc import Mapping

from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.utils import timezone

from accounts.models import Membership, User
from accounts.text import LineField
from accounts.vault import sealed
from accounts.vault.sealed import SealedField
from activity.log import VISIT, record
from activity.models import Outcome
from activity.refusals import TooMany
from sandboxes.models import Desired, Sandbox, State, Use
from sandboxes.permissions import WRITERS
from sessions.brings import environment
from sessions.brings.git import DEFAULT_PROVIDER, DEFAULT_USERNAME, Git
from sessions.models.command import Command
from sessions.models.terminal import TERMINALS_PER_SESSION, Terminal, free_title
from sessions.names import GLOBAL_SESSION_ID, session_id_for, validate_session_id

# A team of a hundred in one sandbox; each session is a container.
SESSIONS_PER_SANDBOX = 100


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
        """Those that are to run whenever their sandbox does; the global session first."""
        return self.filter(ended_at=None).order_by("-is_global", "id")

    def visible_to(self, user: User) -> SessionQuerySet:
        return self.filter(sandbox__in=Sandbox.objects.visible_to(user), ended_at=None)

    def with_terminals(self) -> SessionQuerySet:
        """Have the live ones, and only those, in `terminals.all()`: one query for all sessions."""
        return self.prefetch_related(models.Prefetch("terminals", queryset=Terminal.objects.live()))

    def with_commands(self) -> SessionQuerySet:
        """Have those that run, and only those, in `commands.all()`: one query for all sessions."""
        running = Command.objects.live().select_related("created_by")
        return self.prefetch_related(models.Prefetch("commands", queryset=running))

    def follow_roles(self) -> None:
        """End the sessions of people who have no place in the team any more; give the others what their role gives.

        Called whenever a role or an account changes, so that nothing of theirs goes on running.
        """
        people = self.filter(ended_at=None).exclude(user=None).select_related("user", "sandbox__team")
        sessions = list(people)
        teams = {session.sandbox.team_id for session in sessions}
        memberships = Membership.objects.filter(team__in=teams, user__in={session.user_id for session in sessions})
        roles: dict[tuple[int, int | None], str] = {(m.team_id, m.user_id): m.role for m in memberships}
        for session in sessions:
            session.follow(roles.get((session.sandbox.team_id, session.user_id)))


class Session(models.Model):
    """One person's isolated place in a sandbox. Runs as one container."""

    sandbox = models.ForeignKey(Sandbox, on_delete=models.CASCADE, related_name="sessions")
    name = models.CharField("id", max_length=20, validators=[validate_session_id])
    is_global = models.BooleanField(default=False, editable=False)
    user = models.ForeignKey(User, on_delete=models.CASCADE, null=True, blank=True, related_name="sandbox_sessions")
    permission = models.CharField(max_length=5, choices=Permission.choices, default=Permission.WRITE)
    created_by = models.ForeignKey(
        User, on_delete=models.SET_NULL, null=True, blank=True, editable=False, related_name="+"
    )
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    last_used_at = models.DateTimeField(null=True, blank=True, editable=False)
    # Set once it is over; the row goes when the container is gone.
    ended_at = models.DateTimeField(null=True, blank=True, editable=False)
    state = models.CharField(max_length=10, choices=SessionState.choices, default=SessionState.WAITING)
    reason = models.CharField(max_length=500, blank=True, editable=False)

    git_email = models.CharField("git email", max_length=254, blank=True)
    git_name = LineField(max_length=80, blank=True, help_text="Defaults to the session's id.")
    git_provider = models.CharField(max_length=200, blank=True, default=DEFAULT_PROVIDER)
    git_username = LineField(max_length=200, blank=True, default=DEFAULT_USERNAME)
    git_token = SealedField("git access token")
    # Names and values, see `sessions.brings.environment`.
    env = SealedField("environment")
    # Signs the addresses of the sandbox's ports for this session's clients.
    host_token = SealedField()
    # Counted up by each change of what the private folder holds, and what of it has been put there.
    private_version = models.PositiveIntegerField(default=1, editable=False)
    private_reached = models.PositiveIntegerField(default=0, editable=False)

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
        if found := cls.objects.filter(sandbox=sandbox, is_global=True).first():
            return found
        with transaction.atomic():
            wanted = {"name": GLOBAL_SESSION_ID}
            session, is_new = cls.objects.get_or_create(sandbox=sandbox, is_global=True, defaults=wanted)
            if is_new:
                record("session.create", session, detail={"permission": session.permission}, unattended=True)
        return session

    @classmethod
    def for_person(cls, sandbox: Sandbox, user: User) -> Session:
        """The person's own session, made at their first visit, with the permission that their role gives."""
        permission = permission_of(sandbox.team.role_of(user))
        session = cls.objects.filter(sandbox=sandbox, user=user).first()
        if session is None:
            session = cls._first_visit(sandbox, user, permission)
        elif session.permission != permission:
            session.change_permission(permission)
        session.sandbox = sandbox
        return session

    @classmethod
    def _first_visit(cls, sandbox: Sandbox, user: User, permission: str) -> Session:
        with transaction.atomic():
            # The sandbox's row is the lock: two first visits at once do not draw the same id.
            Sandbox.objects.select_for_update().get(pk=sandbox.pk)
            taken = set(cls.objects.filter(sandbox=sandbox).values_list("name", flat=True))
            name = session_id_for(user.display_name, user.email, taken)
            wanted = {"name": name, "permission": permission, "created_by": user}
            session, is_new = cls.objects.get_or_create(sandbox=sandbox, user=user, defaults=wanted)
            if is_new:
                record("session.create", session, detail={"permission": permission})
        if is_new:
            sandbox.announce()
        return session

    @classmethod
    def connect(
        cls,
        sandbox: Sandbox,
        name: str = "",
        *,
        by: User | None = None,
        user: User | None = None,
        permission: str = Permission.WRITE,
    ) -> tuple[Session, bool]:
        """Return the session with this id and whether it is new; without an id the global one.

        An id that is there already gives the same session, whatever else is said: nothing of it is changed. A session
        for a person has the permission of their role. Raises ValidationError.
        """
        if name in ("", GLOBAL_SESSION_ID):
            return cls.for_global(sandbox), False
        with transaction.atomic():
            Sandbox.objects.select_for_update().get(pk=sandbox.pk)
            if found := cls.objects.filter(sandbox=sandbox, name=name, ended_at=None).first():
                record("session.connect", found, once_in=VISIT)
                return found, False
            if cls.objects.filter(sandbox=sandbox, name=name).exists():
                raise ValidationError(f"{name} was ended and is still being removed. Try again in a few seconds.")
            if cls.objects.filter(sandbox=sandbox, ended_at=None).count() >= SESSIONS_PER_SANDBOX:
                raise ValidationError(f"This sandbox has {SESSIONS_PER_SANDBOX} sessions. End one first.")
            if user is not None:
                permission = permission_of(sandbox.team.role_of(user))
            session = cls(sandbox=sandbox, name=name, user=user, permission=permission, created_by=by)
            session.full_clean()
            session.save()
            record("session.create", session, detail={"permission": permission})
        sandbox.announce()
        return session, True

    # --- what it brings along --------------------------------------------------------------------------------------
    @property
    def git(self) -> Git:
        """Who it is for git. The name defaults to the session's id."""
        return Git(
            email=self.git_email,
            name=self.git_name or self.name,
            provider=self.git_provider or DEFAULT_PROVIDER,
            username=self.git_username or DEFAULT_USERNAME,
            token=sealed.get(self, "git_token"),
        )

    @property
    def environment(self) -> dict[str, str]:
        """Its own variables, by name."""
        return environment.unpacked(sealed.get(self, "env"))

    def set_git(self, git: Git) -> None:
        """Take another identity; running terminals have it as soon as the supervisor has put it there.

        Raises ValidationError with a sentence per field.
        """
        git.check()
        name = "" if git.name == self.name else git.name
        self.git_email, self.git_name, self.git_provider, self.git_username = (
            git.email,
            name,
            git.provider,
            git.username,
        )
        sealed.put(self, "git_token", git.token)
        self._save_settings("git_email", "git_name", "git_provider", "git_username", "git_token", is_private=True)

    def set_environment(self, env: Mapping[str, str]) -> None:
        """Take other variables; terminals that run keep theirs. Raises ValidationError."""
        environment.check(env)
        sealed.put(self, "env", environment.packed(env))
        self._save_settings("env")

    def set_host_token(self, token: str) -> None:
        sealed.put(self, "host_token", token)
        self._save_settings("host_token")

    def _save_settings(self, *columns: str, is_private: bool = False) -> None:
        with transaction.atomic():
            self.full_clean(exclude=["sandbox", "user", "created_by", *SEALED])
            self.save(update_fields=list(columns))
            if is_private:
                Session.objects.filter(pk=self.pk).update(private_version=models.F("private_version") + 1)
            record("session.settings", self, detail={"changed": columns})
        self.sandbox.announce()

    def note_private(self, version: int) -> None:
        """Write down which version of its settings its private folder has; 0 for an empty folder."""
        Session.objects.filter(pk=self.pk).update(private_reached=version)
        self.private_reached = version

    @property
    def secrets(self) -> set[str]:
        """What must not be seen in any word that is kept of it: values of variables, and tokens."""
        return {*self.environment.values(), sealed.get(self, "git_token"), sealed.get(self, "host_token")} - {""}

    # --- questions -----------------------------------------------------------------------------------------------
    @property
    def is_running(self) -> bool:
        return self.state == SessionState.RUNNING

    @property
    def has_private_files(self) -> bool:
        """Whether its private folder holds what its settings say."""
        return self.private_version == self.private_reached

    @property
    def is_open(self) -> bool:
        """Whether terminals can be opened in it."""
        return self.is_running and self.ended_at is None

    @property
    def can_write(self) -> bool:
        return self.permission == Permission.WRITE

    @classmethod
    def note_use(cls, pk: int, user_id: int, how: Use = Use.TYPED) -> None:
        """Write down that someone types, or runs something."""
        cls.objects.filter(pk=pk).update(last_used_at=timezone.now())
        user = User.objects.filter(pk=user_id).first()
        sandbox = Sandbox.objects.filter(sessions=pk).first()
        if user and sandbox:
            sandbox.note_use(user, how)

    def change_permission(self, permission: str) -> None:
        """Write the wish; the supervisor replaces the container, whose mounts decide what can be written."""
        self.permission = permission
        with transaction.atomic():
            self.save(update_fields=["permission"])
            record("session.permission", self, detail={"to": permission})
        self.sandbox.announce()

    def follow(self, role: str | None) -> None:
        """Be what this role of its person gives; without one, or with a disabled account, it is over."""
        if role is None or self.user is None or not self.user.is_active:
            self.end()
        elif self.permission != permission_of(role):
            self.change_permission(permission_of(role))

    def end(self) -> None:
        """End the session: its terminals close, its container goes, the shared files stay.

        The row goes with the container; in a sandbox that has stopped there is none, and it goes at once.
        """
        with transaction.atomic():
            sandbox = Sandbox.objects.select_for_update().get(pk=self.sandbox_id)
            is_new = Session.objects.filter(pk=self.pk, ended_at=None).update(ended_at=timezone.now())
            self.terminals.live().close_all("The session was ended.")
            self.commands.live().end_all("The session was ended.")
            self.ended_at = self.ended_at or timezone.now()
            if is_new:
                record("session.end", self)
            if (sandbox.desired, sandbox.state) == (Desired.STOPPED, State.STOPPED):
                Session.objects.filter(pk=self.pk).delete()
        self.sandbox.announce()

    def lose_terminals(self, reason: str) -> None:
        """Write down that shells and commands went with their container; shells never started wait for the next one."""
        self.commands.live().end_all(reason or "The session was restarted.")
        self.terminals.live().exclude(opened_at=None).close_all(reason or "The session was restarted.")

    def retry(self) -> None:
        """Try again after a failure."""
        if self.state == SessionState.FAILED:
            with transaction.atomic():
                self.reach(SessionState.WAITING)
                record("session.retry", self)

    def reach(self, state: str, reason: str = "") -> None:
        """Write the state that was found or reached."""
        with transaction.atomic():
            Session.objects.filter(pk=self.pk).update(state=state, reason=reason[:500])
            if state == SessionState.FAILED and self.state != SessionState.FAILED:
                record("session.run", self, outcome=Outcome.FAILED, detail={"reason": reason})
        self.state, self.reason = state, reason[:500]
        self.sandbox.announce()

    def open_terminal(self, by: User | None, title: str = "") -> Terminal:
        """Return a new terminal; its shell starts when someone looks. Raises TooMany."""
        with transaction.atomic():
            # The session's row is the lock: two tabs at once do not draw the same number.
            Session.objects.select_for_update().get(pk=self.pk)
            titles = set(self.terminals.live().values_list("title", flat=True))
            if self.terminals.live().count() >= TERMINALS_PER_SESSION:
                text = f"This session has {TERMINALS_PER_SESSION} terminals. Close one first."
                raise TooMany(text, self, code="too_many_terminals")
            number = (self.terminals.aggregate(last=models.Max("number"))["last"] or 0) + 1
            title = title or free_title(titles)
            terminal = self.terminals.create(number=number, title=title, created_by=by)
            record("terminal.open", terminal)
        self.sandbox.announce()
        return terminal


SEALED = ("git_token", "env", "host_token")


def permission_of(role: str | None) -> Permission:
    """Return what a person's role lets their own session do."""
    return Permission.WRITE if role in WRITERS else Permission.READ
