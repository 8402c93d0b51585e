"""A viewer's link to a terminal: frames over the stdio of `holder attach`. Knows neither websocket nor database."""

from __future__ import annotations

import struct
from uuid import UUID

from engine import Engine, ExecStream
from sessions.holder import HOLDER, FrameReader, framed
from sessions.terminal.protocol import Frame, Presence

_DRIVE = framed(bytes([Frame.DRIVE]))
_END = framed(bytes([Frame.END]))


class LinkEnded(Exception):  # noqa: N818
    """The link is over: the holder closed it, or the container is gone. The text is the holder's last words."""


class HolderLink:
    """Open with `HolderLink.open`, `join`, then `read` and `send` until LinkEnded; `close` in any case."""

    def __init__(self, stream: ExecStream) -> None:
        self._stream = stream
        self._reader = FrameReader()
        # What the holder said last: this link's number, and who is there.
        self.number = 0
        self.presence = Presence(driver=0, viewers=())

    @classmethod
    async def open(cls, engine: Engine, container: str, terminal_id: UUID) -> HolderLink:
        """Raises what `Engine.exec_stream` raises. The holder waits 10 s for `join`."""
        return cls(await engine.exec_stream(container, [HOLDER, "attach", str(terminal_id)]))

    def join(self, link_frame: bytes) -> None:
        """Say who comes and what they have: see `protocol.link`."""
        self._stream.write(link_frame)

    async def read(self) -> list[bytes]:
        """Return the frames that came together, at least one: type byte and body each.

        Raises LinkEnded, StreamLost, ProtocolError.
        """
        frames: list[bytes] = []
        while not frames:
            data = await self._stream.read(self._reader.missing)
            if not data:
                raise LinkEnded(self._stream.last_words.strip())
            frames = list(self._reader.feed(data))
        return frames

    async def send(self, message: bytes) -> None:
        """Pass on a checked message; waits while the holder does not take more. Raises StreamLost."""
        self._stream.write(framed(message))
        await self._stream.drain()

    def hand(self, other: int) -> None:
        """Give the keyboard to the link of this number, while it is here; else the holder leaves all as it is."""
        self._stream.write(framed(struct.pack("!BI", Frame.HAND, other)))

    def drive(self) -> None:
        self._stream.write(_DRIVE)

    def end(self) -> None:
        self._stream.write(_END)

    def close(self) -> None:
        self._stream.close()
