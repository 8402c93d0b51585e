"""A finger and a soft keyboard: what Playwright's touchscreen and keyboard cannot do, by Chromium's own protocol."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Locator, Page

# A soft keyboard names no keys.
NAMELESS = {"key": "Unidentified", "windowsVirtualKeyCode": 229}


class Fingers:
    """One finger on a page, and the keyboard that comes up below it."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self._protocol = page.context.new_cdp_session(page)

    # --- touching ------------------------------------------------------------------------------------------------
    @contextmanager
    def on(self, target: Locator) -> Iterator[tuple[float, float]]:
        """Put the finger on the middle of something; lifted at the end. Gives the place."""
        box = target.bounding_box()
        assert box
        at = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
        self._touch("touchStart", at)
        yield at
        self._protocol.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})

    def slide(self, start: tuple[float, float], end: tuple[float, float], steps: int = 10) -> None:
        """Move the finger that is down from one place to another."""
        for step in range(1, steps + 1):
            part = step / steps
            self._touch("touchMove", (start[0] + (end[0] - start[0]) * part, start[1] + (end[1] - start[1]) * part))

    def _touch(self, kind: str, at: tuple[float, float]) -> None:
        self._protocol.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [{"x": at[0], "y": at[1]}]})

    # --- typing --------------------------------------------------------------------------------------------------
    def type(self, text: str) -> None:
        """Each character as a key without a name and a change of the field, as fast as they can be said."""
        for character in text:
            self._nameless()
            self._protocol.send("Input.insertText", {"text": character})

    def delete(self) -> None:
        """Backspace, which is no key either."""
        self._nameless(commands=["DeleteBackward"])

    def compose(self, word: str) -> None:
        """Let the input method show a word that is not done yet."""
        for end in range(1, len(word) + 1):
            self._nameless()
            begun = {"text": word[:end], "selectionStart": end, "selectionEnd": end}
            self._protocol.send("Input.imeSetComposition", begun)

    def _nameless(self, **more: object) -> None:
        self._protocol.send("Input.dispatchKeyEvent", {"type": "rawKeyDown", **NAMELESS, **more})

    # --- what the keyboard leaves --------------------------------------------------------------------------------
    def keyboard_comes(self, height: int) -> None:
        """Lay the page out above a keyboard of `height` pixels, as `interactive-widget=resizes-content` asks for."""
        size = self.page.viewport_size
        assert size
        self.page.set_viewport_size({"width": size["width"], "height": size["height"] - height})
