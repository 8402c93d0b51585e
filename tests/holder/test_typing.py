"""Input: what is typed reaches the program exactly once, in order, whole, from the driver only."""

from __future__ import annotations

import hashlib
import struct
from pathlib import Path

from tests.holder.client import INPUT_FRAMES, Closed, Program, T, Viewer, shell
from tests.holder.conftest import Holder

RAW_COPY = "stty raw -echo; printf ready; exec head -c %d > %s"


def test_a_login_shell_echoes_and_answers(holder: Holder) -> None:
    viewer = holder.open(Program())
    viewer.until_drives()
    viewer.type(b"echo $((40 + 2))\n")
    viewer.until_output(b"echo $((40 + 2))\r\n").until_output(b"42\r\n")


def test_input_is_acknowledged_once_written(holder: Holder) -> None:
    viewer = holder.open(shell("cat"))
    for letter in b"abc":
        viewer.type(bytes([letter]))
    viewer.until(lambda v: v.acked_seq == 3).until_output(b"abc")


def test_a_repeated_frame_is_typed_once_and_acknowledged_again(holder: Holder, tmp_path: Path) -> None:
    viewer = holder.open(shell(RAW_COPY % (3, tmp_path / "got"))).until_output(b"ready")
    for seq, letter in ((1, b"a"), (1, b"a"), (2, b"b"), (1, b"a"), (2, b"b"), (3, b"c")):
        viewer.send(T.INPUT, struct.pack(">I", seq) + letter)
    viewer.until_exit()
    assert (tmp_path / "got").read_bytes() == b"abc"


def test_a_frame_after_a_gap_waits_for_the_missing_one(holder: Holder, tmp_path: Path) -> None:
    viewer = holder.open(shell(RAW_COPY % (3, tmp_path / "got"))).until_output(b"ready")
    for seq, letter in ((1, b"a"), (3, b"c"), (2, b"b"), (3, b"c")):
        viewer.send(T.INPUT, struct.pack(">I", seq) + letter)
    viewer.until_exit()
    assert (tmp_path / "got").read_bytes() == b"abc"


def test_a_returning_client_learns_what_was_taken(holder: Holder) -> None:
    first = holder.open(shell("cat"))
    first.type(b"one\n")
    first.type(b"two\n")
    first.until(lambda v: v.acked_seq == 2)
    first.close()
    again = holder.viewer(client=first.client).link()
    again.until(lambda v: v.welcome)
    assert again.welcome
    assert again.welcome.last_seq == 2


def five_megabytes() -> bytes:
    """Lines of 64 hex digits, no two alike."""
    lines = b"".join(hashlib.sha256(i.to_bytes(4)).hexdigest().encode() + b"\n" for i in range(80660))
    assert len(lines) > 5 * 1024 * 1024
    return lines


def test_a_paste_of_five_megabytes_reaches_the_program_whole_while_it_is_echoed(holder: Holder, tmp_path: Path) -> None:
    """The echo itself may have holes: the kernel drops echoes while its own buffer of 4 KiB is full."""
    lines = five_megabytes()
    viewer = holder.open(shell(f"printf ready; head -c {len(lines)} > {tmp_path}/got")).until_output(b"ready")
    viewer.paste(lines)
    viewer.until_exit()
    assert (tmp_path / "got").read_bytes() == lines


def test_a_paste_of_five_megabytes_comes_back_whole_from_cat(holder: Holder) -> None:
    lines = five_megabytes()
    viewer = holder.open(shell(f"stty -echo; printf ready; head -c {len(lines)} | cat")).until_output(b"ready")
    viewer.paste(lines)
    viewer.until_exit()
    assert bytes(viewer.output) == b"ready" + lines.replace(b"\n", b"\r\n")


def test_more_unacknowledged_input_than_the_window_ends_the_link(holder: Holder) -> None:
    viewer = holder.open(shell("stty raw -echo; printf ready; read never < /dev/null; exec sleep 1000")).until_output(
        b"ready"
    )
    try:
        for _ in range(INPUT_FRAMES * 2 + 8):  # the kernel takes some of it
            viewer.type(b"x" * 16384)
        viewer.until_closed()
    except (BrokenPipeError, Closed):
        viewer.until_closed()
    assert viewer.error
    assert viewer.error[0] == 7


def test_acks_and_resizes_are_read_while_input_waits(holder: Holder) -> None:
    """The program reads nothing: its input is stuck, yet the size still changes and output still flows."""
    viewer = holder.open(shell("stty raw -echo; trap 'stty size' WINCH; printf ready; while :; do sleep 0.01; done"))
    viewer.until_output(b"ready")
    for _ in range(INPUT_FRAMES):
        viewer.type(b"x" * 16384)
    viewer.resize(100, 30)
    viewer.until_output(b"30 100")


def test_input_of_a_viewer_is_dropped_and_never_acknowledged(holder: Holder) -> None:
    driver = holder.open(shell("cat")).until_drives()
    viewer = holder.viewer().link(want_drive=False)
    viewer.until_replayed()
    viewer.type(b"not this\n")
    viewer.resize(90, 40)
    driver.type(b"this\n")
    viewer.until_output(b"this\r\nthis\r\n")
    assert b"not" not in viewer.output
    assert viewer.acked_seq == 0


def test_a_thousand_clients_in_turn_are_each_counted_right(holder: Holder, tmp_path: Path) -> None:
    """More clients than the holder remembers: each still starts at 1, the long-lived one keeps its count."""
    count = 300
    keeper = holder.open(shell(RAW_COPY % (count + 2, tmp_path / "got"))).until_output(b"ready")
    keeper.type(b"<")
    for _ in range(count):
        typist = holder.viewer().link(want_drive=False)
        typist.send(T.DRIVE)
        typist.until_drives().type(b"x")
        typist.until(lambda v: v.acked_seq == 1)
        typist.close()
    keeper.send(T.DRIVE)
    keeper.type(b">")
    keeper.until_exit()
    assert (tmp_path / "got").read_bytes() == b"<" + b"x" * count + b">"


def test_utf8_typed_in_pieces_arrives(holder: Holder) -> None:
    viewer = holder.open(shell("cat"))
    for byte in "naïve – 中文 🙂\n".encode():
        viewer.type(bytes([byte]))
    viewer.until_output("naïve – 中文 🙂\r\nnaïve – 中文 🙂\r\n".encode())


def test_bytes_of_every_value_pass_both_ways(holder: Holder) -> None:
    data = bytes(range(256)) * 64
    viewer: Viewer = holder.open(shell(f"stty raw -echo; printf ready; head -c {len(data)}")).until_output(b"ready")
    viewer.paste(data)
    viewer.until_exit()
    assert bytes(viewer.output) == b"ready" + data
