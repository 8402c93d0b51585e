"""The engine: what runs containers, behind one narrow interface.

Everything above this package speaks only these words. Three rules hold for every call:

* Names are identity. Ids of the engine come back for the log, never go in.
* Every call has a deadline, given in seconds: 10 for a question, 60 for a creation. It ends with an answer
  or with one of the errors drawn in `errors.py`; EngineAway and EngineTimeout always mean the engine, not
  the thing asked for.
* Calls that make or remove are idempotent: making what is there as wanted and removing what is gone
  are both fine, so that a caller killed at any point can start again at the top.
"""

from collections.abc import AsyncIterator, Callable, Collection, Iterable, Iterator, Mapping, Sequence
from typing import Protocol, runtime_checkable

from engine.values import (
    Container,
    ContainerSpec,
    EngineEvent,
    EngineFacts,
    ExecResult,
    Image,
    Labels,
    Network,
    NetworkSpec,
    Refusals,
    Stats,
    Volume,
    VolumeSpec,
)

QUESTION_S = 10.0
CREATION_S = 60.0
# Building or moving whole images: bounded by the network and the disk, not by the engine.
TRANSFER_S = 1800.0
# What exec_run keeps of each stream; commands that say more belong to exec_stream.
OUTPUT_LIMIT_BYTES = 1024 * 1024

Progress = Callable[[str], None]


