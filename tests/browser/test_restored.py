"""A reload, or a second look, brings the same screen back: text, looks, cursor, modes, title."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from sessions.holder import HOLDER
from tests.browser.terminal_page import TerminalPage
from tests.live import Person, docker, eventually

pytestmark = [pytest.mark.browser, pytest.mark.engine, pytest.mark.xdist_group("browser")]


@pytest.fixture
def inside(ada: Person, slug: str) -> Any:
    """Return a function that runs a command in the session's container, past every terminal."""
    container = f"sandlot-{ada.server.instance}.{slug}.alice"
    return lambda *command: docker("exec", container, *command)


def same_after_reload(desk: TerminalPage) -> dict[str, Any]:
    before = desk.screen
    desk.page.reload()
    desk.ready()
    desk.until(
        "JSON.stringify(reader.screen()) === JSON.stringify(argument)", f"the screen of before: {before}", before
    )
    return before


def test_a_prompt_and_its_colours(desk: TerminalPage) -> None:
    desk.run(r"printf '\033[1;31mred\033[0m \033[38;2;10;20;30;48;5;200mmany\033[0m 日本 🦀 é\n'; seq 200")
    desk.is_quiet()
    before = desk.text
    same_after_reload(desk)
    assert desk.text == before
    assert desk.run("echo goes on") == "goes on"


def test_vim_with_text_that_is_not_saved(desk: TerminalPage) -> None:
    desk.type("vim -c 'set mouse=a title ruler laststatus=2 | syntax on' /tmp/draft.py\n")
    desk.until("reader.screen().buffer === 'alternate'", "vim has the screen")
    desk.type("iimport os\nprint('not saved — ünïcode')")
    desk.sees("ünïcode')")
    desk.is_quiet()
    screen = same_after_reload(desk)
    assert screen["buffer"] == "alternate"
    assert screen["modes"]["mouseTrackingMode"] == "drag"
    assert screen["mouseEncoding"] == "SGR"
    assert "draft.py" in screen["title"]
    desk.press("Escape")
    desk.type(":wq\n")
    desk.until("reader.screen().buffer === 'normal'", "vim is left")
    assert desk.run("cat /tmp/draft.py").splitlines() == ["import os", "print('not saved — ünïcode')"]


def test_less_in_the_middle_of_a_file(desk: TerminalPage) -> None:
    desk.type("seq -f 'line %g' 1 2000 | less\n")
    desk.sees("line 5\n")
    desk.type("/line 1234\n")
    desk.sees("line 1240\n")
    desk.is_quiet()
    screen = same_after_reload(desk)
    assert screen["buffer"] == "alternate"
    assert screen["text"][0] == "line 1234"
    desk.press("q")
    assert desk.run("echo left") == "left"


def test_a_question_asked_while_nobody_looks_is_answered_once(desk: TerminalPage, inside: Any) -> None:
    shown = desk.id

    def held() -> dict[str, Any]:
        return next(kept for kept in json.loads("".join(inside(HOLDER, "list"))) if kept["id"] == shown)

    wait = "until [ -e /tmp/ask ]; do sleep 0.1; done"
    ask = r"printf '\e[c'; read -t 60 -s -d c x; read -t 2 -s -d c y; echo got ${x@Q} then ${y@Q}"
    desk.start(f"{wait}; {ask}")
    address, offset = desk.page.url, held()["offset"]
    desk.page.goto("about:blank")
    eventually(lambda: not held()["driver"], "nobody looks")
    inside("touch", "/tmp/ask")
    eventually(lambda: held()["offset"] > offset, "the program asked")
    desk.page.goto(address)
    desk.ready()
    desk.sees("got $'\\E[?1;2' then ''")
    inside("rm", "/tmp/ask")
    assert desk.run("echo goes on") == "goes on"


def test_htop(desk: TerminalPage, inside: Any) -> None:
    # Behind a shell of its own: the one at the prompt would take the screen back from a program that stopped.
    desk.type("sh -c 'htop; true'\n")
    desk.sees("F10")
    desk.sees("Tasks:")
    # Its numbers must not change between the two looks.
    inside("pkill", "-STOP", "htop")
    eventually(lambda: "T" in inside("ps", "-o", "stat=", "-C", "htop")[0], "htop stands still")
    desk.is_quiet()
    screen = same_after_reload(desk)
    assert screen["buffer"] == "alternate"
    assert screen["modes"]["mouseTrackingMode"] != "none"
    assert screen["isCursorHidden"]
    inside("pkill", "-CONT", "htop")
    desk.press("q")
    assert desk.run("echo left") == "left"


def test_tmux(desk: TerminalPage) -> None:
    setup = "set -g mouse on; set -g set-titles on; set -g set-titles-string one; set -g status-right right"
    desk.type(f"printf '%s\\n' {' '.join(repr(line) for line in setup.split('; '))} > /tmp/tmux.conf\n")
    desk.type("tmux -f /tmp/tmux.conf new-session -s work\n")
    desk.sees("[work]")
    desk.type("echo in tm''ux\n")
    desk.sees("in tmux\n")
    desk.press("Control+b")
    desk.type("%")
    desk.sees("│")
    # The new pane's shell is there, too.
    desk.type("echo ne''w\n")
    desk.sees("│new")
    desk.is_quiet()
    screen = same_after_reload(desk)
    assert screen["buffer"] == "alternate"
    assert screen["modes"]["mouseTrackingMode"] != "none"
    assert screen["mouseEncoding"] == "SGR"
    assert screen["title"] == "one"
    desk.type("tmux kill-session\n")
    desk.until("reader.screen().buffer === 'normal'", "tmux is left")
    assert desk.run("echo left") == "left"


# Asks everything a terminal answers, then writes down what is typed until a Q comes.
ASKER = r"""
import os, select, termios, tty
old = termios.tcgetattr(0)
tty.setraw(0)
os.write(1, b"\x1b[c\x1b[>c\x1b[5n\x1b[6n\x1b]10;?\x07\x1b]11;?\x07\x1b]4;1;?\x07\x1b[?2026$p\x1bP$qm\x1b\\\x1b[6n")
answers = b""
while answers.count(b"R") < 2:
    answers += os.read(0, 4096)
while select.select([0], [], [], 0.3)[0]:
    answers += os.read(0, 4096)
os.write(1, b"ASK" + b"ED %d\r\n" % answers.count(b"\x1b"))
typed = b""
while not typed.endswith(b"Q"):
    typed += os.read(0, 4096)
termios.tcsetattr(0, 0, old)
print("TYPED", typed, "END")
"""


def test_old_questions_are_not_answered_again(desk: TerminalPage) -> None:
    desk.run(f"echo {base64.b64encode(ASKER.encode()).decode()} | base64 -d > /tmp/asker.py")
    desk.type("python3 /tmp/asker.py\n")
    desk.sees("ASKED 1")
    for _ in range(2):
        desk.page.reload()
        desk.ready()
    # Not by a link that resumes either, and what a person types goes through.
    desk.ask("reader.shown().connection.reconnect()")
    desk.ready()
    desk.type("xQ")
    desk.sees("END")
    assert "TYPED b'xQ' END" in desk.text


def test_a_program_that_ended_stays_readable(desk: TerminalPage) -> None:
    desk.type("echo last wo''rds; exit 3\n")
    desk.is_in_state("ended")
    ended = desk.id
    assert "last words" in desk.text
    desk.page.reload()
    desk.ready()
    assert desk.id != ended
