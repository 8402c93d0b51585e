"""The private folder is closed to every other session, the global one included, whatever root tries there."""

from __future__ import annotations

import io
import secrets
import tarfile
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from engine import Engine, EngineRefused, ExecStream
from engine.labels import labels_of
from engine.storage import ImageTree
from tests.engine_fixtures import MakePlace, Place, new_place
from tests.sessions.attacks import REFUSED, WAYS_OUT, attempts_of

pytestmark = [pytest.mark.engine, pytest.mark.asyncio(loop_scope="session")]

SECRET = f"secret-{secrets.token_hex(8)}"
PRIVATE = "/root/.private"
OTHERS = ["host", "bob", "eve"]

# What someone may have in memory, wherever a session could keep it: it goes on until its input ends.
VICTIM = """
import ctypes, os, socket, sys
secret = sys.stdin.readline().strip()
libc = ctypes.CDLL(None, use_errno=True)
for path in ("/root/.private/kept", "/dev/shm/kept", "/run/kept", "/tmp/kept"):
    with open(path, "w") as file:
        file.write(secret)
os.environ["KEPT"] = secret
shared = libc.shmget(0x5a5a, 4096, 0o1666)
libc.shmat.restype = ctypes.c_void_p
ctypes.memmove(libc.shmat(shared, None, 0), secret.encode(), len(secret))
libc.msgget(0x5a5a, 0o1666), libc.semget(0x5a5a, 1, 0o1666)
queue = libc.mq_open(b"/kept", os.O_CREAT | os.O_RDWR, 0o666, None)
assert queue >= 0 and libc.mq_send(queue, secret.encode(), len(secret), 0) == 0
server = socket.socket(socket.AF_UNIX)
server.bind("/root/.private/agent")
server.listen()
os.execv(sys.executable, ["victim-of-this-test", "-c", "print('ready', flush=True); input()"])
"""

SEARCH = """
secret = sys.argv[1].encode()

def read(path):
    with open(path, "rb") as file:
        return secret in file.read(65536)

def connect(path):
    import socket
    socket.socket(socket.AF_UNIX).connect(path)

def processes():
    return [int(name) for name in os.listdir("/proc") if name.isdigit() and int(name) != os.getpid()]

def in_processes(part):
    found = False
    for pid in processes():
        try:
            found |= read(f"/proc/{pid}/{part}")
        except (FileNotFoundError, ProcessLookupError, PermissionError):
            pass
    return found

def victims():
    return [pid for pid in processes() if b"victim-of-this-test" in open(f"/proc/{pid}/cmdline", "rb").read()]

for path in ("/root/.private/kept", "/dev/shm/kept", "/run/kept", "/tmp/kept", "/proc/1/root/root/.private/kept"):
    attempt(path, read, path)
for part in ("environ", "cmdline", "root/root/.private/kept", "cwd/.private/kept", "root/dev/shm/kept"):
    attempt(f"processes' {part}", in_processes, part)
attempt("see its process", lambda: bool(victims()))
attempt("trace", lambda: [call("ptrace", 16, pid, None, None) for pid in victims()] or False)
attempt("shared memory", call, "shmget", 0x5a5a, 0, 0)
attempt("shared memory by number", call, "shmat", 0, None, 0)
attempt("message queue", call, "msgget", 0x5a5a, 0)
attempt("semaphore", call, "semget", 0x5a5a, 0, 0)
attempt("POSIX queue", call, "mq_open", b"/kept", os.O_RDWR)
attempt("key ring", call, "syscall", 250 if os.uname().machine == "x86_64" else 219, 0, -3, 0)
attempt("its socket", connect, "/root/.private/agent")
# The sandbox's sessions have one network: what is listening there is everybody's.
listening = [line.split() for line in open("/proc/net/unix")][1:]
attempt("abstract sockets", lambda: any(line[-1].startswith("@") for line in listening))
ports = [line.split()[1] for kind in ("tcp", "tcp6", "udp", "udp6") for line in list(open(f"/proc/net/{kind}"))[1:]]
# 127.0.0.11 is the engine's name server.
attempt("ports of ours", lambda: any(not port.startswith("0B00007F:") for port in ports))
# At last: everything that it can see, but itself.
attempt("kill everything", os.kill, -1, signal.SIGKILL)
"""
# One's own things of the same name are not there, or nothing of the other's is in them.
NOTHING = {"ENOENT", "EINVAL", "EPERM", "nothing"}

REPLACE = """
import time
private, home = "/root/.private", "/root"

def exchange(one, other):
    call("renameat2", -100, one.encode(), -100, other.encode(), 2)

def through_a_descriptor():
    fd = os.open(home, os.O_RDONLY)
    os.rename(".private", "elsewhere", src_dir_fd=fd, dst_dir_fd=fd)

attempt("rename", os.rename, private, "/root/elsewhere")
attempt("rename over", os.rename, "/root/planted", private)
attempt("exchange", exchange, private, "/root/planted")
attempt("exchange with a link", exchange, "/root/link", private)
attempt("rename through a descriptor", through_a_descriptor)
attempt("rename through /proc", os.rename, "/proc/self/root/root/.private", "/root/elsewhere")
attempt("rename through process 1", os.rename, "/proc/1/root/root/.private", "/root/elsewhere")
attempt("rename by another way", os.rename, "/project/../root/.private", "/root/elsewhere")
attempt("remove", os.rmdir, private)
attempt("unlink", os.unlink, private)
attempt("link over", os.symlink, "/project/workspace", private)
attempt("node over", os.mkfifo, private)
attempt("move the home", os.rename, home, "/home/root")
attempt("exchange the home", exchange, home, "/home")
attempt("remove the home", os.rmdir, home)
attempt("link the home", os.symlink, "/project", "/root2")
"""


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def place(engine: Engine, instance: str, debian: ImageTree) -> AsyncIterator[Place]:
    """A sandbox with the global session, two that may write, and one that may only read."""
    place = await new_place(engine, instance, debian)
    for name in ("host", "ada", "bob"):
        await place.session(name)
    await place.session("eve", read_only=True)
    yield place
    await place.remove()


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def victim(place: Place) -> AsyncIterator[ExecStream]:
    """A program of ada's that keeps the secret in every way there is."""
    victim = await place.engine.exec_stream(named(place, "ada"), ["python3", "-c", VICTIM])
    victim.write(f"{SECRET}\n".encode())
    assert await victim.read() == b"ready\n", victim.last_words
    yield victim
    victim.close()


