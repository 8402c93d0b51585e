"""The terminal's websocket: a checked pipe between a browser and the holder.

A plain ASGI coroutine, because a Channels consumer hops to a thread for every message (0.1 to 0.2 ms of each echo).
It accepts first and closes with a code afterwards: a refused upgrade is only 1006 in a browser.
"""

from __future__ import annotations

import asyncio
import logging
import time
from contextlib import aclosing
from itertools import groupby
from typing import Any
from uuid import UUID

from channels.db import database_sync_to_async

from activity.refusals import EngineSilent, Invalid, NotAllowed, NotNow, Over, Refused, TakenOver, TooMany
from engine import Conflict, EngineAway, EngineError, EngineTimeout, NotFound, StreamLost
from sandboxes.engines import engine_named
from sessions.holder import HolderError, ProtocolError, unpack
from sessions.models import Session, Terminal
from sessions.rights.admission import TerminalAdmission, expelled, let_in, note_end_wish
from sessions.terminal import protocol
from sessions.terminal.link import HolderLink, LinkEnded
from sessions.terminal.protocol import Frame, Hello
from sessions.terminal.watch import watch
from sessions.websocket import Client, ClientGone

logger = logging.getLogger(__name__)

# A browser says hello at once; this only frees sockets that never will, before the holder's own 10 s are over.
HELLO_TIMEOUT_S = 8
# "Last used" is for people: a write a minute is enough.
USED_EVERY_S = 60

HOLDER_REFUSALS: dict[HolderError, type[Refused]] = {
    HolderError.MALFORMED: Invalid,
    HolderError.UNKNOWN_TERMINAL: Over,
    HolderError.TOO_MANY_TERMINALS: TooMany,
    HolderError.TOO_MANY_LINKS: TooMany,
    HolderError.CANNOT_START: Over,
    HolderError.NOT_ALLOWED: NotAllowed,
    HolderError.INPUT_WINDOW: Invalid,
    HolderError.TOO_SLOW: NotNow,
    HolderError.REPLACED: TakenOver,
}


