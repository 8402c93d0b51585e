"""What is packed for the private folder, and that nothing of it is seen on its way."""

from __future__ import annotations

import asyncio
import json
import subprocess

import pytest

from engine import Engine, EngineError
from engine.labels import INSTANCE
from engine.storage import ImageTree
from sessions.brings.private import FILE_BYTES, LIST_BYTES, RECORDS_MAX, pack, put
from tests.engine_fixtures import MakePlace


def test_packed_as_the_holder_reads_it() -> None:
    packed = pack({"env": b"A=1", "ä/b": None})
    assert packed == b"\x01\x00\x03env\x00\x00\x00\x03A=1" + b"\x02\x00\x04\xc3\xa4/b" + b"\x00"
    assert pack({}) == b"\x00"


@pytest.mark.parametrize("path", ["", "/", "/a", "a/", "a//b", ".", "..", "a/../b", "./a", "a\0b", "x" * 256, "\ud800"])
def test_a_path_that_is_refused(path: str) -> None:
    with pytest.raises(ValueError, match=r"^(A|The) path .*\.$"):
        pack({path: b"secret"})


def test_what_is_too_much_is_refused_without_its_content() -> None:
    for files, sentence in (
        ({"a": b"s" * (FILE_BYTES + 1)}, f"The file 'a' is {FILE_BYTES + 1} bytes long, more than {FILE_BYTES}."),
        (dict.fromkeys("abcd", b"s" * FILE_BYTES), f"more than {LIST_BYTES}."),
        ({f"{n}": b"s" for n in range(RECORDS_MAX + 1)}, f"At most {RECORDS_MAX} files can be put at once, not 65."),
    ):
        with pytest.raises(ValueError) as refused:
            pack(files)
        assert str(refused.value).endswith(sentence)
        assert "sss" not in str(refused.value)
    assert len(pack({"x" * 255: b"s" * FILE_BYTES})) == FILE_BYTES + 263
    assert pack({f"{n}": b"" for n in range(RECORDS_MAX)})


SECRET = "hunter2-in-the-private-folder"


@pytest.mark.engine
@pytest.mark.asyncio(loop_scope="session")
async def test_what_is_put_is_read_in_the_session_and_seen_nowhere_else(
    engine: Engine, busybox: ImageTree, make_place: MakePlace
) -> None:
    place = await make_place(busybox)
    host, other = await place.session("host"), await place.session("other", read_only=True)
    watcher = await asyncio.create_subprocess_exec(
        # Since a moment ago: it takes a while until it listens.
        *["docker", "events", "--since", "1m", "--format", "{{json .}}"],
        *["--filter", f"label={INSTANCE}={place.instance}"],
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        await put(engine, host, {"env/token": SECRET.encode(), "gone": b"x"})
        await put(engine, other, {"env/token": b"another"})
        await put(engine, host, {"gone": None})
        seen = await place.sh(host, "cd ~/.private; find . -type f; cat env/token; stat -c %a env env/token")
        assert seen.stdout.decode() == f"./env/token\n{SECRET}700\n600\n"
        assert (await place.sh(other, "cat ~/.private/env/token")).stdout == b"another"
        await place.sh(host, "ln -s /project ~/.private/out; mkfifo ~/.private/pipe")
        with pytest.raises(EngineError, match=r"holder: cannot write out/x: Not a directory"):
            await put(engine, host, {"out/x": SECRET.encode()})
        await put(engine, host, {"pipe": b"a file now"})
        assert (await place.sh(host, "cat ~/.private/pipe")).stdout == b"a file now"
        assert (await place.sh(host, "ls /project")).stdout == b"workspace\n"
        told = await events_until(watcher, "ls /project")
    finally:
        watcher.kill()
        await watcher.wait()
    assert "/.sandlot/holder private" in told
    for container in (host, other):
        inspected = await asyncio.to_thread(
            subprocess.run, ["docker", "inspect", container], capture_output=True, check=True, text=True
        )
        assert json.loads(inspected.stdout)
        told += inspected.stdout
    assert SECRET not in told


async def events_until(watcher: asyncio.subprocess.Process, mark: str) -> str:
    """Return the engine's events up to the one with this mark."""
    assert watcher.stdout
    told = ""
    async with asyncio.timeout(20):
        while mark not in told:
            line = await watcher.stdout.readline()
            assert line, "the events ended"
            told += line.decode()
    return told
