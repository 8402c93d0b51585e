"""What programs ask their terminal: each question is put to one driver that answers, whenever that one comes."""

from __future__ import annotations

import os

import pytest

from tests.holder.client import T, Viewer, shell
from tests.holder.conftest import Holder

# Asks once `go` is typed.
ASK = r"stty raw -echo; printf ready; head -c 2 > /dev/null; printf '\033[c'; printf asked; exec cat"
EACH = {
    r"\033[c": [b"\x1b[0c"],
    r"\033[>c": [b"\x1b[>0c"],
    r"\033[5n\033[6n\033[?6n": [b"\x1b[5n", b"\x1b[6n", b"\x1b[?6n"],
    r"\033[?2026$p\033[4$p": [b"\x1b[?2026$p", b"\x1b[4$p"],
    r"\033]11;?\007": [b"\x1b]11;?\x07"],
    r"\033]10;?;?\033\\": [b"\x1b]10;?\x07", b"\x1b]11;?\x07"],
    r"\033]4;7;?;1;red;255;?\007": [b"\x1b]4;7;?\x07", b"\x1b]4;255;?\x07"],
    # No questions, or none that xterm.js answers.
    r"\033[3c\033[=c\033[7n\033]4;256;?\007\033]12;red\007\033[?25h\033]2;what?\007": [],
}


def asked(holder: Holder, question: str, then: str = "asked") -> Viewer:
    """Return a viewer that only looks: the program asked while nobody drove."""
    gate = holder.folder / "gate"
    os.mkfifo(gate)
    program = shell(f"stty raw -echo; printf ready; read _ < {gate}; printf '{question}'; printf '{then}'; exec cat")
    driver = holder.viewer().link(program=program, knows_queries=True)
    looker = holder.viewer().link(want_drive=False, knows_queries=True)
    driver.until_output(b"ready").until_drives()
    looker.until(lambda v: v.presence and v.presence.driver != 0)
    driver.close()
    looker.until(lambda v: v.presence and v.presence.driver == 0)
    gate.write_text("go\n")
    return looker.until_output(then.encode())


def queries_of(viewer: Viewer, count: int) -> list[bytes]:
    viewer.until(lambda v: len(v.queries) >= count)
    # Whatever was due before the echo of a key has come by then.
    viewer.type(b"#")
    viewer.until_output(b"#")
    return viewer.queries


@pytest.mark.parametrize("question", EACH)
def test_who_comes_after_a_question_is_asked_it_once(holder: Holder, question: str) -> None:
    asked(holder, question)
    driver = holder.viewer().link(knows_queries=True)
    assert queries_of(driver, 1 + len(EACH[question])) == [b"", *EACH[question]]


def test_a_viewer_that_looked_meanwhile_is_asked_when_it_takes_the_keyboard(holder: Holder) -> None:
    looker = asked(holder, r"\033[c")
    assert looker.queries == []
    looker.send(T.DRIVE)
    assert queries_of(looker, 2) == [b"", b"\x1b[0c"]


def test_an_answered_question_is_not_asked_again(holder: Holder) -> None:
    asked(holder, r"\033[c\033[6n")
    first = holder.viewer().link(knows_queries=True)
    first.until(lambda v: len(v.queries) == 3)
    first.type(b"\x1b[?1;2c")
    first.until(lambda v: v.acked_seq == 1)
    first.close()
    # The other one is still open: its driver went before it answered.
    second = holder.viewer().link(knows_queries=True)
    assert queries_of(second, 2) == [b"", b"\x1b[6n"]


def test_a_question_that_the_driver_answers_from_the_output_is_not_asked_again(holder: Holder) -> None:
    driver = holder.viewer().link(program=shell(ASK), knows_queries=True)
    driver.until(lambda v: v.queries == [b""]).until_output(b"ready")
    driver.acks = False
    driver.type(b"go")
    driver.until_output(b"asked")
    driver.type(b"\x1b[?1;2c")
    driver.until(lambda v: v.acked_seq == 2)
    assert driver.queries == [b""]
    driver.close()
    assert queries_of(holder.viewer().link(knows_queries=True), 1) == [b""]


def test_a_question_that_was_read_and_has_no_answer_is_not_asked_again(holder: Holder) -> None:
    driver = holder.viewer().link(program=shell(ASK), knows_queries=True)
    driver.until(lambda v: v.queries == [b""]).until_output(b"ready")
    driver.type(b"go")
    driver.until_output(b"asked")
    assert queries_of(driver, 1) == [b""]
    driver.close()
    assert queries_of(holder.viewer().link(knows_queries=True), 1) == [b""]


def test_a_question_that_the_driver_did_not_read_goes_to_the_next(holder: Holder) -> None:
    driver = holder.viewer().link(program=shell(ASK), knows_queries=True)
    looker = holder.viewer().link(want_drive=False)
    driver.until(lambda v: v.queries == [b""]).until_output(b"ready")
    driver.acks = False
    driver.type(b"go")
    looker.until_output(b"asked")
    driver.close()
    assert queries_of(holder.viewer().link(knows_queries=True), 2) == [b"", b"\x1b[0c"]


def test_a_question_never_cuts_what_the_program_is_writing(holder: Holder) -> None:
    asked(holder, r"\033[c\033", then="[1;3")
    driver = holder.viewer().link(knows_queries=True)
    driver.until(lambda v: v.queries == [b""])
    assert queries_of(driver, 1) == [b""]
    driver.type(b"m")
    driver.until(lambda v: v.queries == [b"", b"\x1b[0c"])


def test_who_asks_again_is_answered_once(holder: Holder) -> None:
    asked(holder, r"\033[c\033[6n\033[c")
    assert queries_of(holder.viewer().link(knows_queries=True), 3) == [b"", b"\x1b[6n", b"\x1b[0c"]


def test_nobody_waits_for_an_answer_once_the_shell_waits_for_a_line(holder: Holder) -> None:
    asked(holder, r"\033[c\033[6n\033[?2004h")
    assert queries_of(holder.viewer().link(knows_queries=True), 1) == [b""]


def test_a_viewer_that_does_not_know_the_frame_gets_none(holder: Holder) -> None:
    asked(holder, r"\033[c")
    viewer = holder.viewer().link()
    assert queries_of(viewer.until_drives(), 0) == []
    assert viewer.welcome
    assert viewer.welcome.flags & 4 == 0


def test_sixteen_questions_are_kept(holder: Holder) -> None:
    asked(holder, "".join(rf"\033]4;{n};?\007" for n in range(20)))
    driver = holder.viewer().link(knows_queries=True)
    assert queries_of(driver, 17) == [b"", *(b"\x1b]4;%d;?\x07" % n for n in range(4, 20))]
