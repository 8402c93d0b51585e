"""The rows of the list: what each shows as a value, so that one that still shows the same is not drawn again.

Five hundred rows are one page. Drawing them takes a third of a second, which is most of the page; comparing what they
show takes a few milliseconds.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from django.template.loader import get_template
from django.utils import timezone
from django.utils.safestring import SafeString, mark_safe

from accounts.models import User
from sandboxes.metrics.readings import Share
from sandboxes.metrics.shares import shares_of
from sandboxes.models import Operation, Sandbox
from sandboxes.permissions import Action, may
from sandboxes.words import ago, in_cores, in_size

# A few pages' worth for people with different rights, about 1.5 KB each.
KEPT_ROWS = 4096


@dataclass(frozen=True, slots=True)
class Row:
    """Everything that `sandboxes/_row.html` shows, and nothing that it does not."""

    slug: str
    name: str
    state: str
    state_label: str
    reason: str
    sub: str
    template: str
    template_slug: str
    owner: str
    is_mine: bool
    used: str
    used_at: datetime | None
    # What its one button does; None for no button.
    button: Operation | None
    may_operate: bool
    shares: tuple[Share, ...]

    @classmethod
    def of(cls, sandbox: Sandbox, user: User, role: str | None, now: datetime | None = None) -> Row:
        """Return what a person with this role in the sandbox's team sees of it. Asks the database nothing."""
        may_operate = may(user, Action.OPERATE, role, is_creator=sandbox.created_by_id == user.pk)
        size = f"{in_size(sandbox.memory_bytes)} · {in_cores(sandbox.cpu_millis)}"
        return cls(
            slug=sandbox.slug,
            name=str(sandbox),
            state=sandbox.state,
            state_label=sandbox.get_state_display(),
            reason=sandbox.reason,
            sub=sandbox.next_action if may_operate and not sandbox.is_running else size,
            template=sandbox.template.title,
            template_slug=sandbox.template.slug,
            owner=str(sandbox.created_by or "nobody"),
            is_mine=sandbox.created_by_id == user.pk,
            used=ago(sandbox.last_used_at) if sandbox.last_used_at else "never",
            used_at=sandbox.last_used_at,
            button=sandbox.main_operation if may_operate else None,
            may_operate=may_operate,
            shares=tuple(shares_of(sandbox, now or timezone.now())),
        )


@lru_cache(maxsize=KEPT_ROWS)
def drawn(row: Row) -> SafeString:
    """Return the row as HTML. It shows the row's values only, so the same values are the same HTML."""
    return mark_safe(get_template("sandboxes/_row.html").render({"row": row}))  # noqa: S308  # a template escapes
