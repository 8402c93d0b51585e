"""What is malformed ends its own link with a clear ERROR and nothing else."""

from __future__ import annotations

import contextlib
import os
import random
import socket
import struct
import subprocess
from pathlib import Path

import pytest

from tests.holder.client import Program, T, Viewer, encode, link_body, shell
from tests.holder.conftest import Holder

CLIENT = b"c" * 16
GOOD = link_body(CLIENT, program=shell("exec cat"))


def error_of(viewer: Viewer) -> int:
    error = viewer.until_closed().error
    assert error
    return error[0]


BEFORE_LINK = {
    "another frame first": encode(T.INPUT, b"\0\0\0\1x"),
    "length of zero": struct.pack(">I", 0),
    "length above the limit": struct.pack(">IB", 1024 * 1024 + 1, T.LINK),
    "largest length": b"\xff\xff\xff\xff",
    "empty": encode(T.LINK),
    "another version": encode(T.LINK, b"\2" + GOOD[1:]),
    "cut name": encode(T.LINK, GOOD[:39] + b"\x40abc"),
    "long name": encode(T.LINK, GOOD[:38] + b"\x41" + b"n" * 65),
    "bytes after the end": encode(T.LINK, GOOD + b"x"),
    "env without a name": encode(T.LINK, link_body(CLIENT, program=Program(env=("=x",)))),
    "env without a value": encode(T.LINK, link_body(CLIENT, program=Program(env=("PATH",)))),
    "zero in a word": encode(T.LINK, link_body(CLIENT, program=Program(argv=("a\0b",)))),
    "zero in the folder": encode(T.LINK, link_body(CLIENT, program=Program(cwd="/a\0b"))),
    "too many words": encode(T.LINK, link_body(CLIENT, program=Program(argv=["x"] * 2000))),
    "unknown type": encode(0x7F, b"abc"),
}


@pytest.mark.parametrize("data", BEFORE_LINK.values(), ids=BEFORE_LINK.keys())
def test_a_first_frame_that_is_no_link_is_refused(holder: Holder, data: bytes) -> None:
    viewer = holder.viewer()
    viewer.send_raw(data)
    assert error_of(viewer) == 1
    assert holder.terminals() == {}


AFTER_LINK = {
    "second link": encode(T.LINK, GOOD),
    "unknown type": encode(0x55, b"abc"),
    "holder's own type": encode(T.OUTPUT, b"\0" * 9),
    "input without bytes": encode(T.INPUT, b"\0\0\0\1"),
    "input number zero": encode(T.INPUT, b"\0\0\0\0x"),
    "input cut": encode(T.INPUT, b"\0"),
    "input too long": encode(T.INPUT, b"\0\0\0\1" + b"x" * 16385),
    "frame too long": encode(T.RESIZE, b"x" * 20000),
    "resize cut": encode(T.RESIZE, b"\0\1\0"),
    "resize long": encode(T.RESIZE, b"\0\1\0\1\0"),
    "ack cut": encode(T.ACK, b"\0" * 7),
    "drive with a body": encode(T.DRIVE, b"x"),
    "hand cut": encode(T.HAND, b"\0\0\1"),
    "hand long": encode(T.HAND, b"\0\0\0\1\0"),
    "length of zero": b"\0\0\0\0",
}


@pytest.mark.parametrize("data", AFTER_LINK.values(), ids=AFTER_LINK.keys())
def test_a_malformed_frame_ends_its_link_only(holder: Holder, data: bytes) -> None:
    other = holder.open(shell("exec cat")).until_drives()
    viewer = holder.viewer().link().until_replayed()
    viewer.send_raw(data)
    assert error_of(viewer) == 1
    other.type(b"here\n")
    other.until_output(b"here\r\nhere\r\n")


def test_a_link_cut_at_every_byte_is_read(holder: Holder) -> None:
    viewer = holder.viewer()
    for byte in encode(T.LINK, GOOD) + encode(T.INPUT, b"\0\0\0\1hello\n") + encode(T.RESIZE, b"\0\x50\0\x18"):
        viewer.send_raw(bytes([byte]))
    viewer.until_output(b"hello\r\nhello\r\n")


def test_random_bytes_never_harm_the_holder(holder: Holder) -> None:
    chance = random.Random(1)
    for number in range(300):
        viewer = holder.viewer(f"t{number % 3}")
        garbage = chance.randbytes(chance.randrange(200))
        if number % 2:
            garbage = encode(T.LINK, GOOD) + encode(chance.randrange(1, 0x14), garbage) + garbage
        viewer.send_raw(garbage)
        viewer.close()
    holder.open(shell("exec cat"), "last").until_drives()


