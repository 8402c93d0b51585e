"""Commands: run, list, look, read their output, write to them, signal and end them."""

from __future__ import annotations

import base64
import binascii
import time
from hashlib import sha256
from signal import Signals
from typing import Any, Literal
from uuid import NAMESPACE_URL, UUID, uuid5

from django.db import connection
from django.http import HttpRequest, HttpResponse
from ninja import Router
from ninja.params.functions import Query
from ninja.responses import Status

from accounts.models import Scope
from activity.refusals import Invalid, Refused
from api import describing
from api.callers import Caller
from api.models import KEY_MAX
from api.once import once_by_itself
from api.operations import answers, caller, needs
from api.schemas import CommandInput, CommandInputTaken, CommandOut, CommandOutput, CommandSignal, NewCommand, Page
from api.starting import START, session_to_use
from api.waiting import WAIT_MAX_S
from sandboxes.models import Use
from sessions.command import acting, protocol, running
from sessions.command.output import Answer, answer_of
from sessions.command.protocol import Wanted
from sessions.holder import ProtocolError
from sessions.models import Command, Session
from sessions.models.command import COMMANDS_PER_SESSION, ENDED_KEPT
from sessions.rights.admission import require_running
from sessions.rights.table import Act, acts_of
from sessions.uses import note_use

of_session = Router(tags=["Commands"])
router = Router(tags=["Commands"])

READ, WRITE = needs(Scope.TERMINALS_READ), needs(Scope.TERMINALS_WRITE)

# How soon a wait looks again: most commands end at once. The database's connection goes back in between.
LOOKS_S = (0.005, 0.01, 0.02, 0.05, 0.1, 0.2)


class IdempotencyConflict(Refused):
    """The same key came with another request."""

    status, code = 422, "idempotency_conflict"


@of_session.get(
    "/{id}/sessions/{name}/commands",
    auth=READ,
    response=answers({200: Page[CommandOut]}, 404, 422),
    operation_id="list_commands",
)
def list_commands(request: HttpRequest, id: str, name: str) -> Any:  # noqa: A002
    """List a session's commands, the newest first: those that run, and the last 200 that have ended."""
    session = caller(request).session(id, name)
    rows = list(session.commands.select_related("created_by")[: COMMANDS_PER_SESSION + ENDED_KEPT])
    for row in rows:
        row.session = session
    return {"items": [describing.command(row) for row in rows]}


@of_session.post(
    "/{id}/sessions/{name}/commands",
    auth=WRITE,
    response=answers({201: CommandOut}, 400, 404, 409, 410, 413, 422, 503),
    operation_id="run_command",
)
@once_by_itself
def run_command(
    request: HttpRequest,
    response: HttpResponse,
    id: str,  # noqa: A002
    name: str,
    body: NewCommand,
    wait: float = Query(0, ge=0, le=WAIT_MAX_S, description="Seconds to wait for its end at most."),
    start: bool = Query(False, description=START),
) -> Any:
    """Run a program in a session. It goes on whatever becomes of this call."""
    me = caller(request)
    session = session_to_use(me, id, name, start=start)
    wanted = wanted_of(body)
    command = begun(request, me, session, wanted)
    if command.is_live:
        acting.on_loop(running.start(command, wanted))
    command = ended_within(command, wait)
    response.headers["Location"] = f"/api/v1/commands/{command.pk}"
    return Status(201, describing.command(command))


def wanted_of(body: NewCommand) -> Wanted:
    """Return what is to run. Raises Invalid."""
    try:
        return protocol.wanted_of(body.model_dump())
    except ProtocolError as error:
        raise Invalid(f"{error} Nothing was started.", code="invalid_command") from error


def begun(request: HttpRequest, me: Caller, session: Session, wanted: Wanted) -> Command:
    """Write the row. A key makes it one command, however often the request comes. Raises TooMany, Refused."""
    pk, digest, key = None, "", request.headers.get("Idempotency-Key")
    if key is not None:
        if not 1 <= len(key) <= KEY_MAX or not key.isprintable():
            text = f"An Idempotency-Key has 1 to {KEY_MAX} printable characters. Nothing was started."
            raise Invalid(text, code="bad_idempotency_key")
        pk = uuid5(NAMESPACE_URL, f"{me.holder} {key}")
        digest = sha256(b"\0".join([request.path.encode(), request.body])).hexdigest()
    command, _ = Command.begin(session, me.user, wanted.argv, pk=pk, digest=digest)
    if command.digest != digest or command.session_id != session.pk:
        raise IdempotencyConflict("This Idempotency-Key was used for another request. Nothing was started.")
    command.session = session
    note_use(session, me.user, Use.RAN)
    return command


def ended_within(command: Command, wait_s: float) -> Command:
    """Return the command as it is once it has ended, or when the time is over."""
    deadline, looks = time.monotonic() + wait_s, iter(LOOKS_S)
    while command.is_live and (left := deadline - time.monotonic()) > 0:
        connection.close()
        time.sleep(min(left, next(looks, LOOKS_S[-1])))
        session = command.session
        command = Command.objects.select_related("created_by").get(pk=command.pk)
        command.session = session
    return command


