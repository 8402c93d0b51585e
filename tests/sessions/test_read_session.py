"""What someone who may only read cannot do to those who write, in real terminals of a real engine."""

from __future__ import annotations

import ipaddress
import secrets
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field

import pytest
import pytest_asyncio

from engine import Engine
from engine.storage import ImageTree
from sessions.holder import HOLDER
from tests.engine_fixtures import Place, new_place
from tests.holder.client import Program, Viewer
from tests.holder.test_read import ATTEMPT, OPEN, PIPES, PROBE, SHUT, WAYS_INTO_A_PIPE, answers_of
from tests.sessions.attacks import REFUSED, WAYS_OUT, attempts_of

pytestmark = [pytest.mark.engine, pytest.mark.asyncio(loop_scope="session")]

SOCKET = "/project/workspace/socket"
SERVER = """
import signal, socket, sys
def serve(address, kind=socket.SOCK_STREAM):
    s = socket.socket(socket.AF_UNIX, kind)
    s.bind(address)
    if kind == socket.SOCK_STREAM:
        s.listen()
    return s
name = sys.argv[1]
kept = [serve(name), serve("\\0" + name), serve("\\0datagram" + name, socket.SOCK_DGRAM)]
print("listening", flush=True)
signal.pause()
"""
# Writes down whatever anybody sends it, over TCP and UDP, wherever it is reached: an agent that does what it is told.
AGENT = """
import asyncio
from pathlib import Path

def obey(told):
    with Path("/project/workspace/told").open("ab") as file:
        file.write(told + b"\\n")

async def serve(reader, writer):
    obey(await reader.read(100))
    writer.close()

class Datagrams(asyncio.DatagramProtocol):
    def datagram_received(self, told, address):
        obey(told)

async def main():
    Path("/project/workspace/told").touch()
    server = await asyncio.start_server(serve, "0.0.0.0", 8100)
    await asyncio.get_running_loop().create_datagram_endpoint(Datagrams, ("0.0.0.0", 8100))
    print("listening", flush=True)
    await server.serve_forever()

asyncio.run(main())
"""
TELL = """
import errno, socket, sys
def tcp(address, word):
    with socket.create_connection((address, 8100), timeout=5) as connection:
        connection.sendall(word)
        connection.shutdown(socket.SHUT_WR)
        connection.recv(1)

def udp(address, word):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.connect((address, 8100))
        s.settimeout(1)
        s.send(word)
        s.recv(1)  # the agent never answers: what comes is a refusal, or nothing

for address in sys.argv[2:]:
    for way in (tcp, udp):
        try:
            way(address, f"{sys.argv[1]} {way.__name__} {address}".encode())
            print(way.__name__, address, "works", end=";")
        except TimeoutError:
            print(way.__name__, address, "silence", end=";")
        except OSError as error:
            print(way.__name__, address, errno.errorcode.get(error.errno, "gaierror"), end=";")
print("done")
"""
# On processes of its own session: the holder's first, whose unix sockets would do as well.
INTRUDER = (
    ATTEMPT
    + """
import ctypes, os, time
libc = ctypes.CDLL(None, use_errno=True)

def trace(pid):
    if libc.ptrace(0x4206, pid, None, None):  # PTRACE_SEIZE
        raise OSError(ctypes.get_errno(), "")

def holders():
    for pid in filter(str.isdigit, os.listdir("/proc")):
        with open(f"/proc/{pid}/comm") as comm:
            if comm.read() == "holder\\n":
                yield int(pid)

child = os.fork()
if child == 0:
    os.execlp("sleep", "sleep", "60")
while open(f"/proc/{child}/comm").read() != "sleep\\n":
    time.sleep(0.01)
attempt("own child", lambda: trace(child))
os.kill(child, 9)
for number, pid in enumerate(sorted(holders())):
    attempt(f"{number} memory", lambda: open(f"/proc/{pid}/mem", "r+b").close())
    attempt(f"{number} descriptors", lambda: os.readlink(f"/proc/{pid}/fd/2"))
    attempt(f"{number} trace", lambda: trace(pid))
print("done")
"""
)

