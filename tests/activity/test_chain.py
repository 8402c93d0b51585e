"""The record can be added to and nothing else; whoever gets round that is found out."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction

from accounts.models import User
from activity import triggers
from activity.chain import ChainBroken, Verified, hash_of, verify
from activity.log import record
from activity.models import AppendOnly, Entry, Head, Outcome
from sandboxes.models import Sandbox

pytestmark = pytest.mark.django_db


def write(count: int) -> None:
    for number in range(count):
        record("team.create", detail={"number": number})


def tamper(*statements: str) -> None:
    """Do what someone does who may write to the database and knows of the triggers."""
    with connection.cursor() as cursor:
        for statement in [*triggers.DROP[connection.vendor], *statements]:
            cursor.execute(statement)


# --- append only ----------------------------------------------------------------------------------------------------
CHANGES: dict[str, Callable[[], Any]] = {
    "save": lambda: Entry.objects.get(pk=1).save(),
    "delete": lambda: Entry.objects.get(pk=1).delete(),
    "update": lambda: Entry.objects.update(actor="Nobody"),
    "delete many": lambda: Entry.objects.filter(pk=1).delete(),
    "bulk create": lambda: Entry.objects.bulk_create([]),
    "bulk update": lambda: Entry.objects.bulk_update([], ["actor"]),
}


@pytest.mark.parametrize("way", CHANGES)
def test_code_cannot_change_an_entry(way: str) -> None:
    write(1)
    with pytest.raises(AppendOnly):
        CHANGES[way]()


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE activity_entry SET actor = 'Nobody'",
        "DELETE FROM activity_entry WHERE number = 2",
        "UPDATE activity_head SET count = 1",
        "DELETE FROM activity_head",
    ],
)
def test_the_database_refuses_it_too(statement: str) -> None:
    write(2)
    with pytest.raises(DatabaseError, match="neither changed nor removed"), transaction.atomic():
        connection.cursor().execute(statement)
    assert verify().count == 2


# --- the chain ------------------------------------------------------------------------------------------------------
def test_an_untouched_record_is_right() -> None:
    assert verify() == Verified(0, "")
    write(3)
    assert verify() == Verified(3, Entry.objects.get(pk=3).hash)


VALUES = {
    "at": "'2020-01-01 00:00:00'",
    "actor_id": "77",
    "sandbox_id": "77",
    "team_id": "77",
    "detail": "'{\"a\": 1}'",
}


@pytest.mark.parametrize("name", [name for name in Entry.VALUES if name != "number"])
def test_a_changed_value_is_found(name: str) -> None:
    write(3)
    value = VALUES.get(name, "'x'")
    tamper(f"UPDATE activity_entry SET {name} = {value} WHERE number = 2")  # noqa: S608
    with pytest.raises(ChainBroken, match="Entry 2 was changed"):
        verify()


COLUMNS = ", ".join([*Entry.VALUES, "hash"])
COPY = f"INSERT INTO activity_entry ({COLUMNS}) SELECT {{number}}, {COLUMNS[8:]} FROM activity_entry"  # noqa: S608


@pytest.mark.parametrize(
    ("statements", "found"),
    [
        (["DELETE FROM activity_entry WHERE number = 1"], "Entry 1 is missing"),
        (["DELETE FROM activity_entry WHERE number = 2"], "Entry 2 is missing"),
        (["DELETE FROM activity_entry WHERE number = 3"], "Entry 3 is missing; there were 3"),
        (
            ["DELETE FROM activity_entry WHERE number = 3", "UPDATE activity_head SET count = 2"],
            "Entry 2 is not the one that was written last",
        ),
        ([COPY.format(number=4) + " WHERE number = 3"], "Entry 4 was not written by the server"),
        (
            ["UPDATE activity_entry SET number = 4 WHERE number = 3", COPY.format(number=3) + " WHERE number = 2"],
            "Entry 3 was changed",
        ),
    ],
)
def test_removing_inserting_and_cutting_the_end_are_found(statements: list[str], found: str) -> None:
    write(3)
    tamper(*statements)
    with pytest.raises(ChainBroken, match=found):
        verify()


def test_a_record_that_was_written_anew_does_not_lead_over_a_kept_hash() -> None:
    write(3)
    known = verify()
    tamper("UPDATE activity_entry SET actor = 'Nobody' WHERE number = 2")
    previous = ""
    for entry in Entry.objects.order_by("number"):
        previous = hash_of(previous, entry)
        tamper_hash(entry.number, previous)
    connection.cursor().execute("UPDATE activity_head SET hash = %s", [previous])
    assert verify().count == 3
    with pytest.raises(ChainBroken, match="Entry 3 has another hash"):
        verify(known)


def tamper_hash(number: int, digest: str) -> None:
    connection.cursor().execute("UPDATE activity_entry SET hash = %s WHERE number = %s", [digest, number])


def test_a_kept_head_beyond_the_end_is_missing() -> None:
    write(1)
    with pytest.raises(ChainBroken, match="Entry 2 is missing; there were 5"):
        verify(Verified(5, "0" * 64))


def test_the_command_says_how_many_are_right_and_what_to_keep() -> None:
    write(2)
    out = StringIO()
    call_command("verify_activity", stdout=out)
    head = f"2:{Head.objects.get().hash}"
    assert out.getvalue() == f"2 entries are right. Keep this elsewhere: {head}\n"
    call_command("verify_activity", "--known", head, stdout=out)


def test_the_command_fails_and_names_the_entry() -> None:
    write(2)
    tamper("DELETE FROM activity_entry WHERE number = 1")
    with pytest.raises(CommandError, match="Entry 1 is missing") as error:
        call_command("verify_activity")
    assert error.value.returncode == 1


@pytest.mark.parametrize("known", ["", "2", "x:y", "2:abc"])
def test_the_command_refuses_a_head_that_is_none(known: str) -> None:
    with pytest.raises(CommandError, match="NUMBER:HASH"):
        call_command("verify_activity", "--known", known)


# --- what is written ------------------------------------------------------------------------------------------------
def test_an_entry_goes_with_its_change() -> None:
    write(1)
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        record("team.create")
        _ = 1 / 0
    assert verify().count == 1


def test_an_unknown_verb_is_a_mistake_in_the_code() -> None:
    with pytest.raises(KeyError):
        record("sandbox.dance")


def test_an_entry_keeps_readable_copies(sandbox: Sandbox, alice: User) -> None:
    record("sandbox.stop", sandbox, by=alice, outcome=Outcome.REFUSED)
    entry = Entry.objects.first()
    assert entry is not None
    assert (entry.actor_id, entry.actor) == (alice.pk, "Alice <alice@example.com>")
    assert (entry.target_kind, entry.target_id, entry.target) == ("sandbox", str(sandbox.pk), "quiet-otter")
    assert (entry.sandbox_id, entry.sandbox) == (sandbox.pk, "quiet-otter")
    assert (entry.team_id, entry.team) == (sandbox.team_id, "Harbor")
    assert (entry.outcome, entry.via, entry.address) == ("refused", "command", "")


def test_the_same_within_a_time_is_one_entry(alice: User, bob: User) -> None:
    before = verify().count
    for by in (alice, bob, alice, bob):
        record("terminal.attach", by=by, once_in=timedelta(minutes=10))
    record("terminal.attach", by=alice, once_in=timedelta(0))
    assert verify().count == before + 3


def test_details_are_bounded_and_come_back_as_they_went_in() -> None:
    record(
        "team.create",
        detail={
            "zero": 0,
            "no": False,
            "none": None,
            "float": 1.50,
            "list": ["a", "b"],
            "odd": "a\0b\nc\ud800 ü",
            "": "x",
        },
    )
    record("team.create", detail={str(number): "€" * 1000 for number in range(100)})
    first, second = Entry.objects.order_by("number")[:2]
    assert first.detail == {
        "zero": 0,
        "no": False,
        "none": None,
        "float": "1.5",
        "list": "a, b",
        "odd": "a b c ü",
        "": "x",
    }
    assert 0 < len(str(second.detail).encode()) <= 2048
    assert verify().count == 2
