"""Commands of a session, over a line: output apart, input to its end, signals, limits, and what outlives a line."""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import random
import signal
from pathlib import Path

import pytest

from sessions.holder import HolderError
from sessions.line.commands import CommandRefused, Exit, Follower, Output, Welcome, listed
from tests.holder.conftest import Holder, Start, wait_until_gone
from tests.holder.line import PATIENCE_S, Seen, feed, line_to, run, shell, wanted


async def test_output_and_error_come_apart_with_the_exit_status(holder: Holder) -> None:
    async with line_to(holder) as line:
        seen = await run(line, shell("echo out; echo err >&2; exit 7"))
        assert (bytes(seen.out), bytes(seen.err)) == (b"out\n", b"err\n")
        assert seen.exit
        assert (seen.exit.status, seen.exit.signal, seen.exit.timed_out) == (7, 0, False)
        assert seen.welcome
        assert seen.welcome.created


async def test_it_gets_its_words_its_variables_and_its_folder(holder: Holder, tmp_path: Path) -> None:
    async with line_to(holder) as line:
        words = ("a b", "", "ö'\"$x\n")
        script = 'pwd; printf "%s|" "$@"; printf "%s" "$GREETING"'
        start = wanted("/bin/sh", "-c", script, "sh", *words, env={"GREETING": "hé\n$"}, cwd=str(tmp_path))
        seen = await run(line, start)
        assert bytes(seen.out).decode() == f"{tmp_path}\n" + "".join(f"{word}|" for word in words) + "hé\n$"


async def test_input_arrives_whole_and_ends(holder: Holder) -> None:
    data = random.Random(1).randbytes(3_000_000)
    async with line_to(holder) as line:
        seen = await run(line, wanted("cat", stdin=True), data)
        assert hashlib.sha256(seen.out).digest() == hashlib.sha256(data).digest()
        assert seen.exit
        assert seen.exit.status == 0


async def test_without_input_it_reads_the_end_at_once(holder: Holder) -> None:
    async with line_to(holder) as line:
        seen = await run(line, wanted("cat"))
        assert seen.exit
        assert (seen.exit.status, seen.offset) == (0, 0)


async def test_a_program_that_reads_none_of_its_input_still_ends(holder: Holder) -> None:
    async with line_to(holder) as line:
        seen = await run(line, shell("echo done", stdin=True), bytes(5_000_000))
        assert bytes(seen.out) == b"done\n"
        assert line.channels == 0


async def test_a_program_that_never_reads_stops_only_its_own_channel(holder: Holder) -> None:
    async with line_to(holder) as line:
        stuck = await Follower.start(line, wanted("sleep", "60", name="stuck", stdin=True))
        writing = asyncio.create_task(feed(stuck, bytes(5_000_000)))
        for number in range(20):
            assert (await run(line, wanted("true", name=f"t{number}"))).exit
        assert not writing.done()
        other = await Follower.attach(line, "stuck", quiet=True)
        await other.signal(signal.SIGKILL)
        other.leave()
        seen = await Seen().follow(stuck)
        assert seen.exit
        assert seen.exit.signal == signal.SIGKILL
        await asyncio.gather(writing, return_exceptions=True)


@pytest.mark.parametrize(
    ("argv", "cwd", "code"),
    [
        (("/nowhere/program",), "/", HolderError.NO_PROGRAM),
        (("no-such-program",), "/", HolderError.NO_PROGRAM),
        (("/etc/passwd",), "/", HolderError.NOT_EXECUTABLE),
        (("/",), "/", HolderError.NOT_EXECUTABLE),
        (("true",), "/nowhere", HolderError.NO_FOLDER),
        (("true",), "/etc/passwd", HolderError.NO_FOLDER),
    ],
)
async def test_what_cannot_start_says_why(holder: Holder, argv: tuple[str, ...], cwd: str, code: HolderError) -> None:
    async with line_to(holder) as line:
        with pytest.raises(CommandRefused) as refused:
            await run(line, wanted(*argv, cwd=cwd))
        assert refused.value.code == code
        assert await listed(line) == {}


async def test_a_hundred_million_bytes_arrive_without_loss(holder: Holder) -> None:
    async with line_to(holder) as line:
        seen = await run(line, shell("head -c 50000000 /dev/zero | tr '\\0' 'x'; head -c 50000000 /dev/zero >&2"))
        assert len(seen.out) == len(seen.err) == 50_000_000
        assert not seen.gaps


async def test_a_slow_reader_loses_nothing_and_stops_nobody_else(holder: Holder) -> None:
    async with line_to(holder) as line:
        slow = await Follower.start(line, shell("head -c 4000000 /dev/zero", name="slow"))
        for number in range(20):
            assert (await run(line, wanted("echo", "x" * 50_000, name=f"e{number}"))).exit
        assert len((await Seen().follow(slow)).out) == 4_000_000