# Every way to change a file or a folder that the kernel has, at once by path, by descriptor and behind /proc. In each
# folder of the sandbox stand "kept" (a file), "folder" (with a file in it), "link" and "pipe".
CHANGES = """
import mmap, stat
FS_IOC_GETFLAGS, FS_IOC_SETFLAGS, O_TMPFILE = 0x80086601, 0x40086602, os.O_TMPFILE

def close(fd):
    os.close(fd)

def immutable(fd):
    import fcntl, struct
    fcntl.ioctl(fd, FS_IOC_SETFLAGS, struct.pack("l", 0x10))

for top in sys.argv[1:]:
    here = f"{top}/read-test"
    kept, folder, new = f"{here}/kept", f"{here}/folder", f"{here}/new"
    fd, folder_fd = os.open(kept, os.O_RDONLY), os.open(folder, os.O_RDONLY)
    by_proc, by_root, by_init = f"/proc/self/fd/{fd}", f"/proc/self/root{kept}", f"/proc/1/root{kept}"
    for name, action, *arguments in (
        ("create", os.open, new, os.O_WRONLY | os.O_CREAT),
        ("create unnamed", os.open, here, os.O_WRONLY | O_TMPFILE),
        ("create by descriptor", lambda: os.open("new", os.O_WRONLY | os.O_CREAT, dir_fd=folder_fd)),
        ("write", os.open, kept, os.O_WRONLY),
        ("append", os.open, kept, os.O_WRONLY | os.O_APPEND),
        ("read and write", os.open, kept, os.O_RDWR),
        ("open emptied", os.open, kept, os.O_RDONLY | os.O_TRUNC),
        ("write through /proc/self/fd", os.open, by_proc, os.O_WRONLY),
        ("write through /proc/self/root", os.open, by_root, os.O_WRONLY),
        ("write through process 1", os.open, by_init, os.O_WRONLY),
        ("write by descriptor", os.write, fd, b"x"),
        ("write in memory", mmap.mmap, fd, 4, mmap.MAP_SHARED, mmap.PROT_WRITE),
        ("truncate", os.truncate, kept, 0),
        ("truncate by descriptor", os.ftruncate, fd, 0),
        ("allocate", os.posix_fallocate, fd, 0, 4096),
        ("punch a hole", call, "fallocate", fd, 3, ctypes.c_long(0), ctypes.c_long(4)),
        ("mode", os.chmod, kept, 0o777),
        ("mode of the folder", os.chmod, here, 0o777),
        ("mode of the top", os.chmod, top, 0o777),
        ("mode by descriptor", os.fchmod, fd, 0o777),
        ("owner", os.chown, kept, 1, 1),
        ("owner by descriptor", os.fchown, fd, 1, 1),
        ("owner of a link", os.lchown, f"{here}/link", 1, 1),
        ("times", os.utime, kept, (0, 0)),
        ("times by descriptor", os.utime, fd, (0, 0)),
        ("attribute", os.setxattr, kept, "user.x", b"x"),
        ("attribute by descriptor", os.setxattr, fd, "user.x", b"x"),
        ("attribute away", os.removexattr, kept, "user.kept"),
        ("trusted attribute", os.setxattr, kept, "trusted.overlay.opaque", b"y"),
        ("capability", os.setxattr, kept, "security.capability", bytes(20)),
        ("chattr", immutable, fd),
        ("rename", os.rename, kept, new),
        ("rename away", os.rename, kept, "/tmp/new"),
        ("rename over", os.rename, f"{here}/link", kept),
        ("exchange", lambda: call("renameat2", -100, kept.encode(), -100, folder.encode(), 2)),
        ("hard link", os.link, kept, new),
        ("hard link of a descriptor", os.link, by_proc, new),
        ("link", os.symlink, "/tmp", new),
        ("folder", os.mkdir, new),
        ("pipe", os.mkfifo, new),
        ("device", os.mknod, new, 0o20666, os.makedev(1, 3)),
        ("remove", os.unlink, kept),
        ("remove a link", os.unlink, f"{here}/link"),
        ("remove a folder", os.rmdir, folder),
        ("remove all", shutil.rmtree, here),
    ):
        attempt(f"{top}: {name}", action, *arguments)
    os.close(fd), os.close(folder_fd)
"""
PREPARE = """
set -e
for top in "$@"; do
    mkdir -p $top/read-test/folder && cd $top/read-test
    echo content > kept && echo content > folder/file && ln -s kept link && mkfifo pipe
    python3 -c 'import os; os.setxattr("kept", "user.kept", b"1")' || true
done
"""
# All that can be seen of the folders: names, kinds, modes, owners, sizes, times, and what is in the files.
SEEN = """
for top in "$@"; do
    stat -c '%n %a %u %g %Z' $top; cd $top/read-test; find . -printf '%p %y %m %U %G %s %T@ %C@ %l %n\n' | sort
    cat kept folder/file; python3 -c 'import os; print(os.listxattr("kept"))'
done
"""


