"""A sandbox's page on a phone: fingers move tabs and panes, and a soft keyboard types what was meant."""

from __future__ import annotations

import pytest
from playwright.sync_api import Locator, expect

from tests.browser.conftest import OpenDesk
from tests.browser.fingers import Fingers
from tests.browser.terminal_page import TerminalPage

pytestmark = [pytest.mark.browser, pytest.mark.engine, pytest.mark.xdist_group("browser")]

PHONE = {"viewport": {"width": 360, "height": 740}, "has_touch": True, "is_mobile": True}
TABLET = {**PHONE, "viewport": {"width": 800, "height": 900}}
KEYBOARD_PX = 300


@pytest.fixture
def phone(open_desk: OpenDesk) -> TerminalPage:
    return open_desk(**PHONE)


@pytest.fixture
def fingers(phone: TerminalPage) -> Fingers:
    """With the terminal touched, and so in the focus."""
    phone.page.locator(".terminal-screen").tap()
    return Fingers(phone.page)


def tabs(desk: TerminalPage) -> Locator:
    return desk.page.get_by_role("tab")


def new_one(desk: TerminalPage, action: str) -> str:
    """Ask the palette for a new terminal; return its id once it has a prompt."""
    before = desk.id
    desk.page.get_by_role("button", name="Search and commands").tap()
    desk.page.get_by_role("combobox").fill(action)
    desk.page.get_by_role("option").first.tap()
    desk.until("reader.id() !== argument", "the new terminal has the focus", before)
    return desk.ready().id


# --- tabs ---------------------------------------------------------------------------------------------------------
def test_a_tab_that_is_held_is_dragged_by_a_finger(phone: TerminalPage, fingers: Fingers) -> None:
    first = phone.id
    second, third = new_one(phone, "new terminal"), new_one(phone, "new terminal")
    wanted = [third, first, second]
    is_kept = phone.keeps("/layout/", lambda kept: [tab["root"]["terminal"] for tab in kept["tabs"]] == wanted)
    with is_kept, fingers.on(tabs(phone).nth(2)) as start:
        expect(tabs(phone).nth(2)).to_have_class("terminal-tab is-dragged")
        fingers.slide(start, (12, start[1]))
        # The strip scrolls below the finger to its beginning.
        expect(tabs(phone)).to_contain_text(["Terminal 3", "Terminal 1", "Terminal 2"])
    expect(phone.page.locator(".is-dragged")).to_have_count(0)
    phone.page.reload()
    phone.ready()
    expect(tabs(phone)).to_contain_text(["Terminal 3", "Terminal 1", "Terminal 2"])


def test_a_finger_that_moves_at_once_scrolls_the_tabs(phone: TerminalPage, fingers: Fingers) -> None:
    for _ in range(2):
        new_one(phone, "new terminal")
    strip = phone.page.get_by_role("tablist")
    scrolled = strip.evaluate("strip => strip.scrollLeft")
    assert scrolled > 200
    with fingers.on(tabs(phone).nth(2)) as start:
        fingers.slide(start, (start[0] + 200, start[1]))
        phone.until(
            "document.querySelector('[role=tablist]').scrollLeft < argument - 150", "the strip scrolled", scrolled
        )
    expect(tabs(phone)).to_contain_text(["Terminal 1", "Terminal 2", "Terminal 3"])


def test_all_tabs_of_the_sandbox_are_there_at_once(phone: TerminalPage) -> None:
    for width in (360, 320):
        phone.page.set_viewport_size({"width": width, "height": 740})
        links = phone.page.get_by_role("navigation", name="Sandbox").get_by_role("link")
        expect(links).to_have_text(["Terminal", "Sessions", "Metrics", "Activity", "Settings"])
        for link in links.all():
            box = link.bounding_box()
            assert box
            assert 0 <= box["x"] < box["x"] + box["width"] <= width
            assert box["height"] >= 44
            assert link.evaluate("link => link.scrollWidth <= link.clientWidth")


def test_every_heading_to_sort_the_list_by_is_there_at_once(phone: TerminalPage) -> None:
    for width in (360, 320):
        phone.page.set_viewport_size({"width": width, "height": 740})
        phone.page.goto("/")
        headings = phone.page.get_by_role("group", name="Sort by").get_by_role("link")
        expect(headings.last).to_contain_text("Last used")
        for heading in headings.all():
            box = heading.bounding_box()
            assert box
            assert 0 <= box["x"] < box["x"] + box["width"] <= width
            assert box["height"] >= 24


# --- panes --------------------------------------------------------------------------------------------------------
def test_one_pane_is_shown_and_a_button_leads_to_the_next(phone: TerminalPage, fingers: Fingers) -> None:
    phone.run("echo the first one")
    first = phone.id
    second = new_one(phone, "split down")
    shown = phone.page.locator(".terminal-pane:visible")
    expect(shown).to_have_count(1)
    shown.get_by_role("button", name="Next pane: 2 of 2").tap()
    assert phone.id == first
    phone.sees("the first one")
    shown.get_by_role("button", name="Next pane: 1 of 2").tap()
    assert phone.id == second
    phone.page.set_viewport_size({"width": 740, "height": 360})
    expect(shown).to_have_count(2)
    shown.last.get_by_role("button", name="Zoom the pane").tap()
    expect(shown).to_have_count(1)


