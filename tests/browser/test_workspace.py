"""The terminals of a page as tabs and panes that are kept on the server; settings; pasting; looking only."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Locator, expect

from tests.browser.conftest import OpenDesk, SignedIn
from tests.browser.terminal_page import TerminalPage
from tests.live import Person

pytestmark = [pytest.mark.browser, pytest.mark.engine, pytest.mark.xdist_group("browser")]


def panes(desk: TerminalPage) -> Locator:
    return desk.page.locator(".terminal-pane:visible")


def tabs(desk: TerminalPage) -> Locator:
    return desk.page.get_by_role("tab")


def new_one(desk: TerminalPage, key: str) -> str:
    """Press a key that opens a terminal; return its id once it has a prompt."""
    before = desk.id
    desk.press(key)
    desk.until("reader.id() !== argument", "the new terminal has the focus", before)
    return desk.ready().id


# --- panes --------------------------------------------------------------------------------------------------------
def test_a_split_is_there_after_a_reload_and_on_another_machine(open_desk: OpenDesk) -> None:
    desk = open_desk()
    first = desk.id
    desk.run("echo the first one")
    new_one(desk, "Control+Shift+Backslash")
    third = new_one(desk, "Control+Shift+KeyD")
    expect(panes(desk)).to_have_count(3)
    desk.press("Control+Shift+ArrowLeft")
    assert desk.id == first
    wide = desk.screen["size"][0]
    desk.press("Control+Shift+KeyS")
    expect(desk.page.locator(":focus")).to_have_attribute("aria-orientation", "vertical")
    with desk.keeps("/layout/", lambda layout: layout["tabs"][0]["root"].get("share") == 0.4):
        desk.press("Shift+ArrowLeft")
    desk.press("Escape")
    desk.until("reader.screen().size[0] < argument", "a narrower pane", wide)
    desk.page.reload()
    desk.ready()
    other = open_desk()
    for one in (desk, other):
        expect(panes(one)).to_have_count(3)
        assert one.id == first
        one.sees("the first one")
        divider = one.page.get_by_role("separator").first
        expect(divider).to_have_attribute("aria-valuenow", "40")
    other.press("Control+Shift+ArrowRight", "Control+Shift+ArrowDown")
    assert other.id == third


def test_a_zoomed_pane_has_the_tab_for_itself(desk: TerminalPage) -> None:
    new_one(desk, "Control+Shift+Backslash")
    half = desk.screen["size"][0]
    desk.press("Control+Shift+KeyZ")
    expect(panes(desk)).to_have_count(1)
    desk.until("reader.screen().size[0] > argument", "all columns", half)
    desk.press("Control+Shift+KeyZ")
    expect(panes(desk)).to_have_count(2)
    # Only the shell waits: nothing is asked.
    desk.press("Control+Shift+Backspace")
    expect(panes(desk)).to_have_count(1)
    assert desk.run("echo the focus is here") == "the focus is here"


def test_a_divider_follows_the_mouse(desk: TerminalPage) -> None:
    new_one(desk, "Control+Shift+Backslash")
    divider = desk.page.get_by_role("separator")
    box = divider.bounding_box()
    assert box
    desk.page.mouse.move(box["x"] + 4, box["y"] + 200)
    desk.page.mouse.down()
    desk.page.mouse.move(box["x"] - 200, box["y"] + 200, steps=4)
    with desk.page.expect_response("**/layout/"):
        desk.page.mouse.up()
    expect(divider).to_have_attribute("aria-valuenow", "34")
    assert desk.run("echo typed").endswith("typed")


# --- tabs ---------------------------------------------------------------------------------------------------------
def in_order(layout: dict[str, Any]) -> list[str]:
    """The terminals of tabs with one pane each."""
    return [tab["root"]["terminal"] for tab in layout["tabs"]]


def test_tabs_are_moved_by_keyboard_and_mouse_and_stay_there(desk: TerminalPage) -> None:
    first = desk.id
    second, third = new_one(desk, "Control+Shift+Enter"), new_one(desk, "Control+Shift+Enter")
    desk.press("Control+Shift+KeyE")
    desk.press("Shift+ArrowLeft", "Shift+ArrowLeft")
    expect(tabs(desk)).to_contain_text(["Terminal 3", "Terminal 1", "Terminal 2"])
    expect(tabs(desk).nth(0)).to_be_focused()
    with desk.keeps("/layout/", lambda layout: in_order(layout) == [third, second, first]):
        tabs(desk).nth(1).drag_to(tabs(desk).nth(2), target_position={"x": 90, "y": 14})
    expect(tabs(desk)).to_contain_text(["Terminal 3", "Terminal 2", "Terminal 1"])
    desk.page.reload()
    desk.ready()
    expect(tabs(desk)).to_contain_text(["Terminal 3", "Terminal 2", "Terminal 1"])


def test_the_palette_knows_what_the_terminals_can_do(desk: TerminalPage) -> None:
    first = desk.id
    desk.press("Control+k")
    desk.page.get_by_role("combobox").fill("split right")
    expect(desk.page.locator("#palette [aria-selected=true]")).to_contain_text("Split right")
    desk.press("Enter")
    desk.until("reader.id() !== argument", "the new pane has the focus", first)
    assert desk.ready().run("echo typed at once") == "typed at once"
    desk.press("Control+Shift+KeyM")
    expect(desk.page.locator(".topbar")).to_be_hidden()
    desk.page.get_by_role("button", name="Fill the window").click()
    expect(desk.page.locator(".topbar")).to_be_visible()
    desk.page.evaluate("id => { location.hash = `terminal-${id}` }", first)
    desk.until("reader.id() === argument && location.hash === ''", "the linked terminal is shown", first)


# --- settings -----------------------------------------------------------------------------------------------------
def test_settings_show_in_every_pane_at_once_and_stay(open_desk: OpenDesk) -> None:
    desk = open_desk()
    first = desk.id
    new_one(desk, "Control+Shift+Backslash")
    desk.press("Control+Shift+KeyO")
    dialog = desk.page.get_by_role("dialog", name="Terminal settings")
    assert [rule["id"] for rule in Axe().run(desk.page).response["violations"] if rule["impact"] == "critical"] == []
    dialog.get_by_label("Colours").select_option("High contrast")
    dialog.get_by_label("Cursor", exact=True).select_option("Bar")
    with desk.keeps("/preferences/terminal/", lambda values: values.get("fontSize") == 17):
        dialog.get_by_label("Text size").fill("17")
    dialog.get_by_role("button", name="Done").click()
    look = "(({ options }) => [options.fontSize, options.cursorStyle, options.theme.background])(%s)"
    there = look % "document.getElementById('terminal-workspace').terminals.get(argument).term"
    wanted = [17, "bar", "#000000"]
    assert [desk.ask(there, one) for one in (first, desk.id)] == [wanted, wanted]
    assert desk.run("echo back in the terminal") == "back in the terminal"
    other = open_desk()
    # Its text may be smaller: it shows the screen of the one who types.
    assert other.ask(there, first)[1:] == wanted[1:]
    other.press("Control+Shift+KeyO")
    expect(other.page.get_by_label("Text size")).to_have_value("17")
    other.page.get_by_role("button", name="Back to usual").click()
    expect(other.page.get_by_label("Text size")).to_have_value("14")
    assert other.ask(there, first)[1] == "block"


# --- pasting ------------------------------------------------------------------------------------------------------
def test_a_paste_becomes_one_line_and_the_question_can_be_given_up(desk: TerminalPage) -> None:
    desk.start("cat")
    desk.paste("one\n  two\n")
    dialog = desk.page.get_by_role("dialog", name="Paste 3 lines?")
    expect(dialog.get_by_label("What is pasted")).to_have_text("one\n  two\n")
    dialog.get_by_label("Do not ask again").check()
    with desk.page.expect_response("**/preferences/terminal/"):
        dialog.get_by_role("button", name="Paste as one line").click()
    desk.press("Enter")
    desk.sees("one two\none two")
    desk.paste("three\nfour\n")
    desk.sees_twice("three", "four")


def test_a_right_click_copies_the_selection_and_then_pastes(open_desk: OpenDesk) -> None:
    desk = open_desk(permissions=["clipboard-read", "clipboard-write"])
    desk.run("echo pick''ed")
    at = desk.ask("reader.placeOf(argument)", "picked")
    desk.page.mouse.dblclick(at["x"], at["y"])
    desk.until("reader.shown().term.getSelection() === 'picked'", "the word is selected")
    desk.page.mouse.click(at["x"], at["y"], button="right")
    desk.until("!reader.shown().term.hasSelection()", "copied")
    desk.type("echo ")
    desk.page.mouse.click(at["x"], at["y"], button="right")
    desk.sees("echo picked")
    desk.press("Control+c")


# --- several people -----------------------------------------------------------------------------------------------
def test_the_keyboard_is_given_and_taken(open_desk: OpenDesk) -> None:
    first, second = open_desk(), open_desk()
    second.until("reader.shown().connection.viewers.length === 2", "both are there")
    expect(first.page.locator(".terminal-face")).to_have_count(2)
    first.page.get_by_role("button", name="Let others type").click()
    expect(second.page.locator(".terminal-people")).to_contain_text("the first key takes the keyboard")
    second.type("echo ta''ken\n")
    first.sees("taken\n")
    expect(first.page.locator(".terminal-people")).to_have_text("You are typing in another tab")
    first.press("Control+Shift+KeyG")
    first.until("reader.shown().connection.isDriving", "taken back")


@pytest.fixture
def shared(ada: Person, slug: str, signed_in: SignedIn) -> Iterator[tuple[TerminalPage, TerminalPage]]:
    """Alice, who types into a terminal of the global session, and Bob, who looks at it with a smaller window."""
    desks = []
    for person, width in ((ada, 1200), (ada.server.add_person("bob@example.com"), 900)):
        page = signed_in(person, viewport={"width": width, "height": 600})
        page.goto(f"/sandboxes/{slug}/sessions/pitcher-host/")
        desks.append(TerminalPage(page).ready())
    desks[1].until("reader.shown().connection.viewers.length === 2", "both are there")
    yield desks[0], desks[1]
    ada.end_terminals(slug)


def test_the_keyboard_is_handed_to_bob_by_name(shared: tuple[TerminalPage, TerminalPage]) -> None:
    alices, bobs = shared
    wide = alices.screen["size"][0]
    expect(bobs.page.locator(".terminal-people")).to_have_text("alice is typing")
    alices.page.get_by_role("button", name="You are typing · bob looks on").click()
    dialog = alices.page.get_by_role("dialog", name="Who is here")
    expect(dialog.get_by_role("listitem")).to_have_count(2)
    dialog.get_by_role("button", name="Hand keyboard to bob").click()
    expect(bobs.page.locator(".toast")).to_have_text("alice handed you the keyboard.")
    expect(alices.page.locator(".terminal-people")).to_have_text("bob is typing")
    expect(bobs.page.locator(".terminal-people")).to_have_text("You are typing · alice looks on")
    bobs.until("reader.screen().size[0] < argument", "the size of bob's window", wide)
    alices.until("reader.screen().size[0] < argument", "the size of bob's window", wide)
    alices.type("echo too late\n")
    assert bobs.run("echo mine") == "mine"
    assert "too late" not in bobs.text
    # And back, from the palette.
    bobs.press("Control+k")
    bobs.page.get_by_role("combobox").fill("hand keyboard alice")
    bobs.page.get_by_role("option", name="Hand keyboard to alice").click()
    expect(alices.page.locator(".toast")).to_have_text("bob handed you the keyboard.")
    assert alices.run("echo hers again") == "hers again"


def test_a_teammates_terminals_can_only_be_looked_at(
    ada: Person, slug: str, signed_in: SignedIn, desk: TerminalPage
) -> None:
    desk.run("echo for you to see")
    name = ada.server.row(
        "SELECT s.name FROM sandbox_sessions_session s JOIN sandboxes_sandbox b ON s.sandbox_id = b.id"
        " JOIN accounts_user u ON s.user_id = u.id WHERE b.slug = ? AND u.email = ?",
        slug,
        ada.email,
    )["name"]
    page = signed_in(ada.server.add_person("bob@example.com"))
    page.goto(f"/sandboxes/{slug}/sessions/{name}/")
    bobs = TerminalPage(page).ready()
    bobs.sees("for you to see")
    expect(page.locator(".terminal-looking:visible")).to_have_text("You are looking")
    for label in ("New terminal", "Split right", "Take over"):
        expect(page.get_by_role("button", name=label)).to_have_count(0)
    before = bobs.text
    bobs.type("echo not mine\n")
    bobs.press("Control+Shift+Enter", "Control+Shift+Backslash", "Control+Shift+Backspace")
    assert desk.run("echo still hers") == "still hers"
    bobs.sees("still hers")
    assert "not mine" not in bobs.text
    assert bobs.text.startswith(before)
    expect(tabs(bobs)).to_have_count(1)