@dataclass
class Terminals:
    """Opens terminals in sessions as the server does, and closes them with the test."""

    opened: list[Viewer] = field(default_factory=list)

    def open(self, container: str, *argv: str) -> Viewer:
        viewer = Viewer.attach(["docker", "exec", "-i", container, HOLDER, "attach", secrets.token_hex(8)])
        self.opened.append(viewer)
        environment = ("PATH=/usr/local/bin:/usr/bin:/bin", "TERM=xterm-256color", "HOME=/tmp", "LANG=C.UTF-8")
        return viewer.link(program=Program(argv, environment, "/tmp"))

    def python(self, container: str, script: str, *words: str) -> dict[str, str]:
        """Run a script that prints its answers; return them."""
        return answers_of(self.open(container, "python3", "-c", script, *words))


@pytest.fixture
def terminals() -> Iterator[Terminals]:
    terminals = Terminals()
    yield terminals
    for viewer in terminals.opened:
        viewer.close()


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def place(engine: Engine, instance: str, debian: ImageTree) -> AsyncIterator[Place]:
    """The sessions: host, writer, reader, another reader."""
    place = await new_place(engine, instance, debian)
    await place.session("host")
    await place.session("writer")
    await place.session("reader", read_only=True)
    await place.session("another", read_only=True)
    yield place
    await place.remove()


async def address_of(place: Place, container: str) -> str:
    """Return the address that others would reach it by."""
    said = await place.sh(container, "ip -4 -o addr show scope global")
    return said.stdout.decode().split("inet ")[1].split("/")[0]


async def gateway_of(place: Place, container: str) -> str:
    return (await place.sh(container, "ip -4 route show default")).stdout.decode().split("via ")[1].split()[0]


async def told(place: Place) -> list[str]:
    return (await place.sh(place.sessions[0], "cat /project/workspace/told")).stdout.decode().splitlines()


async def test_no_unix_socket_of_a_writing_session_is_reached(place: Place, terminals: Terminals) -> None:
    host, writer, reader = place.sessions[:3]
    terminals.open(host, "python3", "-c", SERVER, SOCKET).until_output(b"listening")
    assert terminals.python(writer, PROBE, SOCKET) == OPEN | dict.fromkeys(SHUT, "works")
    assert terminals.python(reader, PROBE, SOCKET) == OPEN | dict.fromkeys(SHUT, "EACCES")
    # The filter is not all that keeps them apart: the abstract ones are in another network.
    assert SOCKET in (await place.sh(writer, "cat /proc/net/unix")).stdout.decode()
    assert SOCKET not in (await place.sh(reader, "cat /proc/net/unix")).stdout.decode()


