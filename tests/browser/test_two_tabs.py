"""Two pages on one terminal: both show the same, one types, and the keyboard changes hands."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import OpenDesk, SignedIn
from tests.browser.terminal_page import TerminalPage
from tests.live import Person

pytestmark = [pytest.mark.browser, pytest.mark.engine, pytest.mark.xdist_group("browser")]


@pytest.fixture
def tabs(open_desk: OpenDesk) -> tuple[TerminalPage, TerminalPage]:
    """The one that types, and a narrower one that looks."""
    first = open_desk(viewport={"width": 1200, "height": 700})
    second = open_desk(viewport={"width": 900, "height": 500})
    second.until("reader.shown().connection.viewers.length === 2", "both are there")
    return first, second


def test_both_show_the_same_and_one_types(tabs: tuple[TerminalPage, TerminalPage]) -> None:
    first, second = tabs
    first.run("seq 5; echo shown to both")
    second.sees("shown to both\n")
    second.type("echo from the one who looks\n")
    expect(second.page.locator(".terminal-people")).to_have_text("You are typing in another tab")
    expect(second.page.get_by_role("button", name="Take over")).to_be_visible()
    expect(first.page.get_by_role("button", name="Take over")).to_be_hidden()
    first.run("echo still here")
    second.sees("still here\n")
    assert "from the one who looks" not in first.text
    first.is_quiet()
    second.until("reader.text() === argument", "both show the same", first.text)


def test_a_paste_agreed_to_after_the_keyboard_went_says_that_nothing_was_pasted(
    tabs: tuple[TerminalPage, TerminalPage],
) -> None:
    first, second = tabs
    first.start("cat")
    first.paste("one\ntwo\nthree")
    dialog = first.page.get_by_role("dialog", name="Paste 3 lines?")
    expect(dialog).to_be_visible()
    second.page.get_by_role("button", name="Take over").click()
    first.until("!reader.shown().connection.isDriving", "the keyboard is gone")
    dialog.get_by_role("button", name="Paste", exact=True).click()
    expect(first.page.locator(".terminal-toast-text")).to_contain_text(["Nothing was pasted."])
    second.press("Control+c")
    assert "three" not in second.text


def test_the_size_is_that_of_the_one_who_types(tabs: tuple[TerminalPage, TerminalPage]) -> None:
    first, second = tabs
    wide = first.screen["size"]
    second.until("JSON.stringify(reader.screen().size) === JSON.stringify(argument)", "the wide size", wide)
    second.page.get_by_role("button", name="Take over").click()
    second.until("reader.shown().connection.isDriving", "the keyboard is here")
    second.until("reader.screen().size[0] < argument", "the narrow size", wide[0])
    cols, rows = agreed(second, first)
    assert cols < wide[0]
    first.sees(f"\n{rows} {cols}\n")
    first.type("echo too late\n")
    assert second.run("echo mine") == "mine"
    assert "too late" not in second.text


def agreed(desk: TerminalPage, other: TerminalPage) -> list[int]:
    """Ask the shell for the size until it is both screens': a page's first guess may be one column off."""
    found = []
    for _ in range(10):
        rows, cols = desk.run("stty size").split()
        size = [int(cols), int(rows)]
        found.append([size, desk.screen["size"], other.screen["size"]])
        if found[-1] == [size] * 3:
            return size
    raise AssertionError(f"the shell, the page that types and the one that looks do not agree: {found}")


def test_the_first_key_takes_a_keyboard_that_nobody_has(tabs: tuple[TerminalPage, TerminalPage]) -> None:
    first, second = tabs
    first.run("echo before")
    first.page.close()
    second.until("reader.shown().connection.isKeyboardFree", "nobody types")
    second.type("echo ta''ken\n")
    second.sees("taken\n")
    assert "echo ta''ken" in second.text


def test_a_duplicated_tab_is_a_viewer_of_its_own(desk: TerminalPage) -> None:
    """The browser copies the tab's storage; the first tab must not be thrown out."""
    with desk.page.context.expect_page() as opened:
        desk.page.evaluate("open(location.href, '_blank') && null")
    second = TerminalPage(opened.value).ready()
    second.until("reader.shown().connection.viewers.length === 2", "both are there")
    assert desk.run("echo the first goes on") == "the first goes on"
    second.sees("the first goes on\n")


def test_bob_looks_over_nobodys_shoulder(ada: Person, slug: str, signed_in: SignedIn, desk: TerminalPage) -> None:
    """Everybody has a session of their own: a teammate at the same address gets their own shell."""
    desk.run("echo hers > /tmp/hers")
    bob = TerminalPage(signed_in(ada.server.add_person("bob@example.com"))).open(slug)
    assert "echo hers" not in bob.text
    assert bob.run("cat /tmp/hers 2>&1 || touch /project/workspace/from-bob").endswith("No such file or directory")
    assert "from-bob" in desk.run("ls /project/workspace")
