"""The pages in a real browser: by keyboard and for everybody, live, and without script."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.browser.screenshots import DESKTOP, PHONE, planted_server, prepare, shots, sign_in
from tests.live import LiveServer

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("pages")]

ADA, VERA = "ada@example.com", "vera@example.com"


@pytest.fixture(scope="module")
def planted() -> Iterator[tuple[LiveServer, dict[str, str]]]:
    with planted_server() as server_and_tokens:
        yield server_and_tokens


@pytest.fixture(scope="module")
def server(planted: tuple[LiveServer, dict[str, str]]) -> LiveServer:
    return planted[0]


def context_of(browser: Browser, server: LiveServer, who: str = "", **options: object) -> BrowserContext:
    context = browser.new_context(base_url=server.origin, **({"viewport": DESKTOP} | options))  # type: ignore[arg-type]
    sign_in(context, who)
    return context


@pytest.fixture(scope="module")
def adas(browser: Browser, server: LiveServer) -> Iterator[BrowserContext]:
    context = context_of(browser, server, ADA)
    yield context
    context.close()


@pytest.fixture
def page(adas: BrowserContext) -> Iterator[Page]:
    page = adas.new_page()
    yield page
    page.close()


# A theme changes colours and nothing else: the second look asks only about those.
DARK_GROUND = "rgb(11, 12, 14)"
COLOURS = {"runOnly": ["color-contrast"]}


def serious(page: Page, options: dict[str, list[str]] | None = None) -> list[str]:
    found = Axe().run(page, options=options).response["violations"]
    return [f"{rule['id']}: {rule['nodes'][0]['html']}" for rule in found if rule["impact"] in ("serious", "critical")]


# Three parts, each of which ends well before a test's time is over, also on a slow machine.
@pytest.mark.parametrize("part", range(3))
def test_every_page_is_for_everybody_in_both_themes(
    browser: Browser, planted: tuple[LiveServer, dict[str, str]], part: int
) -> None:
    server, tokens = planted
    ours = [shot for shot in shots(tokens) if not shot.name.startswith("admin")][part::3]
    troubles: dict[str, list[str]] = {}
    for who in sorted({shot.who for shot in ours}):
        context = context_of(browser, server, who, color_scheme="light", reduced_motion="reduce")
        for shot in (shot for shot in ours if shot.who == who):
            page = context.new_page()
            prepare(page, shot)
            troubles[shot.name] = serious(page)
            page.emulate_media(color_scheme="dark", reduced_motion="reduce")
            expect(page.locator("body")).to_have_css("background-color", DARK_GROUND)
            page.evaluate("Promise.allSettled(document.getAnimations().map(({ finished }) => finished))")
            troubles[shot.name] += serious(page, COLOURS)
            page.close()
        context.close()
    assert {name: found for name, found in troubles.items() if found} == {}


# What a finger has to hit: at least 24 px high (WCAG 2.2, 2.5.8). Links in text and the browser's boxes are exempt.
TARGETS = (
    "button, .button, select, [role=option], nav a, .menu a, input:not([type=hidden], [type=radio], [type=checkbox])"
)
SMALL_TARGETS = """targets => [...document.querySelectorAll(targets)]
    .filter(target => target.checkVisibility({ visibilityProperty: true }))
    .filter(target => target.getBoundingClientRect().height < 24)
    .map(target => target.outerHTML.slice(0, 120))"""


def test_every_page_fits_a_phone_and_a_finger(browser: Browser, planted: tuple[LiveServer, dict[str, str]]) -> None:
    server, tokens = planted
    wanted = [shot for shot in shots(tokens) if not shot.confirm]
    troubles: dict[str, list[str]] = {}
    for who in sorted({shot.who for shot in wanted}):
        context = context_of(browser, server, who, viewport=PHONE)
        page = context.new_page()
        for shot in (shot for shot in wanted if shot.who == who):
            prepare(page, shot)
            is_wide = page.evaluate("document.documentElement.scrollWidth > innerWidth")
            small = [] if shot.name.startswith("admin") else page.evaluate(SMALL_TARGETS, TARGETS)
            troubles[shot.name] = ["wider than the screen"] * is_wide + small
        context.close()
    assert {name: found for name, found in troubles.items() if found} == {}


def test_the_danger_zone_lets_only_the_name_through(page: Page) -> None:
    page.goto("/sandboxes/amber-reef/settings/")
    page.get_by_label("to confirm").focus()
    page.keyboard.type("amber")
    page.keyboard.press("Enter")
    assert page.get_by_label("to confirm").evaluate("field => field.validity.patternMismatch")
    expect(page).to_have_url(re.compile("/settings/$"))


def test_a_button_draws_its_row_again_without_a_new_page(page: Page) -> None:
    page.goto("/")
    page.evaluate("window.stays = true")
    row = page.locator("#sandbox-docs-preview")
    row.get_by_role("button", name="Start docs-preview").click()
    expect(row).to_contain_text("Starting")
    row.get_by_role("button", name="Stop docs-preview").click()
    expect(row).to_contain_text("Stopping")
    assert page.evaluate("window.stays")


def test_a_change_by_someone_else_is_seen_in_every_open_page(adas: BrowserContext, page: Page) -> None:
    page.goto("/")
    row = page.locator("#sandbox-quiet-otter")
    expect(row).to_contain_text("Running")
    other = adas.new_page()
    other.goto("/sandboxes/quiet-otter/")
    other.get_by_role("button", name="Stop quiet-otter").click()
    expect(other.locator("#sandbox-status")).to_contain_text("Stopping")
    expect(row).to_contain_text("Stopping")
    other.close()


def test_a_sandbox_made_elsewhere_appears(adas: BrowserContext, page: Page) -> None:
    page.goto("/")
    other = adas.new_page()
    other.goto("/sandboxes/new/")
    other.get_by_label("Name").fill("calm-comet")
    other.get_by_role("button", name="Create sandbox").click()
    other.wait_for_url("**/sandboxes/calm-comet/")
    expect(page.locator("#sandbox-calm-comet")).to_contain_text("Creating")
    other.close()


def test_the_theme_changes_at_once_and_stays(page: Page) -> None:
    page.goto("/")
    page.get_by_role("button", name="Account of").click()
    page.get_by_role("button", name="Dark").click()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    page.reload()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == DARK_GROUND
    page.get_by_role("button", name="Account of").click()
    page.get_by_role("button", name="System").click()


def test_the_invitation_link_can_be_copied(adas: BrowserContext, page: Page) -> None:
    adas.grant_permissions(["clipboard-read", "clipboard-write"])
    page.goto("/team/")
    page.get_by_role("button", name="Create link").click()
    link = page.get_by_label("The link, shown only now").input_value()
    page.get_by_role("button", name="Copy").click()
    expect(page.get_by_role("button", name="Copied")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()") == link


def test_without_script_everything_is_still_there(browser: Browser, server: LiveServer) -> None:
    context = context_of(browser, server, ADA, java_script_enabled=False)
    page = context.new_page()
    page.goto("/")
    page.get_by_role("button", name="Retry amber-reef").click()
    expect(page).to_have_url(f"{server.origin}/sandboxes/amber-reef/")
    page.get_by_role("link", name="Settings").click()
    page.get_by_label("to confirm").fill("amber-reef")
    page.get_by_role("button", name="Move to trash").click()
    expect(page.get_by_text("amber-reef is in the trash for 7 days.")).to_be_visible()
    page.get_by_role("link", name="Trash (").click()
    page.get_by_role("button", name="Restore amber-reef").click()
    expect(page).to_have_url(f"{server.origin}/sandboxes/amber-reef/")
    context.close()


def test_when_the_server_is_away_the_page_says_so_and_comes_back(browser: Browser, server: LiveServer) -> None:
    context = context_of(browser, server, VERA)
    page = context.new_page()
    page.goto("/")
    server.kill()
    expect(page.get_by_text("Live updates are paused.")).to_be_visible()
    server.start("--only", "dashboard")
    expect(page.get_by_text("Live updates are paused.")).to_be_hidden(timeout=20_000)
    context.close()


def test_a_graph_is_read_by_arrow_keys_and_within_the_policy(page: Page) -> None:
    refused: list[str] = []
    page.on("console", lambda message: refused.append(message.text) if message.type == "error" else None)
    page.goto("/sandboxes/payments-api/metrics/")
    page.locator("[data-graph=cpu]").focus()
    page.keyboard.press("ArrowLeft")
    pointed = page.locator("[data-graph=cpu] + output")
    expect(pointed).to_have_text(re.compile(r"\d+:\d\d.*CPU 0\.\d+ cores"))
    before = pointed.inner_text()
    page.keyboard.press("Shift+ArrowLeft")
    expect(pointed).not_to_have_text(before)
    assert refused == []
