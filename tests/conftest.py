"""Who and what most tests meet: Alice owns the team, Bob is a member, Vera a viewer, Charlie a stranger."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.conf import settings
from django.db import connection, transaction
from django.test import override_settings

from accounts.models import Role, Team, User
from activity import triggers
from sandboxes.models import Sandbox, Template
from sessions.models import Session

PASSWORD = "correct horse battery"

pytest_plugins = ["tests.engine_fixtures", "tests.live_fixtures"]


@pytest.fixture(autouse=True)
def _fast_and_plain() -> Iterator[None]:
    """Argon2 and hashed static names belong to the server; here they only cost time."""
    with override_settings(
        PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"],
        STORAGES=settings.STORAGES
        | {"staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}},
    ):
        yield


@pytest.fixture(autouse=True, scope="session")
def _emptying_passes_the_triggers() -> Iterator[None]:
    """Tests that commit are followed by emptying every table, also those that refuse it."""
    operations = type(connection.ops)
    empty = operations.execute_sql_flush

    def empty_all(self: Any, statements: list[str]) -> None:
        # Whole or not at all: without its triggers the next test would find another database.
        with transaction.atomic(), connection.cursor() as cursor:
            for statement in triggers.DROP[connection.vendor]:
                cursor.execute(statement)
            empty(self, statements)
            for statement in triggers.CREATE[connection.vendor]:
                cursor.execute(statement)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(operations, "execute_sql_flush", empty_all)
        yield


@pytest.fixture
def alice(db: None) -> User:
    return User.objects.create_user("alice@example.com", PASSWORD, name="Alice", is_staff=True, is_superuser=True)


@pytest.fixture
def bob(db: None) -> User:
    return User.objects.create_user("bob@example.com", PASSWORD, name="Bob")


@pytest.fixture
def vera(db: None) -> User:
    return User.objects.create_user("vera@example.com", PASSWORD, name="Vera")


@pytest.fixture
def charlie(db: None) -> User:
    return User.objects.create_user("charlie@example.com", PASSWORD, name="Charlie")


@pytest.fixture
def team(alice: User, bob: User, vera: User) -> Team:
    team = Team.objects.create(name="Harbor")
    team.add(alice, Role.OWNER)
    team.add(bob, Role.MEMBER)
    team.add(vera, Role.VIEWER)
    return team


@pytest.fixture
def template(db: None) -> Template:
    return Template.objects.create(slug="debian", title="Debian", image="sandlot/debian:test")


@pytest.fixture
def sandbox(team: Team, template: Template, alice: User) -> Sandbox:
    return Sandbox.create(slug="quiet-otter", template=template, team=team, by=alice)


@pytest.fixture
def bobs_session(sandbox: Sandbox, bob: User) -> Session:
    return Session.for_person(sandbox, bob)
