"""The list by keyboard: filter, sort, several rows at once, with and without script."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.browser.screenshots import DESKTOP, PHONE, planted_server, sign_in
from tests.live import LiveServer

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("pages")]


@pytest.fixture(scope="module")
def server() -> Iterator[LiveServer]:
    with planted_server() as (server, _):
        yield server


def context_of(browser: Browser, server: LiveServer, **options: object) -> BrowserContext:
    context = browser.new_context(base_url=server.origin, **({"viewport": DESKTOP} | options))  # type: ignore[arg-type]
    sign_in(context, "ada@example.com")
    return context


@pytest.fixture
def page(browser: Browser, server: LiveServer) -> Iterator[Page]:
    context = context_of(browser, server)
    page = context.new_page()
    page.goto("/")
    yield page
    context.close()


ROWS = ".sandbox-rows .row:visible .row-link"


def rows(page: Page) -> list[str]:
    return page.locator(ROWS).all_inner_texts()


def test_the_filter_understands_columns_and_keeps_its_words_in_the_address(page: Page) -> None:
    page.get_by_role("searchbox").focus()
    page.keyboard.type("status:running owner:me")
    expect(page.locator("#sandbox-quiet-otter")).to_be_hidden()
    expect(page.locator(ROWS)).to_have_text(["Payments API"], use_inner_text=True)
    expect(page).to_have_url(re.compile("q=status%3Arunning"))
    page.reload()
    assert rows(page) == ["Payments API"]
    page.get_by_role("searchbox").fill("")
    expect(page.locator("#sandbox-quiet-otter")).to_be_visible()
    expect(page).to_have_url(re.compile("/$"))


def test_headings_sort_by_keyboard(page: Page) -> None:
    page.get_by_role("link", name="Last used").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("link", name="Last used descending")).to_be_visible()
    assert rows(page)[:2] == ["Payments API", "quiet-otter"]


def test_several_are_chosen_and_stopped_by_keyboard_and_each_is_answered(page: Page) -> None:
    expect(page.get_by_role("group", name="With the selected")).to_be_hidden()
    for slug in ("quiet-otter", "docs-preview"):
        page.get_by_role("checkbox", name=f"Select {slug}").focus()
        page.keyboard.press("Space")
    expect(page.get_by_text("2 selected")).to_be_visible()
    page.get_by_role("group", name="With the selected").get_by_role("button", name="Stop").focus()
    page.keyboard.press("Enter")
    outcome = page.get_by_role("status").filter(has_text="Outcome")
    expect(outcome).to_contain_text("quiet-otter is being stopped.")
    expect(outcome).to_contain_text("docs-preview is stopped, nothing was changed.")


def test_a_choice_outlives_a_live_update_of_its_row(page: Page) -> None:
    box = page.get_by_role("checkbox", name="Select docs-preview")
    box.check()
    page.get_by_role("button", name="Start docs-preview").click()
    expect(page.locator("#sandbox-docs-preview")).to_contain_text("Starting")
    expect(box).to_be_checked()
    page.get_by_role("button", name="Stop docs-preview").click()
    expect(page.locator("#sandbox-docs-preview")).to_contain_text("Stopping")


def test_all_shown_are_chosen_and_thrown_away_only_after_a_question(page: Page) -> None:
    page.get_by_role("searchbox").fill("status:failed")
    page.get_by_role("checkbox", name="Select all shown").check()
    page.get_by_role("group", name="With the selected").get_by_role("button", name="Delete").click()
    expect(page.get_by_role("heading", name="Move 1 sandbox to the trash?")).to_be_visible()
    page.get_by_role("link", name="Keep them").click()
    expect(page.locator("#sandbox-amber-reef")).to_be_visible()


def test_without_script_on_a_phone_everything_is_still_there(browser: Browser, server: LiveServer) -> None:
    context = context_of(browser, server, java_script_enabled=False, viewport=PHONE)
    page = context.new_page()
    page.goto("/")
    page.get_by_role("searchbox").fill("template:debian")
    page.get_by_role("button", name="Filter").click()
    assert "docs-preview" not in rows(page)
    page.get_by_role("link", name="State").click()
    page.get_by_role("checkbox", name="Select amber-reef").check()
    page.get_by_role("group", name="With the selected").get_by_role("button", name="Delete").click()
    page.get_by_role("button", name="Move to trash").click()
    expect(page.get_by_text("amber-reef is in the trash.")).to_be_visible()
    page.get_by_role("link", name="Trash (3)").click()
    page.get_by_role("button", name="Restore amber-reef").click()
    context.close()
