"""The short way's frames, against those of the websockets library."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from websockets.frames import Frame, Opcode

from config.framing import head_of, unmasked, whole_binary_message

SIZES = [0, 1, 5, 124, 125, 126, 127, 128, 16 * 1024, 65535]


def from_client(payload: bytes, opcode: Opcode = Opcode.BINARY, *, fin: bool = True) -> bytes:
    return Frame(opcode, payload, fin=fin).serialize(mask=True)


@pytest.mark.parametrize("size", [*SIZES, 65536, 72 * 1024])
def test_a_message_gets_the_head_of_the_standard(size: int) -> None:
    payload = bytes(size)
    assert head_of(payload) + payload == Frame(Opcode.BINARY, payload).serialize(mask=False)


@pytest.mark.parametrize("size", SIZES)
def test_whole_messages_are_found_one_after_the_other(size: int) -> None:
    first, second = bytes(range(256)) * (size // 256 + 1), b"next"
    data = from_client(first[:size]) + from_client(second)
    found = whole_binary_message(data, 0)
    assert found is not None
    assert found[0] == first[:size]
    assert whole_binary_message(data, found[1]) == (second, len(data))


@pytest.mark.parametrize("size", SIZES)
def test_a_cut_message_is_left_alone(size: int) -> None:
    data = from_client(bytes(size))
    ends = {1, 2, 5, len(data) // 2, len(data) - 1}
    assert all(whole_binary_message(data[:end], 0) is None for end in ends)


@pytest.mark.parametrize(
    "data",
    [
        from_client(b"text", Opcode.TEXT),
        from_client(b"begin", fin=False),
        from_client(b"end", Opcode.CONT),
        from_client(b"", Opcode.PING),
        from_client(b"", Opcode.CLOSE),
        from_client(bytes(65536)),
        Frame(Opcode.BINARY, b"without a mask").serialize(mask=False),
        b"\x82\xfe\x00\x05" + bytes(9),
        b"\xc2" + from_client(b"with a reserved bit")[1:],
    ],
    # Masks are random: without names, every process of a run would know these tests by others.
    ids=["text", "begin", "end", "ping", "close", "long", "no mask", "unfinished", "reserved"],
)
def test_everything_else_is_left_alone(data: bytes) -> None:
    assert whole_binary_message(data, 0) is None


@given(st.binary(max_size=300), st.binary(min_size=4, max_size=4))
def test_a_mask_is_undone(payload: bytes, mask: bytes) -> None:
    masked = bytes(byte ^ mask[index % 4] for index, byte in enumerate(payload))
    assert unmasked(masked, mask) == payload
