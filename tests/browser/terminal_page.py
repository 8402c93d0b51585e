"""A person in front of a sandbox's page: types keys, pastes, and reads the shown terminal."""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

from playwright.sync_api import Error, Page, Response

READER = Path(__file__).with_name("reader.js")
WITHIN_MS = 20_000
# Clipboard data can only come from a person's hand; an event that carries it takes the same way through the page.
PASTE = """text => {
  const data = new DataTransfer();
  data.setData("text/plain", text);
  const event = new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true });
  document.activeElement.dispatchEvent(event);
}"""


class TerminalPage:
    """Wraps a Playwright page whose context has reader.js. Waits for events, never for time."""

    def __init__(self, page: Page) -> None:
        self.page = page

    def open(self, slug: str) -> TerminalPage:
        """Go to a sandbox and wait for its prompt."""
        self.page.goto(f"/sandboxes/{slug}/")
        return self.ready()

    def ready(self) -> TerminalPage:
        """Wait until the link is live and something has been painted."""
        self.until("reader.state() === 'live' && reader.text() !== ''", "a live terminal")
        return self

    # --- what is seen --------------------------------------------------------------------------------------------
    def ask(self, expression: str, argument: object = None) -> Any:
        return self.page.evaluate(f"argument => {expression}", argument)

    def until(self, expression: str, what: str, argument: object = None, within_ms: float = WITHIN_MS) -> None:
        """Wait until a JavaScript expression is true; `argument` is its variable."""
        try:
            self.page.wait_for_function(f"argument => {expression}", arg=argument, timeout=within_ms)
        except Error as error:
            seen = self.ask("[reader.state(), reader.text().slice(-600)]")
            text = f"Not within {within_ms:g} ms: {what}. State and end of the terminal: {seen}"
            raise AssertionError(text) from error

    def sees(self, text: str, within_ms: float = WITHIN_MS) -> None:
        self.until("reader.text().includes(argument)", f"{text!r} is seen", text, within_ms)

    def sees_twice(self, *lines: str) -> None:
        """Wait until each line is there twice, as typed and as printed: how the two mix is up to the kernel."""
        for line in lines:
            count = "reader.text().split('\\n').filter((line) => line === argument).length === 2"
            self.until(count, f"{line!r} is there twice", line)

    def is_in_state(self, state: str, within_ms: float = WITHIN_MS) -> None:
        self.until("reader.state() === argument", f"the link is {state}", state, within_ms)

    def is_quiet(self) -> None:
        """Wait until nothing was printed for 20 looks: the program has painted what it wanted to paint."""
        self.ask("reader.startLooking()")
        self.until("reader.isQuiet()", "no more output")

    def keeps(self, address: str, is_wanted: Callable[[Any], bool]) -> AbstractContextManager[object]:
        """Wait at the end for the answer to a post to `address` whose JSON is wanted; others may come before."""

        def is_it(response: Response) -> bool:
            return response.url.endswith(address) and is_wanted(response.request.post_data_json)

        return self.page.expect_response(is_it)

    @property
    def id(self) -> str:
        return str(self.ask("reader.id()"))

    @property
    def text(self) -> str:
        return str(self.ask("reader.text()"))

    @property
    def screen(self) -> dict[str, Any]:
        """Text, looks, cursor, buffer, size, modes, mouse encoding and title."""
        return dict(self.ask("reader.screen()"))

    # --- what is done --------------------------------------------------------------------------------------------
    def type(self, text: str) -> None:
        """Type as a keyboard does: one key after the other; "\\n" is Enter."""
        self.page.keyboard.type(text)

    def press(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)

    def paste(self, text: str) -> None:
        """Paste `text` into whatever has the focus."""
        self.page.evaluate(PASTE, text)

    def start(self, program: str) -> None:
        """Type a command and wait until it has the terminal; the shell's line editor takes what is typed before."""
        self.type(f"{program}\n")
        self.until("!reader.screen().modes.bracketedPasteMode", "the shell handed over")

    def run(self, command: str, within_ms: float = WITHIN_MS) -> str:
        """Paste a command, press Enter and return what it printed. The shell joins the marks, so its echo has none."""
        begin, end = secrets.token_hex(4), secrets.token_hex(4)
        self.paste(f"echo {begin[:4]}''{begin[4:]}; {command}; echo {end[:4]}''{end[4:]}")
        self.press("Enter")
        self.sees(end, within_ms)
        printed = re.search(rf"{begin}\n(.*?){end}", self.text, re.DOTALL)
        assert printed is not None, self.text
        return printed[1].strip()
