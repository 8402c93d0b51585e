"""Steps of a long command, shown as the shell scripts in `scripts/` show theirs."""

from __future__ import annotations

import re
import shutil
import time
from collections import deque
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Self, TextIO

SIGN_OF_LIFE_S = 10
KEPT_LINES = 30
COLOURS = re.compile(r"\x1b\[[0-9;]*m")


class Steps:
    """Says each step and how long it took; indented lines are a step's details and go to the log.

    On a terminal the newest detail is seen, in one line that the next replaces; elsewhere a sign of life every 10 s.
    A command that fails shows the last details.
    """

    def __init__(self, out: TextIO, log: Path, now: Callable[[], float] = time.monotonic) -> None:
        self._out, self._log_path, self._now = out, log, now
        self._is_terminal = out.isatty()
        self._last: deque[str] = deque(maxlen=KEPT_LINES)
        self._begun: float | None = None

    def __enter__(self) -> Self:
        self._log_path.parent.mkdir(parents=True, exist_ok=True)
        self._log = self._log_path.open("w")
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if kind is None:
            self._finish_step()
        else:
            self._say("\n".join([*self._last, f"The whole output is in {self._log_path}."]))
        self._log.close()

    def __call__(self, line: str) -> None:
        """Take one line: a step, or a detail when it is indented."""
        line = COLOURS.sub("", line)
        print(line, file=self._log, flush=True)
        if line.startswith(" "):
            self._detail(line)
        else:
            self._finish_step()
            self._begin_step(line)

    def _begin_step(self, text: str) -> None:
        self._begun = self._shown_at = self._now()
        self._last.clear()
        self._say(f"==> {text}")

    def _finish_step(self) -> None:
        if self._begun is not None:
            self._say(f"    done in {self._now() - self._begun:.0f} s")
        self._begun = None

    def _detail(self, line: str) -> None:
        self._last.append(line)
        if self._is_terminal:
            width = shutil.get_terminal_size().columns - 1
            self._out.write(f"\r\x1b[K{line[:width]}")
            self._out.flush()
        elif self._begun is not None and self._now() - self._shown_at >= SIGN_OF_LIFE_S:
            self._shown_at = self._now()
            self._say(f"    ... {self._shown_at - self._begun:.0f} s")

    def _say(self, text: str) -> None:
        self._out.write(("\r\x1b[K" if self._is_terminal else "") + text + "\n")
        self._out.flush()
