"""Beside others' terminals, by turns in one run: wetty in Chromium and on the wire, and terminado, JupyterLab's bridge.

All reach a shell of the same container, the others over `docker exec -it`. wetty comes from npm, by its lock file.
"""

from __future__ import annotations

import asyncio
import json
import shutil
import statistics
import subprocess
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Self

from playwright.async_api import Page, async_playwright

from tests.bench import echo, throughput
from tests.bench.painted import SCRIPT, painted
from tests.bench.place import SLUG, Place, listens
from tests.bench.report import Row, against, at_most
from tests.bench.shells import Shell, Terminado, closing
from tests.bench.wire import TEXT, Wire
from tests.browser.conftest import FLAGS, chromium_path
from tests.live import ROOT, eventually, free_port

LOCKED = Path(__file__).with_name("peers")
INSTALLED = ROOT / "var" / "bench-peers"
# Packets of socket.io in text frames: open, connect, event, ping, pong.
OPENED, CONNECT, EVENT, PING, PONG = b"0", b"40", b"42", b"2", b"3"
DATA = EVENT + b'["data","'
LOGIN = EVENT + b'["login"]'
COMMIT_EVERY = 64 * 1024


class Wetty(Shell):
    """What its page says over socket.io. Output is not parsed, which is in its favour."""

    wire: Wire

    def __init__(self) -> None:
        super().__init__()
        self._connected = asyncio.Event()
        self._uncommitted = 0

    @classmethod
    async def open(cls, port: int) -> Self:
        shell = cls()
        shell.wire = await Wire.connect(port, "/socket.io/?EIO=4&transport=websocket", shell._message)
        shell.wire.closed.add_done_callback(lambda _: shell.fail("wetty hung up."))
        await asyncio.wait_for(shell._connected.wait(), 20)
        shell.wire.send(TEXT, EVENT + b'["resize",{"cols":80,"rows":24}]')
        await shell.run("true")
        return shell

    def type(self, data: bytes) -> None:
        self.wire.send(TEXT, EVENT + json.dumps(["input", data.decode()]).encode())

    def close(self) -> None:
        self.wire.close()

    def _message(self, opcode: int, payload: bytes) -> None:
        if payload.startswith(DATA):
            self._commit(len(payload) - len(DATA) - 2)
            self.took(payload[len(DATA) : -2])
        elif payload == PING:
            self.wire.send(TEXT, PONG)
        elif payload == LOGIN:
            self._connected.set()
        elif payload.startswith(OPENED):
            self.wire.send(TEXT, CONNECT)

    def _commit(self, size: int) -> None:
        self._uncommitted += size
        if self._uncommitted >= COMMIT_EVERY:
            self.wire.send(TEXT, EVENT + json.dumps(["commit", self._uncommitted]).encode())
            self._uncommitted = 0


async def measure(place: Place) -> list[Row]:
    async with wetty(place) as port:
        return [*await on_the_wire(place, port), *await in_the_browser(place, port)]


