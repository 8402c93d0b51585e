"""A session to work in: when a program asks for it, its sandbox is started or resumed before."""

from __future__ import annotations

from accounts.models import Scope
from activity.refusals import NotNow
from api.callers import Caller
from api.waiting import WAIT_MAX_S, waited_for
from sandboxes.models import State
from sandboxes.permissions import Action
from sessions.models import Session
from sessions.rights.admission import missing_scope, require_running
from sessions.rights.table import Act

START = "Start or resume the sandbox before, and wait until it runs; the token needs sandboxes:write for that."


def session_to_use(me: Caller, slug: str, name: str, *, start: bool = False) -> Session:
    """Return a running session to type in. Raises Hidden, NotAllowed, NotNow."""
    session = me.session(slug, name, Act.TYPE)
    if start and not runs(session):
        started(me, slug)
        session = waited_for(lambda: me.session(slug, name, Act.TYPE), has_settled, WAIT_MAX_S)
        if not has_settled(session):
            text = f"{session.sandbox} is still starting after {WAIT_MAX_S} s. Nothing was done: try again."
            raise NotNow(text, session, code="still_starting")
    require_running(session)
    return session


def runs(session: Session) -> bool:
    return session.is_running and session.sandbox.state == State.RUNNING


def has_settled(session: Session) -> bool:
    """Whether it runs, or there is no more to wait for."""
    return runs(session) or State.FAILED in (session.sandbox.state, session.state)


def started(me: Caller, slug: str) -> None:
    """Wish that a sandbox runs, and that at once what stands still goes on. Raises NotAllowed, NotNow."""
    if not me.grants(Scope.SANDBOXES_WRITE):
        raise missing_scope(Scope.SANDBOXES_WRITE)
    sandbox = me.sandbox(slug, Action.OPERATE)
    is_new = sandbox.resume() if sandbox.state == State.PAUSED else sandbox.start()
    if not is_new and sandbox.state == State.FAILED:
        raise NotNow(f"{sandbox} {sandbox.why_unchanged}", sandbox, code="sandbox_failed")
