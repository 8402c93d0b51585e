"""How terminals end, and that nothing is left behind."""

from __future__ import annotations

import os
import re
import signal
import subprocess
from pathlib import Path

import pytest

from tests.holder.client import Program, T, Viewer, shell
from tests.holder.conftest import Holder, Start, wait_until_gone


def pid_from(viewer: Viewer) -> int:
    """Read "pid=N." from the output."""
    viewer.until(lambda v: b"pid=" in v.output and b"." in v.output)
    return int(viewer.output.split(b"pid=")[1].split(b".")[0])


@pytest.mark.parametrize(
    ("command", "status"), [("exit 0", 0), ("exit 7", 7), ("kill -TERM $$", 143), ("kill -9 $$", 137)]
)
def test_the_exit_status_is_told_after_the_last_output(holder: Holder, command: str, status: int) -> None:
    viewer = holder.open(shell(f"printf last; {command}"))
    assert viewer.until_exit() == status
    assert bytes(viewer.output) == b"last"
    assert viewer.exit == (status, 4)


def test_all_output_before_the_end_arrives(holder: Holder, tmp_path: Path) -> None:
    (tmp_path / "output").write_bytes(b"0123456789abcde\n" * 65536)
    viewer = holder.open(shell(f"stty raw; cat {tmp_path}/output"))
    viewer.until_exit()
    assert viewer.offset == 1024 * 1024


def test_a_late_viewer_of_an_ended_terminal_sees_its_output_and_status(holder: Holder) -> None:
    holder.open(shell("printf last; exit 7")).until_exit()
    late = holder.viewer().link(want_drive=False)
    assert late.until_exit() == 7
    assert late.welcome
    assert late.welcome.ended
    assert late.replayed
    assert bytes(late.output) == b"last"


def test_creating_again_joins_what_is_there(holder: Holder) -> None:
    first = holder.open(shell("printf one; read x")).until_output(b"one")
    second = holder.viewer().link(program=shell("printf two")).until_replayed()
    assert bytes(second.output) == b"one"
    assert first.welcome
    assert second.welcome
    assert first.welcome.created
    assert not second.welcome.created


def test_a_background_program_does_not_hold_up_the_end(holder: Holder) -> None:
    viewer = holder.open(shell("trap '' HUP; sleep 1000 & printf 'pid=%d.' $!; exit 3"))
    assert viewer.until_exit() == 3
    os.kill(pid_from(viewer), signal.SIGKILL)


def test_a_background_program_that_floods_does_not_hold_up_the_end(holder: Holder) -> None:
    viewer = holder.open(shell("trap '' HUP; yes & printf 'pid=%d.' $!; exit 3"))
    assert viewer.until_exit() == 3


def test_ending_sends_sighup_to_the_whole_session(holder: Holder) -> None:
    viewer = holder.open(shell("(trap 'exit' HUP; while :; do sleep 0.01; done) & printf 'pid=%d.' $!; read x"))
    child = pid_from(viewer)
    assert holder.run("end", "t").returncode == 0
    assert viewer.until_exit() == 128 + signal.SIGHUP
    wait_until_gone(child)


def test_ending_kills_what_ignores_sighup(start: Start) -> None:
    holder = start("--kill-ms", "200")
    viewer = holder.open(shell("trap '' HUP TERM; printf 'pid=%d.' $$; while :; do sleep 1000; done"))
    pid_from(viewer)
    viewer.send(T.END)
    assert viewer.until_exit() == 128 + signal.SIGKILL


