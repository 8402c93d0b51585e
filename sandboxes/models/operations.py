"""What can be done with a sandbox now: the one table that pages, the list, the palette and programs read."""

from __future__ import annotations

from dataclasses import dataclass

from sandboxes.models.states import Desired, State


@dataclass(frozen=True, slots=True)
class Operation:
    """`name` is the method of Sandbox and the last part of its address; `icon` is one of the sprite's."""

    name: str
    label: str
    icon: str
    # The one button beside a sandbox where there is room for one.
    is_main: bool = False


RETRY = Operation("retry", "Retry", "refresh", is_main=True)
START = Operation("start", "Start", "player-play", is_main=True)
RESUME = Operation("resume", "Resume", "player-play", is_main=True)
PAUSE = Operation("pause", "Pause", "player-pause")
STOP = Operation("stop", "Stop", "player-stop", is_main=True)
RESTART = Operation("restart", "Restart", "rotate-clockwise")

# By what is wanted, not by what is: someone who changes their mind need not wait. In the order of the buttons.
OFFERED: dict[str, tuple[Operation, ...]] = {
    Desired.RUNNING: (PAUSE, STOP, RESTART),
    Desired.PAUSED: (RESUME, STOP),
    Desired.STOPPED: (START,),
    Desired.DELETED: (),
}


def operations_in(state: str, desired: str) -> tuple[Operation, ...]:
    """Return what a sandbox offers; after a failure only to try again, whatever was wanted."""
    return (RETRY,) if state == State.FAILED else OFFERED[desired]
