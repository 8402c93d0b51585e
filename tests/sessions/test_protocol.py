"""The wire: what a browser may send, how frames are cut, how JSON is read."""

from __future__ import annotations

import json
import struct
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sessions.holder import FRAME_MAX_BYTES, FrameReader, FrameTooLong, Program, ProtocolError, framed
from sessions.terminal.protocol import (
    INPUT_MAX_BYTES,
    TO_BROWSER,
    Frame,
    Hello,
    Presence,
    Viewer,
    Welcome,
    check_from_browser,
    hand,
    link,
    parse_text,
)

HELLO = {"type": "hello", "client": "ab" * 16, "epoch": None, "offset": None, "cols": 80, "rows": 24, "drive": True}


def hello(**changes: object) -> Hello:
    return Hello.from_text(json.dumps(HELLO | changes))


@given(st.lists(st.binary(min_size=1, max_size=300), max_size=20), st.data())
def test_frames_are_the_same_wherever_the_stream_is_cut(messages: list[bytes], data: st.DataObject) -> None:
    stream = b"".join(framed(message) for message in messages)
    reader, got, at = FrameReader(), [], 0
    while at < len(stream):
        step = data.draw(st.integers(1, len(stream)))
        got += list(reader.feed(stream[at : at + step]))
        at += step
    assert got == messages


def test_frames_cut_at_every_byte() -> None:
    messages = [bytes([Frame.OUTPUT]) + struct.pack("!Q", 7) + "žluťoučký".encode(), bytes([Frame.REPLAY_END])]
    reader = FrameReader()
    stream = b"".join(framed(message) for message in messages)
    assert [frame for byte in stream for frame in reader.feed(bytes([byte]))] == messages


@pytest.mark.parametrize("length", [0, FRAME_MAX_BYTES + 1, 0xFFFFFFFF])
def test_a_frame_of_impossible_length_is_refused(length: int) -> None:
    with pytest.raises(FrameTooLong):
        list(FrameReader().feed(struct.pack("!I", length)))


def test_what_a_browser_may_send() -> None:
    assert check_from_browser(b"\x01\x00\x00\x00\x01a") is Frame.INPUT
    assert check_from_browser(b"\x01\x00\x00\x00\x01" + b"x" * INPUT_MAX_BYTES) is Frame.INPUT
    assert check_from_browser(b"\x02\x00\x50\x00\x18") is Frame.RESIZE
    assert check_from_browser(b"\x03" + b"\x00" * 8) is Frame.ACK


@pytest.mark.parametrize(
    "message",
    [
        b"",
        b"\x01\x00\x00\x00\x01",
        b"\x01\x00\x00\x00\x01" + b"x" * (INPUT_MAX_BYTES + 1),
        b"\x02\x00\x50\x00",
        b"\x02\x00\x50\x00\x18\x00",
        b"\x03\x00",
        *(bytes([kind]) + b"\x00" * 8 for kind in Frame if kind > Frame.ACK),
        b"\x00",
        b"\xff" * 9,
    ],
)
def test_what_a_browser_may_not_send(message: bytes) -> None:
    with pytest.raises(ProtocolError):
        check_from_browser(message)


def test_a_fresh_hello_does_not_resume_and_a_returning_one_does() -> None:
    assert not hello().resumes
    back = hello(epoch="00000000deadbeef", offset=12)
    assert back.resumes
    assert (back.epoch, back.offset) == (0xDEADBEEF, 12)


@pytest.mark.parametrize(
    "changes",
    [
        {"type": "drive"},
        {"client": "ab"},
        {"client": "zz" * 16},
        {"client": None},
        {"epoch": "not hex"},
        {"epoch": "1" * 17, "offset": 0},
        {"offset": -1, "epoch": "0"},
        {"cols": 0},
        {"rows": 1 << 16},
        {"cols": "wide"},
        {"cols": None},
        {"lines": -1},
        {"lines": 1 << 32},
        {"lines": "all"},
    ],
)
def test_a_malformed_hello_is_refused(changes: dict[str, object]) -> None:
    with pytest.raises(ProtocolError):
        hello(**changes)


@pytest.mark.parametrize("text", ["", "[]", "1", "{}", '{"type": 1}', "{", "[" * 4000, " " * 5000])
def test_text_that_is_no_message_is_refused(text: str) -> None:
    with pytest.raises(ProtocolError):
        parse_text(text)


@given(st.text(max_size=200))
def test_any_text_is_a_message_or_refused(text: str) -> None:
    with suppress(ProtocolError):
        assert "type" in parse_text(text)