def test_ending_spares_what_nohup_and_setsid_started(start: Start) -> None:
    holder = start("--kill-ms", "200")
    # The third one waits for SIGHUP and goes on: it is killed, and after that nothing more is.
    caught = "(trap : HUP; printf caught; while :; do sleep 1000; done) & c=$!"
    until = "until grep -q sleep /proc/$n/comm && grep -q sleep /proc/$s/comm; do :; done"
    started = f"nohup sleep 1001 > /dev/null 2>&1 & n=$!; setsid sleep 1002 & s=$!; {caught}"
    viewer = holder.open(shell(f"{started}; {until}; printf 'pids=%d,%d,%d.' $n $s $c; read x"))
    viewer.until(lambda v: b"pids=" in v.output and b"." in v.output and b"caught" in v.output)
    by_nohup, by_setsid, stubborn = map(int, viewer.output.split(b"pids=")[1].split(b".")[0].split(b","))
    assert holder.run("end", "t").returncode == 0
    wait_until_gone(stubborn)
    for pid, command in ((by_nohup, b"sleep\x001001\0"), (by_setsid, b"sleep\x001002\0")):
        assert Path(f"/proc/{pid}/cmdline").read_bytes() == command
        os.kill(pid, signal.SIGKILL)


def test_ending_wakes_and_ends_a_stopped_program(holder: Holder) -> None:
    viewer = holder.open(shell("printf ready; kill -STOP $$")).until_output(b"ready")
    viewer.send(T.END)
    assert viewer.until_exit() == 128 + signal.SIGHUP


def test_ending_an_unknown_terminal_is_said(holder: Holder) -> None:
    assert holder.run("end", "nothing").returncode == 3
    holder.open(shell("exit 0")).until_exit()
    assert holder.run("end", "t").returncode == 0


def test_sigterm_ends_every_session_and_exits_cleanly(start: Start) -> None:
    holder = start()
    viewers = [holder.open(shell("printf 'pid=%d.' $$; read x"), f"t{i}") for i in range(5)]
    pids = [pid_from(viewer) for viewer in viewers]
    holder.process.terminate()
    assert holder.process.wait(20) == 0
    for pid in pids:
        wait_until_gone(pid)
    assert not (holder.folder / "holder.sock").exists()


def test_orphans_are_reaped(holder: Holder) -> None:
    viewer = holder.open(shell("(sleep 0 & sleep 0 & setsid sleep 0 &) ; printf ready; read x")).until_output(b"ready")
    viewer.type(b"\n")
    viewer.until_exit()
    for child in holder.children():
        wait_until_gone(child)


def test_two_hundred_attachments_leave_no_descriptor_and_no_process(holder: Holder) -> None:
    keeper = holder.open(shell("exec cat")).until_replayed()
    command = holder.command("attach", "t")
    before = holder.descriptors()
    for number in range(200):
        viewer = Viewer.attach(command).link(want_drive=False)
        viewer.until_replayed()
        process = viewer.process
        assert process
        if number % 2:
            viewer.close()  # the browser went away: EOF
        else:
            process.kill()  # the exec was killed
            viewer.close()
    keeper.until(lambda v: v.presence and len(v.presence.viewers) == 1)
    assert holder.descriptors() == before
    assert len(holder.children()) == 1


def test_attach_exits_when_the_holder_ends_the_link(holder: Holder) -> None:
    viewer = Viewer.attach(holder.command("attach", "nothing")).link()
    assert viewer.until_closed().error == (2, "there is no such terminal")
    assert viewer.process
    assert viewer.process.wait(20) == 0
    viewer.close()


def test_attach_exits_when_its_reader_is_gone(holder: Holder) -> None:
    holder.open(shell("exec cat")).until_replayed()
    viewer = Viewer.attach(holder.command("attach", "t")).link(want_drive=False).until_replayed()
    assert viewer.process
    assert viewer.process.stdout
    viewer.process.stdout.close()
    assert viewer.process.wait(20) == 0
    viewer.close()


def test_terminals_leave_no_descriptor(holder: Holder) -> None:
    holder.open(shell("exit 0"), "first").until_exit()
    before = holder.descriptors()
    for number in range(60):
        viewer = holder.open(shell("exit 0"), f"t{number}")
        viewer.until_exit()
        viewer.close()
    last = holder.open(shell("exit 0"), "last")
    last.until_exit()
    assert holder.descriptors() <= before + 3  # the link of the last one
    assert len(holder.terminals()) == 16


