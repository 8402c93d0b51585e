"""A terminal is usable by touch at 360 px, by keyboard, with a screen reader, in light and dark."""

from __future__ import annotations

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import ConsoleMessage, expect

from tests.browser.conftest import OpenDesk, SignedIn
from tests.browser.terminal_page import TerminalPage
from tests.live import LiveServer, Person

pytestmark = [pytest.mark.browser, pytest.mark.engine, pytest.mark.xdist_group("browser")]

PHONE = {"viewport": {"width": 360, "height": 740}, "has_touch": True, "is_mobile": True}


@pytest.fixture
def phone(open_desk: OpenDesk) -> TerminalPage:
    return open_desk(**PHONE)


# --- touch -------------------------------------------------------------------------------------------------------
def test_the_key_row_types_what_soft_keyboards_lack(phone: TerminalPage) -> None:
    row = phone.page.get_by_role("toolbar", name="Keys")
    phone.page.locator(".terminal-screen").tap()
    phone.start("cat -v")
    for name in ["Escape", "Left", "Up", "Down", "Right", "Pipe", "Slash", "Minus"]:
        row.get_by_role("button", name=name, exact=True).tap()
    phone.type("\n")
    phone.sees("^[^[[D^[[A^[[B^[[C|/-")
    row.get_by_role("button", name="Control").tap()
    expect(row.get_by_role("button", name="Control")).to_have_attribute("aria-pressed", "true")
    phone.type("c")
    expect(row.get_by_role("button", name="Control")).to_have_attribute("aria-pressed", "false")
    phone.type("echo /proj")
    row.get_by_role("button", name="Tab", exact=True).tap()
    phone.sees("echo /project/")


def test_the_key_row_is_only_for_touch(desk: TerminalPage) -> None:
    expect(desk.page.get_by_role("toolbar", name="Keys")).to_be_hidden()


def test_the_page_is_no_wider_than_a_phone(phone: TerminalPage) -> None:
    page = phone.page
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
    small = page.evaluate(
        """[...document.querySelectorAll("button, input:not([type=hidden], [type=radio], [type=checkbox]), select")]
            .filter(target => target.checkVisibility() && target.getBoundingClientRect().height < 24)
            .map(target => target.outerHTML.slice(0, 120))"""
    )
    assert small == []


# --- everybody ---------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious(ada: Person, slug: str, signed_in: SignedIn, scheme: str) -> None:
    page = signed_in(ada, color_scheme=scheme)
    problems: list[str] = []
    page.on("console", lambda message: problems.extend(complaints(message)))
    TerminalPage(page).open(slug).press("Control+Shift+KeyF")
    found = Axe().run(page).response["violations"]
    serious = [
        (violation["id"], [node["html"][:200] for node in violation["nodes"]])
        for violation in found
        if violation["impact"] in ("serious", "critical")
    ]
    assert serious == []
    assert problems == []


def complaints(message: ConsoleMessage) -> list[str]:
    return [message.text] if message.type in ("error", "warning") else []


def test_the_keys_are_listed(desk: TerminalPage) -> None:
    desk.press("Control+Shift+Slash")
    dialog = desk.page.get_by_role("dialog", name="Keys")
    expect(dialog).to_contain_text("Leave the terminal, to its tab")
    desk.press("Escape")
    expect(dialog).to_have_count(0)
    assert desk.run("echo back") == "back"


def test_no_page_complains_or_breaks_the_policy(live: LiveServer, ada: Person, slug: str, signed_in: SignedIn) -> None:
    problems: list[str] = []
    for person, addresses in [
        (None, ["/accounts/login/"]),
        (ada, ["/", "/sandboxes/new/", f"/sandboxes/{slug}/", "/team/", "/admin/"]),
    ]:
        page = signed_in(person, live.origin)
        page.on("console", lambda message: problems.extend(complaints(message)))
        for address in addresses:
            page.goto(address)
    assert problems == []
