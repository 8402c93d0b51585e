"""Nothing goes round the record: whatever writes to the database records it, or stands here with the reason why not."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from tests.live import ROOT

PACKAGES = ("accounts", "activity", "api", "sandboxes", "sessions", "config")
WRITES = {"save", "create", "get_or_create", "update_or_create", "update", "delete", "bulk_create", "bulk_update"}
# Of these `update` changes something in memory.
IN_MEMORY = {"initial", "attrs", "whole"}

# Function -> why it writes without an entry of its own.
WITHOUT_ENTRY = {
    # The record itself.
    "activity/models.py save": "the record",
    "activity/models.py move_to": "the record",
    "activity/models.py locked": "the record",
    "activity/log.py append": "the record",
    # Told by signals of the row, in the same transaction: activity/logins.py.
    "accounts/admin.py turn_off_two_factor": "second factors are recorded by their rows",
    "accounts/vault/rotation.py clear": "second factors are recorded by their rows",
    # Answers that are kept for a day, for a request that comes twice.
    "api/models.py keep": "the change itself is recorded by what was called",
    "api/models.py purge": "answers whose day is over",
    "api/once.py done_or_kept": "the change itself is recorded by what was called",
    "api/routes/sandboxes.py create_sandbox": "Sandbox.create",
    # Recorded by whatever calls them, in the same transaction.
    "accounts/vault/second_factor.py rewrite": "seal_plain and seal_anew count it",
    "accounts/models/api_token.py note_use": "when a program used it",
    "accounts/models/invitation.py use": "found records the owner and the team that the link is used up for",
    "sandboxes/models/life.py write_wanted": "want and trash record it under their verbs",
    "accounts/vault/rotation.py _replace": "seal_anew counts it, clear names it",
    "sessions/models/terminal.py close_all": "session.end, sandbox.stop, …",
    "sessions/models/command.py end_all": "session.end, sandbox.stop, …",
    # What was seen, and not what was changed.
    "sandboxes/models/samples.py thin": "measures",
    "sandboxes/metrics/recording.py keep": "measures",
    "sandboxes/supervising/disk.py settle": "measures; what follows from them is a notice or a stop",
    "sandboxes/models/engine.py report_trouble": "what the engine says",
    "sandboxes/models/engine.py report_facts": "what the engine says",
    "sandboxes/models/engine.py take": "the supervisor's lease",
    "sandboxes/models/engine.py take_over": "the supervisor's lease",
    "sandboxes/models/step.py begin": "a step of a wish that is recorded",
    "sandboxes/models/step.py finish": "a step of a wish that is recorded",
    "sandboxes/models/step.py interrupt": "a step of a wish that is recorded",
    "sandboxes/models/idle.py note_use": "when someone typed",
    "sandboxes/models/life.py explain": "the words of a notice, which is recorded",
    "sessions/models/session.py note_use": "when someone typed",
    "sessions/models/session.py note_private": "how far a wish has been carried out",
    "sessions/models/terminal.py mark_opened": "when a shell started that is recorded",
    "sessions/keeper.py note_stopped": "rows of sessions whose end is recorded",
    "sessions/models/command.py mark_ended": "how a command ended whose start is recorded",
    "sessions/models/command.py purge": "rows of commands whose start is recorded",
    # How a person likes to look at things.
    "sessions/models/layout.py keep": "a person's own layout",
    "sessions/models/preferences.py keep": "a person's own preferences",
    # A form's `save`, which calls a method that records.
    "accounts/views/entrance.py setup": "a form's",
    "accounts/views/entrance.py join_as_new": "a form's",
    "accounts/views/team.py rename": "a form's",
    "accounts/views/api_tokens.py api_tokens": "a form's",
    "sandboxes/views/settings.py change": "a form's",
    "sandboxes/views/creating.py create": "a form's",
    "sessions/views/manage.py new_session": "a form's",
    "sandboxes/forms.py save": "Sandbox.create",
}


def test_every_function_that_writes_records_or_says_why_not() -> None:
    found = {f"{path} {name}": records for path, name, records in functions_that_write()}
    silent = {function for function, records in found.items() if not records}
    assert silent - WITHOUT_ENTRY.keys() == set(), "record what these write, or say why not"
    assert WITHOUT_ENTRY.keys() - silent == set(), "these write nothing any more, or record it"


def functions_that_write() -> Iterator[tuple[str, str, bool]]:
    """Yield (file, function, whether it records) of every function that calls one of WRITES."""
    for file in sources():
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                # Not its decorators: `@router.delete(…)` names an operation.
                inside = (each for part in node.body for each in ast.walk(part))
                calls = [each for each in inside if isinstance(each, ast.Call)]
                if any(map(is_write, calls)):
                    yield str(file.relative_to(ROOT)), node.name, any(map(is_record, calls))


def sources() -> Iterator[Path]:
    for package in PACKAGES:
        yield from (file for file in sorted((ROOT / package).rglob("*.py")) if "migrations" not in file.parts)


def is_write(call: ast.Call) -> bool:
    if not isinstance(call.func, ast.Attribute) or call.func.attr not in WRITES:
        return False
    owner = call.func.value
    name = owner.attr if isinstance(owner, ast.Attribute) else getattr(owner, "id", "")
    return name not in IN_MEMORY


def is_record(call: ast.Call) -> bool:
    return isinstance(call.func, ast.Name) and call.func.id == "record"
