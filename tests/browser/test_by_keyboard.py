"""From signing in to deleting, without touching a mouse once."""

from __future__ import annotations

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import SignedIn
from tests.browser.terminal_page import TerminalPage
from tests.live import OWNER, PASSWORD, LiveServer

pytestmark = [pytest.mark.browser, pytest.mark.engine, pytest.mark.xdist_group("browser")]

SLUG = "by-keyboard"
# More stops than any page of the way has.
STOPS = 60


def go_to(target: Locator, key: str = "Tab") -> Page:
    """Press a key until the target has the focus, and can be seen to have it."""
    page = target.page
    expect(target).to_be_visible()
    for _ in range(STOPS):
        if target.evaluate("target => target === document.activeElement"):
            assert target.evaluate("target => target.matches(':focus-visible')")
            return page
        page.keyboard.press(key)
    raise AssertionError(f"{target} is not reached by {key}")


def fill(field: Locator, text: str) -> Page:
    page = go_to(field)
    page.keyboard.press("Control+a")
    page.keyboard.type(text)
    return page


def by_palette(page: Page, words: str) -> None:
    page.keyboard.press("Control+k")
    page.keyboard.type(words)
    expect(page.locator("#palette [aria-selected=true]")).to_be_visible()
    page.keyboard.press("Enter")


def sign_in(page: Page) -> None:
    page.goto("/")
    fill(page.get_by_label("Email"), OWNER)
    fill(page.get_by_label("Password", exact=True), PASSWORD).keyboard.press("Enter")


def create(page: Page) -> TerminalPage:
    go_to(page.get_by_role("link", name="New sandbox").first).keyboard.press("Enter")
    fill(page.get_by_label("Name"), SLUG).keyboard.press("Enter")
    desk = TerminalPage(page)
    desk.until("reader.state() === 'live' && reader.text() !== ''", "a prompt", within_ms=60_000)
    return desk


def share(page: Page) -> str:
    """Return the link for a teammate."""
    by_palette(page, "team members")
    page.wait_for_url("**/team/")
    fill(page.get_by_label("For"), "Grace")
    go_to(page.get_by_role("button", name="Create link")).keyboard.press("Enter")
    return page.get_by_label("The link, shown only now").input_value()


def accept(page: Page, link: str) -> None:
    page.goto(link)
    fill(page.get_by_label("Name"), "Grace")
    fill(page.get_by_label("Email"), "grace@example.com")
    fill(page.get_by_label("Password", exact=True), PASSWORD).keyboard.press("Enter")


def delete(page: Page) -> None:
    by_palette(page, SLUG)
    TerminalPage(page).ready().press("Control+Shift+E")
    go_to(page.get_by_role("link", name="Settings"), "Shift+Tab").keyboard.press("Enter")
    fill(page.get_by_label("to confirm"), SLUG).keyboard.press("Enter")


def test_the_whole_way(live: LiveServer, signed_in: SignedIn) -> None:
    page = signed_in(None, live.origin)
    sign_in(page)
    desk = create(page)
    desk.type("echo typed-$((6 * 7))\n")
    desk.sees("typed-42")
    teammate = signed_in(None, live.origin)
    accept(teammate, share(page))
    go_to(teammate.get_by_role("link", name=SLUG))
    delete(page)
    expect(page).to_have_url(f"{live.origin}/")
    expect(page.locator("#toasts")).to_contain_text(SLUG)
    expect(page.get_by_role("link", name=SLUG)).to_have_count(0)
    live.person().delete_sandbox(SLUG)