async def test_the_holder_cannot_be_made_to_reach_one(place: Place, terminals: Terminals) -> None:
    answers = terminals.python(place.sessions[2], INTRUDER)
    assert answers.pop("own child") == "works"
    # Process 1 and the `attach` of this terminal.
    assert len(answers) >= 6
    assert set(answers.values()) <= {"EACCES", "EPERM"}, answers


async def test_no_server_of_a_writing_session_is_reached(place: Place, terminals: Terminals, firewall: None) -> None:
    """Neither on localhost, nor by name, nor by address, nor through the machine between them: TCP and UDP."""
    host, writer, reader = place.sessions[:3]
    own, theirs = await address_of(place, reader), await address_of(place, writer)
    gateways = [await gateway_of(place, reader), await gateway_of(place, writer)]
    agent = terminals.open(host, "python3", "-c", AGENT).until_output(b"listening")
    answers = terminals.python(writer, TELL, "writer", "127.0.0.1", theirs)
    assert {answer for name, answer in answers.items() if name.startswith("tcp")} == {"works"}
    heard = await told(place)
    assert len(heard) == 4
    answers = terminals.python(reader, TELL, "reader", "127.0.0.1", place.slug, own, theirs, *gateways, "172.17.0.1")
    assert len(answers) == 2 * 7
    assert {answers["tcp 127.0.0.1"], answers[f"tcp {theirs}"]} == {"ECONNREFUSED"}
    # The machine's kernel sends a few refusals a second to one address (icmp_ratelimit) and keeps silent on the others.
    assert set(answers.values()) <= {"ECONNREFUSED", "silence"}, answers
    assert await told(place) == heard
    agent.type(b"\x03")
    agent.until_exit()


async def test_a_read_session_may_serve_and_reaches_itself(place: Place, terminals: Terminals, firewall: None) -> None:
    reader = place.sessions[2]
    terminals.open(reader, "python3", "-u", "-m", "http.server", "8200").until_output(b"Serving HTTP")
    asks = terminals.open(reader, "curl", "-sS", "http://localhost:8200/")
    assert asks.until_exit() == 0
    assert b"Directory listing" in asks.output
    by_address = f"http://{await address_of(place, reader)}:8200/"
    for other in (place.sessions[1], place.sessions[3]):
        refused = await place.engine.exec_run(other, ["curl", "-sS", "--max-time", "5", by_address])
        assert (refused.status, refused.stdout) == (7, b""), "7 is curl's word for: could not connect"


async def test_a_read_session_has_a_network_and_names(place: Place) -> None:
    """The way out and a name server are there; its name is the sandbox's, as in every session."""
    host, _, reader, another = place.sessions
    for session in (reader, another):
        facts = (await place.sh(session, "hostname; cat /etc/resolv.conf; ip -4 route show default")).stdout.decode()
        assert facts.startswith(f"{place.slug}\n")
        assert "nameserver 127.0.0.11" in facts
        assert ipaddress.ip_address(await gateway_of(place, session)) in ipaddress.ip_network("10.213.0.0/16")
    name = "import socket; print(socket.gethostbyname(socket.gethostname()))"
    said = await place.engine.exec_run(reader, ["python3", "-c", name])
    assert said.stdout.decode().strip() == await address_of(place, reader) != await address_of(place, host)


async def test_a_named_pipe_in_the_shared_files_takes_nothing_from_a_reader(place: Place, terminals: Terminals) -> None:
    _, writer, reader = place.sessions[:3]
    pipe = "/project/workspace/orders"
    loop = 'while read -r order <&3; do eval "$order"; echo obeyed; done'
    obey = f"mkfifo {pipe}; echo listening; exec 3<>{pipe}; {loop}"
    listens = terminals.open(writer, "sh", "-c", obey).until_output(b"listening")
    assert terminals.python(reader, PIPES, pipe) == dict.fromkeys(WAYS_INTO_A_PIPE, "EACCES")
    refused = terminals.open(reader, "sh", "-c", f"echo 'touch /project/workspace/by-reader' > {pipe}; echo done")
    assert b"Permission denied" in refused.until_output(b"done").output
    terminals.open(writer, "sh", "-c", f"echo 'touch /project/workspace/by-writer' > {pipe}")
    listens.until_output(b"obeyed")
    assert (await place.sh(reader, "ls /project/workspace/by-*")).stdout == b"/project/workspace/by-writer\n"


