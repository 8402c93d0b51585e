"""A terminal in a real browser: from signing in to a prompt, typing, pasting, and the page around it."""

from __future__ import annotations

import base64
import hashlib

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import OpenDesk, SignedIn
from tests.browser.terminal_page import TerminalPage
from tests.live import OWNER, PASSWORD, LiveServer, Person, docker, eventually

pytestmark = [pytest.mark.browser, pytest.mark.engine, pytest.mark.xdist_group("browser")]


def sign_in(page: Page) -> None:
    page.goto("/")
    page.get_by_label("Email").fill(OWNER)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()


# --- the way to a prompt -----------------------------------------------------------------------------------------
def test_one_click_leads_from_signing_in_to_a_prompt(live: LiveServer, slug: str, signed_in: SignedIn) -> None:
    page = signed_in(None, live.origin)
    sign_in(page)
    page.get_by_role("link", name=slug).click()
    desk = TerminalPage(page).ready()
    assert desk.run("echo hello $((6 * 7)); whoami").split() == ["hello", "42", "root"]


def test_the_form_leads_over_the_step_log_to_a_prompt(live: LiveServer, signed_in: SignedIn) -> None:
    page = signed_in(live.person())
    page.goto("/")
    page.get_by_role("link", name="New sandbox").first.click()
    slug = page.get_by_label("Name").input_value()
    assert slug
    page.get_by_role("button", name="Create sandbox").click()
    expect(page.locator(".steps .step").first).to_be_visible()
    desk = TerminalPage(page).ready()
    assert desk.run("hostname") == slug
    live.person().delete_sandbox(slug)


# --- typing ------------------------------------------------------------------------------------------------------
def test_every_script_goes_in_and_out(desk: TerminalPage) -> None:
    text = "naïve façade — “quotes” Ελληνικά 日本語 🦀 é"
    desk.start("cat")
    desk.page.keyboard.insert_text(text)
    desk.press("Enter")
    desk.until("reader.text().split(argument).length === 3", "typed and printed", text)
    desk.press("Control+d")
    assert desk.run(f"printf %s '{text}' | sha256sum | cut -c1-16") == hashlib.sha256(text.encode()).hexdigest()[:16]


def test_ctrl_c_stops_a_program(desk: TerminalPage) -> None:
    desk.type("yes still talking\n")
    desk.sees("still talking\nstill talking\n")
    desk.press("Control+c")
    assert desk.run("echo stopped") == "stopped"


def test_the_window_sets_the_size(desk: TerminalPage) -> None:
    before = desk.screen["size"]
    desk.page.set_viewport_size({"width": 800, "height": 500})
    desk.until("reader.screen().size[0] < argument", "fewer columns", before[0])
    cols, rows = desk.screen["size"]
    assert desk.run("stty size").split() == [str(rows), str(cols)]


COUNT_TIMERS = """
  const { setTimeout } = window;
  window.timers = 0;
  window.setTimeout = (...args) => ((window.timers += 1), setTimeout(...args));
"""
BAR = "document.querySelector('.xterm-scrollable-element > .scrollbar.vertical').classList.contains('visible')"


def test_the_scrollbar_shows_for_who_scrolls_and_costs_nothing_while_output_does(desk: TerminalPage) -> None:
    """xterm.js would set a timer for every line."""
    desk.page.evaluate(f"() => {{ {COUNT_TIMERS} }}")
    desk.run("seq 5000")
    assert 0 < int(desk.ask("window.timers")) < 1_000
    assert not desk.ask(BAR)
    desk.ask("reader.watchScrollbar()")
    desk.press("Shift+PageUp")
    desk.until(
        "reader.scrollbarShows > 0 && !reader.screen().text.includes('5000')", "the page before, and where it is"
    )
    desk.until(f"!{BAR}", "the bar goes")
    desk.run("seq 100")
    assert not desk.ask(BAR)


# --- pasting -----------------------------------------------------------------------------------------------------
def test_lines_that_are_pasted_wait_for_enter(desk: TerminalPage) -> None:
    desk.paste("echo fir''st\necho sec''ond")
    desk.sees("echo sec''ond")
    assert "first" not in desk.text
    desk.press("Enter")
    desk.sees("first\nsecond\n")


