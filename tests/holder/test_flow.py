"""Flow control: the driver's window stops the program, a viewer's never does, and nobody slows another."""

from __future__ import annotations

import random
import statistics
import struct
from pathlib import Path

from tests.holder.client import WINDOW_BYTES, Frame, T, Viewer, shell
from tests.holder.conftest import Holder, Start

MIB = 1024 * 1024
# What may be between the program and the viewer besides the window: the kernel's PTY buffers and one read.
SLACK_BYTES = 160 * 1024
# With which a link begins, before it has shown that it reads.
FIRST_WINDOW_BYTES = 64 * 1024
# Writes 4 KiB pieces without end and keeps the count of its bytes where the test can read it.
COUNTING = """
import os, sys
os.system("stty raw -echo")
counter = os.open(sys.argv[1], os.O_RDWR | os.O_CREAT)
total = 0
while True:
    total += os.write(1, b"0123456789abcde\\n" * 256)
    os.pwrite(counter, total.to_bytes(8, "big"), 0)
"""


def counting(holder: Holder, counter: Path, terminal: str = "t") -> Viewer:
    program = holder.folder / "counting.py"
    if not program.exists():  # written anew, it would be empty for a moment, and who starts just then ends
        program.write_text(COUNTING)
    viewer = holder.viewer(terminal)
    viewer.acks = False
    return viewer.link(program=shell(f"exec python3 {program} {counter}"))


def counted(counter: Path) -> int:
    data = counter.read_bytes() if counter.exists() else b""
    return int.from_bytes(data)


def take_until_quiet(viewer: Viewer, quiet_s: float = 0.5) -> None:
    """Read until nothing has come for so long: a stopped stream has no event of its own."""
    while viewer.poll(quiet_s):
        pass


def until_full(viewer: Viewer) -> None:
    """Read what the first window lets through: only from then on is silence a stopped stream, not a slow start."""
    viewer.until(lambda v: v.offset >= FIRST_WINDOW_BYTES - 16 * 1024)


def test_a_driver_that_does_not_acknowledge_stops_the_program(holder: Holder, tmp_path: Path) -> None:
    viewer = counting(holder, tmp_path / "count")
    until_full(viewer)
    take_until_quiet(viewer)
    assert viewer.offset <= FIRST_WINDOW_BYTES
    stopped_at = counted(tmp_path / "count")
    assert FIRST_WINDOW_BYTES // 2 <= stopped_at <= FIRST_WINDOW_BYTES + SLACK_BYTES
    take_until_quiet(viewer)
    assert counted(tmp_path / "count") == stopped_at
    viewer.ack()
    viewer.until(lambda v: v.offset > FIRST_WINDOW_BYTES)


def test_no_link_ever_has_more_than_its_window_in_flight(holder: Holder, tmp_path: Path) -> None:
    viewer = counting(holder, tmp_path / "count")
    acked, most = 0, 0
    # On a busy machine it takes longer until the window has grown.
    while viewer.offset < 8 * MIB or most <= FIRST_WINDOW_BYTES:
        viewer.next()
        most = max(most, viewer.offset - acked)
        while viewer.poll():
            most = max(most, viewer.offset - acked)
        acked += (viewer.offset - acked) // 2 + 1
        viewer.ack(acked)
    assert most <= WINDOW_BYTES


def test_nobody_driving_lets_the_program_run_freely(holder: Holder, tmp_path: Path) -> None:
    viewer = counting(holder, tmp_path / "count")
    viewer.next()
    viewer.close()
    watcher = holder.viewer().link(want_drive=False)
    watcher.until(lambda v: v.offset > 8 * 1024 * 1024)


def test_floods_that_nobody_paces_all_get_on_and_give_way_to_a_driver(start: Start, tmp_path: Path) -> None:
    holder = start("--silent-ms", "2000")
    counters = [tmp_path / f"count-{number}" for number in range(6)]
    for number, counter in enumerate(counters):
        flood = counting(holder, counter, f"flood-{number}")
        if number % 2:
            flood.close()  # nobody drives this one; the others have a driver that says nothing
    other = holder.open(shell("exec cat"), "other").until_drives()
    at_first = [counted(counter) for counter in counters]
    typed = 0
    while any(counted(counter) < before + MIB for counter, before in zip(counters, at_first, strict=True)):
        other.type(b"%d\n" % typed)
        other.until_output(b"%d\r\n" % typed)
        typed += 1
    driver = holder.viewer("flood-1").link().until_drives().until_replayed()
    began = driver.offset
    driver.until(lambda v: v.offset > began + 16 * MIB)
    assert not driver.gaps


