"""The files' websocket, in a real sandbox."""

from __future__ import annotations

import asyncio
import io
import os
import subprocess
import tarfile
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import pytest
from websockets.exceptions import ConnectionClosed

from activity.refusals import Close
from sessions.files import protocol
from sessions.flow import AHEAD_BYTES
from tests.api.test_live import Caller
from tests.commander import Refused
from tests.filer import Filer, socket_of
from tests.live import eventually

if TYPE_CHECKING:
    from contextlib import AbstractAsyncContextManager

    from websockets.asyncio.client import ClientConnection

    from tests.live import LiveServer

pytestmark = pytest.mark.engine

SANDBOX = "streams-files"
AT = f"/sandboxes/{SANDBOX}/sessions/pitcher-host"
SOCKET = f"/ws{AT}/files/"


@pytest.fixture(scope="module")
def program(live: LiveServer) -> Caller:
    program = Caller(live)
    program.said("POST", "/sandboxes", {"id": SANDBOX, "template": "debian"})
    assert program.said("GET", f"/sandboxes/{SANDBOX}?wait=20&until=running")["state"] == "running"
    return program


def filer(program: Caller) -> AbstractAsyncContextManager[Filer]:
    return Filer.at(program.server.origin, SOCKET, program.token)


def shell(program: Caller, line: str) -> str:
    container = f"sandlot-{program.server.instance}.{SANDBOX}.pitcher-host"
    return subprocess.check_output(
        ["docker", "exec", "-w", "/project/workspace", container, "sh", "-c", line], text=True
    )


def test_many_operations_go_on_side_by_side(program: Caller) -> None:
    async def main() -> None:
        async with filer(program) as files:
            await files.do("folder", path="side/by", parents=True)
            written = await asyncio.gather(*(files.write(b"%d" % n, path=f"side/by/{n}") for n in range(10)))
            assert [each["file"]["size"] for each in written] == [1] * 10
            contents = await asyncio.gather(*(files.content("read", path=f"side/by/{n}") for n in range(10)))
            assert [content for content, _ in contents] == [b"%d" % n for n in range(10)]
            listed = await files.do("list", path="side/by", limit=7)
            more = await files.do("list", path="side/by", limit=7, after=listed["next_after"])
            assert [each["name"] for each in listed["items"] + more["items"]] == [str(n) for n in range(10)]
            assert more["next_after"] is None
            assert (await files.do("stat", path="side"))["file"]["kind"] == "folder"
            await files.do("copy", path="side", to="copied", recursive=True)
            await files.do("move", path="copied/by", to="copied/moved")
            found = await files.do("find", path="copied", text="MOVED/3")
            assert [each["name"] for each in found["items"]] == ["moved/3"]
            assert (await files.do("search", path="copied", text="7"))["items"][0]["line"] == 1
            assert (await files.do("remove", path="side", recursive=True))["removed"] == 12

    asyncio.run(main())


def test_large_content_goes_both_ways_and_is_the_same(program: Caller) -> None:
    data = os.urandom(30_000_001)

    async def main() -> None:
        async with filer(program) as files:
            written = await files.write(data, path="large")
            assert written["file"]["size"] == len(data)
            content, told = await files.content("read", path="large")
            assert content == data
            assert told["next_offset"] == len(data)
            part, _ = await files.content("read", path="large", offset=1_000_000, length=300_000)
            assert part == data[1_000_000:1_300_000]

    asyncio.run(main())


def test_an_upload_that_was_cut_goes_on_where_it_ended(program: Caller) -> None:
    data = os.urandom(3_000_000)

    async def main() -> None:
        async with filer(program) as files:
            await files.write(data, path="cut", upload=5, cut_at=1_000_000)
        async with filer(program) as files:
            await files.next(await files.begin("write", path="cut", upload=5, offset=9_999_999))

    with pytest.raises(Refused, match="wrong_offset"):
        asyncio.run(main())
    offset = int(shell(program, "stat -c %s .cut.*"))
    assert 0 < offset < len(data)

    async def rest() -> None:
        async with filer(program) as files:
            told = await files.write(data[offset:], path="cut", upload=5, offset=offset)
            assert told["file"]["size"] == len(data)
            assert (await files.content("read", path="cut"))[0] == data

    asyncio.run(rest())
    assert shell(program, "ls -A | grep -c cut").strip() == "1"


def test_a_folder_comes_as_an_archive(program: Caller) -> None:
    shell(program, "mkdir -p tree/inner && echo hello > tree/inner/file && ln -s /etc/passwd tree/out")

    async def main() -> bytes:
        async with filer(program) as files:
            return (await files.content("tar", paths=["tree"]))[0]

    with tarfile.open(fileobj=io.BytesIO(asyncio.run(main()))) as archive:
        assert sorted(archive.getnames()) == ["tree", "tree/inner", "tree/inner/file", "tree/out"]
        assert archive.getmember("tree/out").issym()


def test_a_watch_tells_what_another_does_until_it_is_cancelled(program: Caller) -> None:
    shell(program, "mkdir -p watched")

    async def told(files: Filer, op: int) -> tuple[str, str]:
        message = await files.next(op)
        assert isinstance(message, dict)
        return message["what"], message["path"].rpartition("/")[2]

    async def main() -> None:
        async with filer(program) as files:
            op = await files.begin("watch", paths=["watched"])
            assert await told(files, op) == ("watching", "watched")
            await asyncio.to_thread(shell, program, "echo x > watched/new")
            assert await told(files, op) == ("appeared", "new")
            await asyncio.to_thread(shell, program, "rm watched/new")
            assert await told(files, op) == ("gone", "new")
            await files.say("cancel", op=op)
            with pytest.raises(Refused, match="cancelled"):
                await files.next(op)

    asyncio.run(main())