# Reads one bracketed paste as it comes, and says how much it was and its digest.
PASTE_READER = (
    "import os, sys, tty, termios, hashlib; old = termios.tcgetattr(0); tty.setraw(0);"
    " os.write(1, b'\\x1b[?2004h' + b'REA' + b'DER'); got = b''\n"
    "while not got.endswith(b'\\x1b[201~'): got += os.read(0, 65536)\n"
    "os.write(1, b'\\x1b[?2004l'); termios.tcsetattr(0, 0, old);"
    " body = got.removeprefix(b'\\x1b[200~').removesuffix(b'\\x1b[201~');"
    " print('GOT', len(got) - len(body), len(body), hashlib.sha256(body).hexdigest()[:32], 'END')\n"
)


def test_a_paste_arrives_whole_in_one_bracket(desk: TerminalPage) -> None:
    text = "\n".join(f"{number:06} straße 日本 🦀 {number * 7919}" for number in range(20_000))
    # A terminal sends Enter for each line break.
    typed = text.replace("\n", "\r").encode()
    desk.run(f"echo {base64.b64encode(PASTE_READER.encode()).decode()} | base64 -d > /tmp/reader.py")
    desk.type("python3 /tmp/reader.py\n")
    desk.sees("READER")
    desk.paste(text)
    desk.sees("END", within_ms=40_000)
    assert f"GOT 12 {len(typed)} {hashlib.sha256(typed).hexdigest()[:32]} END" in desk.text


def test_a_paste_cannot_end_its_own_bracket(desk: TerminalPage) -> None:
    desk.paste("echo a\x1b[201~\necho bro''ken")
    desk.sees("bro''ken")
    desk.press("Control+c")
    desk.sees("^C")
    assert desk.run("echo fine") == "fine"
    assert "broken" not in desk.text


def test_lines_for_a_program_that_would_run_them_are_asked_about(desk: TerminalPage) -> None:
    desk.start("cat")
    desk.paste("one\ntwo\n")
    dialog = desk.page.get_by_role("dialog", name="Paste 3 lines?")
    dialog.get_by_role("button", name="Cancel").click()
    expect(dialog).to_have_count(0)
    desk.paste("three\nfour\n")
    desk.page.get_by_role("button", name="Paste", exact=True).click()
    desk.sees_twice("three", "four")
    assert "one" not in desk.text.split("cat\n")[1]
    desk.press("Control+d")
    assert desk.run("echo fine") == "fine"


# --- the end -----------------------------------------------------------------------------------------------------
def test_an_end_is_shown_with_its_status(desk: TerminalPage) -> None:
    desk.type("exit 7\n")
    expect(desk.page.get_by_text("The process ended with status 7.").first).to_be_visible()
    desk.is_in_state("ended")
    before = desk.id
    desk.page.locator(".terminal-exit").get_by_role("button", name="New terminal").click()
    desk.until("reader.id() !== argument", "another tab", before)
    assert desk.ready().run("echo again") == "again"


def test_a_signal_is_named(desk: TerminalPage) -> None:
    desk.type("kill -9 $$\n")
    expect(desk.page.get_by_text("The process was ended by SIGKILL (status 137).").first).to_be_visible()


# --- tabs --------------------------------------------------------------------------------------------------------
def test_tabs_are_opened_renamed_and_closed(desk: TerminalPage) -> None:
    page, tabs = desk.page, desk.page.get_by_role("tab")
    first = desk.id
    desk.run("echo first terminal")
    page.get_by_role("button", name="New terminal").first.click()
    expect(tabs).to_have_count(2)
    desk.until("reader.id() !== argument", "the new tab is shown", first)
    desk.ready()
    assert "first terminal" not in desk.text
    tabs.nth(1).dblclick()
    page.get_by_label("Name of the terminal").fill("build")
    page.keyboard.press("Enter")
    expect(page.get_by_role("tab", name="build")).to_be_visible()
    tabs.nth(0).click()
    desk.sees("first terminal")
    page.reload()
    expect(page.get_by_role("tab", name="build")).to_be_visible()
    desk.ready()
    desk.sees("first terminal")


