"""Uses of sessions by programs, and their visits, written down once a minute: else each call would pay for it."""

from __future__ import annotations

import time
from collections.abc import Hashable

from accounts.models import User
from activity.log import VISIT, record
from sandboxes.models import Use
from sessions.models import Session

# "Last used" is for people: a write a minute is enough.
EVERY_S = 60.0
KEPT = 10_000


class Throttle:
    """Remembers when something was written down last, in this process."""

    def __init__(self) -> None:
        self._at: dict[Hashable, float] = {}

    def is_due(self, key: Hashable) -> bool:
        return time.monotonic() - self._at.get(key, -EVERY_S) >= EVERY_S

    def note(self, key: Hashable) -> None:
        if len(self._at) > KEPT:
            self._at.clear()
        self._at[key] = time.monotonic()


_uses, _visits = Throttle(), Throttle()


def use_is_due(session: Session, user: User) -> bool:
    """Whether a use would be written down: asked without the database."""
    return _uses.is_due((session.pk, user.pk))


def note_use(session: Session, user: User, how: Use) -> None:
    """Write down that someone uses the sandbox, which keeps it awake."""
    if use_is_due(session, user):
        Session.note_use(session.pk, user.pk, how)
        _uses.note((session.pk, user.pk))


def record_visit(verb: str, session: Session, user: User) -> None:
    """Record in the activity that someone was there; what follows within the same visit is no new one."""
    key = (verb, session.pk, user.pk)
    if _visits.is_due(key):
        record(verb, session, once_in=VISIT)
        _visits.note(key)
