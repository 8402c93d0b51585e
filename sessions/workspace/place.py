"""How far a person is from a prompt in a sandbox: what its page shows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import takewhile

from django.urls import reverse

from accounts.models import User
from sandboxes.models import Desired, Sandbox, State, Step
from sessions.models import Session, SessionState
from sessions.rights.table import Act, may


@dataclass(frozen=True)
class Place:
    """A person's place in a sandbox. `steps` are those of the latest operation, oldest first."""

    sandbox: Sandbox
    session: Session | None
    steps: list[Step]
    is_own: bool = True
    # Whether terminals can be opened here and typed into, or only looked at.
    may_type: bool = True

    @classmethod
    def of(cls, sandbox: Sandbox, user: User) -> Place:
        """Return it, making the person's session at their first visit. A sandbox on its way out gets no new one."""
        leaving = sandbox.desired == Desired.DELETED
        session = None if leaving else Session.for_person(sandbox, user)
        return cls(sandbox, session, latest_steps(sandbox))

    @classmethod
    def at(cls, session: Session, user: User) -> Place:
        """Return it at a session that may be someone else's."""
        sandbox = session.sandbox
        may_type = may(user, Act.TYPE, session, sandbox.team.role_of(user))
        is_own = session.user_id == user.pk
        return cls(sandbox, session, latest_steps(sandbox), is_own=is_own, may_type=may_type)

    def address(self, view: str) -> str:
        """Return where a view of this place is: that of one's own session, or the one that names it."""
        if self.is_own or self.session is None:
            return reverse(f"sessions:{view}", args=[self.sandbox.slug])
        return reverse(f"sessions:{view}_at", args=[self.sandbox.slug, self.session.name])

    @property
    def status_address(self) -> str:
        return self.address("status")

    @property
    def terminals_address(self) -> str:
        return self.address("open_terminal")

    @property
    def retry_address(self) -> str:
        return self.address("retry_session")

    @property
    def is_ready(self) -> bool:
        """Whether a terminal can be opened now."""
        return self.sandbox.is_running and self.session is not None and self.session.is_open

    @property
    def is_waiting_for_session(self) -> bool:
        return self.sandbox.is_running and not self.is_ready and not self.session_failed

    @property
    def session_failed(self) -> bool:
        failed = self.session is not None and self.session.state == SessionState.FAILED
        return self.sandbox.is_running and failed

    @property
    def reason(self) -> str:
        """Why it is not ready, where no step below says it already."""
        reason = self.session.reason if self.session and self.session_failed else self.sandbox.reason
        return "" if any(reason == step.detail for step in self.steps) else reason

    @property
    def log(self) -> str:
        """The step log as text, for a bug report."""
        return "\n".join(line_of(step) for step in self.steps)


# Which work leads out of a state. While it has not begun, the log of what came before would only mislead.
WORK_OF: dict[str, set[str]] = {
    State.CREATING: {"create"},
    State.STARTING: {"start", "restart"},
    State.STOPPING: {"stop"},
    State.DELETING: {"delete"},
}


def latest_steps(sandbox: Sandbox) -> list[Step]:
    """Return the steps of the latest try of the latest operation, oldest first; none while it has not begun."""
    latest_first = list(sandbox.steps.order_by("-id")[:40])
    if not latest_first or latest_first[0].operation not in WORK_OF.get(sandbox.state, {latest_first[0].operation}):
        return []
    same = takewhile(lambda step: step.operation == latest_first[0].operation, latest_first)
    return (list(same) if sandbox.state == State.FAILED else list(since_failure(same)))[::-1]


def since_failure(latest_first: Iterable[Step]) -> Iterator[Step]:
    """Return the steps of the try that goes on; what failed before it is over."""
    return takewhile(lambda step: step.outcome != Step.Outcome.FAILED, latest_first)


def line_of(step: Step) -> str:
    took = "" if step.took_s is None else f" ({step.took_s:.1f} s)"
    detail = f": {step.detail}" if step.detail else ""
    return f"{step.started_at:%Y-%m-%d %H:%M:%S} UTC  {step.outcome:<11} {step.title}{took}{detail}"