def test_who_does_not_read_stops_nobody_and_may_cancel(program: Caller) -> None:
    shell(program, "head -c 100000000 /dev/zero > zeros")
    before = resident(program)

    async def main() -> None:
        async with filer(program) as files:
            op = await files.begin("read", path="zeros")
            entry = await files.next(op)
            assert isinstance(entry, dict)
            assert entry["file"]["size"] == 100_000_000
            # Nothing is acknowledged: what comes ends by itself, and other operations go on.
            assert (await files.do("stat", path="zeros"))["file"]["size"] == 100_000_000
            came = 0
            while True:
                try:
                    async with asyncio.timeout(1):
                        piece = await files.next(op)
                except TimeoutError:
                    break
                assert isinstance(piece, bytes)
                came += len(piece)
            assert AHEAD_BYTES - 65536 < came <= AHEAD_BYTES
            await files.say("cancel", op=op)
            with pytest.raises(Refused, match="cancelled"):
                await files.next(op)

    asyncio.run(main())
    assert resident(program) - before < 16 * 1024 * 1024


def resident(program: Caller) -> int:
    total = 0
    for process in program.server.processes:
        with open(f"/proc/{process.pid}/statm") as file:  # noqa: PTH123
            total += int(file.read().split()[1]) * 4096
    return total


@pytest.mark.parametrize(
    ("kind", "words", "code"),
    [
        ("read", {"path": "nowhere"}, "file_not_found"),
        ("read", {"path": "a%00b"}, "malformed_path"),
        ("read", {"path": "../etc"}, "malformed_path"),
        ("read", {"path": "x", "ofset": 3}, "invalid"),
        ("read", {"path": 3}, "invalid"),
        ("read", {"path": "x", "offset": -1}, "invalid"),
        ("fly", {}, "invalid"),
        ("tar", {"paths": []}, "invalid"),
        ("watch", {"paths": ["nowhere"]}, "file_not_found"),
        ("search", {"text": ""}, "invalid"),
        ("search", {"text": "("}, None),
        ("search", {"text": "(", "expression": True}, "malformed_path"),
        ("remove", {"path": ""}, "folder_not_empty"),
    ],
)
def test_what_cannot_be_is_refused_and_the_socket_stays(
    program: Caller, kind: str, words: dict[str, Any], code: str | None
) -> None:
    async def main() -> None:
        async with filer(program) as files:
            if code is None:
                await files.do(kind, **words)
            else:
                with pytest.raises(Refused) as refused:
                    await files.do(kind, **words)
                assert refused.value.code == code, refused.value
            assert (await files.do("stat"))["file"]["kind"] == "folder"

    asyncio.run(main())


async def closed_with(connection: ClientConnection) -> int | None:
    """Wait until the server closes, with a sentence; return the code."""
    async with asyncio.timeout(10):
        with suppress(ConnectionClosed):
            while await connection.recv():
                pass
    assert connection.close_reason
    return connection.close_code


@pytest.mark.parametrize(
    "message",
    ['{"type": "stat"}', '{"type": "stat", "op": -1}', "[]", "x", b"", b"\x20", b"\x20" + bytes(12) + bytes(65537)],
)
def test_what_is_no_message_ends_the_socket_with_a_sentence(program: Caller, message: str | bytes) -> None:
    async def main() -> int | None:
        async with socket_of(program.server.origin, SOCKET, program.token, protocol.SUBPROTOCOL) as connection:
            await connection.send(message)
            return await closed_with(connection)

    assert asyncio.run(main()) == Close.MALFORMED


def test_content_too_far_ahead_or_out_of_order_ends_the_socket(program: Caller) -> None:
    async def main(offset: int) -> int | None:
        async with socket_of(program.server.origin, SOCKET, program.token, protocol.SUBPROTOCOL) as connection:
            await connection.send('{"type": "write", "op": 1, "path": "never"}')
            await connection.send(protocol.data_frame(1, offset, b"x"))
            return await closed_with(connection)

    assert asyncio.run(main(3)) == Close.MALFORMED
    assert "never" not in shell(program, "ls -A")


def test_a_token_that_reads_writes_nothing_and_one_that_is_revoked_is_out(program: Caller, live: LiveServer) -> None:
    reader = Caller(live, "files:read")

    async def main() -> None:
        async with filer(reader) as files:
            await files.do("list")
            with pytest.raises(Refused, match="missing_scope"):
                await files.do("remove", path="large")
            op = await files.begin("watch", paths=[""])
            await files.next(op)
            assert (await asyncio.to_thread(reader.call, "DELETE", "/tokens/current")).status_code == 204
            with pytest.raises(Refused) as refused:
                await files.next(op)
            assert refused.value.code == Close.SIGNED_OUT

    asyncio.run(main())

    async def stranger() -> None:
        async with filer(Caller(live, "terminals:write")) as files:
            await files.do("list")

    with pytest.raises(Refused) as refused:
        asyncio.run(stranger())
    assert refused.value.code == Close.NOT_ALLOWED


def test_nothing_is_left_of_operations_whose_program_went_away(program: Caller, live: LiveServer) -> None:
    async def main() -> None:
        for _ in range(5):
            async with filer(program) as files:
                for _ in range(3):
                    await files.next(await files.begin("read", path="zeros"))
                await files.next(await files.begin("watch", paths=[""]))

    asyncio.run(main())
    eventually(lambda: shell(program, "cat /proc/[0-9]*/comm").split().count("holder") <= 2, "they are gone")