@router.get("/{id}", auth=READ, response=answers({200: CommandOut}, 404, 422), operation_id="get_command")
def get_command(
    request: HttpRequest,
    id: UUID,  # noqa: A002
    wait: float = Query(0, ge=0, le=WAIT_MAX_S, description="Seconds to wait for its end at most."),
) -> Any:
    """Get a command, at once or when it has ended; after `wait` it is returned as it is."""
    return describing.command(ended_within(caller(request).command(id), wait))


@router.get(
    "/{id}/output",
    auth=READ,
    response=answers({200: CommandOutput}, 400, 404, 409, 410, 422, 503),
    operation_id="read_command_output",
)
def read_command_output(
    request: HttpRequest,
    id: UUID,  # noqa: A002
    offset: int = Query(0, ge=0, lt=1 << 63, description="Where to go on: `next_offset` of the last answer."),
    wait: float = Query(0, ge=0, le=WAIT_MAX_S, description="Seconds to wait for something to come at most."),
    limit: int = Query(acting.PIECE_MAX_BYTES, ge=1, le=acting.PIECE_MAX_BYTES, description="Bytes at most."),
    encoding: Literal["text", "base64"] = "text",
) -> Any:
    """Read what came of a command's output. Streams of a running one are better followed over its websocket."""
    me = caller(request)
    command = me.command(id)
    require_running(command.session)
    paced = Act.TYPE in acts_of(me.user, command.session, command.session.sandbox.team.role_of(me.user))
    events = acting.on_loop(acting.output(command, offset, limit, wait, paced=paced))
    return shown(answer_of(events, offset), encoding)


def shown(answer: Answer, encoding: str) -> dict[str, Any]:
    """Return an answer as the API shows it. Of text, a character that is not whole yet comes with the next answer."""
    if encoding == "text":
        answer.keep_whole_characters()
    pieces = [
        {
            "stream": piece.stream,
            "offset": piece.offset,
            "text": piece.data.decode(errors="replace") if encoding == "text" else None,
            "base64": base64.b64encode(piece.data).decode() if encoding == "base64" else None,
        }
        for piece in answer.pieces
    ]
    end = answer.end
    return {
        "pieces": pieces,
        "next_offset": answer.next_offset,
        "is_over": end is not None,
        "exit_status": end.status if end else None,
        "signal": Signals(end.signal).name if end and end.signal else None,
        "timed_out": end.timed_out if end else False,
    }


@router.post(
    "/{id}/input",
    auth=WRITE,
    response=answers({200: CommandInputTaken}, 400, 404, 409, 410, 413, 422, 503),
    operation_id="write_command_input",
)
@once_by_itself
def write_command_input(request: HttpRequest, id: UUID, body: CommandInput) -> Any:  # noqa: A002
    """Write to a command's input. With an `offset` the same input that comes twice is taken once."""
    me = caller(request)
    command = me.command(id)
    acting.require_typing(me.user, command.session)
    require_running(command.session)
    note_use(command.session, me.user, Use.RAN)
    taken = acting.on_loop(acting.write(command, body.offset, bytes_of(body), ends=body.end))
    return {"taken": taken}


def bytes_of(body: CommandInput) -> bytes:
    """Return what is to be written. Raises Invalid."""
    if body.text is not None and body.base64 is not None:
        raise Invalid("Say either `text` or `base64`. Nothing was written.", code="invalid_input")
    try:
        return base64.b64decode(body.base64 or "", validate=True) or (body.text or "").encode()
    except (binascii.Error, UnicodeEncodeError, ValueError) as error:
        raise Invalid("The input is not valid Base64 or Unicode. Nothing was written.", code="invalid_input") from error


@router.post(
    "/{id}/signals",
    auth=WRITE,
    response=answers({204: None}, 400, 404, 409, 410, 413, 422, 503),
    operation_id="signal_command",
)
def signal_command(request: HttpRequest, id: UUID, body: CommandSignal) -> Any:  # noqa: A002
    """Send a signal to a command's processes."""
    command = caller(request).command_to_drive(id)
    require_running(command.session)
    try:
        number = protocol.signal_of(body.signal)
    except ProtocolError as error:
        raise Invalid(f"{error} Nothing was sent.", code="unknown_signal") from error
    acting.on_loop(acting.signal(command, number))
    return Status(204, None)


@router.delete("/{id}", auth=WRITE, response=answers({204: None}, 404, 409, 410, 422, 503), operation_id="end_command")
def end_command(request: HttpRequest, id: UUID) -> Any:  # noqa: A002
    """End a command: SIGTERM for all its processes, and SIGKILL after five seconds. One that has ended stays so."""
    me = caller(request)
    command = me.command_to_drive(id)
    if command.is_live:
        require_running(command.session)
        command.note_end(me.user)
        acting.on_loop(acting.end(command))
    return Status(204, None)
