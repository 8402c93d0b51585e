"""Pairs of files that say the same on two sides: each is held against its twin."""

from __future__ import annotations

import json
import re
import subprocess
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from accounts.current import Teams
from accounts.models import Team, User
from accounts.views import theme
from activity.refusals import Close
from sandboxes import words
from sandboxes.models import Sandbox, State
from sandboxes.models.operations import OFFERED, RETRY
from sandboxes.search import KEYS, Search
from sessions.brings import private
from sessions.holder import FRAME_MAX_BYTES, HolderError
from sessions.line import commands
from sessions.line.commands import CommandFlag, CommandFrame, ExitFlag, Stream, WelcomeFlag
from sessions.line.file_frames import DATA_MAX_BYTES as FILE_DATA_MAX_BYTES
from sessions.line.file_frames import PATHS_MAX, FileCode, FileFlag, FileFrame, FileKind, FileWhat, SearchFlag
from sessions.line.ports import PortFlag, PortFrame
from sessions.line.wire import (
    CREDIT_BYTES,
    CREDIT_LUMP_BYTES,
    DATA_MAX_BYTES,
    Code,
    Kind,
    LineFlag,
    LineFrame,
)
from sessions.models import Session, SessionState
from sessions.models.preferences import ALLOWED
from sessions.terminal import protocol
from sessions.terminal.protocol import Frame, LinkFlag
from sessions.workspace.layout import LEAST_SHARE, MOST_SHARE, PANES_PER_TAB, LayoutTree
from sessions.workspace.palette import offer
from tests.live import ROOT

LIB = ROOT / "static/src/lib"


def source(path: str) -> str:
    return (ROOT / path).read_text()


