"""Frames of a websocket, as far as the short way needs them. RFC 6455, section 5.2."""

from __future__ import annotations

import struct

# First byte of a whole message in one frame: FIN, and opcode 2.
WHOLE_BINARY = 0x82
MASKED = 0x80
# From here on two bytes of length follow, and eight from 64 KiB on.
LENGTH_16, LENGTH_64 = 126, 127


def head_of(message: bytes) -> bytes:
    """Return what stands before a binary message from a server."""
    size = len(message)
    if size < LENGTH_16:
        return bytes((WHOLE_BINARY, size))
    if size < 1 << 16:
        return struct.pack("!BBH", WHOLE_BINARY, LENGTH_16, size)
    return struct.pack("!BBQ", WHOLE_BINARY, LENGTH_64, size)


def whole_binary_message(data: bytes, at: int) -> tuple[bytes, int] | None:
    """Return the message that begins at `at` and where it ends; None for everything that is not so simple."""
    if len(data) - at < 6 or data[at] != WHOLE_BINARY or not data[at + 1] & MASKED:
        return None
    size, mask = data[at + 1] & ~MASKED, at + 2
    if size >= LENGTH_16:
        size, mask = int.from_bytes(data[at + 2 : at + 4]), at + 4
        if data[at + 1] == MASKED | LENGTH_64 or size < LENGTH_16:
            return None
    begin, end = mask + 4, mask + 4 + size
    return (unmasked(data[begin:end], data[mask:begin]), end) if end <= len(data) else None


def unmasked(payload: bytes, mask: bytes) -> bytes:
    """Undo the four-byte mask of a client, as one long number: Python has no faster way for a few bytes."""
    size = len(payload)
    key = (mask * (size // 4 + 1))[:size]
    return (int.from_bytes(payload) ^ int.from_bytes(key)).to_bytes(size)
