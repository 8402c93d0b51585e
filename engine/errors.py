"""The one error tree of the engine.

EngineError                     anything an engine call can raise
├── EngineAway                  nobody answers at the engine's address; nothing was done
├── EngineTimeout               it did not answer within the deadline; it may still finish the work
├── StreamLost                  an open stream broke before its process ended
├── NotFound                    no such container, volume, network or path
│   └── ImageMissing            the image is neither on the engine nor could it be pulled
├── Conflict                    the thing is in a state that does not allow this (running, in use)
│   └── NameTaken               the name belongs to something else
├── DiskFull                    the engine has no space left
├── BuildFailed                 a step of an image build ended with an error; the last lines say which
└── EngineRefused               the engine refused the request or failed inside; the message is its own

Every message names what was asked for, so that it can be shown to a person as it is.
"""
# ruff: noqa: N818 - the names say what is the case; "Error" on each would only repeat the root.


class EngineError(Exception):
    """Anything an engine call can raise."""


class EngineAway(EngineError):
    """Nobody answers at the engine's address."""


class EngineTimeout(EngineError):
    """The engine did not answer within the deadline; it may still finish the work."""


class StreamLost(EngineError):
    """An open stream broke before its process ended."""


class NotFound(EngineError):
    """No such container, volume, network or path."""


class ImageMissing(NotFound):
    """The image is neither on the engine nor could it be pulled."""


class Conflict(EngineError):
    """The thing is in a state that does not allow this."""


class NameTaken(Conflict):
    """The name belongs to something else."""


class DiskFull(EngineError):
    """The engine has no space left."""


class BuildFailed(EngineError):
    """A step of an image build ended with an error."""


class EngineRefused(EngineError):
    """The engine refused the request or failed inside."""
