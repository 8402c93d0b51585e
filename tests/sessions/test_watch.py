"""The watch over open terminals goes on after a look that failed."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.db import OperationalError, connection

from accounts.models import User
from activity.refusals import Refused
from sessions.models import Session
from sessions.rights.admission import admit
from sessions.terminal import watch as watching
from tests.sessions.test_access import signed_in, terminal_of

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize("fault", [OperationalError("the connection was lost"), RuntimeError("a surprise")])
async def test_a_right_that_ends_is_seen_also_after_a_look_that_failed(
    bob: User, bobs_session: Session, fault: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watching, "LOOK_EVERY_S", 0.01)
    admission = await sync_to_async(lambda: admit(signed_in(bob), terminal_of(bobs_session).pk))()
    has_failed = asyncio.Event()
    loop = asyncio.get_running_loop()

    def fail(*_: Any) -> None:
        loop.call_soon_threadsafe(has_failed.set)
        raise fault

    await sync_to_async(lambda: connection.execute_wrappers.append(fail))()
    waiting = asyncio.create_task(watching.Watch().until_expelled(admission))
    async with asyncio.timeout(10):
        for _ in range(3):  # not only the first one
            await has_failed.wait()
            has_failed.clear()
    assert not waiting.done()
    await sync_to_async(lambda: connection.execute_wrappers.remove(fail))()
    await sync_to_async(bob.disable)()
    with pytest.raises(Refused):
        await asyncio.wait_for(waiting, 10)