async def terminal_socket(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """ASGI application of /ws/terminals/<id>/."""
    browser = Client(scope, receive, send)
    try:
        await browser.accept(scope.get("subprotocols", []), protocol.SUBPROTOCOL)
        await serve(browser, scope)
    except ClientGone:
        pass
    except Refused as refusal:
        await browser.close(refusal)
    except ProtocolError as error:
        await browser.close(Invalid(str(error)))
    except (EngineAway, EngineTimeout) as error:
        logger.warning("Terminal without engine: %s", error)
        await browser.close(EngineSilent("The engine does not answer. The terminal waits for it."))
    except (NotFound, Conflict, StreamLost, LinkEnded) as error:
        logger.info("Terminal link ended: %s", error)
        await browser.close(NotNow("The session is restarting."))
    except EngineError as error:
        logger.warning("Terminal refused by the engine: %s", error)
        await browser.close(EngineSilent(f"The engine refused: {error}"))


async def serve(browser: Client, scope: dict[str, Any]) -> None:
    """Admit the person, link to the holder, then carry messages both ways until one side is done."""
    terminal_id: UUID = scope["url_route"]["kwargs"]["terminal_id"]
    admission = await database_sync_to_async(let_in)(scope["login"], terminal_id)
    # Before the hello: the engine needs 30 to 50 ms, in which the page gets ready to say it.
    link = await HolderLink.open(engine_named(), admission.container, admission.terminal_id)
    try:
        await carry(browser, link, admission)
    except (StreamLost, LinkEnded):
        # The container of who lost their place goes at once: they hear why, not that it restarts.
        reasons = await database_sync_to_async(expelled)([admission])
        if admission in reasons:
            raise reasons[admission] from None
        raise
    finally:
        link.close()


async def carry(browser: Client, link: HolderLink, admission: TerminalAdmission) -> None:
    """Run both directions and the watch over the person's rights; the first to end ends all."""
    tasks = [
        asyncio.create_task(from_holder(browser, link, admission)),
        asyncio.create_task(from_browser(browser, link, admission)),
        asyncio.create_task(watch.until_expelled(admission)),
        asyncio.create_task(bring_news(browser, admission)),
    ]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def from_holder(browser: Client, link: HolderLink, admission: TerminalAdmission) -> None:
    """Carry frames to the browser, those that came together in one go; the holder's own words become JSON."""
    while True:
        for passes, frames in groupby(await link.read(), is_for_browser):
            if passes:
                await pass_on(browser, admission, list(frames))
            else:
                for frame in frames:
                    await tell(browser, link, admission, frame)


async def bring_news(browser: Client, admission: TerminalAdmission) -> None:
    """Say in the terminal what happened to its session: out of memory, too many processes, a full disk."""
    async with aclosing(watch.notices(admission)) as notices:
        async for kind, text in notices:
            await browser.notice("warning", kind, text)


def is_for_browser(frame: bytes) -> bool:
    return frame[0] in protocol.TO_BROWSER


async def pass_on(browser: Client, admission: TerminalAdmission, frames: list[bytes]) -> None:
    await browser.send_frames(frames)
    if frames[-1][0] == Frame.EXIT:
        await note_exit(admission, frames[-1])


async def tell(browser: Client, link: HolderLink, admission: TerminalAdmission, message: bytes) -> None:
    """Turn what the holder says to the server into JSON. Raises Refused when it refuses the link."""
    kind = message[0]
    if kind == Frame.WELCOME:
        await welcome(browser, link, admission, message)
    elif kind == Frame.PRESENCE:
        link.presence = protocol.Presence.unpack(message)
        await browser.send_json(link.presence.as_json())
    elif kind == Frame.ERROR:
        raise await refusal_of(admission, message)
    else:
        text = f"The holder sent a frame of type 0x{kind:02x}."
        raise ProtocolError(text)


async def welcome(browser: Client, link: HolderLink, admission: TerminalAdmission, message: bytes) -> None:
    answer = protocol.Welcome.unpack(message)
    link.number = answer.link
    if admission.shell is not None:
        await database_sync_to_async(Terminal(pk=admission.terminal_id).mark_opened)()
    await browser.send_json(answer.as_json() | {"may_drive": admission.may_drive, "title": admission.title})


async def note_exit(admission: TerminalAdmission, message: bytes) -> None:
    status, _ = unpack("!iQ", message)
    await database_sync_to_async(mark_ended)(admission.terminal_id, status, "")


async def refusal_of(admission: TerminalAdmission, message: bytes) -> Refused:
    """Turn the holder's ERROR into a refusal; a shell that is not there any more is written down."""
    (number,) = unpack("!H", message)
    text = message[3:].decode(errors="replace")[:500]
    if number == HolderError.UNKNOWN_TERMINAL:
        text = "This terminal ended when its session was restarted. Its files are all there."
    if number in (HolderError.UNKNOWN_TERMINAL, HolderError.CANNOT_START):
        await database_sync_to_async(mark_ended)(admission.terminal_id, None, text)
    return HOLDER_REFUSALS.get(HolderError(number), NotNow)(text)


def mark_ended(terminal_id: UUID, status: int | None, reason: str) -> None:
    terminal = Terminal.objects.select_related("session__sandbox").filter(pk=terminal_id).first()
    if terminal is not None:
        terminal.mark_ended(status, reason[:200])


async def from_browser(browser: Client, link: HolderLink, admission: TerminalAdmission) -> None:
    """Join at its hello, then carry what the browser may send; everything else is a protocol error."""
    hello = await hello_of(browser)
    link.join(protocol.link(hello, admission.name, may_drive=admission.may_drive, shell=admission.shell))
    used_at = -float(USED_EVERY_S)
    while True:
        data, text = await browser.receive()
        if data is not None:
            kind = protocol.check_from_browser(data)
            if kind == Frame.INPUT:
                if not admission.may_drive:
                    raise NotAllowed("You may look at this terminal, not type into it.")
                if time.monotonic() - used_at >= USED_EVERY_S:
                    used_at = time.monotonic()
                    await database_sync_to_async(Session.note_use)(admission.session_id, admission.login.user_id)
            await link.send(data)
        elif text is not None:
            await command(browser, link, admission, protocol.parse_text(text))


async def hello_of(browser: Client) -> Hello:
    """Return the first message. Raises ClientGone, ProtocolError, also when it does not come."""
    try:
        async with asyncio.timeout(HELLO_TIMEOUT_S):
            _, text = await browser.receive()
    except TimeoutError:
        raise ProtocolError(f"No hello came within {HELLO_TIMEOUT_S} seconds.") from None
    if text is None:
        raise ProtocolError("The first message must be a hello in JSON.")
    return Hello.from_text(text)


async def command(browser: Client, link: HolderLink, admission: TerminalAdmission, words: dict[str, Any]) -> None:
    """Carry out one JSON message of the browser."""
    if words["type"] == "ping":
        await browser.send_json({"type": "pong", "n": words.get("n")})
    elif words["type"] not in ("drive", "hand", "end"):
        text = f"A message of type {words['type'][:40]!r} is not known here."
        raise ProtocolError(text)
    elif not admission.may_drive:
        await browser.notice("warning", "not_allowed", "You may look at this terminal, not type into it.")
    elif words["type"] == "drive":
        link.drive()
    elif words["type"] == "hand":
        await hand_on(browser, link, protocol.hand(words))
    else:
        await database_sync_to_async(note_end_wish)(admission.terminal_id)
        link.end()


async def hand_on(browser: Client, link: HolderLink, other: int) -> None:
    """Give the keyboard to another viewer. The holder, which knows better by now, checks it once more."""
    if reason := link.presence.why_not_hand(link.number, other):
        await browser.notice("warning", "not_handed", reason)
    else:
        link.hand(other)
