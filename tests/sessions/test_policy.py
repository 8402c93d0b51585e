"""Who may do what with a session: every tie, every role, every act."""

from __future__ import annotations

import pytest

from accounts.models import Role, Team, User
from sandboxes.models import Sandbox
from sessions.models import Permission, Session
from sessions.rights.table import NEEDED, Act, Tie, acts_of, may, tie_of

EVERYTHING = set(Act)
# Tie -> role -> what they may; what is not here is refused.
PROMISED: dict[Tie, dict[Role, set[Act]]] = {
    Tie.OWN: {
        Role.OWNER: EVERYTHING,
        Role.ADMIN: EVERYTHING,
        Role.MEMBER: EVERYTHING,
        Role.VIEWER: {Act.LOOK, Act.TYPE, Act.END},
    },
    Tie.GLOBAL: {
        Role.OWNER: {Act.LOOK, Act.TYPE, Act.CONFIGURE},
        Role.ADMIN: {Act.LOOK, Act.TYPE, Act.CONFIGURE},
        Role.MEMBER: {Act.LOOK, Act.TYPE},
        Role.VIEWER: {Act.LOOK},
    },
    Tie.OTHER: {
        Role.OWNER: {Act.LOOK, Act.CONFIGURE, Act.END},
        Role.ADMIN: {Act.LOOK, Act.CONFIGURE, Act.END},
        Role.MEMBER: {Act.LOOK},
        Role.VIEWER: {Act.LOOK},
    },
}


def session_with(tie: Tie, user: User, sandbox: Sandbox) -> Session:
    if tie is Tie.GLOBAL:
        return Session.for_global(sandbox)
    return Session(sandbox=sandbox, name="some", user=user if tie is Tie.OWN else None)


@pytest.mark.parametrize("tie", Tie)
@pytest.mark.parametrize("role", Role)
def test_each_role_may_what_is_promised_and_nothing_else(tie: Tie, role: Role, bob: User, sandbox: Sandbox) -> None:
    session = session_with(tie, bob, sandbox)
    assert tie_of(bob, session) is tie
    assert acts_of(bob, session, role) == PROMISED[tie][role]


def test_the_table_has_a_word_on_everything() -> None:
    assert {tie: set(acts) for tie, acts in NEEDED.items()} == {tie: set(Act) for tie in Tie}


@pytest.mark.parametrize("act", Act)
def test_a_stranger_and_a_disabled_member_may_nothing(act: Act, bob: User, bobs_session: Session) -> None:
    assert not may(bob, act, bobs_session, None)
    bob.is_active = False
    assert not may(bob, act, bobs_session, Role.OWNER)


def test_a_session_for_an_outside_reference_is_its_makers(bob: User, vera: User, sandbox: Sandbox) -> None:
    session, _ = Session.connect(sandbox, "some-user-reference", by=bob, permission=Permission.READ)
    assert acts_of(bob, session, Role.MEMBER) == EVERYTHING
    assert acts_of(vera, session, Role.VIEWER) == {Act.LOOK}


def test_who_created_the_sandbox_manages_its_sessions(bob: User, sandbox: Sandbox, team: Team) -> None:
    sandbox.created_by = bob
    other = Session(sandbox=sandbox, name="other")
    assert acts_of(bob, other, team.role_of(bob)) == {Act.LOOK, Act.CONFIGURE, Act.END}
