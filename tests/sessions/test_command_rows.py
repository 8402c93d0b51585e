"""Commands as rows: who ran what, what of it may be kept, and how it ended."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import User
from activity.models import Entry
from activity.refusals import Hidden, NotAllowed, TooMany
from sandboxes.models import Sandbox, State
from sessions.command import acting
from sessions.command.ends import forget_old, write_down
from sessions.models import COMMANDS_PER_SESSION, Command, Session, SessionState
from sessions.models.command import ENDED_KEPT, WORDS_MAX, without_secrets


@pytest.fixture
def command(bobs_session: Session, bob: User) -> Command:
    command, is_new = Command.begin(bobs_session, bob, ["/bin/sh", "-c", "npm run dev"])
    assert is_new
    return command


def test_a_start_is_recorded_with_its_person(command: Command) -> None:
    entry = Entry.objects.get(verb="command.run")
    assert entry.target == "npm run dev in bob in quiet-otter"
    assert str(command) == "npm run dev in bob in quiet-otter"


def test_secrets_of_the_session_are_not_kept(bobs_session: Session, bob: User) -> None:
    bobs_session.set_environment({"KEY": "s3cret-value", "SHORT": "yes"})
    command, _ = Command.begin(bobs_session, bob, ["curl", "-H", "Key: s3cret-value", "yes"])
    command.refresh_from_db()
    assert command.argv == ["curl", "-H", "Key: •••", "yes"]


@pytest.mark.parametrize(
    ("words", "secrets", "shown"),
    [
        (["a", "bb"], set(), ["a", "bb"]),
        (["ab-secret", "secretsecret"], {"secret"}, ["ab-•••", "••••••"]),
        (["longer-secret"], {"secret", "longer-secret"}, ["•••"]),
        (["bell\x07", "line\nbreak"], set(), ["bell\ufffd", "line\nbreak"]),
        (["x" * (WORDS_MAX + 1)], set(), ["x" * (WORDS_MAX - 1) + "…"]),
        (["x" * WORDS_MAX, "y"], set(), ["x" * WORDS_MAX, "…"]),
    ],
)
def test_words_as_they_are_kept(words: list[str], secrets: set[str], shown: list[str]) -> None:
    assert without_secrets(words, secrets) == shown


def test_the_same_id_is_one_command(bobs_session: Session, bob: User) -> None:
    pk = uuid4()
    first, is_new = Command.begin(bobs_session, bob, ["true"], pk=pk)
    again, is_new_again = Command.begin(bobs_session, bob, ["true"], pk=pk)
    assert (first, is_new, is_new_again) == (again, True, False)
    assert Entry.objects.filter(verb="command.run").count() == 1


def test_there_are_not_too_many_at_once(bobs_session: Session, bob: User) -> None:
    Command.objects.bulk_create([Command(session=bobs_session, argv=["x"]) for _ in range(COMMANDS_PER_SESSION)])
    with pytest.raises(TooMany) as refused:
        Command.begin(bobs_session, bob, ["true"])
    assert refused.value.code == "too_many_commands"
    assert not Entry.objects.filter(verb="command.run").exists()


def test_the_first_end_that_is_known_stays(command: Command) -> None:
    command.mark_ended(3, ran_s=1.5)
    command.mark_ended(None, reason="It ended while nobody was watching.")
    command.refresh_from_db()
    assert (command.exit_status, command.ran_s, command.end_reason) == (3, 1.5, "")


def test_commands_end_with_their_session(command: Command) -> None:
    command.session.lose_terminals("The session ran out of memory.")
    command.refresh_from_db()
    assert (command.is_live, command.exit_status, command.end_reason) == (False, None, "The session ran out of memory.")


def test_what_the_holder_says_is_written_down(bobs_session: Session, bob: User) -> None:
    rows = [Command.begin(bobs_session, bob, [word])[0] for word in ("runs", "ended", "forgotten")]
    ended = {"running": False, "status": 137, "signal": 9, "timed_out": True, "ran_ms": 1500}
    write_down(rows, {str(rows[0].pk): {"running": True}, str(rows[1].pk): ended})
    for row in rows:
        row.refresh_from_db()
    assert rows[0].is_live
    assert (rows[1].exit_status, rows[1].signal, rows[1].timed_out, rows[1].ran_s) == (137, 9, True, 1.5)
    assert (rows[2].is_live, rows[2].end_reason) == (False, "It ended while nobody was watching.")


def test_the_newest_ended_ones_are_remembered(bobs_session: Session) -> None:
    now = timezone.now()
    Command.objects.bulk_create(
        Command(session=bobs_session, argv=[str(age)], ended_at=now - timedelta(seconds=age))
        for age in range(ENDED_KEPT + 50)
    )
    Command.objects.create(session=bobs_session, argv=["runs"])
    forget_old()
    left = list(Command.objects.values_list("argv", flat=True))
    assert len(left) == ENDED_KEPT + 1
    assert ["runs"] in left
    assert [str(ENDED_KEPT)] not in left


def test_who_may_end_it(command: Command, alice: User, bob: User, charlie: User) -> None:
    assert acting.changeable(command.pk, bob) == command
    assert acting.changeable(command.pk, alice) == command  # the owner may end sessions
    with pytest.raises(Hidden):
        acting.changeable(command.pk, charlie)


def test_someone_who_may_only_look_does_not_end_it(command: Command, vera: User) -> None:
    with pytest.raises(NotAllowed):
        acting.changeable(command.pk, vera)


def test_the_sessions_tab_shows_what_runs(command: Command, client: Client, bob: User) -> None:
    sandbox: Sandbox = command.session.sandbox
    Sandbox.objects.filter(pk=sandbox.pk).update(state=State.RUNNING)
    Session.objects.filter(pk=command.session_id).update(state=SessionState.RUNNING)
    client.force_login(bob)
    page = client.get(f"/sandboxes/{sandbox.slug}/sessions/").content.decode()
    assert "npm run dev" in page
    assert f"/commands/{command.pk}/end/" in page
    command.mark_ended(0)
    assert "npm run dev" not in client.get(f"/sandboxes/{sandbox.slug}/sessions/").content.decode()
    answer = client.post(f"/commands/{command.pk}/end/", follow=True)
    assert "has ended already" in answer.content.decode()
