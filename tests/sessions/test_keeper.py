"""When a session's container is as wanted, and when it is replaced. On the engine: test_life_live.py."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from accounts.models import User
from engine import Container
from engine.labels import BOOT, HOST, PERMISSION
from engine.world import World
from sandboxes.models import Sandbox
from sessions.containers import container_name
from sessions.keeper import as_it_shall_be, labels_of
from sessions.models import Permission, Session, SessionState


def running_with(session: Session, labels: dict[str, str]) -> World:
    """The engine shows one container, with these labels."""
    name = container_name(session)
    container = Container("id", name, "running", "image", labels, datetime(2026, 11, 23, tzinfo=UTC))
    return World({name: container})


@pytest.fixture
def vera_reads(sandbox: Sandbox, vera: User) -> Session:
    session = Session.for_person(sandbox, vera)
    session.reach(SessionState.RUNNING)
    session.note_private(session.private_version)
    return session


def test_a_container_with_all_its_labels_stays(vera_reads: Session) -> None:
    assert as_it_shall_be(vera_reads, running_with(vera_reads, labels_of(vera_reads)))


@pytest.mark.parametrize(
    ("before", "after"), [(Permission.READ, Permission.WRITE), (Permission.WRITE, Permission.READ)]
)
def test_another_permission_is_another_container(vera_reads: Session, before: Permission, after: Permission) -> None:
    vera_reads.permission = before
    world = running_with(vera_reads, labels_of(vera_reads))
    vera_reads.permission = after
    assert not as_it_shall_be(vera_reads, world)


def test_a_reader_in_the_network_of_those_who_write_is_replaced(vera_reads: Session) -> None:
    """As versions did that knew no other network; those who write are left alone."""
    earlier = {BOOT: str(vera_reads.sandbox.boot), HOST: "0"}
    assert not as_it_shall_be(vera_reads, running_with(vera_reads, {**earlier, PERMISSION: "read"}))
    vera_reads.permission = Permission.WRITE
    assert as_it_shall_be(vera_reads, running_with(vera_reads, {**earlier, PERMISSION: "write"}))
