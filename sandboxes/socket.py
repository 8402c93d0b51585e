"""The events websocket: tells an open page which sandbox changed, so that it fetches that part again.

It carries ids only. What a person may see is decided by the page that they then fetch, and the teams whose news they
get by their memberships.
"""

from __future__ import annotations

import asyncio
import logging
from typing import Any

from asgiref.sync import async_to_sync
from channels.db import database_sync_to_async
from channels.generic.websocket import AsyncJsonWebsocketConsumer
from channels.layers import get_channel_layer

from accounts.logins import Login, still_good
from accounts.models import Membership
from activity.refusals import Close
from sandboxes.models import Sandbox

logger = logging.getLogger(__name__)

# Rights that end close the socket within 2 s.
LOOK_EVERY_S = 1.5


def group_of(team_id: int) -> str:
    return f"team.{team_id}"


def tell(sandbox: Sandbox, **_: Any) -> None:
    """Receiver of sandbox_changed: pass the news to every process's open pages."""
    layer = get_channel_layer()
    async_to_sync(layer.group_send)(group_of(sandbox.team_id), {"type": "sandbox.changed", "slug": sandbox.slug})


class EventsSocket(AsyncJsonWebsocketConsumer):  # type: ignore[misc]  # channels has no types
    """/ws/events/: {"type": "sandbox", "slug": …} for each change in the person's teams.

    {"type": "rights"} once a team or a role of theirs has changed: what the page shows may not be theirs any more.
    """

    async def connect(self) -> None:
        await self.accept()
        self.login = self.scope["login"]
        self.roles: dict[int, str] = {}
        # News of all teams is for pages: a token may be for one.
        if not isinstance(self.login, Login):
            await self.close(Close.SIGNED_OUT)
            return
        await self._follow_teams(await self._roles_now())
        self.watching = asyncio.create_task(self._watch())

    async def disconnect(self, code: int) -> None:
        if hasattr(self, "watching"):
            self.watching.cancel()
        for team_id in self.roles:
            await self.channel_layer.group_discard(group_of(team_id), self.channel_name)

    async def receive_json(self, content: Any, **_: Any) -> None:
        """A page has nothing to say here."""

    async def sandbox_changed(self, event: dict[str, Any]) -> None:
        await self.send_json({"type": "sandbox", "slug": event["slug"]})

    async def _watch(self) -> None:
        """Follow the person's teams as they change; hang up when the login has ended."""
        while True:
            try:
                if not await self._look():
                    break
            except Exception:  # whatever it is: without this task the page would keep the news of a lost team
                logger.exception("The rights of an open page could not be checked; the next look follows.")
            await asyncio.sleep(LOOK_EVERY_S)
        await self.close(Close.SIGNED_OUT)

    async def _look(self) -> bool:
        """Follow the teams as they are now; False once the login has ended."""
        if not await database_sync_to_async(still_good)([self.login]):
            return False
        roles = await self._roles_now()
        if roles != self.roles:
            await self._follow_teams(roles)
            await self.send_json({"type": "rights"})
        return True

    async def _roles_now(self) -> dict[int, str]:
        """Return the person's roles by team."""
        mine = Membership.objects.filter(user_id=self.login.user_id).values_list("team_id", "role")
        roles: dict[int, str] = await database_sync_to_async(lambda: dict(mine))()
        return roles

    async def _follow_teams(self, roles: dict[int, str]) -> None:
        for team_id in roles.keys() - self.roles.keys():
            await self.channel_layer.group_add(group_of(team_id), self.channel_name)
        for team_id in self.roles.keys() - roles.keys():
            await self.channel_layer.group_discard(group_of(team_id), self.channel_name)
        self.roles = roles