@pytest.mark.parametrize(
    ("program", "shows"),
    [("vim /etc/os-release", b"PRETTY_NAME"), ("less /etc/os-release", b"PRETTY_NAME"), ("htop", b"Load average")],
)
async def test_looking_works_as_ever(place: Place, terminals: Terminals, program: str, shows: bytes) -> None:
    viewer = terminals.open(place.sessions[2], *program.split()).until_output(shows)
    viewer.type(b":q\r" if program.startswith("vim") else b"q")
    assert viewer.until_exit() == 0


# Ordinary work, line by line; each line says what it is about when it fails.
WORK = r"""
export GIT_AUTHOR_NAME=a GIT_AUTHOR_EMAIL=a GIT_COMMITTER_NAME=a GIT_COMMITTER_EMAIL=a
try() { if bash -c "$2"; then echo "$1 works"; else echo "$1 FAILS"; fi; }
try "a file in /tmp" 'cat > /tmp/x <<< text && grep -q text /tmp/x && mv /tmp/x /tmp/y && ln /tmp/y /tmp/z && rm /tmp/y'
try "folders in /tmp" 'mkdir -p /tmp/a/b /tmp/c && touch /tmp/a/b/f && mv /tmp/a/b/f /tmp/c/ && rm -r /tmp/a /tmp/c'
try "a here-document" 'test "$(cat <<END
text
END
)" = text'
try "a long here-document" 'test $(wc -c <<< $(printf %0100000d)) = 100001'
try "process substitution" 'test "$(cat <(echo one) <(echo two) | tr "\n" " ")" = "one two "'
try "output substitution" 'mkfifo /tmp/o; echo text | tee >(cat > /tmp/o) > /dev/null & test "$(cat /tmp/o)" = text'
try "/dev/stdout in a pipe" 'test "$(echo text > /dev/stdout)" = text'
try "/dev/stderr on a terminal" 'echo > /dev/stderr'
try "/dev/tty" 'echo > /dev/tty'
try "devices" 'echo > /dev/null && dd if=/dev/zero of=/dev/full count=1 2>&1 | grep -q "No space"'
try "shared memory" 'echo text > /dev/shm/x && rm /dev/shm/x'
try "semaphores" 'python3 -c "import multiprocessing as m; p = m.Process(target=id, args=[m.Lock()]); p.start()"'
try "a terminal of its own" 'python3 -c "import pty; raise SystemExit(pty.spawn([\"tty\"]))"'
try "own files of /proc" 'echo 500 > /proc/self/oom_score_adj && echo name > /proc/self/comm'
try "own pipe" 'mkfifo /tmp/p && (echo text > /tmp/p & grep -q text /tmp/p) && rm /tmp/p'
try "private folder" 'echo text > /root/.private/x && rm /root/.private/x'
try "git" 'git clone -q /project/workspace/repo /tmp/repo && cd /tmp/repo && git commit -q --allow-empty -m two'
try "git of the shared files" 'cd /project/workspace/repo && git status -s && git --no-pager log | grep -q one'
try "editing" 'vim -es -c "normal itext" -c wq /tmp/vim && grep -q text /tmp/vim'
try "a program of its own" 'cp /usr/bin/true /tmp/mine && /tmp/mine'
try "sorting much" 'seq 200000 | sort -r -S 1M | head -1 > /dev/null'
try "curl to a file" 'curl -sS -o /tmp/curl file:///etc/os-release && test -s /tmp/curl'
try "reading all" 'find /project /root /usr /etc > /dev/null'
printf 'all do%s' ne
"""


