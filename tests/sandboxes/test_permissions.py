"""The one policy, as a question about one sandbox and as a selection of many: both say the same."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import AnonymousUser

from accounts.models import Role, Team, User
from sandboxes.models import Desired, Sandbox, State, Template
from sandboxes.permissions import Action, may

ALLOWED = {
    Role.OWNER: set(Action),
    Role.ADMIN: set(Action),
    Role.MEMBER: {Action.VIEW, Action.CREATE, Action.OPERATE, Action.WRITE, Action.SHARE},
    Role.VIEWER: {Action.VIEW},
}


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("action", Action)
def test_the_table_of_roles(sandbox: Sandbox, charlie: User, role: Role, action: Action) -> None:
    sandbox.team.add(charlie, role)
    allowed = action in ALLOWED[role]
    assert sandbox.permits(action, charlie) is allowed
    assert Sandbox.objects.permitting(action, charlie).exists() is allowed


@pytest.mark.parametrize("action", Action)
def test_charlie_may_nothing(sandbox: Sandbox, charlie: User, action: Action) -> None:
    assert not sandbox.permits(action, charlie)
    assert not Sandbox.objects.permitting(action, charlie).exists()


@pytest.mark.parametrize("action", Action)
def test_a_disabled_owner_may_nothing(sandbox: Sandbox, alice: User, action: Action) -> None:
    alice.is_active = False
    assert not sandbox.permits(action, alice)
    assert not Sandbox.objects.permitting(action, alice).exists()


@pytest.mark.parametrize("action", Action)
def test_an_anonymous_visitor_may_nothing(sandbox: Sandbox, action: Action) -> None:
    assert not Sandbox.objects.permitting(action, AnonymousUser()).exists()  # type: ignore[arg-type]


def test_a_superuser_without_a_membership_is_a_stranger(sandbox: Sandbox, db: None) -> None:
    root = User.objects.create_superuser("root@example.com")
    assert not sandbox.permits(Action.VIEW, root)


def test_bob_manages_what_he_created(team: Team, template: Template, bob: User) -> None:
    his = Sandbox.create(slug="his", template=template, team=team, by=bob)
    assert his.permits(Action.MANAGE, bob)
    assert his in Sandbox.objects.manageable_by(bob)


def test_who_became_a_viewer_does_not_manage_what_they_created(team: Team, template: Template, bob: User) -> None:
    his = Sandbox.create(slug="his", template=template, team=team, by=bob)
    team.memberships.get(user=bob).change_role(Role.VIEWER)
    assert not his.permits(Action.MANAGE, bob)
    assert his not in Sandbox.objects.manageable_by(bob)


def test_a_role_elsewhere_gives_nothing_here(sandbox: Sandbox, charlie: User) -> None:
    Team.objects.create(name="Elsewhere").add(charlie, Role.OWNER)
    assert not may(charlie, Action.VIEW, sandbox.team.role_of(charlie))
    assert not Sandbox.objects.visible_to(charlie).exists()


def test_rights_of_many_rows_are_those_of_each(sandbox: Sandbox, template: Template, bob: User, vera: User) -> None:
    Sandbox.create(slug="his", template=template, team=sandbox.team, by=bob)
    for user in (bob, vera):
        for row in Sandbox.objects.with_rights_of(user):
            assert row.can_operate == row.permits(Action.OPERATE, user)  # type: ignore[attr-defined]
            assert row.can_manage == row.permits(Action.MANAGE, user)  # type: ignore[attr-defined]


def test_what_is_gone_is_not_visible(sandbox: Sandbox, alice: User) -> None:
    Sandbox.objects.filter(pk=sandbox.pk).update(desired=Desired.DELETED, state=State.STOPPED)
    assert not Sandbox.objects.visible_to(alice).exists()