def test_a_divider_follows_a_finger(open_desk: OpenDesk) -> None:
    tablet = open_desk(**TABLET)
    fingers = Fingers(tablet.page)
    new_one(tablet, "split right")
    divider = tablet.page.get_by_role("separator")
    with tablet.page.expect_response("**/layout/"), fingers.on(divider) as start:
        fingers.slide((start[0] + 9, start[1]), (start[0] - 160, start[1]))
    expect(divider).to_have_attribute("aria-valuenow", "30")


# --- the output ---------------------------------------------------------------------------------------------------
def test_a_finger_scrolls_what_went_by(phone: TerminalPage) -> None:
    # Not touched before: the bar is there for as long as the browser takes the tap for a mouse above it.
    fingers = Fingers(phone.page)
    phone.run("seq 1 200")
    here = "reader.shown().term.buffer.active.viewportY"
    end = phone.ask(here)
    phone.ask("reader.watchScrollbar()")
    with fingers.on(phone.page.locator(".terminal-screen")) as middle:
        fingers.slide(middle, (middle[0], middle[1] + 200))
        phone.until(f"{here} <= argument - 9", "lines that went by", end)
        phone.until("reader.scrollbarShows > 0", "where that is")
        fingers.slide((middle[0], middle[1] + 200), (middle[0], middle[1] - 100))
        phone.until(f"{here} === argument", "the end again", end)
    assert phone.run("echo typed") == "typed"


def test_a_finger_scrolls_a_full_screen_program(phone: TerminalPage, fingers: Fingers) -> None:
    phone.run("seq 1 500 > /tmp/numbers")
    phone.start("less /tmp/numbers")
    phone.until("reader.screen().text[0] === '1'", "its beginning")
    with fingers.on(phone.page.locator(".terminal-screen")) as middle:
        fingers.slide(middle, (middle[0], middle[1] - 200))
        phone.until("Number(reader.screen().text[0]) > 5", "further lines")
    phone.press("q")


# --- typing -------------------------------------------------------------------------------------------------------
def test_keys_without_a_name_are_typed_once_each(phone: TerminalPage, fingers: Fingers) -> None:
    phone.start("cat -v")
    fingers.type("lettter")
    for _ in range(4):
        fingers.delete()
    fingers.type("ter 🦀\n")
    phone.sees("letter 🦀\nletter ")
    assert "^M" not in phone.text


def test_a_raw_program_gets_enter_from_a_soft_keyboard(phone: TerminalPage, fingers: Fingers) -> None:
    phone.start("sh -c 'stty raw; echo re\"\"ady; head -c 2 | od -c; stty sane'")
    phone.sees("ready")
    fingers.type("q\n")
    phone.sees("q  \\r")


def test_the_key_row_waits_for_the_word_that_is_being_composed(phone: TerminalPage, fingers: Fingers) -> None:
    row = phone.page.get_by_role("toolbar", name="Keys")
    phone.start("cat -v")
    fingers.compose("word")
    row.get_by_role("button", name="Pipe").tap()
    fingers.type("end\n")
    phone.sees("word|end\nword|end")
    expect(phone.page.locator(".xterm-helper-textarea:visible")).to_be_focused()


def test_a_word_is_not_lost_when_the_terminal_is_left(phone: TerminalPage, fingers: Fingers) -> None:
    phone.start("cat -v")
    fingers.compose("unfinished")
    phone.page.get_by_role("button", name="Search and commands").tap()
    phone.sees("unfinished")


def test_control_counts_for_a_letter_that_is_being_composed(phone: TerminalPage, fingers: Fingers) -> None:
    control = phone.page.get_by_role("button", name="Control")
    phone.start("cat -v")
    fingers.compose("abc")
    control.tap()
    fingers.compose("c")
    expect(control).to_have_attribute("aria-pressed", "false")
    phone.sees("abc^C")
    control.tap()
    fingers.type("\\")
    assert phone.run("echo the shell is back") == "the shell is back"


def test_control_and_an_arrow_go_by_words(phone: TerminalPage, fingers: Fingers) -> None:
    row = phone.page.get_by_role("toolbar", name="Keys")
    phone.start("cat -v")
    row.get_by_role("button", name="Control").tap()
    row.get_by_role("button", name="Left").tap()
    row.get_by_role("button", name="Left").tap()
    fingers.type("\n")
    phone.sees("^[[1;5D^[[D")


# --- the keyboard's place -----------------------------------------------------------------------------------------
def test_the_terminal_keeps_what_the_keyboard_leaves(phone: TerminalPage, fingers: Fingers) -> None:
    row, head = phone.page.get_by_role("toolbar", name="Keys"), phone.page.locator(".sandbox-head")
    rows = phone.screen["size"][1]
    fingers.keyboard_comes(KEYBOARD_PX)
    expect(head).to_be_hidden()
    box = row.bounding_box()
    assert box
    assert box["y"] + box["height"] <= 740 - KEYBOARD_PX
    phone.until("reader.screen().size[1] < argument", "fewer rows", rows)
    assert phone.screen["size"][1] >= 14
    fingers.keyboard_comes(-KEYBOARD_PX)
    expect(head).to_be_visible()
    phone.until("reader.screen().size[1] === argument", "all rows again", rows)


def test_every_key_of_the_row_is_seen(phone: TerminalPage) -> None:
    for width in (360, 320):
        phone.page.set_viewport_size({"width": width, "height": 740})
        for key in phone.page.get_by_role("toolbar", name="Keys").get_by_role("button").all():
            box = key.bounding_box()
            assert box
            assert 0 <= box["x"] < box["x"] + box["width"] <= width
            assert box["width"] >= 24
            assert box["height"] >= 40
