"""What is wanted of a sandbox, and what it is: the words, and which leads to which."""

from __future__ import annotations

from django.db import models


class Desired(models.TextChoices):
    RUNNING = "running", "Running"
    PAUSED = "paused", "Paused"
    STOPPED = "stopped", "Stopped"
    DELETED = "deleted", "Deleted"


class State(models.TextChoices):
    CREATING = "creating", "Creating"
    STARTING = "starting", "Starting"
    RUNNING = "running", "Running"
    PAUSED = "paused", "Paused"
    STOPPING = "stopping", "Stopping"
    STOPPED = "stopped", "Stopped"
    FAILED = "failed", "Failed"
    DELETING = "deleting", "Deleting"


# The state that a wish ends in.
SETTLED = {Desired.RUNNING: State.RUNNING, Desired.PAUSED: State.PAUSED, Desired.STOPPED: State.STOPPED}

# Nothing happens by itself any more: the next step is a person's.
AT_REST = frozenset({State.PAUSED, State.STOPPED, State.FAILED})

NEXT_ACTION: dict[str, str] = {
    State.CREATING: "It opens by itself when it is ready.",
    State.STARTING: "It opens by itself when it is ready.",
    State.RUNNING: "Open a terminal.",
    State.PAUSED: "Resume it: everything goes on where it stood.",
    State.STOPPING: "Wait until it has stopped.",
    State.STOPPED: "Start it.",
    State.FAILED: "Read the failing step, then Retry.",
    State.DELETING: "It disappears when its files are gone.",
}