def test_nothing_is_lost_of_what_nobody_paces(holder: Holder, tmp_path: Path) -> None:
    output = random.Random(7).randbytes(6 * MIB)
    (tmp_path / "output").write_bytes(output)
    program = shell(f"stty raw -echo; printf go; read go; exec cat {tmp_path}/output")
    names = [f"t{number}" for number in range(4)]
    for name in names:
        driver = holder.open(program, name).until_output(b"go").until_drives()
        driver.paste(b"\n")
        driver.close()
    for name in names:
        late = holder.viewer(name).link(want_drive=False)
        assert late.until_exit() == 0
        assert late.exit == (0, len(b"go") + len(output))
        assert (b"go" + output).endswith(late.output)
        assert len(late.output) > MIB // 8


def test_a_slow_page_has_less_on_the_way(holder: Holder, tmp_path: Path) -> None:
    viewer = counting(holder, tmp_path / "count")
    until_full(viewer)
    acked, on_the_way = 0, []
    for _ in range(60):
        take_until_quiet(viewer, 0.02)  # 32 KiB every 20 ms and more: 1.6 MB/s at most
        on_the_way.append(viewer.offset - acked)
        acked = min(acked + 32 * 1024, viewer.offset)
        viewer.ack(acked)
    # Not the most: a program that pauses while the page reads gets a larger window for a moment.
    assert statistics.median(on_the_way) <= WINDOW_BYTES // 2
    viewer.acks = True
    viewer.ack()
    viewer.until(lambda v: v.offset > 16 * 1024 * 1024)


def test_a_silent_driver_stops_gating_and_later_gets_a_gap(start: Start, tmp_path: Path) -> None:
    holder = start("--silent-ms", "300")
    driver = counting(holder, tmp_path / "count")
    take_until_quiet(driver)
    watcher = holder.viewer().link(want_drive=False)
    watcher.until(lambda v: v.offset > 8 * 1024 * 1024)
    driver.acks = True
    driver.ack()
    driver.until(lambda v: v.gaps and v.replayed)
    assert driver.gaps[0][0] <= WINDOW_BYTES
    assert driver.gaps[0][1] == driver.resets[-1][0]


def test_a_stalled_viewer_never_slows_the_driver(holder: Holder, tmp_path: Path) -> None:
    driver = counting(holder, tmp_path / "count")
    driver.acks = True
    stalled = holder.viewer()
    stalled.acks = False
    stalled.link(want_drive=False).until(lambda v: v.offset > 0)
    driver.ack()
    driver.until(lambda v: v.offset > 16 * 1024 * 1024)
    stalled.acks = True
    stalled.ack()
    stalled.until(lambda v: v.gaps and v.replayed and v.offset > 16 * 1024 * 1024)


def test_a_viewer_whose_pipe_is_full_never_slows_the_driver(holder: Holder, tmp_path: Path) -> None:
    driver = counting(holder, tmp_path / "count")
    driver.acks = True
    holder.viewer().link(want_drive=False)  # nobody ever reads this one
    driver.until(lambda v: v.offset > 0).ack()
    driver.until(lambda v: v.offset > 16 * 1024 * 1024)


def test_acknowledging_what_was_never_sent_opens_nothing(holder: Holder, tmp_path: Path) -> None:
    viewer = counting(holder, tmp_path / "count")
    viewer.send(T.ACK, struct.pack(">Q", 2**62))
    take_until_quiet(viewer)
    assert viewer.offset <= FIRST_WINDOW_BYTES
    assert counted(tmp_path / "count") <= FIRST_WINDOW_BYTES + SLACK_BYTES


def test_busy_output_comes_in_large_frames(holder: Holder, tmp_path: Path) -> None:
    viewer = counting(holder, tmp_path / "count")
    viewer.acks = True
    sizes = []
    while viewer.offset < 16 * 1024 * 1024:
        frame: Frame = viewer.next()
        if frame.type == T.OUTPUT:
            sizes.append(len(frame.body) - 8)
    assert sum(sizes) / len(sizes) > 16 * 1024


def test_another_terminal_is_served_while_one_floods(holder: Holder, tmp_path: Path) -> None:
    flood = counting(holder, tmp_path / "count")
    flood.acks = True
    other = holder.open(shell("exec cat"), "other").until_drives()
    for number in range(50):
        other.type(b"%d\n" % number)
        other.until_output(b"%d\r\n" % number)
        while flood.poll():
            pass
