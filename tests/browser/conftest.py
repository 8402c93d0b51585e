"""A real Chromium, one for the whole run, and pages that are signed in."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from tests.live import LiveServer, Person

# As root and without a desktop; none of Chromium's own errands on the network.
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def chromium_path() -> str | None:
    """Return the system's Chromium; None lets Playwright use the one that it installed."""
    return os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium_path(), args=FLAGS)
        yield browser
        browser.close()


SignedIn = Callable[..., Page]


@pytest.fixture
def signed_in(browser: Browser) -> Iterator[SignedIn]:
    """Return a function that opens a page as a person, in a browser context of their own."""
    contexts: list[BrowserContext] = []

    def open_as(person: Person, **options: object) -> Page:
        context = browser.new_context(base_url=person.server.origin, **options)  # type: ignore[arg-type]
        contexts.append(context)
        context.add_cookies(
            [
                {"name": cookie.name, "value": cookie.value or "", "url": person.server.origin}
                for cookie in person.http.cookies
            ]
        )
        context.set_default_timeout(20_000)
        return context.new_page()

    yield open_as
    for context in contexts:
        context.close()


@pytest.fixture(scope="session")
def ada(live: LiveServer) -> Person:
    return live.person()
