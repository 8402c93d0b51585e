"""`holder private`: the real program in a folder of its own, and everything a neighbour could plant there."""

from __future__ import annotations

import subprocess
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from sessions.brings.private import FILE_BYTES, LIST_BYTES, RECORDS_MAX, pack
from tests.holder.test_init import ENTER, PREPARE, PRIVATE

Put = Callable[[bytes], "subprocess.CompletedProcess[str]"]

USAGE, REFUSED, IO = 64, 70, 74


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "private"
    folder.mkdir(0o700)
    return folder


@pytest.fixture
def put(binary: Path, folder: Path) -> Put:
    def run(packed: bytes) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            [binary, "private", "--folder", folder], input=packed, capture_output=True, check=False, timeout=60
        )
        return subprocess.CompletedProcess(done.args, done.returncode, done.stdout.decode(), done.stderr.decode())

    return run


def everything(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*")}


def test_files_and_their_folders_are_for_the_owner_alone(put: Put, folder: Path) -> None:
    done = put(pack({"env": b"A=1\n", "git/hooks/config": b"\x00\xff" * 1000, "empty": b""}))
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert (folder / "git/hooks/config").read_bytes() == b"\x00\xff" * 1000
    assert (folder / "empty").read_bytes() == b""
    modes = {path.name: path.stat().st_mode & 0o7777 for path in folder.rglob("*")}
    assert modes == {"env": 0o600, "empty": 0o600, "git": 0o700, "hooks": 0o700, "config": 0o600}


def test_a_file_is_replaced_and_another_removed(put: Put, folder: Path) -> None:
    (folder / "token").write_text("old")
    (folder / "token").chmod(0o644)
    (folder / "kept").mkdir(0o750)
    (folder / "kept/gone").write_text("x")
    assert put(pack({"token": b"new", "kept/gone": None, "kept/new": b"n"})).returncode == 0
    assert (folder / "token").read_text() == "new"
    assert (folder / "token").stat().st_mode & 0o777 == 0o600
    assert (folder / "kept").stat().st_mode & 0o777 == 0o750
    assert everything(folder) == {"token", "kept", "kept/new"}


def test_removing_what_is_not_there_is_fine_and_makes_nothing(put: Put, folder: Path) -> None:
    assert put(pack({"a": None, "b/c/d": None})).returncode == 0
    assert put(pack({})).returncode == 0
    assert everything(folder) == set()


@pytest.mark.parametrize("planted", ["one", "one/two", "one/two/three"])
@pytest.mark.parametrize("content", [b"secret", None])
def test_a_planted_symlink_is_never_followed(
    put: Put, folder: Path, tmp_path: Path, planted: str, content: bytes | None
) -> None:
    outside = tmp_path / "outside"
    (outside / "two").mkdir(parents=True)
    for place in (outside / "three", outside / "two/three"):
        place.write_text("theirs")
    target = outside / "three" if planted == "one/two/three" else outside
    (folder / planted).parent.mkdir(parents=True, exist_ok=True)
    (folder / planted).symlink_to(target)
    done = put(pack({"one/two/three": content}))
    assert (outside / "three").read_text() == "theirs"
    assert (outside / "two/three").read_text() == "theirs"
    assert everything(outside) == {"two", "three", "two/three"}
    if planted == "one/two/three":  # the last one is itself what is replaced or removed
        assert done.returncode == 0
        assert not (folder / planted).is_symlink()
        assert (folder / planted).exists() == (content is not None)
    else:
        assert done.returncode == IO
        assert "one/two/three: Not a directory" in done.stderr


def test_the_folder_itself_is_no_symlink(binary: Path, folder: Path, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(folder)
    done = subprocess.run(
        [binary, "private", "--folder", tmp_path / "link"], input=pack({"a": b""}), capture_output=True, check=False
    )
    assert (done.returncode, everything(folder)) == (IO, set())
    assert b"cannot open" in done.stderr


def test_what_is_in_the_way_is_named_and_nothing_temporary_stays(put: Put, folder: Path) -> None:
    (folder / "busy").mkdir()
    done = put(pack({"first": b"1", "busy": b"2", "third": b"3"}))
    assert (done.returncode, done.stderr) == (IO, "holder: cannot write busy: Is a directory\n")
    assert everything(folder) == {"busy", "first"}
    done = put(pack({"busy": None}))
    assert (done.returncode, done.stderr) == (IO, "holder: cannot remove busy: Is a directory\n")


def test_a_message_holds_no_control_characters(put: Put, folder: Path) -> None:
    (folder / "\x1b[31m\x7fx").mkdir()
    assert put(pack({"\x1b[31m\x7fx": b""})).stderr == "holder: cannot write ?[31m?x: Is a directory\n"


@pytest.mark.parametrize("cut", [0, 1, 2, 3, 10, -7, -1])
def test_a_list_that_is_cut_changes_nothing(put: Put, folder: Path, cut: int) -> None:
    done = put(pack({"first": b"content", "second": b"content"})[:cut])
    assert done.returncode == USAGE
    assert done.stderr == "holder: nothing was put: the list stops before its end\n"
    assert everything(folder) == set()


def test_a_bad_record_after_good_ones_changes_nothing(put: Put, folder: Path) -> None:
    good = pack({"first": b"content"})[:-1]
    for bad in (b"\x03", b"\x02\x00\x02..", b"\x02\x00\x00", b"\x01\x00\x01a\xff\xff\xff\xff"):
        assert put(good + bad).returncode == USAGE
    assert everything(folder) == set()


def test_the_limits_can_be_used_to_the_last_byte(put: Put, folder: Path) -> None:
    heads = 4 * len(pack({"a": b""})[:-1]) + 1
    files = {name: bytes(FILE_BYTES) for name in "abc"} | {"d": bytes(LIST_BYTES - 3 * FILE_BYTES - heads)}
    assert len(pack(files)) == LIST_BYTES
    assert put(pack(files)).returncode == 0
    assert sum(path.stat().st_size for path in folder.iterdir()) == LIST_BYTES - heads
    one_more = pack(files)[:-1] + b"\x02\x00\x01e\x00"
    assert "the list is too long" in put(one_more).stderr
    assert put(pack({f"n{number}": b"" for number in range(RECORDS_MAX)})).returncode == 0
    assert "too many records" in put(b"\x02\x00\x01a" * (RECORDS_MAX + 1) + b"\x00").stderr


def test_nobody_sees_half_a_file(put: Put, folder: Path) -> None:
    contents = {letter: letter.encode() * FILE_BYTES for letter in "ab"}
    assert put(pack({"file": contents["a"]})).returncode == 0
    stop, seen = threading.Event(), set[bytes]()

    def read() -> None:
        while not stop.is_set():
            seen.add((folder / "file").read_bytes())

    reader = threading.Thread(target=read)
    reader.start()
    for number in range(20):
        assert put(pack({"file": contents["ab"[number % 2]]})).returncode == 0
    stop.set()
    reader.join()
    assert seen <= set(contents.values())


def test_it_does_not_wait_for_the_end_of_its_input(binary: Path, folder: Path) -> None:
    command = [str(binary), "private", "--folder", str(folder)]
    with subprocess.Popen(command, stdin=subprocess.PIPE) as process:
        assert process.stdin
        process.stdin.write(pack({"a": b"1"}))
        process.stdin.flush()
        assert process.wait(20) == 0
    assert (folder / "a").read_bytes() == b"1"


def in_a_container(binary: Path, prepare: str, then: str) -> subprocess.CompletedProcess[bytes]:
    """Run `holder private` as the engine does, on the folder of this container."""
    script = f"exec 9<{binary}; {prepare} /proc/self/fd/9 private; status=$?; {then}; exit $status"
    command = [*ENTER, "sh", "-c", script]
    return subprocess.run(command, input=pack({"a/b": b"secret"}), capture_output=True, check=False, timeout=20)


def test_without_a_folder_of_its_own_it_refuses(built: Path) -> None:
    done = in_a_container(built, PREPARE.replace("set -e", "true"), "find /root/.private")
    assert (done.returncode, done.stdout) == (REFUSED, b"/root/.private\n")
    assert b"/root/.private is not a tmpfs of this container" in done.stderr


def test_with_a_folder_of_its_own_it_puts_there(built: Path) -> None:
    done = in_a_container(built, PREPARE + PRIVATE, "cat /root/.private/a/b")
    assert (done.returncode, done.stdout) == (0, b"secret"), done.stderr
