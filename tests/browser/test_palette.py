"""The command palette and the list of keys, in a real browser."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect

from tests.browser.conftest import OpenDesk
from tests.browser.screenshots import PHONE, planted_server, sign_in
from tests.live import LiveServer

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("palette")]

ADA = "ada@example.com"


@pytest.fixture(scope="module")
def planted() -> Iterator[LiveServer]:
    with planted_server() as (server, _):
        yield server


@pytest.fixture(scope="module")
def adas(browser: Browser, planted: LiveServer) -> Iterator[BrowserContext]:
    context = browser.new_context(base_url=planted.origin, reduced_motion="reduce")
    sign_in(context, ADA)
    yield context
    context.close()


@pytest.fixture
def page(adas: BrowserContext) -> Iterator[Page]:
    page = adas.new_page()
    yield page
    page.close()


def palette(page: Page) -> Locator:
    return page.get_by_role("dialog", name="Command palette")


def chosen(page: Page) -> Locator:
    return palette(page).locator("[aria-selected=true]")


def open_palette(page: Page) -> Locator:
    page.keyboard.press("Control+k")
    expect(palette(page).get_by_role("combobox")).to_be_focused()
    return palette(page)


@pytest.mark.parametrize(
    "address", ["/", "/sandboxes/new/", "/team/", "/accounts/2fa/", "/sandboxes/amber-reef/", "/no/"]
)
def test_ctrl_k_opens_it_on_every_page_and_escape_leaves_everything_as_it_was(page: Page, address: str) -> None:
    page.goto(address)
    link = page.locator("a:visible").first
    link.focus()
    opened = open_palette(page)
    expect(opened.get_by_role("option").first).to_be_visible()
    page.keyboard.press("Escape")
    expect(opened).to_be_hidden()
    expect(link).to_be_focused()
    expect(page).to_have_url(re.compile(f"{re.escape(address)}$"))


def test_letters_typed_before_it_is_there_are_not_lost(page: Page) -> None:
    page.goto("/team/")
    page.keyboard.press("Control+k")
    page.keyboard.type("payap")
    option = palette(page).get_by_role("option", name="Payments API Running", exact=True)
    expect(option).to_have_attribute("aria-selected", "true")
    expect(option.locator("mark")).to_have_text(["Pay", "AP"])
    page.keyboard.press("Enter")
    page.wait_for_url("**/sandboxes/payments-api/")


def test_arrows_choose_and_go_round_and_the_field_says_which(page: Page) -> None:
    page.goto("/")
    opened = open_palette(page)
    field = opened.get_by_role("combobox")
    options = opened.get_by_role("option")
    expect(options.first).to_have_attribute("aria-selected", "true")
    page.keyboard.press("ArrowUp")
    expect(options.last).to_have_attribute("aria-selected", "true")
    expect(field).to_have_attribute("aria-activedescendant", str(chosen(page).get_attribute("id")))
    page.keyboard.press("ArrowDown")
    expect(options.first).to_have_attribute("aria-selected", "true")
    page.keyboard.type("nothing like this")
    expect(opened.get_by_text("Nothing found.")).to_be_visible()
    expect(field).to_have_attribute("aria-expanded", "false")
    page.keyboard.press("Enter")
    expect(opened).to_be_visible()


def test_an_operation_posts_the_form_and_the_page_hears_of_it(page: Page) -> None:
    page.goto("/")
    page.evaluate("window.stays = true")
    row = page.locator("#sandbox-docs-preview")
    open_palette(page)
    page.keyboard.type("start docs")
    expect(chosen(page)).to_contain_text("Start docs-preview")
    page.keyboard.press("Enter")
    expect(page.locator("#toasts")).to_contain_text("Starting docs-preview.")
    expect(row).to_contain_text("Starting")
    open_palette(page)
    page.keyboard.type("stop docs")
    expect(chosen(page)).to_contain_text("Stop docs-preview")
    page.keyboard.press("Enter")
    expect(row).to_contain_text("Stopping")
    assert page.evaluate("window.stays")


def test_the_theme_changes_without_a_new_page(page: Page) -> None:
    page.goto("/")
    for theme in ("dark", "system"):
        open_palette(page)
        page.keyboard.type(f"theme {theme}")
        expect(chosen(page)).to_contain_text("Theme")
        page.keyboard.press("Enter")
        expect(page.locator("html")).to_have_attribute("data-theme", theme)


def test_another_team_is_a_form_away(page: Page) -> None:
    page.goto("/team/")
    for name in ("Lighthouse", "Harbor"):
        open_palette(page)
        page.keyboard.type(f"switch {name}")
        expect(chosen(page)).to_contain_text(f"Switch to {name}")
        page.keyboard.press("Enter")
        page.wait_for_url("**/")
        expect(page.get_by_label("Team", exact=True).locator("option:checked")).to_have_text(name)
        page.goto("/team/")


def test_on_a_phone_a_button_opens_it(browser: Browser, planted: LiveServer) -> None:
    context = browser.new_context(base_url=planted.origin, viewport=PHONE, has_touch=True, is_mobile=True)  # type: ignore[arg-type]
    sign_in(context, ADA)
    page = context.new_page()
    page.goto("/")
    page.get_by_role("button", name="Search and commands").tap()
    option = palette(page).get_by_role("option", name="Two-factor sign-in")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    option.tap()
    page.wait_for_url("**/accounts/2fa/")
    context.close()


def test_without_the_server_the_page_still_offers_its_own(page: Page) -> None:
    page.goto("/sandboxes/docs-preview/")
    page.route("**/palette/", lambda route: route.abort())
    opened = open_palette(page)
    expect(opened.get_by_text("The server does not answer")).to_be_visible()
    expect(opened.get_by_role("option", name="Settings")).to_be_visible()


def test_a_question_mark_lists_the_keys_but_not_while_someone_types(page: Page) -> None:
    page.goto("/")
    field = page.get_by_role("searchbox")
    page.keyboard.press("/")
    expect(field).to_be_focused()
    page.keyboard.type("a?/")
    expect(field).to_have_value("a?/")
    field.evaluate("field => field.blur()")
    page.keyboard.press("?")
    keys = page.get_by_role("dialog", name="Keyboard shortcuts")
    expect(keys).to_contain_text("Command palette")
    keys.get_by_label("Single keys").uncheck()
    page.keyboard.press("Escape")
    expect(keys).to_have_count(0)
    page.keyboard.press("?")
    page.keyboard.press("/")
    expect(keys).to_have_count(0)
    expect(field).not_to_be_focused()


# --- in front of a terminal -----------------------------------------------------------------------------------------
@pytest.mark.engine
@pytest.mark.xdist_group("browser")
class TestInATerminal:
    def test_ctrl_k_opens_it_and_pressed_again_reaches_the_shell(self, open_desk: OpenDesk) -> None:
        desk = open_desk()
        desk.type("echo one-two")
        desk.sees("echo one-two")
        for _ in "two":
            desk.press("ArrowLeft")
        open_palette(desk.page)
        desk.page.keyboard.press("Control+k")
        expect(palette(desk.page)).to_be_hidden()
        desk.type("three\n")
        desk.sees("\none-three")

    def test_what_is_typed_goes_to_the_palette_and_then_to_the_shell_again(self, open_desk: OpenDesk) -> None:
        desk = open_desk()
        open_palette(desk.page)
        desk.type("not for the shell")
        desk.press("Escape")
        expect(palette(desk.page)).to_be_hidden()
        assert desk.run("echo back") == "back"
        assert "not for the shell" not in desk.text

    def test_who_likes_it_better_gives_ctrl_k_to_the_shell(self, open_desk: OpenDesk) -> None:
        desk = open_desk()
        desk.page.evaluate("localStorage.setItem('sandlot.keys.ctrl-k', 'shell')")
        desk.type("echo kept-killed")
        desk.sees("echo kept-killed")
        for _ in "killed":
            desk.press("ArrowLeft")
        desk.press("Control+k", "Enter")
        desk.sees("\nkept-\n")
        expect(palette(desk.page)).to_be_hidden()
        desk.press("Control+Shift+K")
        expect(palette(desk.page).get_by_role("combobox")).to_be_focused()