def named(place: Place, name: str) -> str:
    return next(session for session in place.sessions if session.endswith(f"-{name}"))


@pytest.mark.parametrize("other", OTHERS)
async def test_nobody_else_finds_what_a_session_keeps(place: Place, victim: ExecStream, other: str) -> None:
    met = await attempts_of(place, named(place, other), SEARCH, SECRET)
    assert {name: word for name, word in met.items() if word not in NOTHING | {"ESRCH"}} == {}
    # It has seen nothing of all that, and has what it had.
    kept = "cat ~/.private/kept /dev/shm/kept; pgrep -c -f victim-of-this-tes[t]"
    assert (await place.sh(named(place, "ada"), kept)).stdout == f"{SECRET}{SECRET}1\n".encode()


async def test_the_same_search_finds_it_in_the_session_itself(place: Place, victim: ExecStream) -> None:
    """What finds nothing elsewhere does find something, so that it was no empty search."""
    script = SEARCH.partition("# At last")[0]
    met = await attempts_of(place, named(place, "ada"), script, SECRET)
    missed = {name for name, word in met.items() if word != "works"}
    # Its command line never had it, and nobody listens at the socket since the program became another one.
    elsewhere = {"processes' cmdline", "processes' cwd/.private/kept", "its socket"}
    assert missed == elsewhere | {"key ring", "abstract sockets", "ports of ours"}


async def test_each_session_has_its_own_of_everything_in_memory(place: Place) -> None:
    for folder in (PRIVATE, "/tmp", "/run", "/run/sandlot", "/dev/shm", "/dev/mqueue"):
        devices = {(await place.sh(session, f"stat -c %d {folder}")).stdout for session in place.sessions}
        assert len(devices) == len(place.sessions), folder
    for namespace in ("pid", "ipc", "mnt"):
        seen = {(await place.sh(session, f"readlink /proc/1/ns/{namespace}")).stdout for session in place.sessions}
        assert len(seen) == len(place.sessions), namespace


@pytest.mark.parametrize("other", OTHERS)
async def test_no_way_leads_out_of_a_session(place: Place, other: str) -> None:
    met = await attempts_of(place, named(place, other), WAYS_OUT, PRIVATE)
    assert {name: word for name, word in met.items() if word not in REFUSED} == {}
    assert len(met) >= 27


@pytest.mark.parametrize("other", OTHERS)
async def test_nobody_moves_or_replaces_a_private_folder(place: Place, victim: ExecStream, other: str) -> None:
    """Its place in the shared home is everybody's; still each session has its own there, also one that comes later."""
    ada = named(place, "ada")
    await place.sh(ada, "mkdir -p /root/planted && ln -sfn /project /root/link")
    met = await attempts_of(place, named(place, other), REPLACE)
    allowed = {"EBUSY", "EXDEV", "EROFS", "EISDIR", "EEXIST", "EINVAL", "ENOENT"}
    assert {name: word for name, word in met.items() if word not in allowed} == {}
    for session in place.sessions:
        assert (await place.sh(session, MOUNTED)).stdout == b"tmpfs\n"
    assert (await place.sh(ada, f"cat {PRIVATE}/kept; readlink /root/link")).stdout == f"{SECRET}/project\n".encode()
    late = await place.session("late")
    assert (await place.sh(late, f"{MOUNTED}; ls -A {PRIVATE}")).stdout == b"tmpfs\n"
    place.sessions.remove(late)
    await place.engine.remove_container(late)


# The kind of what lies uppermost at the private folder.
MOUNTED = f'awk \'$5 == "{PRIVATE}" {{ sub(/.* - /, ""); kind = $1 }} END {{ print kind }}\' /proc/self/mountinfo'


def planted(entry: tarfile.TarInfo) -> bytes:
    """Return an archive that puts something in the place of the private folder into a sandbox's data volume."""
    entry.name = "upper/root/.private"
    with io.BytesIO() as buffer:
        with tarfile.open(fileobj=buffer, mode="w") as archive:
            archive.addfile(entry)
        return buffer.getvalue()


@pytest.mark.parametrize("target", ["/project/workspace", "/root/elsewhere", "/nowhere", "/.sandlot", ""])
async def test_no_session_starts_where_something_else_lies_in_its_place(
    engine: Engine, make_place: MakePlace, busybox: ImageTree, target: str
) -> None:
    """No session can put a link there (see above), so this one comes through the engine. "" is a plain file."""
    place = await make_place(busybox)
    entry = tarfile.TarInfo()
    if target:
        entry.type, entry.linkname = tarfile.SYMTYPE, target
    data = (await engine.volumes(labels_of(place.instance, "data", sandbox=place.slug)))[0]
    await engine.put_archive(data.name, [planted(entry)])
    try:
        container = await place.session("host")
    except EngineRefused:
        return
    ended = await engine.wait_exit(container, deadline_s=20)
    assert ended.exit_code == 70
