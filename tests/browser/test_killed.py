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
# From the moment the server answers again.
BACK_WITHIN_MS = 2_000


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


def shell_pids(server: LiveServer) -> list[str]:
    return docker("exec", f"sandlot-{server.instance}-{SLUG}-alice", "pgrep", "-x", "-P", "1", "bash")


def kill_and_resume(server: LiveServer, desk: TerminalPage) -> None:
    before = shell_pids(server)
    server.kill()
    desk.until("reader.state() !== 'live'", "the page noticed")
    server.start()
    desk.until("['replaying', 'live'].includes(reader.state())", "the link is back", within_ms=BACK_WITHIN_MS)
    desk.is_in_state("live")
    assert shell_pids(server) == before


def test_in_vim(server: LiveServer, desk: TerminalPage) -> None:
    desk.type("vim -c 'set mouse=a title ruler' /tmp/draft\n")
    desk.sees("/tmp/draft")
    desk.type("inot saved")
    desk.sees("-- INSERT --")
    desk.is_quiet()
    before = desk.screen
    kill_and_resume(server, desk)
    assert desk.screen == before
    desk.type(" yet")
    desk.press("Escape")
    desk.type(":wq\n")
    desk.until("reader.screen().buffer === 'normal'", "vim is left")
    assert desk.run("cat /tmp/draft") == "not saved yet"


def test_in_a_paste_of_4_mb(server: LiveServer, desk: TerminalPage) -> None:
    text = "".join(f"{number:07} " + f"{number * 2654435761 % 2**32:08x} " * 7 + "\n" for number in range(56_000))
    # Most of it waits for a sign of ours, so that the server is killed in the middle, however quick the machine is.
    reading = "(head -c 1000000; until [ -e /tmp/go ]; do sleep 0.05; done; cat)"
    desk.start(f"stty -echo; {reading} > /tmp/pasted")
    desk.paste(text)
    desk.page.get_by_role("button", name="Paste", exact=True).click()
    # Some of it has arrived, most of it has not.
    half_way = "reader.unconfirmed() > 500_000 && reader.unconfirmed() < argument"
    desk.until(half_way, "the paste runs", len(text) - 500_000)
    kill_and_resume(server, desk)
    docker("exec", f"sandlot-{server.instance}-{SLUG}-alice", "touch", "/tmp/go")
    desk.until("reader.unconfirmed() === 0", "everything is confirmed", within_ms=60_000)
    desk.press("Control+d")
    desk.type("stty echo\n")
    digest = desk.run("sha256sum < /tmp/pasted; wc -c < /tmp/pasted").split()
    assert digest == [hashlib.sha256(text.encode()).hexdigest(), "-", str(len(text))]


# About 1,000 rows a second.
SLOWLY = """
import time
for number, row in enumerate(open("/tmp/rows")):
    print(row, end="", flush=True)
    if number % 10 == 9:
        time.sleep(0.01)
"""


def test_in_the_output_of_a_file(server: LiveServer, desk: TerminalPage) -> None:
    """Slow enough for what is kept meanwhile: every line is there, once."""
    desk.run("seq -f 'row %06g' 1 6000 > /tmp/rows")
    desk.run(f"echo {base64.b64encode(SLOWLY.encode()).decode()} | base64 -d > /tmp/slowly.py")
    desk.type("python3 /tmp/slowly.py; echo al''l\n")
    desk.sees("row 000300\n")
    kill_and_resume(server, desk)
    assert "row 006000" not in desk.text
    desk.sees("\nall\n", within_ms=60_000)
    rows = re.findall(r"row (\d{6})", desk.text)
    assert [int(row) for row in rows] == list(range(1, 6001))


# As fast as it is taken, until a sign of ours: however quick the machine is, the server is killed in the middle.
ENDLESSLY = """
import os
last = 0
while not os.path.exists("/tmp/enough"):
    print("\\n".join(f"row {number:010}" for number in range(last + 1, last + 10_001)), flush=True)
    last += 10_000
print("last", last)
"""


def test_in_the_output_of_a_large_file(server: LiveServer, desk: TerminalPage) -> None:
    """More goes by than is kept: the page says so, and what it shows is one piece."""
    desk.run(f"echo {base64.b64encode(ENDLESSLY.encode()).decode()} | base64 -d > /tmp/endlessly.py")
    desk.type("rm -f /tmp/enough; python3 /tmp/endlessly.py; echo al''l\n")
    desk.until("reader.shown().connection.position.offset > 2_000_000", "it runs")
    kill_and_resume(server, desk)
    assert "\nlast" not in desk.text
    docker("exec", f"sandlot-{server.instance}-{SLUG}-alice", "touch", "/tmp/enough")
    desk.sees("\nall\n", within_ms=60_000)
    rows = [int(row) for row in re.findall(r"^row (\d{10})$", desk.text, re.MULTILINE)]
    (last,) = re.findall(r"^last (\d+)$", desk.text, re.MULTILINE)
    assert rows == list(range(int(last) - len(rows) + 1, int(last) + 1))
    assert len(rows) > 9_900
    assert desk.run("echo fine") == "fine"
