"""A viewer that comes back gets exactly what it missed; one that joins late gets the kept output and the modes."""

from __future__ import annotations

import hashlib
import random
from pathlib import Path

import pytest

from tests.holder.client import INPUT_BYTES, T, Viewer, shell
from tests.holder.conftest import Holder, Start

KEPT_BYTES = 1024 * 1024
# Pieces typed ahead of the output that answers them: less than what is kept, however long one of the two has to wait.
AHEAD = 16
UNUSUAL = "é中🙂\x1b[1;38;2;1;2;3mbold\x1b[0m\x1b]2;títle\x07\x1b[?2004h\x9b1m\r\n".encode()


def noise(size: int, seed: int = 1) -> bytes:
    """Bytes without any order, so that a lost, doubled or moved one changes the digest."""
    return random.Random(seed).randbytes(size)


def come_back(holder: Holder, gone: Viewer) -> Viewer:
    """The same browser links again where it was, with what it had."""
    gone.close()
    again = holder.viewer(client=gone.client)
    again.output, again.typed_seq, again.acked_seq = gone.output, gone.typed_seq, gone.acked_seq
    return again.link(resume=gone.place)


def type_on(viewer: Viewer, data: bytes) -> None:
    """Type the next 7 bytes: what the holder has taken is told by WELCOME, whatever was acknowledged before."""
    viewer.until(lambda v: v.welcome)
    assert viewer.welcome
    viewer.typed_seq = max(viewer.welcome.last_seq, viewer.acked_seq)
    start = viewer.typed_seq * 7
    viewer.type(data[start : start + 7])


def test_who_comes_back_to_a_program_that_does_not_read_is_told_what_is_written(holder: Holder) -> None:
    """WELCOME tells what was accepted; only with what is written does the window say how much may follow."""
    viewer = holder.open(shell("stty raw -echo; printf ready; exec sleep 1000")).until_output(b"ready")
    viewer.type(b"short")
    viewer.until(lambda v: v.acked_seq == 1)
    for _ in range(4):
        viewer.type(b"x" * INPUT_BYTES)
    gone = viewer.typed_seq
    again = come_back(holder, viewer)
    again.acked_seq = 0
    again.until(lambda v: v.welcome and v.acked_seq)
    assert again.welcome
    # What was still in the pipe went with the link.
    assert 1 < again.welcome.last_seq <= gone
    assert again.acked_seq == 1


def test_a_late_joiner_gets_all_that_is_kept_without_being_asked_whether_it_reads(holder: Holder) -> None:
    writer = holder.open(shell(f"stty raw -echo; head -c {KEPT_BYTES} /dev/zero; echo done; exec cat"))
    writer.until_output(b"done")
    joiner = holder.viewer()
    joiner.acks = False
    joiner.link(want_drive=False).until_replayed()
    assert joiner.offset == writer.offset
    assert joiner.offset - joiner.resets[0][0] > KEPT_BYTES // 2