def test_a_tab_is_closed_after_asking(desk: TerminalPage) -> None:
    page = desk.page
    desk.start("sleep 1000")
    tab = page.get_by_role("tab")
    tab.hover()
    tab.locator(".terminal-tab-close").click()
    page.get_by_role("button", name="Cancel").click()
    expect(tab).to_have_count(1)
    tab.locator(".terminal-tab-close").click()
    page.get_by_role("button", name="End terminal").click()
    expect(tab).to_have_count(0)
    page.get_by_role("button", name="New terminal").last.click()
    assert desk.ready().run("pgrep -c sleep || true") == "0"


def test_a_program_that_starts_while_the_question_is_open_is_asked_about(
    desk: TerminalPage, ada: Person, slug: str
) -> None:
    def inside(*command: str) -> list[str]:
        return docker("exec", f"sandlot-{ada.server.instance}.{slug}.alice", *command)

    waits = "any(time.sleep(0.1) for _ in iter(lambda: os.path.exists('/tmp/next'), True))"
    desk.start(f'''python3 -c "import os, time; {waits}; os.execvp('cat', ['cat'])"''')
    tab = desk.page.get_by_role("tab")
    tab.hover()
    tab.locator(".terminal-tab-close").click()
    expect(desk.page.get_by_role("dialog")).to_contain_text("“python3”")
    inside("touch", "/tmp/next")
    eventually(lambda: "cat" in inside("ps", "-e", "-o", "comm="), "the next program runs")
    desk.page.get_by_role("button", name="End terminal").click()
    expect(desk.page.get_by_role("dialog")).to_contain_text("“cat”")
    desk.page.get_by_role("button", name="End terminal").click()
    expect(tab).to_have_count(0)
    inside("rm", "/tmp/next")


def test_what_ignores_the_end_goes_on_as_the_question_says(desk: TerminalPage) -> None:
    page = desk.page
    desk.run("nohup sleep 1001 > /dev/null 2>&1 & setsid sleep 1002 > /dev/null 2>&1 & true")
    desk.start("sleep 1003")
    tab = page.get_by_role("tab")
    tab.hover()
    tab.locator(".terminal-tab-close").click()
    expect(page.get_by_role("dialog")).to_contain_text("nohup or setsid goes on until the session ends")
    page.get_by_role("button", name="End terminal").click()
    expect(tab).to_have_count(0)
    page.get_by_role("button", name="New terminal").last.click()
    assert desk.ready().run("pgrep -fa '^sleep 100' | cut -d' ' -f2-").split("\n") == ["sleep 1001", "sleep 1002"]
    desk.run("pkill -f '^sleep 100'")


def test_new_emoji_are_edited_where_they_are_seen(desk: TerminalPage) -> None:
    text = "🥷🫠🫀🥷🫠🫀"
    desk.paste(f"echo {text} abcdef")
    desk.sees("abcdef")
    desk.press("ArrowLeft", "ArrowLeft", "ArrowLeft")
    desk.type("_")
    desk.sees(f"echo {text} abc_def")
    desk.press("Enter")
    desk.sees(f"\n{text} abc_def")
    desk.is_quiet()
    before = desk.screen
    desk.page.reload()
    desk.ready()
    desk.until("JSON.stringify(reader.screen()) === JSON.stringify(argument)", "the same screen", before)


def test_a_narrow_window_cuts_nothing_off(desk: TerminalPage) -> None:
    program = "import sys;sys.stdout.write(''.join('%04d.'%i for i in range(60)));sys.stdout.flush();sys.stdin.read(1)"
    desk.page.set_viewport_size({"width": 1200, "height": 700})
    desk.start(f'python3 -c "{program}"')
    desk.sees("0059.")
    wide = desk.screen["size"][0]
    desk.page.set_viewport_size({"width": 420, "height": 700})
    desk.until("reader.screen().size[0] < argument", "the narrow window", wide)
    desk.page.set_viewport_size({"width": 1200, "height": 700})
    desk.until("reader.screen().size[0] === argument", "the wide window", wide)
    pieces = "".join(f"{number:04d}." for number in range(60))
    desk.sees(pieces)
    desk.press("Control+c")
    desk.page.reload()
    desk.ready().sees(pieces)


