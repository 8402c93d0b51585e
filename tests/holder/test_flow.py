"""Flow control: the driver's window stops the program, a viewer's never does, and nobody slows another."""

from __future__ import annotations

import struct
from pathlib import Path

from tests.holder.client import WINDOW_BYTES, Frame, T, Viewer, shell
from tests.holder.conftest import Holder, Start

# What may be between the program and the viewer besides the window: the kernel's PTY buffers and one read.
SLACK_BYTES = 160 * 1024
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


def counting(holder: Holder, counter: Path) -> Viewer:
    program = holder.folder / "counting.py"
    program.write_text(COUNTING)
    viewer = holder.viewer()
    viewer.acks = False
    return viewer.link(program=shell(f"exec python3 {program} {counter}"))


def counted(counter: Path) -> int:
    data = counter.read_bytes() if counter.exists() else b""
    return int.from_bytes(data)


def take_until_quiet(viewer: Viewer) -> None:
    """Read until nothing has come for half a second: a stopped stream has no event of its own."""
    while viewer.poll(0.5):
        pass


def test_a_driver_that_does_not_acknowledge_stops_the_program(holder: Holder, tmp_path: Path) -> None:
    viewer = counting(holder, tmp_path / "count")
    take_until_quiet(viewer)
    assert viewer.offset <= WINDOW_BYTES
    stopped_at = counted(tmp_path / "count")
    assert WINDOW_BYTES - 64 * 1024 <= stopped_at <= WINDOW_BYTES + SLACK_BYTES
    take_until_quiet(viewer)
    assert counted(tmp_path / "count") == stopped_at
    viewer.ack()
    viewer.until(lambda v: v.offset > WINDOW_BYTES)


def test_no_link_ever_has_more_than_its_window_in_flight(holder: Holder, tmp_path: Path) -> None:
    viewer = counting(holder, tmp_path / "count")
    acked = 0
    while viewer.offset < 4 * 1024 * 1024:
        take_until_window_is_full(viewer, acked)
        assert viewer.offset - acked <= WINDOW_BYTES
        acked += (viewer.offset - acked) // 2 + 1
        viewer.ack(acked)


def take_until_window_is_full(viewer: Viewer, acked: int) -> None:
    while viewer.offset - acked < WINDOW_BYTES - 64 * 1024:
        viewer.next()


def test_nobody_driving_lets_the_program_run_freely(holder: Holder, tmp_path: Path) -> None:
    viewer = counting(holder, tmp_path / "count")
    viewer.next()
    viewer.close()
    watcher = holder.viewer().link(want_drive=False)
    watcher.until(lambda v: v.offset > 8 * 1024 * 1024)


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
    assert viewer.offset <= WINDOW_BYTES
    assert counted(tmp_path / "count") <= WINDOW_BYTES + SLACK_BYTES


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