def test_a_link_says_who_and_what_to_start() -> None:
    frame = link(hello(), "Ada", may_drive=True, shell=Program(env={"A": "ö"}, cwd="/w", argv=["sh", "-l"]))
    (length,) = struct.unpack_from("!I", frame)
    assert length == len(frame) - 4
    kind, version, flags, epoch, offset, cols, rows = struct.unpack_from("!BBBQQHH", frame, 4)
    assert (kind, version, flags, epoch, offset, cols, rows) == (Frame.LINK, 1, 0b0111, 0, 0, 80, 24)
    assert frame.endswith(struct.pack("!H", 1) + struct.pack("!I", 4) + "A=ö".encode())


def test_a_fresh_link_says_how_many_lines_are_kept_and_one_that_resumes_its_offset() -> None:
    fresh = link(hello(lines=10_024), "Ada", may_drive=True, shell=None)
    assert struct.unpack_from("!BQQ", fresh, 6) == (0b0011, 0, 10_024)
    resuming = link(hello(lines=10_024, epoch="2", offset=7), "Ada", may_drive=True, shell=None)
    assert struct.unpack_from("!BQQ", resuming, 6) == (0b1011, 2, 7)


def test_a_page_that_knows_queries_says_so_and_hears_whether_they_come() -> None:
    assert link(hello(queries=True), "Ada", may_drive=True, shell=None)[6] == 0b1_0011
    body = struct.pack("!BQQHHIIB", Frame.WELCOME, 0xAB, 5, 80, 24, 3, 9, 4)
    assert Welcome.unpack(body).queries
    assert Frame.QUERY in TO_BROWSER


def test_a_viewer_who_may_not_drive_never_asks_to() -> None:
    frame = link(hello(drive=True), "Vera", may_drive=False, shell=None)
    assert frame[6] == 0


def test_a_long_name_is_cut_between_characters() -> None:
    frame = link(hello(), "é" * 60, may_drive=False, shell=None)
    assert frame.endswith(bytes([64]) + ("é" * 32).encode())


def test_welcome_and_presence_become_json() -> None:
    body = struct.pack("!BQQHHIIB", Frame.WELCOME, 0xAB, 5, 80, 24, 3, 9, 3)
    assert Welcome.unpack(body).as_json() == {
        "type": "welcome",
        "epoch": "00000000000000ab",
        "offset": 5,
        "cols": 80,
        "rows": 24,
        "link": 3,
        "last_seq": 9,
        "created": True,
        "exited": True,
        "queries": False,
    }
    presence = struct.pack("!BIBIBB", Frame.PRESENCE, 3, 1, 3, 1, 3) + b"Ada"
    assert Presence.unpack(presence).as_json() == {
        "type": "presence",
        "driver": 3,
        "viewers": [{"link": 3, "name": "Ada", "may_drive": True}],
    }


@pytest.mark.parametrize("body", [bytes([Frame.PRESENCE]), bytes([Frame.PRESENCE]) + b"\x00\x00\x00\x00\x05"])
def test_a_holder_that_lies_is_found_out(body: bytes) -> None:
    with pytest.raises(ProtocolError):
        Presence.unpack(body)


def test_only_the_driver_hands_on_and_only_to_someone_there_who_may_type() -> None:
    there = Presence(3, (Viewer(3, "Ada", True), Viewer(4, "Bob", True), Viewer(5, "Vera", False)))
    assert there.why_not_hand(3, 4) is None
    refusals = {(4, 3): "You do not have the keyboard", (3, 9): "any more", (3, 5): "Vera may look"}
    for (link_number, other), words in refusals.items():
        assert words in str(there.why_not_hand(link_number, other))


def test_a_hand_names_a_link() -> None:
    assert hand({"type": "hand", "to": 7}) == 7


@pytest.mark.parametrize("to", [None, 0, -1, 1 << 32, True, "7", 1.0, [7]])
def test_a_hand_to_what_is_no_link_is_refused(to: object) -> None:
    with pytest.raises(ProtocolError):
        hand({"type": "hand", "to": to})


@given(st.lists(st.binary(min_size=1, max_size=300), min_size=1, max_size=20), st.integers(1, 50))
def test_a_reader_that_gets_what_it_misses_never_waits_for_more_than_there_is(messages: list[bytes], more: int) -> None:
    stream = b"".join(framed(message) for message in messages)
    reader, got, at = FrameReader(), [], 0
    while at < len(stream):
        assert 0 < reader.missing <= len(stream) - at
        step = max(reader.missing, min(more, len(stream) - at))
        got += list(reader.feed(stream[at : at + step]))
        at += step
    assert got == messages
