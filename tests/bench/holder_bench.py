"""How fast the holder alone is: throughput of `cat` through an attached pipe, and the latency that it adds to an echo.

Run: python -m tests.bench.holder_bench   (builds the binary first; needs nothing but Linux and a C compiler)
"""

from __future__ import annotations

import argparse
import os
import pty
import statistics
import subprocess
import tempfile
import termios
import time
import tty
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.holder.client import Viewer, shell

HOLDER = Path(__file__).resolve().parents[2] / "holder"
LINE = b"0123456789 the quick brown fox jumps over the lazy dog, again and again and again\n"
# Every word in a colour of its own, as compilers, `ls` and log viewers write.
COLOURFUL = b"".join(b"\x1b[1;%dm%s\x1b[0m " % (31 + i % 7, word) for i, word in enumerate(LINE.split())) + b"\n"
READY = b"ready"


@contextmanager
def serving(binary: Path) -> Iterator[tuple[Path, int]]:
    """Give (socket folder, pid) of a holder."""
    with tempfile.TemporaryDirectory() as folder:
        process = subprocess.Popen([binary, "serve", folder])
        ready = [str(binary), "ready", "--socket-dir", folder]
        while subprocess.run(ready, stderr=subprocess.DEVNULL, check=False).returncode:
            pass
        try:
            yield Path(folder), process.pid
        finally:
            process.terminate()
            process.wait()


def attach(binary: Path, folder: Path, terminal: str) -> Viewer:
    return Viewer.attach([str(binary), "attach", terminal, "--socket-dir", str(folder)])


def write_sample(path: Path, size: int, line: bytes = LINE) -> None:
    block = line * (1024 * 1024 // len(line))
    with path.open("wb") as file:
        while file.tell() < size:
            file.write(block)


def drain(viewer: Viewer, size: int, ack_every: int) -> list[int]:
    """Read `size` bytes of output as a lean client would, without keeping them; returns the frame sizes."""
    buffer, offset, acked, frames = bytearray(), viewer.offset, viewer.offset, []
    while offset < size:
        buffer += os.read(viewer.read_fd, 1024 * 1024)
        while len(buffer) >= 5 and len(buffer) >= 4 + (length := int.from_bytes(buffer[:4])):
            if buffer[4] == 0x21:
                offset += length - 9
                frames.append(length - 9)
            del buffer[: 4 + length]
        if offset - acked >= ack_every or offset >= size:
            acked = offset
            viewer.ack(offset)
    return frames


def throughput(binary: Path, folder: Path, sample: Path) -> tuple[float, float]:
    """MB/s and mean frame size in KiB of `cat sample` in a raw terminal."""
    viewer = attach(binary, folder, f"cat-{time.monotonic_ns()}")
    viewer.link(program=shell(f"stty raw -echo; printf ready; read go; exec cat {sample}"))
    viewer.until_output(READY).until_drives()
    began = time.perf_counter()
    viewer.type(b"\n")
    size = sample.stat().st_size
    frames = drain(viewer, size + len(READY), 64 * 1024)
    elapsed = time.perf_counter() - began
    viewer.close()
    return size / elapsed / 1e6, statistics.mean(frames) / 1024


def raw_pty_throughput(sample: Path) -> float:
    """MB/s of the same cat read straight from a PTY: what the kernel gives."""
    master, slave = pty.openpty()
    tty.setraw(slave)
    program = ["/bin/sh", "-c", 'read go; exec cat "$1"', "cat", str(sample)]
    process = subprocess.Popen(program, stdin=slave, stdout=slave)
    began, left = time.perf_counter(), sample.stat().st_size
    os.write(master, b"\n")
    while left > 0:
        left -= len(os.read(master, 65536))
    elapsed = time.perf_counter() - began
    process.wait()
    os.close(master)
    os.close(slave)
    return sample.stat().st_size / elapsed / 1e6


def percentiles(times_s: list[float]) -> tuple[float, float]:
    """p50 and p99 in microseconds."""
    ordered = sorted(times_s)
    return ordered[len(ordered) // 2] * 1e6, ordered[len(ordered) * 99 // 100] * 1e6


def echo(binary: Path, folder: Path, rounds: int) -> list[float]:
    """Seconds from a key to its echo, over the pipes of attach."""
    viewer = attach(binary, folder, f"echo-{time.monotonic_ns()}")
    viewer.link(program=shell("stty raw echo; printf ready; exec cat > /dev/null")).until_output(READY).until_drives()
    times = []
    for _ in range(rounds):
        expected = viewer.offset + 1
        began = time.perf_counter()
        viewer.type(b"x")
        while viewer.offset < expected:
            viewer.next()
        times.append(time.perf_counter() - began)
    viewer.close()
    return times


def raw_echo(rounds: int) -> list[float]:
    """The same straight from a PTY."""
    master, slave = pty.openpty()
    settings = termios.tcgetattr(slave)
    settings[3] &= ~termios.ICANON
    settings[1] = 0
    termios.tcsetattr(slave, termios.TCSANOW, settings)
    times = []
    for _ in range(rounds):
        began = time.perf_counter()
        os.write(master, b"x")
        os.read(master, 1)
        times.append(time.perf_counter() - began)
        os.read(slave, 1)  # a full input queue would end the echo
    os.close(master)
    os.close(slave)
    return times


def memory_kib(pid: int) -> int:
    """Resident memory of a process."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1])
    return 0


def idle_memory(binary: Path, terminals: int) -> float:
    """KiB of the holder per idle terminal that has shown a prompt."""
    with serving(binary) as (folder, pid):
        before = memory_kib(pid)
        for number in range(terminals):
            viewer = Viewer.dial(folder, f"idle-{number}")
            viewer.link(program=shell("printf ready; exec sleep 1000")).until_output(READY).close()
        return (memory_kib(pid) - before) / terminals


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--megabytes", type=int, default=200)
    parser.add_argument("--rounds", type=int, default=5000)
    parser.add_argument("--binary", type=Path, default=HOLDER / "build" / "holder")
    asked = parser.parse_args()
    subprocess.run(["make", "-s", "-C", HOLDER], check=True)
    with tempfile.NamedTemporaryFile() as file, serving(asked.binary) as (folder, pid):
        sample = Path(file.name)
        write_sample(sample, asked.megabytes * 1000 * 1000)
        raw, (rate, frame) = raw_pty_throughput(sample), throughput(asked.binary, folder, sample)
        raw_p50, raw_p99 = percentiles(raw_echo(asked.rounds))
        p50, p99 = percentiles(echo(asked.binary, folder, asked.rounds))
        write_sample(sample, asked.megabytes * 1000 * 1000, COLOURFUL)
        colourful, _ = throughput(asked.binary, folder, sample)
        print(f"cat of {asked.megabytes} MB: {rate:.0f} MB/s in frames of {frame:.0f} KiB; bare PTY {raw:.0f} MB/s")
        print(f"the same in colours: {colourful:.0f} MB/s")
        print(f"echo: p50 {p50:.0f} us, p99 {p99:.0f} us; bare PTY p50 {raw_p50:.0f} us, p99 {raw_p99:.0f} us")
        print(f"memory of the holder: {memory_kib(pid)} KiB")
    size_kib = asked.binary.stat().st_size / 1024
    print(f"per idle terminal: {idle_memory(asked.binary, 100):.1f} KiB; binary {size_kib:.0f} KiB")


if __name__ == "__main__":
    main()