async def test_it_outlives_its_line_and_goes_on_where_the_reader_was(holder: Holder) -> None:
    """Ten lines are cut in the middle of the output and of the input; every byte arrives once."""
    data = random.Random(2).randbytes(6_000_000)
    chance = random.Random(3)
    seen, taken = Seen(), 0
    start = wanted("cat", stdin=True)
    for round_number in range(40):
        async with line_to(holder) as line:
            follower = await (
                Follower.attach(line, "c", seen.offset, paced=True) if round_number else Follower.start(line, start)
            )
            first = await follower.read()
            assert isinstance(first, Welcome)
            taken = first.input_taken
            writing = asyncio.create_task(feed_from(follower, data, taken))
            budget = chance.randrange(100_000, 400_000) if round_number < 30 else len(data)
            until = seen.offset + budget
            while seen.exit is None and seen.offset < until and (event := await follower.read()) is not None:
                seen.take(event)
            writing.cancel()
            await asyncio.gather(writing, return_exceptions=True)
        if seen.exit is not None:
            break
    assert bytes(seen.out) == data
    assert not seen.gaps
    assert seen.exit
    assert seen.exit.status == 0


async def feed_from(follower: Follower, data: bytes, taken: int) -> None:
    await follower.write(taken, data[taken:])
    await follower.close_input(len(data))


async def test_input_that_leaves_a_hole_is_refused(holder: Holder) -> None:
    async with line_to(holder) as line:
        follower = await Follower.start(line, wanted("cat", stdin=True))
        await follower.write(5, b"later")
        with pytest.raises(CommandRefused) as refused:
            await Seen().follow(follower)
        assert refused.value.code == HolderError.INPUT_GAP
        assert (await listed(line))["c"]["running"]


async def test_one_that_nobody_reads_goes_on_and_keeps_its_last_mebibyte(holder: Holder) -> None:
    async with line_to(holder) as line:
        follower = await Follower.start(line, shell("head -c 20000000 /dev/zero; echo end", paced=False))
        follower.close()
        async with asyncio.timeout(PATIENCE_S):
            while (await listed(line))["c"]["running"]:
                await asyncio.sleep(0.02)
        late = await Seen().follow(await Follower.attach(line, "c"))
        assert [gap.start for gap in late.gaps] == [0]
        assert late.offset == 20_000_004
        assert len(late.out) <= 1024 * 1024
        assert late.out.endswith(b"end\n")


async def test_one_that_is_paced_waits_for_its_reader(holder: Holder) -> None:
    async with line_to(holder) as line:
        follower = await Follower.start(line, shell("head -c 20000000 /dev/zero"))
        follower.close()
        heads = [0, 1]
        async with asyncio.timeout(PATIENCE_S):
            while heads[-1] != heads[-2] or heads[-1] == 0:
                await asyncio.sleep(0.2)
                heads.append((await listed(line))["c"]["head"])
        assert heads[-1] < 1024 * 1024
        assert (await listed(line))["c"]["tail"] == 0
        assert len((await Seen().follow(await Follower.attach(line, "c", paced=True))).out) == 20_000_000


async def test_its_time_is_limited_by_the_holder(start: Start) -> None:
    holder = start("--kill-ms", "200")
    async with line_to(holder) as line:
        seen = await run(line, shell("echo begun; sleep 60", limit_s=0.3))
        assert bytes(seen.out) == b"begun\n"
        assert seen.exit
        assert seen.exit.timed_out
        assert seen.exit.signal == signal.SIGTERM
        stubborn = shell("trap '' TERM; echo begun; while :; do sleep 1; done", name="stubborn", limit_s=0.3)
        seen = await run(line, stubborn)
        assert seen.exit
        assert seen.exit.timed_out
        assert seen.exit.signal == signal.SIGKILL
        assert 0.3 < seen.exit.seconds < 10


async def test_a_signal_and_an_end_reach_the_whole_group(holder: Holder) -> None:
    async with line_to(holder) as line:
        follower = await Follower.start(line, shell("trap 'echo got it; exit 3' INT; echo up; sleep 60 & wait"))
        seen = Seen()
        while not seen.out:
            seen.take(await follower.read())
        await follower.signal(signal.SIGINT)
        await seen.follow(follower)
        assert bytes(seen.out) == b"up\ngot it\n"
        assert seen.exit
        assert seen.exit.status == 3
        other = await Follower.start(line, shell("sleep 60 & echo $!; wait", name="other"))
        seen = Seen()
        while not seen.out:
            seen.take(await other.read())
        await other.end()
        await seen.follow(other)
        assert seen.exit
        assert seen.exit.signal == signal.SIGTERM
        await asyncio.to_thread(wait_until_gone, int(seen.out))


