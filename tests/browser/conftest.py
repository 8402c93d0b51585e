"""A real Chromium, one for all tests in this folder, and pages that are signed in."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, expect, sync_playwright

from tests.browser.terminal_page import READER, WITHIN_MS, TerminalPage
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

# What is expected of a page may take as long as what is waited for in a terminal.
expect.set_options(timeout=WITHIN_MS)


def chromium_path() -> str | None:
    """Return the system's Chromium; None lets Playwright use the one that it installed."""
    return os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")


# Playwright's event loop runs for as long as it lives, and would be in the way of asynchronous tests elsewhere.
@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium_path(), args=FLAGS)
        yield browser
        browser.close()


SignedIn = Callable[..., Page]


@pytest.fixture
def signed_in(browser: Browser) -> Iterator[SignedIn]:
    """Return a function that opens a page as a person, or as nobody, in a browser context of their own.

    In every test: no script of the page fails, and nothing is against the Content-Security-Policy.
    """
    contexts: list[BrowserContext] = []
    problems: list[str] = []

    def open_as(person: Person | None, origin: str = "", **options: object) -> Page:
        origin = person.server.origin if person else origin
        context = browser.new_context(base_url=origin, **options)  # type: ignore[arg-type]
        contexts.append(context)
        context.add_init_script(path=READER)
        context.set_default_timeout(WITHIN_MS)
        context.on("weberror", lambda error: problems.append(str(error.error)))
        context.on("console", lambda message: problems.extend(against_policy(message)))
        if person:
            context.add_cookies(
                [{"name": cookie.name, "value": cookie.value or "", "url": origin} for cookie in person.http.cookies]
            )
        return context.new_page()

    yield open_as
    for context in contexts:
        context.close()
    assert problems == []


def against_policy(message: ConsoleMessage) -> list[str]:
    return [message.text] if "Content Security Policy" in message.text else []


@pytest.fixture(scope="package")
def ada(live: LiveServer) -> Person:
    return live.person()


@pytest.fixture(scope="package")
def slug(ada: Person) -> str:
    """A running sandbox for all tests that do not stop it; there already when a worker comes back to this folder."""
    there = ada.server.rows("SELECT * FROM sandboxes_sandbox WHERE slug = 'harbor'")
    return "harbor" if there else ada.running_sandbox("harbor")


OpenDesk = Callable[..., TerminalPage]


@pytest.fixture
def open_desk(ada: Person, slug: str, signed_in: SignedIn) -> Iterator[OpenDesk]:
    """Return a function that opens the sandbox's page. Afterwards terminals and preferences are as if it never was."""
    yield lambda **options: TerminalPage(signed_in(ada, **options)).open(slug)
    ada.end_terminals(slug)
    ada.post_json("/preferences/terminal/", {})


@pytest.fixture
def desk(open_desk: OpenDesk) -> TerminalPage:
    """The page of the running sandbox, with a new terminal."""
    return open_desk()
