"""kill -9 of every process of the dashboard while a person works: the page resumes by itself and nothing is lost."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterator

import pytest

from tests.browser.conftest import SignedIn
from tests.browser.terminal_page import TerminalPage
from tests.live import LiveServer, Person, docker

pytestmark = [pytest.mark.browser, pytest.mark.engine, pytest.mark.xdist_group("browser")]

SLUG = "sturdy"
# From the moment the server answers again, and the time of so many plain pages: the first ones after a start are slow.
BACK_WITHIN_MS = 2_000
BACK_WITHIN_PAGES = 20


@pytest.fixture(scope="module")
def ada(server: LiveServer) -> Person:
    person = server.person()
    person.running_sandbox(SLUG)
    return person


@pytest.fixture
def desk(ada: Person, signed_in: SignedIn) -> Iterator[TerminalPage]:
    desk = TerminalPage(signed_in(ada)).open(SLUG)
    desk.ask("window.isSamePage = true")
    yield desk
    assert desk.ask("window.isSamePage"), "the page was loaded again"
    ada.end_terminals(SLUG)


def inside(server: LiveServer, *command: str) -> list[str]:
    """Run a command in the session's container, past every terminal."""
    return docker("exec", f"sandlot-{server.instance}.{SLUG}.alice", *command)


def shell_pids(server: LiveServer) -> list[str]:
    return inside(server, "pgrep", "-x", "-P", "1", "bash")


def kill_and_resume(ada: Person, desk: TerminalPage) -> None:
    server = ada.server
    before = shell_pids(server)
    page_ms = ada.get("/").elapsed.total_seconds() * 1_000
    server.kill()
    desk.until("reader.state() !== 'live'", "the page noticed")
    server.start()
    within_ms = BACK_WITHIN_MS + BACK_WITHIN_PAGES * page_ms
    desk.until("['replaying', 'live'].includes(reader.state())", "the link is back", within_ms=within_ms)
    desk.is_in_state("live")
    assert shell_pids(server) == before


def test_in_vim(ada: Person, desk: TerminalPage) -> None:
    desk.type("vim -c 'set mouse=a title ruler' /tmp/draft\n")
    desk.until("reader.screen().buffer === 'alternate'", "vim has the screen")
    desk.type("inot saved")
    desk.sees("-- INSERT --")
    desk.is_quiet()
    before = desk.screen
    kill_and_resume(ada, desk)
    assert desk.screen == before
    desk.type(" yet")
    desk.press("Escape")
    desk.type(":wq\n")
    desk.until("reader.screen().buffer === 'normal'", "vim is left")
    assert desk.run("cat /tmp/draft") == "not saved yet"


def test_in_a_paste_of_4_mb(ada: Person, desk: TerminalPage) -> None:
    text = "".join(f"{number:07} " + f"{number * 2654435761 % 2**32:08x} " * 7 + "\n" for number in range(56_000))
    # Most of it waits for a sign of ours, so that the server is killed in the middle, however quick the machine is.
    reading = "(head -c 1000000; until [ -e /tmp/go ]; do sleep 0.05; done; cat)"
    desk.start(f"stty -echo; {reading} > /tmp/pasted")
    desk.paste(text)
    desk.page.get_by_role("button", name="Paste", exact=True).click()
    # Some of it has arrived, most of it has not.
    half_way = "reader.unconfirmed() > 500_000 && reader.unconfirmed() < argument"
    desk.until(half_way, "the paste runs", len(text) - 500_000)
    kill_and_resume(ada, desk)
    inside(ada.server, "touch", "/tmp/go")
    desk.until("reader.unconfirmed() === 0", "everything is confirmed", within_ms=60_000)
    desk.press("Control+d")
    desk.type("stty echo\n")
    digest = desk.run("sha256sum < /tmp/pasted; wc -c < /tmp/pasted").split()
    assert digest == [hashlib.sha256(text.encode()).hexdigest(), "-", str(len(text))]


# So many rows at once, then a pause, until a sign of ours: however quick the machine is, the server is killed in the
# middle.
COUNTING = """
import os, sys, time
step, pause, last = int(sys.argv[1]), float(sys.argv[2]), 0
while not os.path.exists("/tmp/enough"):
    print("\\n".join(f"row {number:010}" for number in range(last + 1, last + step + 1)), flush=True)
    last += step
    time.sleep(pause)
print("last", last)
"""


def start_counting(desk: TerminalPage, step: int, pause_s: float) -> None:
    script = base64.b64encode(COUNTING.encode()).decode()
    desk.run(f"rm -f /tmp/enough; echo {script} | base64 -d > /tmp/counting.py")
    desk.type(f"python3 /tmp/counting.py {step} {pause_s}; echo al''l\n")


def end_counting(server: LiveServer, desk: TerminalPage) -> tuple[list[int], int]:
    """Let it end, which it did not before; return the rows that can be read and the number of the last one."""
    assert "\nlast" not in desk.text
    inside(server, "touch", "/tmp/enough")
    desk.sees("\nall\n", within_ms=60_000)
    (last,) = re.findall(r"^last (\d+)$", desk.text, re.MULTILINE)
    return [int(row) for row in re.findall(r"^row (\d{10})$", desk.text, re.MULTILINE)], int(last)


def test_in_the_output_of_a_file(ada: Person, desk: TerminalPage) -> None:
    """Slow enough for what is kept meanwhile: every line is there, once."""
    start_counting(desk, 2, 0.01)
    desk.sees("row 0000000300\n")
    kill_and_resume(ada, desk)
    rows, last = end_counting(ada.server, desk)
    assert rows == list(range(1, last + 1))


def test_in_the_output_of_a_large_file(ada: Person, desk: TerminalPage) -> None:
    """As fast as it is taken, more goes by than is kept: the page says so, and what it shows is one piece."""
    start_counting(desk, 10_000, 0)
    desk.until("reader.shown().connection.position.offset > 2_000_000", "it runs")
    kill_and_resume(ada, desk)
    rows, last = end_counting(ada.server, desk)
    assert rows == list(range(last - len(rows) + 1, last + 1))
    assert len(rows) > 9_900
    assert desk.run("echo fine") == "fine"