def test_a_program_that_cannot_start_is_said(holder: Holder) -> None:
    viewer = holder.open(Program(("/no/such/program",)))
    error = viewer.until_closed().error
    assert error
    assert error[0] == 5
    assert "/no/such/program" in error[1]
    assert holder.terminals() == {}


def test_a_missing_folder_is_said_and_the_shell_starts_elsewhere(holder: Holder) -> None:
    viewer = holder.open(Program(("/bin/sh", "-c", "pwd"), cwd="/no/such\x1b[31m/folder"))
    viewer.until_exit()
    assert b"cannot enter /no/such?[31m/folder" in viewer.output
    assert viewer.output.endswith(b"/root\r\n")


def test_the_environment_is_exactly_the_given_one(holder: Holder) -> None:
    viewer = holder.open(Program(("/usr/bin/env",), ("A=1", "QUOTES='\"$x\nnéxt", "EMPTY=")))
    viewer.until_exit()
    assert viewer.output.decode() == "A=1\r\nQUOTES='\"$x\r\nnéxt\r\nEMPTY=\r\n"


def test_programs_inherit_no_descriptor_and_no_blocked_signal(holder: Holder) -> None:
    viewer = holder.open(shell("ls /proc/self/fd | tr '\\n' ' '; grep -E 'Sig(Blk|Ign)' /proc/self/status"))
    viewer.until_exit()
    assert bytes(viewer.output).startswith(b"0 1 2 3 "), "3 is the folder that ls reads"
    blocked, ignored = (int(mask, 16) for mask in re.findall(rb"Sig\w+:\t(\w+)", viewer.output))
    # Signals 32 to 34 are the C library's own: it lets no program change them, and whoever started the tests may have.
    own = 0b111 << 31
    assert (blocked & ~own, ignored & ~own) == (0, 0)


def test_the_list_tells_each_terminal(holder: Holder) -> None:
    viewer = holder.open(shell("printf '\\033]2;a \"title\" \\\\ \\377 é\\007ready'; exec sleep 1000"), size=(90, 30))
    viewer.until_output(b"ready").until_drives()
    while (terminal := holder.terminals()["t"])["foreground"] != "sleep":
        pass  # the shell becomes it
    assert viewer.welcome
    assert terminal["epoch"] == f"{viewer.welcome.epoch:016x}"
    assert terminal["title"] == 'a "title" \\  é'
    assert (terminal["running"], terminal["status"], terminal["driver"]) == (True, None, True)
    assert (terminal["cols"], terminal["rows"], terminal["viewers"]) == (90, 30, 1)
    assert terminal["offset"] == viewer.offset
    assert terminal["idle_ms"] < 20_000
    assert terminal["busy"] is False, "the shell itself has become the program"


def test_the_list_tells_a_script_from_the_shell_that_waits(holder: Holder) -> None:
    viewer = holder.open(Program(("/bin/bash", "--norc", "-i"), Program.env)).until_drives()
    viewer.type(b"bash -c 'echo rea\"\"dy; read line; :'\r")
    viewer.until_output(b"ready\r")
    terminal = holder.terminals()["t"]
    assert (terminal["foreground"], terminal["busy"]) == ("bash", True)
    viewer.type(b"\r")
    while holder.terminals()["t"]["busy"]:
        pass  # the script ends


def test_a_second_holder_in_the_same_folder_refuses(holder: Holder) -> None:
    second = subprocess.run(
        [holder.binary, "serve", holder.folder], capture_output=True, text=True, check=False, timeout=20
    )
    assert second.returncode == 70
    assert "another holder" in second.stderr


def test_init_outside_a_container_refuses(binary: Path) -> None:
    refused = subprocess.run([binary, "init"], capture_output=True, text=True, check=False, timeout=20)
    assert refused.returncode == 70
    assert "process 1" in refused.stderr
