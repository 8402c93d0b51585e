"""Pieces of a command's output, put together for one answer."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from sessions.line.commands import Exit, Gap, Output, Stream

NAMES = {Stream.STDOUT: "stdout", Stream.STDERR: "stderr"}


@dataclass
class Piece:
    """What one stream wrote without the other in between; of a gap only where it begins."""

    stream: str
    offset: int
    data: bytes


@dataclass
class Answer:
    """Pieces in their order; `end` is there when nothing comes behind them."""

    next_offset: int
    pieces: list[Piece] = field(default_factory=list)
    end: Exit | None = None

    def keep_whole_characters(self) -> None:
        """Leave the start of a character at the end to the next answer, unless there is none."""
        if self.end is not None or not self.pieces or self.pieces[-1].stream == "gap":
            return
        last = self.pieces[-1]
        cut = unfinished(last.data)
        if cut and cut < len(last.data):
            last.data = last.data[:-cut]
            self.next_offset -= cut


def unfinished(data: bytes) -> int:
    """Return how many bytes at the end begin a UTF-8 character that is not whole."""
    for back in range(1, min(4, len(data)) + 1):
        byte = data[-back]
        if byte & 0xC0 != 0x80:
            length = 2 if 0xC2 <= byte < 0xE0 else 3 if byte & 0xF0 == 0xE0 else 4 if 0xF0 <= byte < 0xF5 else 1
            return back if length > back else 0
    return 0


def answer_of(events: Iterable[Output | Gap | Exit], offset: int) -> Answer:
    """Put together what was read from `offset` on."""
    answer = Answer(offset)
    for event in events:
        if isinstance(event, Exit):
            answer.end = event
        elif isinstance(event, Gap):
            answer.pieces.append(Piece("gap", event.start, b""))
            answer.next_offset = event.end
        else:
            add(answer, event)
    return answer


def add(answer: Answer, event: Output) -> None:
    name, last = NAMES[event.stream], answer.pieces[-1] if answer.pieces else None
    if last is not None and last.stream == name:
        last.data += event.data
    else:
        answer.pieces.append(Piece(name, event.offset, event.data))
    answer.next_offset = event.offset + len(event.data)