# --- keys --------------------------------------------------------------------------------------------------------
def test_the_search_counts(desk: TerminalPage) -> None:
    desk.run("seq -f 'needle %g' 1 25")
    desk.press("Control+Shift+KeyF")
    field = desk.page.get_by_role("searchbox")
    field.fill("needle 1")
    count = desk.page.locator(".terminal-search-count")
    # The newest first, then upwards.
    expect(count).to_have_text("11 of 11")
    field.press("Enter")
    expect(count).to_have_text("10 of 11")
    field.press("Shift+Enter")
    field.press("Shift+Enter")
    expect(count).to_have_text("1 of 11")
    field.fill("no such thing")
    expect(count).to_have_text("No matches")
    field.press("Escape")
    assert desk.run("echo focus is back") == "focus is back"


def test_control_and_shift_with_digits_and_marks_send_what_xterm_sends(desk: TerminalPage) -> None:
    desk.start("sh -c 'stty raw -echo; echo re\"\"ady; head -c 8 | cat -v; stty sane'")
    desk.sees("ready")
    for key in ("^", "_", "!", "@", "~", ":", '"', "&"):
        desk.press(f"Control+Shift+{key}")
    desk.sees('^^^_!^@^^:"&')


def test_the_text_grows_and_stays_so(desk: TerminalPage) -> None:
    cols = desk.screen["size"][0]
    # Once: each further step would be a resize of its own, and the size in between is seen, too.
    desk.press("Control+Shift+Period")
    desk.until("reader.screen().size[0] < argument", "fewer columns fit", cols)
    larger = desk.screen["size"][0]
    assert desk.run("stty size").split()[1] == str(larger)
    desk.page.reload()
    desk.ready()
    assert desk.screen["size"][0] == larger


def test_a_key_leaves_the_terminal(desk: TerminalPage) -> None:
    tab = desk.page.get_by_role("tab")
    desk.press("Control+Shift+KeyE")
    expect(tab).to_be_focused()
    desk.press("Tab")
    expect(desk.page.get_by_role("button", name="New terminal").first).to_be_focused()
    tab.focus()
    desk.press("Escape")
    assert desk.run("echo back") == "back"


def test_only_web_addresses_are_links(desk: TerminalPage) -> None:
    """As text and as OSC 8, where the address is not what is read."""
    page = desk.page
    opened: list[Page] = []
    page.context.route("**/linked*", lambda route: route.fulfill(body="<title>linked</title>"))
    page.on("popup", lambda popup: opened.extend([popup]))
    link = f"{page.url.split('/sandboxes')[0]}/linked"
    osc8 = "\\033]8;;%s\\033\\\\%s\\033]8;;\\033\\\\\\n"
    desk.run(f"printf '%s\\n' {link}1; printf '{osc8}' 'javascript:alert(1)' script {link}2 harmless")
    click_on(desk, "script")
    for text, address in [("harmless", f"{link}2"), ("linked1", f"{link}1")]:
        with page.context.expect_page() as popup:
            click_on(desk, text)
        popup.value.wait_for_url(address)
        assert popup.value.evaluate("opener") is None
    assert len(opened) == 2


def click_on(desk: TerminalPage, text: str) -> None:
    """Click on the last place in the shown terminal where `text` stands."""
    at = desk.ask("reader.placeOf(argument)", text)
    desk.page.mouse.move(at["x"] - 3, at["y"])
    desk.page.mouse.move(at["x"], at["y"])
    desk.page.mouse.click(at["x"], at["y"])


def test_a_program_writes_to_the_clipboard_only_when_allowed(open_desk: OpenDesk) -> None:
    desk = open_desk(permissions=["clipboard-read", "clipboard-write"])
    desk.type("printf '\\033]52;c;%s\\a' $(printf sec''ret | base64)\n")
    expect(desk.page.get_by_role("button", name="Allow on this page")).to_be_visible()
    # Copied again before the question is answered: what was copied last is what is allowed.
    desk.run("printf '\\033]52;;%s\\a' $(printf la''ter | base64)")
    desk.page.get_by_role("button", name="Allow on this page").click()
    desk.until("navigator.clipboard.readText().then(text => text === argument)", "copied", "later")
    desk.run("printf '\\033]52;c;?\\a'")
    assert "bGF0ZXI" not in desk.text