@pytest.mark.parametrize("disconnects", [1000])
def test_a_thousand_disconnects_lose_nothing_and_double_nothing(
    holder: Holder, tmp_path: Path, disconnects: int
) -> None:
    """During output and typing: SHA-256 of the output is right, and every typed byte arrived once."""
    output, typed = noise(24 * 1024 * 1024), noise(7 * disconnects, seed=2)
    (tmp_path / "output").write_bytes(output)
    # The output waits for each typed piece of 7 bytes, so that it lasts as long as the disconnects do.
    command = (
        f"stty raw -echo; printf ready; exec 3<{tmp_path}/output; i=0; while [ $i -lt {disconnects} ]; do "
        f"head -c 7 >> {tmp_path}/typed; head -c {len(output) // disconnects} <&3; i=$((i+1)); done; cat <&3"
    )
    viewer = holder.open(shell(command)).until_output(b"ready")
    chance = random.Random(3)
    for _ in range(disconnects):
        type_on(viewer, typed)
        viewer.until(lambda v: v.offset >= (v.typed_seq - AHEAD) * (len(output) // disconnects))
        stop_at = viewer.offset + chance.randrange(40_000)
        while viewer.offset < stop_at and viewer.poll(0.001):
            pass
        viewer = come_back(holder, viewer)
    while viewer.acked_seq * 7 < len(typed):
        type_on(viewer, typed)
        viewer.until(lambda v: v.acked_seq == v.typed_seq)
    assert viewer.until_exit() == 0
    assert (tmp_path / "typed").read_bytes() == typed
    assert not viewer.resets
    assert hashlib.sha256(viewer.output).digest() == hashlib.sha256(b"ready" + output).digest()


def test_a_short_absence_is_made_up_without_a_reset(holder: Holder) -> None:
    viewer = holder.open(shell("printf one; read x; printf two; read x")).until_output(b"one")
    viewer.close()
    other = holder.viewer().link().until_drives()
    other.type(b"\n")
    other.until_output(b"two")
    again = holder.viewer(client=viewer.client).link(resume=viewer.place).until_replayed()
    assert bytes(again.output) == b"\r\ntwo"
    assert not again.resets


def test_an_absence_longer_than_the_ring_is_a_gap_and_a_reset(holder: Holder, tmp_path: Path) -> None:
    (tmp_path / "output").write_bytes(b"line of output\n" * 200_000)
    viewer = holder.open(shell(f"printf one; read x; cat {tmp_path}/output; printf two; read x")).until_output(b"one")
    viewer.type(b"\n")
    epoch, offset = viewer.place
    viewer.close()
    watcher = holder.viewer().link(want_drive=False).until_output(b"two")
    again = holder.viewer(client=viewer.client).link(resume=(epoch, offset)).until_replayed()
    (gap,) = again.gaps
    assert gap[0] == offset
    assert gap[1] == again.resets[0][0]
    assert KEPT_BYTES - 128 * 1024 <= watcher.offset - gap[1] <= KEPT_BYTES
    assert again.output.startswith(b"line of output\r\n")


def test_another_epoch_is_a_reset_without_a_gap(holder: Holder) -> None:
    viewer = holder.open(shell("printf one; read x")).until_output(b"one")
    again = holder.viewer().link(resume=(viewer.place[0] ^ 1, 2)).until_replayed()
    assert bytes(again.output) == b"one"
    assert not again.gaps
    assert [offset for offset, _ in again.resets] == [0]


def test_an_offset_that_never_was_is_a_reset(holder: Holder) -> None:
    viewer = holder.open(shell("printf one; read x")).until_output(b"one")
    again = holder.viewer().link(resume=(viewer.place[0], 2**63)).until_replayed()
    assert bytes(again.output) == b"one"
    assert [offset for offset, _ in again.resets] == [0]


def test_a_late_viewer_sees_what_was_kept_then_what_is_new(holder: Holder) -> None:
    first = holder.open(shell("printf one; read x; printf two; read x")).until_output(b"one")
    late = holder.viewer().link(want_drive=False).until_replayed()
    assert bytes(late.output) == b"one"
    first.type(b"\n")
    late.until_output(b"two")
    assert bytes(late.output) == b"one\r\ntwo"


def test_who_keeps_few_lines_is_not_sent_all_that_is_kept(holder: Holder) -> None:
    """A bit more than these, from the start of a line, in the state that the output before has left."""
    rows = range(100_001, 160_001)
    first = holder.open(shell(f"printf '\\033[31m'; seq {rows[0]} {rows[-1]}; printf done; read x"))
    first.until_output(b"done")
    late = holder.viewer().link(want_drive=False, lines=1_000).until_replayed()
    shown = [int(row) for row in bytes(late.output).removesuffix(b"done").split()]
    assert shown == list(rows)[-len(shown) :]
    assert 1_024 <= len(shown) < 1_024 + 2 * 16 * 1024 / len(b"100001\r\n")
    ((start, preamble),) = late.resets
    assert start + len(late.output) == first.offset
    assert b"\x1b[0;31m" in preamble
    everything = holder.viewer().link(want_drive=False, lines=50_000_000).until_replayed()
    assert everything.resets[0][0] < start
    # Who comes back goes on where it was, whatever it keeps.
    again = holder.viewer().link(resume=(first.place[0], first.offset - 4)).until_replayed()
    assert bytes(again.output) == b"done"


def test_frames_come_in_the_promised_order(holder: Holder) -> None:
    holder.open(shell("printf one; read x")).until_output(b"one")
    late = holder.viewer().link(want_drive=False)
    got = [late.next().type for _ in range(6)]
    assert got == [T.WELCOME, T.PRESENCE, T.RESET, T.SIZE, T.OUTPUT, T.REPLAY_END]


def test_a_late_viewer_gets_the_modes_that_were_evicted(holder: Holder, tmp_path: Path) -> None:
    (tmp_path / "output").write_bytes(
        b"\x1b[?2004h\x1b[?1002h\x1b[?1006h\x1b[4 q\x1b]2;evicted\x07" + b"plain line\n" * 200_000
    )
    holder.open(shell(f"cat {tmp_path}/output; printf done; read x")).until_output(b"done")
    late = holder.viewer().link(want_drive=False).until_replayed()
    ((offset, preamble),) = late.resets
    assert offset > 0
    assert late.output.startswith(b"plain line\r\n")
    for sequence in (b"\x1b[?2004h", b"\x1b[?1002h", b"\x1b[?1006h", b"\x1b[4 q", b"\x1b]2;evicted\x1b\\"):
        assert sequence in preamble


@pytest.mark.parametrize("cut", range(1, len(UNUSUAL)))
def test_a_disconnect_at_every_byte_of_characters_and_sequences(binary: Path, holder: Holder, cut: int) -> None:
    """The program stops after `cut` bytes until the viewer has come back."""
    source = holder.folder / "unusual"
    source.write_bytes(UNUSUAL)
    command = f"stty raw -echo; head -c {cut} {source}; read x; tail -c +{cut + 1} {source}; read x"
    viewer = holder.open(shell(command)).until(lambda v: v.offset == cut)
    again = come_back(holder, viewer).until_drives()
    again.type(b"\n")
    again.until(lambda v: v.offset == len(UNUSUAL))
    assert bytes(again.output) == UNUSUAL


def test_old_output_is_replayed_at_the_size_it_was_written_for(holder: Holder) -> None:
    viewer = holder.open(shell("trap 'stty size' WINCH; printf ready; while :; do sleep 0.01; done")).until_output(
        b"ready"
    )
    viewer.resize(100, 30)
    viewer.until_output(b"30 100\r\n")
    viewer.resize(60, 20)
    viewer.until_output(b"20 60\r\n")
    late = holder.viewer().link(want_drive=False).until_replayed()
    assert late.sizes == [(0, 80, 24), (5, 100, 30), (5 + len(b"30 100\r\n"), 60, 20)]


def test_a_full_screen_program_is_made_to_repaint_for_a_driver_that_joins(start: Start) -> None:
    """Its alternate screen was opened before what is kept: only the program can paint it again."""
    # The smaller size stays until the program has surely asked for it.
    holder = start("--repaint-ms", "2000")
    command = (
        "stty raw -echo; printf '\\033[?1049h'; yes | tr -d '\\n' | head -c 1500000; printf ready; "
        "trap 'stty size' WINCH; while :; do sleep 0.01; done"
    )
    holder.open(shell(command)).until_output(b"ready").close()
    again = holder.viewer().link().until_replayed()
    assert b"\x1b[?1047h" in again.resets[0][1]
    again.until_output(b"23 80").until_output(b"24 80")


def test_a_viewer_that_only_looks_causes_no_repaint(holder: Holder) -> None:
    command = (
        "stty raw -echo; printf '\\033[?1049h'; yes | tr -d '\\n' | head -c 1500000; printf ready; "
        "trap 'printf painted' WINCH; read x; printf asked; read x"
    )
    driver = holder.open(shell(command)).until_output(b"ready")
    holder.viewer().link(want_drive=False).until_replayed()
    driver.type(b"\n")
    driver.until_output(b"asked")
    assert b"painted" not in driver.output