async def test_ordinary_work_is_as_ever(place: Place, terminals: Terminals) -> None:
    repository = "git init -q repo; cd repo; git -c user.name=a -c user.email=a@b commit -q --allow-empty -m one"
    assert (await place.sh(place.sessions[1], f"cd /project/workspace; {repository}")).status == 0
    shell = terminals.open(place.sessions[2], "bash", "-c", WORK)
    said = shell.until(lambda v: b"all done" in v.output, 120).output.decode()
    assert said.count(" works") == WORK.count("\ntry ")
    assert "FAILS" not in said, said


# It says when it has the terminal: a key that comes before that is the shell's.
JOB = """import os, signal
signal.signal(signal.SIGCONT, lambda *_: os.write(1, b"aga" b"in"))
print("on" "ce", flush=True)
while True: signal.pause()"""


async def test_jobs_are_stopped_and_continued_as_ever(place: Place, terminals: Terminals) -> None:
    shell = terminals.open(place.sessions[2], "bash", "--norc", "-i")
    for types, shows in (
        (f"python3 -c '{JOB}'\r".encode(), b"once"),
        (b"\x1a", b"Stopped"),
        (b"fg\r", b"again"),
        (b"\x03", b"KeyboardInterrupt"),
        (b"sleep 1000 & kill %1; wait %1; echo sta''tus $?\r", b"status 143"),
    ):
        shell.type(types)
        shell.until_output(shows)
    shell.type(b"exit\r")
    assert shell.until_exit() == 0


async def test_processes_in_other_terminals_of_the_session_are_its_own(place: Place, terminals: Terminals) -> None:
    """One can look into them and end them: they are one person's."""
    reader = place.sessions[2]
    shell = terminals.open(reader, "sh", "-c", "echo pid=$$; exec sleep 1000").until_output(b"\n")
    pid = shell.output.split(b"pid=")[1].decode().strip()
    other = terminals.open(reader, "sh", "-c", f"readlink /proc/{pid}/cwd && kill {pid} && printf done")
    assert b"/tmp" in other.until_output(b"done").output
    assert shell.until_exit() == 143


async def test_nothing_in_the_shared_files_can_be_changed(place: Place) -> None:
    """As root, by every call there is, in every top-level folder; then they look to the last second as before."""
    _, writer, reader = place.sessions[:3]
    tops = [path for path, _ in place.shared.folders]
    run = place.engine.exec_run
    prepared = await run(writer, ["sh", "-c", PREPARE, "sh", *tops])
    assert prepared.status == 0, prepared.stderr
    before = await run(writer, ["sh", "-c", SEEN, "sh", *tops])
    met = await attempts_of(place, reader, CHANGES, *tops)
    ways_out = await attempts_of(place, reader, WAYS_OUT, "/project")
    after = await run(writer, ["sh", "-c", SEEN, "sh", *tops])
    # EBADF, EINVAL: the descriptor was opened for reading, nothing else could be had. ENODATA: nothing to take away.
    refused = REFUSED | {"EBADF", "EINVAL", "EXDEV"}
    assert {name: word for name, word in (met | ways_out).items() if word not in refused} == {}
    assert len(met) == 45 * len(tops) >= 45 * 8
    assert after.stdout == before.stdout
    assert before.stdout.count(b"content") == 2 * len(tops)


async def test_all_shared_mounts_are_read_only_and_its_own_are_not(place: Place) -> None:
    reader = place.sessions[2]
    mounts = (await place.sh(reader, "cut -d ' ' -f 5,6 /proc/self/mountinfo")).stdout.decode().splitlines()
    options = {target: set(words.split(",")) for target, words in (line.split() for line in mounts)}
    for path, _ in (*place.shared.folders, ("/.sandlot", ""), ("/", "")):
        assert "ro" in options[path], path
    own = await place.sh(reader, "echo mine | tee /tmp/a /run/a /root/.private/a /dev/shm/a")
    assert own.status == 0, own.stderr
