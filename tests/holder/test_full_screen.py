"""Real full-screen programs: who joins after more output than is kept has the screen of one who was always there."""

from __future__ import annotations

import base64
import json
import random
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.holder.client import Frame, Program, T, Viewer, shell
from tests.holder.conftest import Holder

SIZE = (80, 24)
# More than the holder keeps (1 MiB), so that every replay begins in the middle of the program.
WRITTEN_BYTES = 1_300_000
COMPARE = Path(__file__).resolve().parents[1] / "js" / "compare.js"
TEXT = "".join(f"def line_{n}(): return '{n} é漢字 — \\t {'x' * (n % 50)}'  # number {n}\n" for n in range(2000))
# Every word in a colour of its own, so that one repaint is much output.
COLOURS = (
    "\n".join("".join(f"\033[38;5;{n}mé{n % 10}\033[0m" for n in range(line, line + 38)) for line in range(20)) + "\n"
)
TMUX_SETTINGS = """
set -g mouse on
set -g set-titles on
set -g set-titles-string "tmux says #W"
set -g status-interval 0
set -g exit-unattached on
set -g automatic-rename off
set -g default-command "cat colours.txt; printf '\\033[1;31mred\\033[0m é漢字'; exec cat"
"""


@dataclass
class Watcher(Viewer):
    """Keeps the frames that a page would show, in their order."""

    frames: list[dict[str, Any]] = field(default_factory=list)

    def _note(self, frame: Frame) -> None:
        offset = self.offset
        super()._note(frame)
        if frame.type in (T.OUTPUT, T.RESET):
            name = "output" if frame.type == T.OUTPUT else "reset"
            start = offset if frame.type == T.OUTPUT else self.offset
            self.frames.append({"type": name, "offset": start, "bytes": base64.b64encode(frame.body[8:]).decode()})
        elif frame.type == T.SIZE:
            _, cols, rows = self.sizes[-1]
            self.frames.append({"type": "size", "cols": cols, "rows": rows})


@dataclass(frozen=True)
class FullScreen:
    """How a program is started, which keys make it paint all of its screen, and what it shows once it is there."""

    command: str
    repaint: bytes
    ready: bytes
    mouse: str
    title: str = ""


VIM = FullScreen(
    "vim -u NONE -i NONE -N -n --cmd 'set mouse=a ttymouse=sgr title titlestring=vim\\ says cursorline' "
    "-c 'syntax on' text.py",
    b"\x06:for i in range(9) | redraw! | endfor\r",
    b"line_10",
    "drag",
    "vim says",
)
LESS = FullScreen("less -R --mouse text.py", b"Gg" * 40, b"line_10", "vt200")
HTOP = FullScreen("htop -d 100", b"\x0c" * 40, b"PID", "vt200")
TMUX = FullScreen("tmux -f tmux.conf -S tmux.sock new", b"\x02r", b"red", "drag", "tmux says")


def watch(holder: Holder) -> Watcher:
    watcher = Watcher.dial(holder.folder, "t")
    holder.viewers.append(watcher)
    return watcher


def run(program: FullScreen, folder: Path) -> Program:
    (folder / "text.py").write_text(TEXT)
    (folder / "colours.txt").write_text(COLOURS)
    (folder / "tmux.conf").write_text(TMUX_SETTINGS)
    return shell(f"cd {folder}; export HOME={folder}; {program.command}", SHELL="/bin/sh")


def write_more_than_is_kept(viewer: Watcher, keys: bytes) -> None:
    """Press the keys again and again, each time the program has nothing more to paint."""
    while viewer.offset < WRITTEN_BYTES:
        viewer.type(keys)
        viewer.next()
        while viewer.poll(0.005):
            pass


def settle(viewer: Watcher, quiet_s: float, others: Sequence[Watcher] = ()) -> None:
    """Read on until the program has said nothing for a while; the others have been told the same then."""
    while viewer.poll(quiet_s):
        pass
    for other in others:
        while other.offset < viewer.offset:
            other.next()


def compare(viewers: list[Watcher], recording: bytes, cuts: list[int]) -> dict[str, Any]:
    asked = {
        "size": {"cols": SIZE[0], "rows": SIZE[1]},
        "viewers": [viewer.frames for viewer in viewers],
        "recording": base64.b64encode(recording).decode(),
        "cuts": cuts,
    }
    done = subprocess.run(["node", COMPARE], input=json.dumps(asked), stdout=subprocess.PIPE, text=True, check=True)
    result: dict[str, Any] = json.loads(done.stdout)
    return result


@pytest.mark.parametrize("binary", ["static"], indirect=True)
@pytest.mark.parametrize("program", [VIM, LESS, HTOP, TMUX], ids=["vim", "less", "htop", "tmux"])
def test_who_joins_late_has_the_screen_of_who_was_there(holder: Holder, tmp_path: Path, program: FullScreen) -> None:
    early = watch(holder).link(program=run(program, tmp_path), size=SIZE).until_output(program.ready)
    write_more_than_is_kept(early, program.repaint)
    settle(early, 0.2)
    recording = bytes(early.output)
    late = watch(holder).link(size=SIZE).until_replayed()
    assert late.resets[0][0] > 0
    assert b"\x1b[?1047h" in late.resets[0][1]
    # The program is made to repaint: it sees a row less for 60 ms, and paints twice.
    told = late.offset
    late.send(T.DRIVE)
    late.until_drives().until(lambda v: v.offset > told)
    settle(late, 0.6, [early])

    # The same recording, joined at random: its last pages are painted anew by the rest.
    chance = random.Random(1)
    cuts = [chance.randrange(len(recording) - 64 * 1024) for _ in range(6)]
    result = compare([early, late], recording, [*cuts, 0])
    there, joined = result["viewers"]
    assert joined == there
    assert all(cut == result["cuts"][-1] for cut in result["cuts"])
    assert there["cursor"][0] == "alternate"
    assert there["state"]["modes"]["mouseTrackingMode"] == program.mouse
    assert there["state"]["titles"][0].startswith(program.title)
