"""`record`: the one way to write an entry."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from django.contrib.auth.base_user import AbstractBaseUser
from django.db import transaction
from django.db.models import Model
from django.utils import timezone

from activity.chain import hash_of
from activity.models import Entry, Head, Outcome
from activity.source import Source, current
from activity.target import Target
from activity.verbs import VERBS

# Looking again within this time is the same visit: a page that is loaded anew, a link that comes back.
VISIT = timedelta(minutes=10)
# Facts for people, not documents.
DETAIL_MAX_BYTES = 2048
DETAIL_VALUE_MAX = 300

# A database refuses longer ones, or cuts them by itself.
LONGEST = {"actor": 200, "address": 45, "target_id": 40, "target": 200, "sandbox": 80, "team": 80}


def record(
    verb: str,
    target: Model | Target | None = None,
    *,
    outcome: str = Outcome.DONE,
    detail: Mapping[str, Any] | None = None,
    by: AbstractBaseUser | None = None,
    unattended: bool = False,
    once_in: timedelta | None = None,
) -> None:
    """Write an entry in the transaction of the change that it tells of: both are there or neither.

    Who acts and from where comes from `activity.source`; `by` names someone who is just signing in or out, and
    `unattended` says that it happened by itself and someone only looked. With `once_in`, the same of the same person
    within that time is one entry. `detail` holds a few words and numbers, never a secret nor anything of a terminal.

    Lock order: the head is the last thing that a transaction locks, so record after the rows are written.
    Raises KeyError for a verb that `activity.verbs` does not have.
    """
    VERBS[verb]
    source = current()
    if by is not None:
        source = Source(source.via, source.address, by)
    if unattended:
        source = Source(source.via, is_server=True)
    if not isinstance(target, Target):
        target = Target.of(target)
    entry = Entry(
        at=timezone.now(),
        actor_id=source.actor_id,
        verb=verb,
        target_kind=target.kind,
        sandbox_id=target.sandbox_id,
        team_id=target.team_id,
        via=source.via,
        outcome=outcome,
        detail=bounded(detail or {}),
    )
    texts = {"actor": source.actor, "address": source.address, "target_id": target.id, "target": target.label}
    for name, text in (texts | {"sandbox": target.sandbox, "team": target.team}).items():
        setattr(entry, name, plain(text, LONGEST[name]))
    if once_in is None or not was_recorded(entry, once_in):
        append(entry)


def append(entry: Entry) -> None:
    with transaction.atomic():
        head = Head.locked()
        entry.number = head.count + 1
        entry.hash = hash_of(head.hash, entry)
        entry.save(force_insert=True)
        head.move_to(entry)


def was_recorded(entry: Entry, within: timedelta) -> bool:
    """Whether the same was recorded a short time ago."""
    same = {name: getattr(entry, name) for name in ("actor_id", "verb", "target_kind", "target_id", "outcome")}
    if entry.actor_id is None:
        same["address"] = entry.address
    return Entry.objects.filter(**same, at__gt=entry.at - within).exists()


def bounded(detail: Mapping[str, Any]) -> dict[str, Any]:
    """Return the facts as values that come back from every database as they went in, 2 KiB at most."""
    facts = {plain(str(name), 40): as_fact(value) for name, value in detail.items()}
    while len(json.dumps(facts, ensure_ascii=False).encode()) > DETAIL_MAX_BYTES:
        facts.popitem()
    return facts


def as_fact(value: Any) -> str | int | bool | None:
    if isinstance(value, list | tuple | set | frozenset):
        value = ", ".join(str(each) for each in value)
    return value if value is None or isinstance(value, bool | int) else plain(str(value), DETAIL_VALUE_MAX)


def plain(text: str, longest: int) -> str:
    """Return one line without control characters and broken halves of characters: databases differ about them."""
    kept = "".join(sign if sign.isprintable() else " " for sign in text)
    return " ".join(kept.encode(errors="replace").decode().split())[:longest]
