"""The network goes away and comes back: said after a moment, mended at once, nothing lost, nothing twice."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import WebSocketRoute, expect

from tests.browser.conftest import SignedIn
from tests.browser.terminal_page import TerminalPage
from tests.live import Person

pytestmark = [pytest.mark.browser, pytest.mark.engine, pytest.mark.xdist_group("browser")]

BANNER = ".terminal-banner"
A_MOMENT_MS = 1_000


class Cable:
    """Between the page and the server. Unplugged, what either side sends is lost and new connections fail."""

    def __init__(self) -> None:
        self.is_plugged = True
        self.routes: list[WebSocketRoute] = []

    def carry(self, route: WebSocketRoute) -> None:
        if not self.is_plugged:
            route.close(code=1001)
            return
        server = route.connect_to_server()
        route.on_message(lambda message: server.send(message) if self.is_plugged else None)
        server.on_message(lambda message: route.send(message) if self.is_plugged else None)
        self.routes.append(route)

    def unplug(self) -> None:
        """Lose what is under way, then let both sides notice."""
        self.is_plugged = False
        for route in self.routes:
            route.close(code=1001)
        self.routes.clear()

    def plug(self) -> None:
        self.is_plugged = True


@pytest.fixture
def cable() -> Cable:
    return Cable()


@pytest.fixture
def desk(ada: Person, slug: str, signed_in: SignedIn, cable: Cable) -> Iterator[TerminalPage]:
    page = signed_in(ada)
    page.route_web_socket("**/ws/terminals/**", cable.carry)
    yield TerminalPage(page).open(slug)
    ada.end_terminals(slug)


def test_a_moment_passes_unseen(desk: TerminalPage, cable: Cable) -> None:
    # A link that takes longer than a moment to come back may be said.
    desk.ask(
        "{ window.shownAfter = []; const banner = document.querySelector(argument); const start = performance.now();"
        " const look = () => banner.hidden || shownAfter.push(performance.now() - start);"
        " new MutationObserver(look).observe(banner, { attributes: true }); }",
        BANNER,
    )
    cable.unplug()
    cable.plug()
    desk.until("reader.state() !== 'live'", "the link broke")
    desk.ready()
    assert [ms for ms in desk.ask("shownAfter") if ms < A_MOMENT_MS] == []
    assert desk.run("echo on") == "on"


def test_a_longer_outage_is_said_and_can_be_cut_short(desk: TerminalPage, cable: Cable) -> None:
    cable.unplug()
    banner = desk.page.locator(BANNER)
    expect(banner).to_be_visible()
    expect(banner).to_contain_text("Trying again in")
    expect(desk.page.locator(".terminal-state")).to_have_text("Reconnecting")
    button = banner.get_by_role("button", name="Reconnect now")
    button.focus()
    cable.plug()
    # At once: the next planned attempt would take the button away from a click that still looks where it is.
    button.dispatch_event("click")
    expect(banner).to_be_hidden()
    assert desk.run("echo the focus is back too") == "the focus is back too"


def test_what_is_typed_meanwhile_arrives_once(desk: TerminalPage, cable: Cable) -> None:
    desk.start("cat > /tmp/typed")
    desk.type("before ")
    cable.unplug()
    desk.until("reader.state() !== 'live'", "the link broke")
    desk.type("during ")
    expect(desk.page.locator(BANNER)).to_contain_text("What you typed is kept.")
    cable.plug()
    desk.ready()
    desk.type("after\n")
    desk.press("Control+d")
    assert desk.run("cat /tmp/typed") == "before during after"


def test_cut_off_again_and_again_while_typing(desk: TerminalPage, cable: Cable) -> None:
    desk.start("cat > /tmp/typed")
    words = [f"word{number}" for number in range(60)]
    for number, word in enumerate(words):
        desk.type(f"{word}\n")
        if number % 6 == 5:
            cable.unplug()
            cable.plug()
    desk.press("Control+d")
    assert desk.run("cat /tmp/typed").split() == words


def test_the_page_comes_back_as_soon_as_the_network_does(desk: TerminalPage, cable: Cable) -> None:
    context = desk.page.context
    context.set_offline(True)
    cable.unplug()
    banner = desk.page.locator(BANNER)
    expect(banner).to_contain_text("No network.")
    expect(desk.page.locator(".terminal-state")).to_have_text("Offline")
    desk.type("echo ty''ped")
    cable.plug()
    context.set_offline(False)
    # The next planned attempt is seconds away.
    desk.is_in_state("live", within_ms=2_000)
    expect(banner).to_be_hidden()
    desk.type("\n")
    desk.sees("typed\n")


def test_another_place_that_took_the_link_is_said(desk: TerminalPage) -> None:
    """The same viewer again, as from a copied profile: no fight, a button."""
    desk.ask("reader.takeOver()")
    banner = desk.page.locator(BANNER)
    expect(banner).to_contain_text("This terminal was opened in another tab.")
    banner.get_by_role("button", name="Use here").click()
    assert desk.ready().run("echo here") == "here"