class ExecStream(Protocol):
    """A process inside a container, reached over its standard input and output, without a terminal.

    One reader and one writer at a time. Closing it ends the process: it gets the end of its input.
    """

    async def read(self, least: int = 1) -> bytes:
        """Return what has arrived, at least `least` bytes (at most 64 KiB); b"" once the process has ended.

        The last piece before the end may be shorter. Not cut at lines or characters: one UTF-8 character may span
        two reads.
        Raises StreamLost when the connection drops before the process ended.
        """
        ...

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Queue bytes for the process. Silently dropped after the end: read() tells about that."""
        ...

    async def drain(self) -> None:
        """Wait until the queue is short enough to write more. Raises StreamLost."""
        ...

    async def exit_status(self) -> int:
        """Return the process's exit status once it ended. Raises StreamLost when nobody can know it any more.

        126 and 127 mean that the program could not be started; the engine's reason is then in the output.
        """
        ...

    @property
    def last_words(self) -> str:
        """The last few kilobytes of standard error, for an error message."""
        ...

    def close(self) -> None:
        """Drop the connection. May be called at any time and more than once.

        What was written and not drained may be lost.
        """
        ...


@runtime_checkable
class Engine(Protocol):
    """See the module's docstring for what holds for every call. `labels` select things that carry all of them.

    Where a container is named, its id will do as well: it is what a look has just shown, whoever has the name by now.
    """

    # -- the engine itself

    async def ping(self, *, deadline_s: float = QUESTION_S) -> None:
        """Return when the engine answers."""
        ...

    async def facts(self, *, deadline_s: float = QUESTION_S) -> EngineFacts: ...

    async def close(self) -> None:
        """Let go of threads and connections. The object cannot be used afterwards."""
        ...

    # -- containers

    async def containers(self, labels: Labels, *, deadline_s: float = QUESTION_S) -> list[Container]:
        """Return all containers with these labels, running or not, in one call to the engine."""
        ...

    async def container(self, name: str, *, deadline_s: float = QUESTION_S) -> Container:
        """Return everything known about one container, also how it ended. Raises NotFound."""
        ...

    async def create_container(self, spec: ContainerSpec, *, deadline_s: float = CREATION_S) -> Container:
        """Create and do not start. Raises NameTaken when the name exists, ImageMissing, NotFound (network)."""
        ...

    async def start_container(self, name: str, *, deadline_s: float = CREATION_S) -> None:
        """Start; fine when it runs already. Raises NotFound, Conflict (paused), EngineRefused (mounts, program)."""
        ...

    async def stop_container(self, name: str, *, grace_s: int = 5, deadline_s: float = CREATION_S) -> None:
        """Ask it to end, kill it after `grace_s` seconds; fine when it is stopped or gone."""
        ...

    async def pause_container(self, name: str, *, deadline_s: float = QUESTION_S) -> None:
        """Freeze all its processes; fine when they are frozen. Raises NotFound, Conflict (not running)."""
        ...

    async def unpause_container(self, name: str, *, deadline_s: float = QUESTION_S) -> None:
        """The opposite; fine when it runs. Raises NotFound."""
        ...

    async def remove_container(self, name: str, *, deadline_s: float = CREATION_S) -> None:
        """Kill and remove, with its anonymous volumes; fine when it is gone."""
        ...

    async def rename_container(self, name: str, new_name: str, *, deadline_s: float = QUESTION_S) -> None:
        """Give a container another name, whatever its state; all that runs in it goes on.

        Raises NotFound, NameTaken.
        """
        ...

    async def wait_exit(self, name: str, *, deadline_s: float) -> Container:
        """Return the container once it does not run any more. Raises NotFound when it was removed meanwhile."""
        ...

    async def stats(self, name: str, *, deadline_s: float = QUESTION_S) -> Stats:
        """Return the counters of a running container. Raises NotFound, Conflict (not running)."""
        ...

    async def refusals(self, containers: Collection[Container]) -> Mapping[str, Refusals]:
        """Return the refused processes of running containers, by id, without asking the engine.

        Left out are those that cannot be read: of an engine on another machine, or a kernel that does not count them.
        """
        ...

    def events(self, labels: Labels) -> AsyncIterator[EngineEvent]:
        """Yield what happens to containers with these labels, until the iteration is closed.

        Raises EngineAway when the engine goes away; the caller lists again and asks again.
        """
        ...

    # -- volumes

    async def volumes(self, labels: Labels, *, deadline_s: float = QUESTION_S) -> list[Volume]: ...

    async def volume(self, name: str, *, deadline_s: float = QUESTION_S) -> Volume:
        """Raises NotFound."""
        ...

    async def ensure_volume(self, spec: VolumeSpec, *, deadline_s: float = CREATION_S) -> Volume:
        """Create it unless it is there. Raises NameTaken when one is there with other labels or options."""
        ...

    async def remove_volume(self, name: str, *, deadline_s: float = CREATION_S) -> None:
        """Remove; fine when it is gone. Raises Conflict while a container, also a stopped one, has it."""
        ...

    async def put_archive(self, volume: str, archive: Iterable[bytes], *, deadline_s: float = TRANSFER_S) -> None:
        """Unpack a tar archive into a volume, with owners, modes and links as they are in it.

        Goes through a container that is never started. For plain volumes only, never through a mount that
        running processes can change under it: the engine resolves paths inside it.
        """
        ...

    async def read_file(
        self, volume: str, path: str, *, limit_bytes: int = OUTPUT_LIMIT_BYTES, deadline_s: float = CREATION_S
    ) -> bytes:
        """Return one regular file of a volume; `path` is relative to it. Raises NotFound, EngineRefused (too big)."""
        ...

    # -- networks

    async def networks(self, labels: Labels, *, deadline_s: float = QUESTION_S) -> list[Network]: ...

    async def ensure_network(self, spec: NetworkSpec, *, deadline_s: float = CREATION_S) -> Network:
        """Create it unless it is there.

        Raises NameTaken when one is there with other labels, EngineRefused when no subnet is free.
        """
        ...

    async def remove_network(self, name: str, *, deadline_s: float = CREATION_S) -> None:
        """Remove; fine when it is gone. Raises Conflict while a container uses it."""
        ...

    # -- images

    async def images(self, labels: Labels, *, deadline_s: float = QUESTION_S) -> list[Image]: ...

    async def image(self, reference: str, *, deadline_s: float = QUESTION_S) -> Image:
        """Raises ImageMissing when the engine does not have it."""
        ...

    async def pull_image(
        self, reference: str, progress: Progress | None = None, *, deadline_s: float = TRANSFER_S
    ) -> Image:
        """Fetch from a registry. Raises ImageMissing with the registry's reason."""
        ...

    async def build_image(
        self,
        context: bytes,
        tag: str,
        labels: Labels,
        progress: Progress | None = None,
        *,
        arguments: Labels | None = None,
        deadline_s: float = TRANSFER_S,
    ) -> Image:
        """Build from a tar archive that holds the Dockerfile; `progress` gets the output line by line.

        Raises BuildFailed.
        """
        ...

    async def import_image(
        self, archive: Iterable[bytes], tag: str, labels: Labels, *, deadline_s: float = TRANSFER_S
    ) -> Image:
        """Make an image of one layer from a tar archive of its files, without any configuration but the labels."""
        ...

    async def remove_image(self, reference: str, *, deadline_s: float = CREATION_S) -> None:
        """Remove the name, and the image with its last name; fine when it is gone. Raises Conflict while in use."""
        ...

    def export_tree(self, image: str) -> Iterator[bytes]:
        """Yield the image's files as one tar archive. Nothing of the image is executed. Raises ImageMissing.

        Each step blocks: for a thread, or as (part of) the archive handed to put_archive or import_image.
        Close the iterator when leaving early.
        """
        ...

    # -- programs inside running containers

    async def exec_run(
        self,
        container: str,
        argv: Sequence[str],
        *,
        stdin: bytes = b"",
        deadline_s: float = QUESTION_S,
        limit_bytes: int = OUTPUT_LIMIT_BYTES,
    ) -> ExecResult:
        """Run a program to its end as root. Secrets go through `stdin`: argv is visible in the engine's events.

        Raises NotFound, Conflict (not running), EngineTimeout; then the program has lost its input and output.
        EngineRefused when there is input and the engine is reached over TLS, where an input cannot be ended.
        """
        ...

    async def exec_stream(self, container: str, argv: Sequence[str], *, deadline_s: float = QUESTION_S) -> ExecStream:
        """Start a program as root and return its stream. Raises NotFound, Conflict (not running)."""
        ...
