"""The trash: a sandbox in it is stopped and hidden; its files and its name are kept for a while."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import ClassVar

from django.db import models, transaction
from django.utils import timezone

from accounts.models import User
from activity.log import record
from sandboxes.models.life import Life
from sandboxes.models.states import Desired, State

# As long as someone is away who will miss it: deleted on Friday, wanted back after a week's leave.
TRASH_KEPT = timedelta(days=7)


class Trashable(Life):
    """A life with a trash before its end."""

    trashed_at = models.DateTimeField("in the trash since", null=True, blank=True, editable=False, db_index=True)
    trashed_by = models.ForeignKey(
        User, on_delete=models.SET_NULL, null=True, blank=True, editable=False, related_name="+"
    )

    may_run: ClassVar[models.Q] = models.Q(trashed_at=None)

    class Meta:
        abstract = True

    @property
    def is_trashed(self) -> bool:
        return self.trashed_at is not None

    @property
    def purge_at(self) -> datetime | None:
        """When the trash is emptied of it; None outside the trash."""
        return self.trashed_at + TRASH_KEPT if self.trashed_at else None

    @property
    def why_unchanged(self) -> str:
        """What to tell the person whose click changed nothing."""
        if self.desired == Desired.DELETED:
            return "is being deleted, nothing was changed."
        where = "in the trash" if self.is_trashed else State(self.state).label.lower()
        return f"is {where}, nothing was changed."

    def trash(self, by: User | None, now: datetime | None = None) -> bool:
        """Put it into the trash: it stops and is hidden, files and name are kept for `TRASH_KEPT`."""
        with transaction.atomic():
            outside = self.rows(models.Q(trashed_at=None)).exclude(desired=Desired.DELETED)
            is_new = bool(outside.update(trashed_at=now or timezone.now(), trashed_by=by))
            if is_new:
                self.write_wanted(Desired.STOPPED, State.STOPPING)
                record("sandbox.trash", self)
        self.refresh_from_db()
        if is_new:
            self.announce()
        return is_new

    def restore(self) -> bool:
        """Take it out of the trash, stopped as it is. What is being deleted for good does not come back."""
        lying = self.rows().exclude(trashed_at=None).exclude(desired=Desired.DELETED)
        with transaction.atomic():
            is_back = bool(lying.update(trashed_at=None, trashed_by=None))
            if is_back:
                record("sandbox.restore", self)
        self.refresh_from_db()
        self.announce()
        return is_back
