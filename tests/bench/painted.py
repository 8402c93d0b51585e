"""What a person sees, in a real Chromium: times until the picture with the prompt is out, taken on the page's clock."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from playwright.async_api import Page, async_playwright

from tests.bench.place import SLUG, Place
from tests.bench.report import Row, at_most
from tests.browser.conftest import FLAGS, chromium_path

SCRIPT = Path(__file__).with_name("page.js")
# Far beyond every target: only so that a page without a prompt does not wait for ever.
PAINTED_S = 30
FLOWS = """() => [...document.getElementById('terminal-workspace').terminals.values()]
    .some(({ term }) => term.buffer.active.baseY > 2000)"""
EMPTY = FLOWS.replace("> 2000", "=== 0")
MEBIBYTE = "head -c 1100000 < <(base64 -w 77 /dev/urandom)"


async def measure(place: Place) -> list[Row]:
    async with signed_in(place) as page:
        created = [await create(page, f"painted-{number}") for number in range(place.rounds(10, 3))]
        fresh, back = [], []
        for _ in range(place.rounds(20, 6)):
            fresh.append(await click(page))
            back.append(await click(page))
            await end_terminals(place)
        await click(page)
        interrupted = [await interrupt(page) for _ in range(place.rounds(20, 6))]
        await fill(page)
        returns = [await come_back(page) for _ in range(place.rounds(15, 5))]
    whole, alone = [one for one, _ in returns], [other for _, other in returns]
    return [
        at_most("Create button until the prompt is painted", created, 95, 2.5),
        at_most("click on a sandbox until a new shell's prompt is painted", fresh, 95, 0.4),
        at_most("click on a sandbox until a kept terminal is painted", back, 95, 0.4),
        at_most("Ctrl-C under `yes` until the prompt is painted", interrupted, 95, 0.15),
        at_most("1 MiB of scrollback painted, from the socket's opening", alone, 95, 0.3),
        at_most("1 MiB of scrollback painted, from the page's reload", whole, 95, 0.3),
    ]


@asynccontextmanager
async def signed_in(place: Place) -> AsyncIterator[Page]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium_path(), args=FLAGS)
        context = await browser.new_context(base_url=place.server.origin)
        await context.add_init_script(path=SCRIPT)
        await context.add_cookies(
            [
                {"name": cookie.name, "value": cookie.value or "", "url": place.server.origin}
                for cookie in place.person.http.cookies
            ]
        )
        context.set_default_timeout(30_000)
        yield await context.new_page()
        await browser.close()


async def painted(page: Page) -> float:
    """Return when the prompt is out, in milliseconds on the page's clock. Raises TimeoutError with what is there."""
    try:
        return float(await asyncio.wait_for(page.evaluate("() => window.bench.painted()"), PAINTED_S))
    except TimeoutError as error:
        raise TimeoutError(f"No prompt on {page.url}: {await page.inner_text('body')}") from error


async def create(page: Page, slug: str) -> float:
    await page.goto("/sandboxes/new/")
    await page.fill("input[name=slug]", slug)
    await page.get_by_role("button", name="Create sandbox").click()
    await page.wait_for_selector("#terminal-workspace")
    return await since_click(page)


async def click(page: Page) -> float:
    await page.goto("/")
    await page.locator(f"a[href='/sandboxes/{SLUG}/']").first.click()
    await page.wait_for_selector("#terminal-workspace")
    return await since_click(page)


async def since_click(page: Page) -> float:
    seen = await painted(page)
    return (seen - float(await page.evaluate("() => Number(sessionStorage.getItem('bench.clicked'))"))) / 1000


async def end_terminals(place: Place) -> None:
    """So that the next visit starts a shell."""
    rows = place.server.rows("SELECT id FROM sandbox_sessions_terminal WHERE ended_at IS NULL")
    for row in rows:
        hex_id = row["id"]
        path = f"/terminals/{hex_id[:8]}-{hex_id[8:12]}-{hex_id[12:16]}-{hex_id[16:20]}-{hex_id[20:]}/end/"
        await asyncio.to_thread(place.person.post, path)


async def interrupt(page: Page) -> float:
    """Let `yes` run until thousands of lines have scrolled by, then press Ctrl-C."""
    await clear(page)
    await page.keyboard.type("yes\n")
    await page.wait_for_function(FLOWS)
    await page.keyboard.press("Control+c")
    seen = await painted(page)
    return (seen - float(await page.evaluate("() => window.bench.keyAt"))) / 1000


async def clear(page: Page) -> None:
    """Empty screen and scrollback, so that what flows next is told from what flowed before."""
    await page.keyboard.type("clear\n")
    await page.wait_for_function(EMPTY)
    await painted(page)


async def fill(page: Page) -> None:
    await clear(page)
    await page.keyboard.type(f"{MEBIBYTE}\n")
    await page.wait_for_function(FLOWS)
    await painted(page)


async def come_back(page: Page) -> tuple[float, float]:
    """Reload; returns the seconds since then, and since the terminal's socket was opened."""
    await page.reload()
    seen = await painted(page)
    began, opened = await page.evaluate("() => [performance.timeOrigin, window.bench.socketAt]")
    return (seen - began) / 1000, (seen - opened) / 1000
