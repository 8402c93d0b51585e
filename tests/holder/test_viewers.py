"""Several viewers: who is there, who drives, whose size counts."""

from __future__ import annotations

import random

from tests.holder.client import T, shell
from tests.holder.conftest import Holder

SIZE_ON_WINCH = "trap 'stty size' WINCH; printf ready; while :; do sleep 0.01; done"


def test_the_first_who_wants_drives_and_the_second_looks(holder: Holder) -> None:
    first = holder.open(shell("exec cat")).until_drives()
    second = holder.viewer().link(name="bob").until_replayed()
    assert not second.drives
    first.until(lambda v: v.presence and len(v.presence.viewers) == 2)
    assert first.presence
    assert sorted(name for name, _ in first.presence.viewers.values()) == ["ada", "bob"]
    first.type(b"hello\n")
    first.until_output(b"hello\r\nhello\r\n")
    second.until_output(b"hello\r\nhello\r\n")


def test_a_viewer_takes_over_and_the_former_driver_only_looks(holder: Holder) -> None:
    first = holder.open(shell("exec cat")).until_drives()
    second = holder.viewer().link().until_replayed()
    second.send(T.DRIVE)
    second.until_drives()
    first.until(lambda v: not v.drives)
    first.type(b"no\n")
    second.type(b"yes\n")
    first.until_output(b"yes\r\nyes\r\n")
    assert b"no" not in first.output


def test_the_driver_hands_the_keyboard_to_one_who_brings_their_size(holder: Holder) -> None:
    first = holder.open(shell("printf ready; exec cat")).until_output(b"ready")
    second, third = (holder.viewer().link(size=(50, 10)).until_replayed() for _ in range(2))
    first.type(b"hers\n")
    first.hand(second)
    second.until_drives().until(lambda v: v.sizes[-1][1:] == (50, 10))
    third.until(lambda v: v.presence and second.welcome and v.presence.driver == second.welcome.link)
    first.until(lambda v: not v.drives)
    # What was typed before it was handed on has arrived.
    second.until_output(b"hers\r\nhers\r\n")
    second.type(b"his\n")
    second.until_output(b"his\r\nhis\r\n")


def test_only_the_driver_hands_on_and_only_to_who_may_drive(holder: Holder) -> None:
    driver = holder.open(shell("exec cat")).until_drives()
    second = holder.viewer().link().until_replayed()
    looker = holder.viewer().link(may_drive=False).until_replayed()
    gone = holder.viewer().link().until_replayed()
    gone.close()
    driver.until(lambda v: v.presence and len(v.presence.viewers) == 3)
    driver.hand(looker)
    driver.hand(gone)
    second.hand(second)
    second.close()
    driver.until(lambda v: v.presence and len(v.presence.viewers) == 2)
    driver.type(b"still mine\n")
    driver.until_output(b"still mine\r\nstill mine\r\n")
    assert driver.drives


def test_nobody_drives_after_the_driver_left_until_someone_takes_it(holder: Holder) -> None:
    first = holder.open(shell("exec cat")).until_drives()
    second = holder.viewer().link().until_replayed()
    first.close()
    second.until(lambda v: v.presence and v.presence.driver == 0)
    second.send(T.DRIVE)
    second.until_drives()


def test_a_driver_that_comes_back_drives_again_when_nobody_took_over(holder: Holder) -> None:
    first = holder.open(shell("exec cat")).until_drives()
    first.close()
    holder.viewer(client=first.client).link().until_drives()


def test_a_driver_that_comes_back_does_not_take_over(holder: Holder) -> None:
    first = holder.open(shell("exec cat")).until_drives()
    second = holder.viewer().link().until_replayed()
    second.send(T.DRIVE)
    second.until_drives()
    first.close()
    again = holder.viewer(client=first.client).link().until_replayed()
    assert not again.drives


def test_the_same_client_again_replaces_its_link_and_goes_on_driving(holder: Holder) -> None:
    first = holder.open(shell("exec cat")).until_drives()
    second = holder.viewer(client=first.client).link().until_drives()
    assert first.until_closed().error == (9, "this terminal was opened elsewhere by the same client")
    second.until(lambda v: v.presence and len(v.presence.viewers) == 1)


def test_who_may_not_drive_never_does(holder: Holder) -> None:
    holder.open(shell("exec cat")).until_drives().close()
    viewer = holder.viewer().link(may_drive=False, want_drive=True).until_replayed()
    assert not viewer.drives
    viewer.send(T.DRIVE)
    error = viewer.until_closed().error
    assert error
    assert error[0] == 6


def test_who_may_not_drive_cannot_end_the_terminal(holder: Holder) -> None:
    driver = holder.open(shell("exec cat")).until_drives()
    viewer = holder.viewer().link(may_drive=False).until_replayed()
    viewer.send(T.END)
    assert viewer.until_closed().error
    driver.type(b"still here\n")
    driver.until_output(b"still here")


def test_only_the_size_of_the_driver_counts(holder: Holder) -> None:
    driver = holder.open(shell(SIZE_ON_WINCH)).until_output(b"ready")
    viewer = holder.viewer().link(want_drive=False, size=(50, 10)).until_replayed()
    viewer.resize(60, 11)
    driver.resize(90, 33)
    viewer.until_output(b"33 90")
    assert b"11 60" not in viewer.output
    assert viewer.sizes[-1][1:] == (90, 33)


def test_a_new_driver_brings_its_remembered_size(holder: Holder) -> None:
    driver = holder.open(shell(SIZE_ON_WINCH)).until_output(b"ready")
    viewer = holder.viewer().link(want_drive=False, size=(50, 10)).until_replayed()
    viewer.resize(60, 11)
    viewer.send(T.DRIVE)
    driver.until_output(b"11 60")
    assert driver.sizes[-1][1:] == (60, 11)


def test_sizes_out_of_bounds_are_clamped(holder: Holder) -> None:
    driver = holder.open(shell(SIZE_ON_WINCH)).until_output(b"ready")
    driver.resize(60000, 60000)
    driver.until_output(b"500 1000")
    driver.resize(0, 0)
    driver.until_output(b"1 2")


def test_viewers_that_come_and_go_at_random_all_see_the_same(holder: Holder) -> None:
    driver = holder.open(shell("stty raw -echo; printf ready; exec cat")).until_output(b"ready")
    chance = random.Random(1)
    typed = bytearray(b"ready")
    viewers = [holder.viewer().link(want_drive=False) for _ in range(8)]
    for _ in range(200):
        piece = chance.randbytes(chance.randrange(1, 200))
        driver.type(piece)
        typed += piece
        driver.until(lambda v: v.acked_seq == v.typed_seq)
        place = chance.randrange(len(viewers))
        viewers[place].close()
        viewers[place] = holder.viewer().link(want_drive=False)
    for viewer in (driver, *viewers):
        viewer.until(lambda v: v.offset == len(typed))
        assert viewer.output == typed