def node(imports: str, expression: str, given: object = None) -> Any:
    """Return what an expression of modules below static/src/ is worth; `given` is there under its name."""
    code = f"""
        {re.sub(r'from "', f'from "{ROOT}/static/src/', imports)}
        const given = {json.dumps(given)};
        console.log(JSON.stringify({expression}));
    """
    done = subprocess.run(
        ["node", "--input-type=module", "-e", code], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def enum_of_c(path: str, name: str) -> dict[str, int]:
    """Return the members of an enum in a header."""
    body = re.sub(r"/\*.*?\*/", "", source(path).split(f"enum {name} {{", 1)[1].split("}", 1)[0], flags=re.DOTALL)
    return {member: int(value, 0) for member, value in re.findall(r"(\w+) = (\w+)", body)}


def limit(name: str) -> int:
    """Return a figure of holder/limits.h."""
    text = re.search(rf"#define {name} (.+)", source("holder/limits.h"))
    assert text, name
    product = 1
    for factor in re.findall(r"\d+", text[1]):
        product *= int(factor)
    return product


def js_object(path: str, name: str) -> dict[str, int]:
    body = source(path).split(f"const {name} = {{", 1)[1].split("}", 1)[0]
    return {key: int(value, 0) for key, value in re.findall(r"(\w+): (\w+)", body)}


# --- the wire -------------------------------------------------------------------------------------------------------
def test_frames_have_one_number_on_all_three_sides() -> None:
    ours = {frame.name: int(frame) for frame in Frame}
    assert {name.removeprefix("FRAME_"): n for name, n in enum_of_c("holder/frames.h", "frame_type").items()} == ours
    page = js_object("static/src/lib/wire/protocol.js", "TYPE")
    # All that a page sends, and all that passes to it.
    assert page == {name: n for name, n in ours.items() if n <= Frame.ACK or n in protocol.TO_BROWSER}


def test_flags_and_errors_have_one_number_on_both_sides() -> None:
    flags = enum_of_c("holder/frames.h", "link_flags")
    assert {name.removeprefix("LINK_"): n for name, n in flags.items()} == {flag.name: int(flag) for flag in LinkFlag}
    errors = enum_of_c("holder/errors.h", "error_code")
    # Named for what the holder met there, and for what it means here.
    named = {name.removeprefix("ERROR_"): n for name, n in errors.items()}
    assert named == {error.name: int(error) for error in HolderError}


def test_the_line_has_the_same_numbers_on_both_sides() -> None:
    for name, prefix, ours in (
        ("line_frame", "LINE_", LineFrame),
        ("line_kind", "LINE_", Kind),
        ("line_code", "LINE_", Code),
        ("line_flags", "LINE_", LineFlag),
    ):
        theirs = {key.removeprefix(prefix): n for key, n in enum_of_c("holder/line_frames.h", name).items()}
        assert theirs == {each.name: int(each) for each in ours}, name
    assert limit("LINE_DATA_BYTES") == DATA_MAX_BYTES
    assert limit("CHANNEL_CREDIT_BYTES") == CREDIT_BYTES
    assert limit("CREDIT_LUMP_BYTES") == CREDIT_LUMP_BYTES


def test_commands_have_the_same_numbers_on_both_sides() -> None:
    for name, ours in (
        ("command_frame", CommandFrame),
        ("command_flags", CommandFlag),
        ("command_welcome_flags", WelcomeFlag),
        ("command_exit_flags", ExitFlag),
        ("command_stream", Stream),
    ):
        theirs = {key.removeprefix("COMMAND_"): n for key, n in enum_of_c("holder/command_frames.h", name).items()}
        assert theirs == {str(each.name): int(each) for each in ours}, name
    assert limit("COMMAND_INPUT_FRAME_BYTES") == commands.INPUT_MAX_BYTES


def test_files_and_ports_have_the_same_numbers_on_both_sides() -> None:
    for path, name, prefix, ours in (
        ("holder/file_frames.h", "file_frame", "FILE_", FileFrame),
        ("holder/file_frames.h", "file_flags", "FILE_", FileFlag),
        ("holder/file_frames.h", "file_search_flags", "FILE_", SearchFlag),
        ("holder/file_frames.h", "file_kind", "FILE_IS_", FileKind),
        ("holder/file_frames.h", "file_what", "FILE_", FileWhat),
        ("holder/file_frames.h", "file_code", "FILE_", FileCode),
        ("holder/ports.h", "port_frame", "PORT_", PortFrame),
        ("holder/ports.h", "port_flags", "PORT_", PortFlag),
    ):
        theirs = {key.removeprefix(prefix): n for key, n in enum_of_c(path, name).items()}
        assert theirs == {str(each.name): int(each) for each in ours}, name
    assert limit("FILE_PATHS_MAX") == PATHS_MAX
    assert limit("LINE_DATA_BYTES") == FILE_DATA_MAX_BYTES


def test_limits_of_the_wire_are_the_same_on_all_sides() -> None:
    page = node(
        'import * as wire from "lib/wire/protocol.js";',
        "[wire.SUBPROTOCOL, wire.INPUT_FRAME_MAX_BYTES, wire.INPUT_FRAMES_IN_FLIGHT]",
    )
    assert page == [protocol.SUBPROTOCOL, protocol.INPUT_MAX_BYTES, limit("INPUT_FRAMES_PER_CLIENT")]
    assert limit("INPUT_FRAME_BYTES") == protocol.INPUT_MAX_BYTES
    assert limit("OUTPUT_FRAME_BYTES") == protocol.OUTPUT_MAX_BYTES
    assert limit("LINK_FRAME_BYTES") == FRAME_MAX_BYTES
    assert limit("NAME_BYTES") == protocol.NAME_MAX_BYTES
    sizes = js_object("static/src/lib/wire/protocol.js", "SIZE_LIMITS")
    ours = (min(protocol.COLS), max(protocol.COLS), min(protocol.ROWS), max(protocol.ROWS))
    assert tuple(sizes.values()) == ours
    assert tuple(map(limit, ("COLS_MIN", "COLS_MAX", "ROWS_MIN", "ROWS_MAX"))) == ours


def test_records_of_private_files_are_the_same_on_both_sides() -> None:
    """That the holder reads what `pack` writes, tests/holder/test_private.py shows."""
    operations = enum_of_c("holder/records.h", "record_op")
    assert operations == {
        "RECORD_END": private._END[0],
        "RECORD_WRITE": private._WRITE,
        "RECORD_REMOVE": private._REMOVE,
    }
    assert limit("PRIVATE_PATH_BYTES") == private.PATH_BYTES
    assert limit("PRIVATE_FILE_BYTES") == private.FILE_BYTES
    assert limit("PRIVATE_RECORDS_MAX") == private.RECORDS_MAX
    assert limit("PRIVATE_LIST_BYTES") == private.LIST_BYTES


def test_the_page_knows_which_close_codes_are_final() -> None:
    codes = {code.name: int(code) for code in Close}
    imports = 'import { finalClose, leastWait } from "lib/wire/close-codes.js";'
    page = node(
        imports, "Object.entries(given).map(([name, code]) => [name, finalClose(code)?.reason, leastWait(code)])", codes
    )
    final = {name for name, reason, _ in page if reason is not None}
    assert all(reason == name.lower() for name, reason, _ in page if reason is not None)
    # What starts, is full or has no engine is worth coming back to; of these the full one after a while.
    assert codes.keys() - final == {"RESTARTING", "TOO_MANY", "ENGINE_AWAY"}
    assert {name for name, _, wait in page if wait} == {"TOO_MANY"}


# --- words ----------------------------------------------------------------------------------------------------------
SIZES = [0, 1, 52_428, 52_429, 1 << 19, 1_310_720, 1 << 20, 537_919_488, (1 << 30) - 1, 1 << 30, 1_342_177_280, 1 << 44]
RATES = [0, 1, 1023, 1024, 1536, 2560, 3584, (1 << 20) - 1, 1 << 20, 3_565_158, 1 << 31]
CORES = [0, 1, 5, 125, 250, 375, 500, 994, 995, 999, 1000, 1001, 1005, 1125, 2000, 10_000]
LENGTHS = [0, 0.04, 0.05, 0.25, 0.35, 9.94, 9.95, 9.99, 10, 12.5, 13.5, 59.4, 59.5, 60, 65.5, 119.5, 3600]


@pytest.mark.parametrize(
    ("ours", "theirs", "values"),
    [
        (words.in_size, "inSize", SIZES),
        (words.in_rate, "inRate", RATES),
        (words.in_cores, "inCores", CORES),
        (words.in_seconds, "inSeconds", LENGTHS),
    ],
)
def test_numbers_are_the_same_words_on_page_and_server(ours: Any, theirs: str, values: list[float]) -> None:
    page = node(f'import {{ {theirs} }} from "lib/words/units.js";', f"given.map({theirs})", values)
    assert page == [ours(value) for value in values]


AGES = [
    0,
    59,
    60,
    119,
    120,
    3599,
    3600,
    7200,
    86_399,
    86_400,
    2 * 86_400,
    30 * 86_400,
    364 * 86_400,
    365 * 86_400,
    10**8,
]


def test_ages_are_the_same_words_on_page_and_server() -> None:
    page = node('import { inAge } from "lib/words/units.js";', "given.map(inAge)", AGES)
    now = timezone.now()
    # Half a second later is the same age.
    assert page == [words.ago(now - timedelta(seconds=age + 0.2)) for age in AGES]


SEARCHES = [
    "", "  two  words ", "status:running owner:me template:debian text", "STATUS:Running", "status:", "colour:red",
    "a:b:c status:a:b", ":x", "owner:", "Łódź ÄÖ", "owner:me owner:bob",
]  # fmt: skip


def test_a_search_is_read_the_same_on_page_and_server() -> None:
    page = node('import { parse } from "lib/words/search.js";', "given.map(parse)", SEARCHES)
    ours = [Search.parse(text) for text in SEARCHES]
    assert [(tuple(each["words"]), tuple(map(tuple, each["pairs"]))) for each in page] == [
        (each.words, each.pairs) for each in ours
    ]
    assert set(KEYS) == {"status", "owner", "template"}


def test_the_theme_is_kept_in_the_cookie_that_the_server_reads() -> None:
    page = source("static/src/pages/theme.js")
    assert f"`{theme.COOKIE}=${{theme}};" in page
    assert "365 * 24 * 3600" in page
    assert theme.ONE_YEAR_S == 365 * 24 * 3600
    offered = re.findall(r'\{ theme: "(\w+)"', source("static/src/lib/words/commands.js"))
    assert tuple(offered) == theme.THEMES


# --- what is kept for a person ----------------------------------------------------------------------------------------
def test_preferences_of_the_page_are_those_that_the_server_keeps() -> None:
    page = node('import { PREFERENCES } from "lib/looks/preferences.js";', "PREFERENCES")
    assert page.keys() == ALLOWED.keys()
    for name, entry in page.items():
        good = [choice for choice, _ in entry.get("choices", [])] or [
            entry[bound] for bound in ("least", "most", "usual") if bound in entry
        ]
        assert all(ALLOWED[name](value) for value in good), name
        if "most" in entry:
            assert not ALLOWED[name](entry["most"] + 1)
            assert not ALLOWED[name](entry["least"] - 1)


LAYOUTS = """
    import { keeping, resizedAt, splitAt, terminalsOf } from "lib/panes/panes.js";
    import { PANES_PER_TAB, clampShare } from "lib/panes/panes.js";
"""
GROWN = """
    (() => {
      const grown = [];
      let root = { terminal: given[0] };
      for (const [index, id] of given.slice(1).entries()) {
        root = splitAt(root, given[(index * 7) % (index + 1)], index % 3 ? "right" : "down", id);
        root = resizedAt(root, ["", "1", "2", "12"][index % 4], (index * 0.37) % 1.2);
        const kept = keeping(root, (id) => given.indexOf(id) % 3 !== 1);
        grown.push({ root, kept, terminals: terminalsOf(root) });
      }
      return { grown, most: PANES_PER_TAB, shares: [clampShare(0), clampShare(1)] };
    })()
"""


def test_the_server_takes_every_layout_that_a_page_makes() -> None:
    ids = [f"{number:08x}-0000-4000-8000-000000000000" for number in range(PANES_PER_TAB)]
    page = node(LAYOUTS, GROWN, ids)
    assert (page["most"], page["shares"]) == (PANES_PER_TAB, [LEAST_SHARE, MOST_SHARE])
    known = [id_ for index, id_ in enumerate(ids) if index % 3 != 1]
    for made in page["grown"]:
        data = {"tabs": [{"root": made["root"], "active": ids[0], "zoomed": False}], "shown": 0}
        layout = LayoutTree.of(data)
        assert layout.as_json() == data
        assert list(layout.terminals) == made["terminals"]
        assert layout.keeping(known).as_json()["tabs"][0]["root"] == made["kept"]


def test_the_palette_understands_all_that_the_server_offers(alice: User, team: Team, sandbox: Sandbox) -> None:
    sandbox.reach(State.RUNNING)
    session = Session.for_person(sandbox, alice)
    session.reach(SessionState.RUNNING)
    session.open_terminal(alice)
    offered = offer(alice, Teams(team, [team]))
    assert all(offered.values())
    commands = node(
        'import { commandsOf } from "lib/words/commands.js";',
        'commandsOf(given, { address: "/", help: null }).map((each) => ({ ...each }))',
        json.loads(json.dumps(offered)),
    )
    assert "undefined" not in json.dumps(commands)
    assert {command["group"] for command in commands} >= {"Sandboxes", "Terminals", "Sessions", "Go to", "Actions"}
    verbs = set(re.findall(r"^  (\w+): \{ verb:", source("static/src/lib/words/commands.js"), re.MULTILINE))
    assert verbs == {RETRY.name} | {operation.name for several in OFFERED.values() for operation in several}
