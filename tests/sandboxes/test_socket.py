"""The events socket: a page learns at once what is not its person's any more."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from channels.layers import get_channel_layer
from channels.testing import WebsocketCommunicator
from django.db import OperationalError, connection

from accounts.logins import TokenLogin
from accounts.models import ApiToken, Role, Scope, Team, User
from activity.refusals import Close
from sandboxes import socket
from sandboxes.models import Sandbox
from tests.sessions.test_access import signed_in

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "LOOK_EVERY_S", 0.02)


async def listening(user: User, team: Team) -> WebsocketCommunicator:
    login = await sync_to_async(signed_in)(user)
    communicator = WebsocketCommunicator(socket.EventsSocket.as_asgi(), "/ws/events/")
    communicator.scope["login"] = login
    await communicator.connect()
    await until_it_follows(communicator, team)
    return communicator


async def until_it_follows(page: WebsocketCommunicator, team: Team) -> None:
    """Wait for the first news: from then on the socket knows the teams and looks after them."""
    while True:
        await get_channel_layer().group_send(socket.group_of(team.pk), {"type": "sandbox.changed", "slug": "first"})
        if not await page.receive_nothing(0.05):
            break
    while not await page.receive_nothing(0.1):
        await page.receive_json_from()


CHANGES: dict[str, Callable[[Team, User], object]] = {
    "removed": lambda team, bob: team.memberships.get(user=bob).revoke(),
    "another role": lambda team, bob: team.memberships.get(user=bob).change_role(Role.VIEWER),
    "one team more": lambda _, bob: Team.objects.create(name="Pier").add(bob),
}


@pytest.mark.parametrize("change", CHANGES)
async def test_a_page_is_told_that_rights_have_changed(team: Team, bob: User, change: str) -> None:
    page = await listening(bob, team)
    await sync_to_async(CHANGES[change])(team, bob)
    assert await page.receive_json_from(2) == {"type": "rights"}
    await page.disconnect()


async def test_who_was_removed_hears_nothing_more(team: Team, sandbox: Sandbox, bob: User) -> None:
    page = await listening(bob, team)
    await sync_to_async(lambda: team.memberships.get(user=bob).revoke())()
    assert await page.receive_json_from(2) == {"type": "rights"}
    await sync_to_async(sandbox.stop)()
    assert await page.receive_nothing(0.2)
    await page.disconnect()


async def test_a_disabled_account_is_hung_up_on(team: Team, bob: User) -> None:
    page = await listening(bob, team)
    await sync_to_async(bob.disable)()
    assert (await page.receive_output(2))["code"] == Close.SIGNED_OUT


@pytest.mark.parametrize("fault", [OperationalError("the connection was lost"), RuntimeError("a surprise")])
async def test_who_loses_a_right_loses_it_also_after_a_look_that_failed(
    team: Team, bob: User, fault: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    page = await listening(bob, team)
    failed = 0

    def fail(*_: Any) -> None:
        nonlocal failed
        failed += 1
        raise fault

    await sync_to_async(lambda: connection.execute_wrappers.append(fail))()
    while failed < 3:  # not only the first one
        assert await page.receive_nothing(0.01)
    await sync_to_async(lambda: connection.execute_wrappers.remove(fail))()
    await sync_to_async(bob.disable)()
    assert (await page.receive_output(2))["code"] == Close.SIGNED_OUT
    assert "The rights of an open page could not be checked" in caplog.text


async def test_a_token_hears_nothing_of_all_teams(team: Team, bob: User) -> None:
    token, _ = await sync_to_async(ApiToken.make)(bob, "a program", [Scope.SANDBOXES_READ], team=team)
    communicator = WebsocketCommunicator(socket.EventsSocket.as_asgi(), "/ws/events/")
    communicator.scope["login"] = TokenLogin.of(token)
    await communicator.connect()
    assert (await communicator.receive_output(2)) == {"type": "websocket.close", "code": int(Close.SIGNED_OUT)}