def test_an_unknown_terminal_is_said(holder: Holder) -> None:
    assert error_of(holder.viewer("nothing").link()) == 2


def test_too_many_viewers_of_one_terminal_are_refused(holder: Holder) -> None:
    holder.open(shell("exec cat")).until_drives()
    for _ in range(63):
        holder.viewer().link(want_drive=False).until_replayed()
    assert error_of(holder.viewer().link(want_drive=False)) == 4


def test_too_many_terminals_are_refused(holder: Holder) -> None:
    for number in range(256):
        viewer = holder.viewer(f"t{number}").link(program=Program(("/bin/sleep", "1000")))
        viewer.until_replayed().close()
    assert error_of(holder.viewer("one-more").link(program=shell("exec cat"))) == 3
    holder.viewer("t7").link().until_drives()


def test_too_many_links_are_turned_away_with_a_frame(holder: Holder) -> None:
    for number in range(17):
        holder.open(Program(("/bin/sleep", "1000")), f"t{number}").until_replayed()
    for number in range(1024 - 17):
        holder.viewer(f"t{number % 17}").link(want_drive=False)
    viewer = holder.viewer("t0")
    with contextlib.suppress(BrokenPipeError):  # turned away before it has said anything
        viewer.link(want_drive=False)
    assert error_of(viewer) == 4


@pytest.mark.parametrize("terminal", ["", "a b", "../x", "é", "x" * 65, "a\nb"])
def test_a_bad_id_is_refused_by_the_command(holder: Holder, terminal: str) -> None:
    refused = subprocess.run(
        holder.command("attach", terminal), stdin=subprocess.PIPE, capture_output=True, check=False
    )
    assert refused.returncode == 64


@pytest.mark.parametrize("line", [b"attach ../x\n", b"attach t\n", b"\n", b"nonsense\n", b"x" * 500])
def test_a_bad_request_on_the_socket_is_answered_or_dropped(holder: Holder, line: bytes) -> None:
    with socket.socket(socket.AF_UNIX) as caller:
        caller.connect(str(holder.folder / "holder.sock"))
        caller.sendall(line)
        with contextlib.suppress(ConnectionResetError):  # dropped with bytes unread
            assert caller.recv(100) in {b"malformed\n", b""}
    assert holder.run("ready").returncode == 0


def test_descriptors_beyond_the_two_are_closed(holder: Holder) -> None:
    before = holder.descriptors()
    with socket.socket(socket.AF_UNIX) as caller:
        caller.connect(str(holder.folder / "holder.sock"))
        socket.send_fds(caller, [b"rea"], [0, 1])
        socket.send_fds(caller, [b"dy\n"], [0, 1])
        assert caller.recv(100) == b"ok\n"
        assert caller.recv(100) == b""
    assert holder.descriptors() == before


def test_files_are_no_pipes(holder: Holder, tmp_path: Path) -> None:
    with (tmp_path / "file").open("w+b") as file:
        refused = subprocess.run(
            holder.command("attach", "t"), stdin=file, stdout=file, stderr=subprocess.PIPE, check=False
        )
    assert refused.returncode == 64


def test_without_a_holder_every_command_says_so(built: Path, tmp_path: Path) -> None:
    for words in (["ready"], ["list"], ["end", "t"]):
        done = subprocess.run([built, *words, "--socket-dir", tmp_path], capture_output=True, text=True, check=False)
        assert done.returncode == 69
        assert "no holder answers" in done.stderr


@pytest.mark.parametrize(
    "words", [[], ["nonsense"], ["attach"], ["serve"], ["list", "--socket-dir"], ["end", "a", "b"]]
)
def test_wrong_usage_is_said(built: Path, words: list[str]) -> None:
    done = subprocess.run([built, *words], capture_output=True, text=True, check=False)
    assert done.returncode == 64
    assert done.stderr.startswith("usage: holder")


def test_another_user_is_not_answered(built: Path, holder: Holder) -> None:
    """Also when the folder's own permissions would let them through."""
    socket_path = holder.folder / "holder.sock"
    assert socket_path.stat().st_mode & 0o777 == 0o600
    if os.geteuid() != 0:
        return  # only root can become someone else
    for folder in (holder.folder, *holder.folder.parents):
        if folder.stat().st_uid == 0 and folder != Path("/") and not folder.stat().st_mode & 1:
            folder.chmod(folder.stat().st_mode | 0o011)
    socket_path.chmod(0o666)
    ask = "import socket, sys; s = socket.socket(1); s.connect(sys.argv[1]); s.sendall(b'ready\\n'); print(s.recv(9))"
    done = subprocess.run(["python3", "-c", ask, socket_path], user=65534, capture_output=True, text=True, check=False)
    assert "ok" not in done.stdout