@asynccontextmanager
async def wetty(place: Place) -> AsyncIterator[int]:
    """Install and start it; yields its port."""
    await asyncio.to_thread(install)
    port = free_port()
    words = ["--host", "127.0.0.1", "--port", str(port), "--base", "/"]
    process = subprocess.Popen(
        ["node", "node_modules/wetty/build/main.js", *words, "--command", f"docker exec -it {place.container} bash"],
        cwd=INSTALLED,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        await asyncio.to_thread(eventually, lambda: listens(port), "wetty listens")
        yield port
    finally:
        process.terminate()
        process.wait(10)


def install() -> None:
    INSTALLED.mkdir(parents=True, exist_ok=True)
    for name in ("package.json", "package-lock.json"):
        shutil.copy(LOCKED / name, INSTALLED)
    subprocess.run(["npm", "ci", "--silent", "--no-audit", "--no-fund"], cwd=INSTALLED, check=True, timeout=600)


async def on_the_wire(place: Place, port: int) -> list[Row]:
    shells: list[Shell] = [await place.ours(), await Wetty.open(port), await Terminado.open(place.terminado_port)]
    async with closing(*shells):
        ours, theirs, jupyters = await echo.in_turns(shells, place.rounds(16, 6))
    shells = [await place.ours(), await Wetty.open(port), await Terminado.open(place.terminado_port)]
    async with closing(*shells):
        await shells[0].run(f"head -c {throughput.PIECE_BYTES} < <(base64 -w 77 /dev/urandom) > {throughput.FILE}", 120)
        rates = await throughput.in_turns(shells, place.rounds(6, 3))
        await shells[0].run(f"rm {throughput.FILE}")
    return [
        against("echo of a key on the wire, against wetty", ours, theirs, 50, 1.0),
        against("echo of a key on the wire, against JupyterLab's terminal", ours, jupyters, 50, 0.9),
        throughput.compared("cat on the wire, against wetty", rates[0], rates[1], 1.0),
        throughput.compared("cat on the wire, against JupyterLab's terminal", rates[0], rates[2], 1.5),
    ]


# --- painted --------------------------------------------------------------------------------------------------------
async def in_the_browser(place: Place, port: int) -> list[Row]:
    """Two pages of one browser, by turns: what is shown in front is what is timed."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium_path(), args=FLAGS)
        context = await browser.new_context()
        await context.add_init_script(path=SCRIPT)
        cookies = place.person.http.cookies
        await context.add_cookies(
            [{"name": each.name, "value": each.value or "", "url": place.server.origin} for each in cookies]
        )
        context.set_default_timeout(60_000)
        pages = [await context.new_page(), await context.new_page()]
        addresses = [f"{place.server.origin}/sandboxes/{SLUG}/", f"http://127.0.0.1:{port}/"]
        opened = [[await opened_in(pages[n], addresses[n]) for n in (0, 1)] for _ in range(place.rounds(12, 4))]
        keys = await by_turns(pages, place.rounds(12, 5), lambda page: typed(page, 20))
        interrupts = await by_turns(pages, place.rounds(12, 4), interrupted)
        floods = await by_turns(pages, place.rounds(6, 3), flooded)
        await browser.close()
    ours, theirs = ([row[n] for row in opened] for n in (0, 1))
    return [
        ratio("page until the prompt is painted, against wetty", ours, theirs),
        ratio("key until its echo is painted, against wetty", *keys),
        ratio("Ctrl-C under `yes` until the prompt is painted, against wetty", *interrupts),
        ratio("`seq 1 200000` until its end is painted, against wetty", *floods),
    ]


def ratio(what: str, ours: list[float], theirs: list[float]) -> Row:
    limited = at_most(what, ours, 50, 60, theirs)
    return Row(limited.what, "", limited.ours, limited.other, limited.ratio)


async def by_turns(
    pages: list[Page], turns: int, work: Callable[[Page], Awaitable[list[float]]]
) -> tuple[list[float], list[float]]:
    times: tuple[list[float], list[float]] = ([], [])
    for _ in range(turns):
        for page, seen in zip(pages, times, strict=True):
            await page.bring_to_front()
            seen.extend(await work(page))
    return times


async def opened_in(page: Page, address: str) -> float:
    await page.bring_to_front()
    await page.goto(address)
    seen = await painted(page)
    return (seen - float(await page.evaluate("() => performance.timeOrigin"))) / 1000


async def typed(page: Page, count: int) -> list[float]:
    """Type into a program that echoes nothing else; each key waits for the one before."""
    times = []
    for _ in range(count):
        waiting = asyncio.ensure_future(page.evaluate("() => window.bench.changed()"))
        await asyncio.sleep(0.02)
        await page.keyboard.press("x")
        seen = float(await asyncio.wait_for(waiting, 20))
        times.append((seen - float(await page.evaluate("() => window.bench.keyAt"))) / 1000)
    await page.keyboard.press("Control+c")
    await painted(page)
    return [statistics.median(times)]


async def interrupted(page: Page) -> list[float]:
    await page.keyboard.type("yes\n")
    await page.wait_for_function("() => window.bench.scrolled() > 500")
    await page.keyboard.press("Control+c")
    seen = await painted(page)
    since = float(await page.evaluate("() => window.bench.keyAt"))
    await cleared(page)
    return [(seen - since) / 1000]


async def flooded(page: Page) -> list[float]:
    await page.keyboard.type("seq 1 200000\n")
    since = float(await page.evaluate("() => window.bench.keyAt"))
    await page.wait_for_function("() => window.bench.scrolled() > 500")
    seen = await painted(page)
    await cleared(page)
    return [(seen - since) / 1000]


async def cleared(page: Page) -> None:
    """Empty screen and scrollback."""
    await page.keyboard.type("printf '\\033[3J\\033[2J\\033[H'\n")
    await page.wait_for_function("() => window.bench.scrolled() === 0")
    await painted(page)
