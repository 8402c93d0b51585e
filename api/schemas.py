"""The shapes of what goes in and out. Sizes are in bytes, times in UTC (RFC 3339), durations in seconds.

What goes out is pydantic's own: a Schema of ninja asks each field by name, which is a third of a long list's time.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Generic, Literal, TypeVar

from ninja import Schema
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

Item = TypeVar("Item")
STATES = Literal["creating", "starting", "running", "paused", "stopping", "stopped", "failed", "deleting"]
# No control characters: rows refuse them, and PostgreSQL takes no NUL at all.
Text = Annotated[str, StringConstraints(pattern=r"^[^\x00]*$")]
SessionId = Annotated[str, StringConstraints(pattern=r"^[a-zA-Z0-9_-]{1,20}$")]
SandboxId = Annotated[str, StringConstraints(pattern=r"^[a-z0-9](?:[a-z0-9-]{0,28}[a-z0-9])?$")]
# SQLite and PostgreSQL keep 64 bits; a sandbox of a pebibyte is a mistake.
Bytes = Annotated[int, Field(ge=0, le=1 << 50)]


class Body(Schema):
    """What a program asks for. A field that is not known is a mistake, and not ignored."""

    model_config = ConfigDict(extra="forbid", strict=True)


class Page(BaseModel, Generic[Item]):
    """A part of a list. `next_cursor` leads to what follows, null at the end."""

    items: list[Item]
    next_cursor: str | None = None


class Person(BaseModel):
    id: int
    name: str
    email: str


class TeamOut(BaseModel):
    id: int
    name: str
    role: str = Field(description="Yours: owner, admin, member or viewer.")
    may_create: bool


class Member(BaseModel):
    person: Person
    role: str
    since: datetime


class TemplateOut(BaseModel):
    id: str
    title: str
    description: str
    icon: str
    memory_bytes: int
    cpu_millis: int = Field(description="Thousandths of a core.")
    pids_limit: int
    disk_bytes: int
    idle_timeout_s: int | None = Field(description="Null: never.")


class Usage(BaseModel):
    """The newest look at it, null where nobody has looked since it started."""

    at: datetime | None
    cpu_millis: int | None
    memory_bytes: int | None
    pids: int | None
    disk_bytes: int | None


class TeamName(BaseModel):
    id: int
    name: str


class SandboxOut(BaseModel):
    """A sandbox: one filesystem and one network that its sessions share."""

    id: str
    title: str
    description: str
    team: TeamName
    template: str
    owner: Person | None
    state: STATES
    wanted: Literal["running", "paused", "stopped", "deleted"] = Field(description="What it is on its way to.")
    reason: str = Field(description="Why it is so, where there is something to say.")
    next_action: str = Field(description="What someone can do now.")
    operations: list[str] = Field(description="What it offers now, as the last part of `actions/…`.")
    created_at: datetime
    state_at: datetime
    last_used_at: datetime | None
    last_used_by: str | None
    idle_timeout_s: int | None = Field(description="Seconds without use after which it stops; null: never.")
    stops_at: datetime | None
    stops_because: str | None = Field(description="What `stops_at` counts from.")
    memory_bytes: int
    cpu_millis: int
    pids_limit: int
    disk_bytes: int
    usage: Usage
    trashed_at: datetime | None
    purge_at: datetime | None = Field(description="When the trash is emptied of it.")
    address: str = Field(description="Its page.")


class NewSandbox(Body):
    """A new sandbox. Everything has a sensible value by itself."""

    template: Text | None = Field(None, description="Default: the first one that is offered.")
    id: SandboxId | None = Field(None, description="Default: a free name such as quiet-otter. It cannot be changed.")
    title: Text = Field("", max_length=80)
    description: Text = Field("", max_length=300)
    team: int | None = Field(None, ge=1, le=1 << 62, description="Needed where you may create in several.")
    size: Literal["small", "standard", "large"] = "standard"
    idle_timeout_s: int | None = Field(
        None, ge=300, le=2_592_000, description="Seconds without use after which it stops. Default: the template's."
    )


class SandboxChange(Body):
    """What is not named stays."""

    title: Text | None = Field(None, max_length=80)
    description: Text | None = Field(None, max_length=300)
    idle_timeout_s: int | None = Field(None, ge=300, le=2_592_000, description="Null: never.")
    memory_bytes: Bytes | None = None
    cpu_millis: Annotated[int, Field(ge=0, le=1_000_000)] | None = None
    pids_limit: Annotated[int, Field(ge=0, le=1_000_000)] | None = None
    disk_bytes: Bytes | None = None


class StepOut(BaseModel):
    """A step of the work on a sandbox."""

    operation: str
    title: str
    outcome: Literal["running", "done", "failed", "interrupted"]
    detail: str
    started_at: datetime
    took_s: float | None


class Metrics(BaseModel):
    """Samples as columns: `at` in seconds since 1970, and for each graph its lines and its limit, null in gaps."""

    since: int
    until: int
    every_s: int
    at: list[int]
    graphs: dict[str, Any]


class EntryOut(BaseModel):
    """Something that was done, refused or failed."""

    number: int
    at: datetime
    actor: str
    via: str
    verb: str
    target: str
    outcome: str
    detail: dict[str, Any]


class GitOut(BaseModel):
    email: str
    name: str
    provider: str
    username: str
    has_token: bool


class SessionOut(BaseModel):
    """One isolated place in a sandbox. Values of variables and tokens never leave the server."""

    id: str
    sandbox: str
    is_global: bool
    permission: Literal["write", "read"]
    state: Literal["waiting", "starting", "running", "stopped", "failed"]
    reason: str
    person: Person | None = Field(description="Whose it is; null for one that is no person's.")
    created_by: Person | None
    created_at: datetime
    last_used_at: datetime | None
    git: GitOut
    env: list[str] = Field(description="Names of its own variables.")
    has_host_token: bool
    may: list[str] = Field(description="What you may do with it: look, type, configure, end.")
    terminals: int = Field(description="How many run in it.")


class GitIdentity(Body):
    """Who the session is for git. The token is sent to the provider and nowhere else."""

    email: Text = Field(max_length=254)
    name: Text = Field("", max_length=80, description="Default: the session's id.")
    provider: Text = Field("github.com", max_length=200)
    username: Text = Field("x-access-token", max_length=200)
    token: Text = Field("", max_length=4096)


class NewSession(Body):
    """A session to connect to. An id that is there gives that session as it is, and nothing of it is changed."""

    id: SessionId | None = Field(None, description="Null: the global session, or with `own` yours.")
    own: bool = Field(False, description="Your own session, with the permission that your role gives. Takes no id.")
    permission: Literal["write", "read"] = "write"
    git: GitIdentity | None = None
    env: dict[str, str] = Field(default_factory=dict, max_length=1000)
    host_token: Text | None = Field(None, max_length=4096)


class SessionChange(Body):
    """What is not named stays."""

    git: GitIdentity | None = None
    env: dict[str, str | None] | None = Field(None, max_length=1000, description="Null takes a variable away.")
    host_token: Text | None = Field(None, max_length=4096, description='"" takes it away.')


class TokenLifetime(Body):
    lifetime_s: int = Field(3600, ge=60, le=86_400, description="How long from now it opens the session.")


class SessionTokenOut(BaseModel):
    """What is known of a token for one session; its text is not kept."""

    id: int
    begins_with: str
    made_by: Person | None
    created_at: datetime
    expires_at: datetime
    last_used_at: datetime | None
    last_used_from: str


class NewSessionToken(SessionTokenOut):
    """A new one, with its text."""

    text: str = Field(description="Shown only now.")


class TerminalOut(BaseModel):
    """A shell in a session."""

    id: str
    sandbox: str
    session: str
    title: str
    state: Literal["running", "ended"]
    exit_status: int | None
    created_at: datetime
    created_by: str | None
    end_reason: str
    socket: str = Field(description="Path of the websocket that shows it, subprotocol sandlot.terminal.v1.")


class NewTerminal(Body):
    title: Text | None = Field(None, max_length=60)


class TerminalChange(Body):
    title: Text = Field(min_length=1, max_length=60)


class CommandOut(BaseModel):
    """A program that was run in a session. Its output is kept by the session, the last mebibyte of it."""

    id: str
    sandbox: str
    session: str
    argv: list[str] = Field(description="Its words, without values of the session's secrets, and cut when long.")
    state: Literal["running", "ended"]
    exit_status: int | None = Field(description="128 + the signal of one that was killed; null if nobody saw the end.")
    signal: str | None
    timed_out: bool
    ran_s: float | None = Field(description="Seconds that it ran.")
    created_at: datetime
    created_by: str | None
    ended_at: datetime | None
    end_reason: str
    socket: str = Field(description="Path of the websocket that follows it, subprotocol sandlot.command.v1.")


class NewCommand(Body):
    """What to run: `argv`, or `command` for `/bin/sh -c`."""

    argv: list[str] | None = Field(None, min_length=1, max_length=1000)
    command: str | None = Field(None, max_length=131_072)
    cwd: str = Field("", max_length=4096, description="A folder; one without / is in the workspace.")
    env: dict[str, str] = Field(default_factory=dict, max_length=1000, description="On top of the session's own.")
    input: bool = Field(False, description="Whether it reads input. If not, its input is at its end.")
    size: list[int] | None = Field(
        None, min_length=2, max_length=2, description="Columns and rows: run it on a terminal of its own."
    )
    paced: bool = Field(True, description="Whether it waits for its reader while a mebibyte is unread, 30 s at most.")
    limit_s: float | None = Field(None, gt=0, le=2_592_000, description="After it SIGTERM, and 5 s later SIGKILL.")


class CommandInput(Body):
    text: str | None = Field(None, max_length=262_144)
    base64: str | None = Field(None, max_length=262_144, description="For bytes that are no text.")
    offset: int | None = Field(None, ge=0, lt=1 << 63, description="Of its input. What was taken before is skipped.")
    end: bool = Field(False, description="Whether the input ends here.")


class CommandInputTaken(BaseModel):
    taken: int = Field(description="Bytes of input that it has been given in all.")


class CommandSignal(Body):
    signal: Text = Field(max_length=20, description="INT, TERM, KILL, HUP, USR1 and so on.")


class OutputPiece(BaseModel):
    """A piece of one stream; of a gap only the offsets."""

    stream: Literal["stdout", "stderr", "gap"]
    offset: int
    text: str | None = Field(description="What is no valid UTF-8 becomes U+FFFD.")
    base64: str | None = Field(description="Instead of text, when it was asked for.")


class CommandOutput(BaseModel):
    """What came of the output, in the order in which it came."""

    pieces: list[OutputPiece]
    next_offset: int
    is_over: bool = Field(description="Whether this is all: it has ended, and nothing comes behind it.")
    exit_status: int | None
    signal: str | None
    timed_out: bool


KINDS = Literal["file", "folder", "link", "other"]


class FileEntry(BaseModel):
    """A file, folder or link."""

    path: str = Field(description="Percent-encoded bytes, to be used in an address as it stands.")
    name: str = Field(description="For people: what is no valid UTF-8 becomes U+FFFD.")
    kind: KINDS
    size: int
    mode: str = Field(description="Octal.")
    uid: int
    gid: int
    modified_at: datetime
    target: str | None = Field(description="Where a link leads.")
    target_kind: KINDS | None = Field(description="What is there; null when nothing is.")
    etag: str


PATH = "Percent-encoded bytes; without a leading slash it is in the workspace."


class HowToWrite(Schema):
    path: str = Field("", description=PATH)
    create: bool = True
    replace: bool = True
    parents: bool = Field(False, description="Make the folders above it.")
    mode: int | None = Field(None, ge=0, le=0o7777, description="Of a new file, as a decimal number.")
    upload: int | None = Field(None, ge=0, lt=1 << 63, description="A random number of yours: this is a part.")
    offset: int = Field(0, ge=0, lt=1 << 63, description="Where the part begins.")
    last: bool = Field(False, description="Whether the file is whole with this part.")


class WhatToSearch(Schema):
    path: str = Field("", description=PATH)
    text: str = Field(min_length=1, max_length=200)
    any_case: bool = False
    expression: bool = Field(False, description="Whether the text is a POSIX extended regular expression.")
    limit: int = Field(200, ge=1, le=1000)


class PartTaken(BaseModel):
    next_offset: int = Field(description="Where the upload goes on.")


class FileMove(Body):
    to: str = Field(min_length=1, max_length=12_288, description="Percent-encoded bytes.")
    replace: bool = Field(False, description="Whether a file that is there is replaced.")


class FileCopy(FileMove):
    recursive: bool = Field(False, description="A folder with all beneath it.")


class FoundFile(BaseModel):
    path: str
    name: str = Field(description="Below the folder.")
    kind: KINDS


class FileMatch(BaseModel):
    """A line that holds what was looked for."""

    path: str
    name: str = Field(description="Below the folder.")
    line: int
    column: int = Field(description="Bytes before the match.")
    text: str = Field(description="The line, cut to 400 bytes.")


class PortOut(BaseModel):
    """A TCP port on which something listens."""

    number: int
    only_local: bool = Field(description="Whether it listens on 127.0.0.1 or ::1 alone.")
    program: str | None


class TokenOut(BaseModel):
    """What is known of a token; its text is not kept."""

    id: int
    name: str
    begins_with: str
    scopes: list[str]
    team: TeamName | None = Field(description="Null: all teams of its person.")
    created_at: datetime
    expires_at: datetime
    last_used_at: datetime | None
    last_used_from: str
    is_current: bool


class Me(BaseModel):
    person: Person
    token: TokenOut
    teams: list[TeamOut]