async def test_what_it_leaves_behind_goes_on_and_does_not_hold_it_up(holder: Holder, tmp_path: Path) -> None:
    said = tmp_path / "said"
    script = f"(while :; do echo still here; echo $$ > {said}; sleep 0.05; done) & echo $!"
    async with line_to(holder) as line:
        seen = await run(line, shell(script))
        assert seen.exit
        assert seen.exit.status == 0
        assert seen.exit.seconds < 5
        pid = int(seen.out.split(b"\n")[0]) if seen.out[:1].isdigit() else int(seen.out.split(b"\n")[-2])
        said.unlink(missing_ok=True)
        async with asyncio.timeout(PATIENCE_S):
            while not said.exists():  # it writes to what nobody reads any more, and lives
                await asyncio.sleep(0.02)
        os.kill(pid, signal.SIGKILL)
        await asyncio.to_thread(wait_until_gone, pid)


async def test_a_start_that_is_sent_again_runs_once(holder: Holder, tmp_path: Path) -> None:
    runs = tmp_path / "runs"
    start = shell(f"echo once >> {runs}; sleep 0.2")
    async with line_to(holder) as line:
        both = [await Follower.start(line, start), await Follower.start(line, start)]
        seen = await asyncio.gather(*(Seen().follow(each) for each in both))
        assert [each.welcome.created for each in seen if each.welcome] == [True, False]
    assert runs.read_text() == "once\n"


async def test_on_a_terminal_of_its_own(holder: Holder) -> None:
    async with line_to(holder) as line:
        follower = await Follower.start(line, shell("tty; stty size; read x; stty size; echo $x", size=(100, 30)))
        seen = Seen()
        while b"30 100" not in seen.out:
            seen.take(await follower.read())
        await follower.resize(90, 20)
        await follower.write(0, b"hello\n")
        await seen.follow(follower)
        assert b"/dev/pts/" in seen.out
        assert b"20 90" in seen.out
        assert seen.out.endswith(b"hello\r\n")


async def test_two_streams_keep_their_order_where_the_program_waits(holder: Holder) -> None:
    async with line_to(holder) as line:
        script = "for i in 1 2 3; do echo o$i; sleep 0.05; echo e$i >&2; sleep 0.05; done"
        follower = await Follower.start(line, shell(script))
        order = []
        while (event := await follower.read()) is not None:
            if isinstance(event, Output):
                order.append(event.data.decode().strip())
        assert order == ["o1", "e1", "o2", "e2", "o3", "e3"]


async def test_a_thousand_changes_of_stream_are_bounded_and_the_last_are_kept(holder: Holder) -> None:
    script = "import os\nfor i in range(20000): os.write(1, b'o'); os.write(2, b'e')"
    async with line_to(holder) as line:
        seen = await run(line, wanted("python3", "-c", script))
        assert len(seen.out) + len(seen.err) + sum(gap.end - gap.start for gap in seen.gaps) == 40_000
        assert seen.offset == 40_000


async def test_ten_thousand_commands_leave_nothing_behind(holder: Holder) -> None:
    """A thousand under the sanitizers, where a process costs ten times as much."""
    batches = 63 if holder.binary.name.endswith("asan") else 625
    async with line_to(holder) as line:
        await run(line, wanted("true", name="first"))
        descriptors = holder.descriptors()
        for batch in range(batches):
            names = [f"c{batch}-{number}" for number in range(16)]
            seen = await asyncio.gather(*(run(line, wanted("true", name=name)) for name in names))
            assert all(each.exit and each.exit.status == 0 for each in seen)
        assert line.channels == 0
        assert len(await listed(line)) <= 32
        async with asyncio.timeout(PATIENCE_S):
            while holder.descriptors() > descriptors or holder.children():
                await asyncio.sleep(0.02)


async def test_all_end_with_the_session(start: Start) -> None:
    holder = start()
    async with line_to(holder) as line:
        follower = await Follower.start(line, shell("echo $$; exec sleep 60"))
        seen = Seen()
        while not seen.out:
            seen.take(await follower.read())
        holder.process.terminate()
        await asyncio.to_thread(holder.process.wait, 20)
        await asyncio.to_thread(wait_until_gone, int(seen.out))


async def test_who_follows_quietly_hears_of_the_end_alone(holder: Holder) -> None:
    async with line_to(holder) as line:
        quiet = await Follower.start(line, shell("head -c 3000000 /dev/zero; exit 5", quiet=True))
        welcome = await quiet.read()
        assert isinstance(welcome, Welcome)
        reader = await Seen().follow(await Follower.attach(line, "c", paced=True))
        assert len(reader.out) == 3_000_000  # it waited for its reader, and not for who is quiet
        exit_ = await quiet.read()
        assert isinstance(exit_, Exit)
        assert (exit_.status, exit_.offset) == (5, 3_000_000)
        quiet.close()
        assert json.loads(holder.run("commands").stdout)[0]["status"] == 5
