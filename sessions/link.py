"""A viewer's link to a terminal: frames over the stdio of `holder attach`. Knows neither websocket nor database."""

from __future__ import annotations

from collections import deque
from uuid import UUID

from sandboxes.engine import Engine, ExecStream
from sessions.protocol import Frame, FrameReader, framed

HOLDER = "/.sandlot/holder"
_DRIVE = framed(bytes([Frame.DRIVE]))
_END = framed(bytes([Frame.END]))


class LinkEnded(Exception):  # noqa: N818
    """The link is over: the holder closed it, or the container is gone. The text is the holder's last words."""


class HolderLink:
    """Open with `HolderLink.open`, then `read` and `send` until LinkEnded; `close` in any case."""

    def __init__(self, stream: ExecStream) -> None:
        self._stream = stream
        self._reader = FrameReader()
        self._frames: deque[bytes] = deque()

    @classmethod
    async def open(cls, engine: Engine, container: str, terminal_id: UUID, link_frame: bytes) -> HolderLink:
        """Raises what `Engine.exec_stream` raises."""
        stream = await engine.exec_stream(container, [HOLDER, "attach", str(terminal_id)])
        stream.write(link_frame)
        return cls(stream)

    async def read(self) -> bytes:
        """Return the next frame: type byte and body. Raises LinkEnded, StreamLost, ProtocolError."""
        while not self._frames:
            data = await self._stream.read()
            if not data:
                raise LinkEnded(self._stream.last_words.strip())
            self._frames.extend(self._reader.feed(data))
        return self._frames.popleft()

    async def send(self, message: bytes) -> None:
        """Pass on a checked message; waits while the holder does not take more. Raises StreamLost."""
        self._stream.write(framed(message))
        await self._stream.drain()

    def drive(self) -> None:
        self._stream.write(_DRIVE)

    def end(self) -> None:
        self._stream.write(_END)

    def close(self) -> None:
        self._stream.close()
