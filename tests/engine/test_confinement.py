"""A session cannot get out, and cannot take more than its share."""

from __future__ import annotations

import json
import socket
from collections.abc import AsyncIterator
from shlex import quote

import pytest
import pytest_asyncio

from engine import Engine, seccomp
from engine.confinement import CAPABILITIES, Limits, session_container_spec
from engine.firewall import _apply_there
from engine.storage import ImageTree
from tests.engine_fixtures import MIB, MakePlace, Place, new_place

pytestmark = [pytest.mark.engine, pytest.mark.asyncio(loop_scope="session")]

# Calls by number, for what no program of the image makes. x86-64 and arm64 agree on the newer ones.
IO_URING_SETUP = 425
CLONE3 = 435
CALL = "import ctypes; libc = ctypes.CDLL(None, use_errno=True); print(libc.syscall({}), ctypes.get_errno())"
EPERM, ENOSYS = 1, 38


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def place(engine: Engine, instance: str, debian: ImageTree) -> AsyncIterator[Place]:
    place = await new_place(engine, instance, debian)
    await place.session("host")
    yield place
    await place.remove()


@pytest.fixture
def container(place: Place) -> str:
    return place.sessions[0]


async def test_only_the_listed_capabilities_are_there(place: Place, container: str) -> None:
    status = (await place.sh(container, "cat /proc/self/status")).stdout.decode()
    facts = dict(line.split(":\t", 1) for line in status.splitlines() if ":\t" in line)
    # Bits 0, 1, 3 to 7 and 10: CHOWN DAC_OVERRIDE FOWNER FSETID KILL SETGID SETUID NET_BIND_SERVICE.
    assert {facts[name] for name in ("CapPrm", "CapEff", "CapBnd")} == {"00000000000004fb"}
    assert (facts["NoNewPrivs"].strip(), facts["Seccomp"].strip()) == ("1", "2")
    assert len(CAPABILITIES) == 8


@pytest.mark.parametrize(
    "attempt",
    [
        "mount -t tmpfs none /mnt",
        "mount --bind /etc /mnt",
        "umount /root",
        "unshare -m true",
        "unshare -U true",
        "unshare -n true",
        "chroot / true",
        "mknod /root/disk b 8 0",
        "hostname other",
        "date -s 2020-01-01",
        "ip link add dummy0 type dummy",
        "echo 1 > /proc/sys/kernel/core_uses_pid",
        "echo c > /proc/sysrq-trigger",
        "cat /proc/kcore",
        "dmesg",
        "echo x > /outside",
        "echo x > /.sandlot/holder",
        "ls /var/run/docker.sock /run/docker.sock",
    ],
)
async def test_what_root_in_a_session_cannot_do(place: Place, container: str, attempt: str) -> None:
    result = await place.sh(container, attempt)
    assert result.status != 0, result.stdout


@pytest.mark.parametrize(
    ("call", "refused_with"),
    [(f"{IO_URING_SETUP}, 8, 0", EPERM), (f"{CLONE3}, 0, 0", ENOSYS), (f"{428}, -100, b'/', 1", EPERM)],
    ids=["io_uring_setup", "clone3", "open_tree"],
)
async def test_calls_that_are_refused(place: Place, container: str, call: str, refused_with: int) -> None:
    result = await place.engine.exec_run(container, ["python3", "-c", CALL.format(call)])
    assert result.stdout.split() == [b"-1", b"%d" % refused_with]


@pytest.mark.parametrize("family", [40, 40 | 1 << 32, 40 | 1 << 63])
async def test_sockets_to_the_hypervisor_are_refused(place: Place, container: str, family: int) -> None:
    """Also by a number of which the kernel looks at one half only."""
    number = "{'x86_64': 41, 'aarch64': 198}[__import__('os').uname().machine]"
    script = CALL.format(f"{number}, ctypes.c_ulong({family}), 1, 0")
    result = await place.engine.exec_run(container, ["python3", "-c", script])
    assert result.stdout.split() == [b"-1", b"%d" % EPERM], result.stderr


async def test_other_kinds_of_sockets_are_there(place: Place, container: str) -> None:
    script = "from socket import *; [socket(kind, SOCK_DGRAM) for kind in (AF_INET, AF_INET6, AF_UNIX, AF_NETLINK)]"
    result = await place.engine.exec_run(container, ["python3", "-c", script])
    assert result.status == 0, result.stderr


async def test_ordinary_programs_are_not_disturbed(place: Place, container: str) -> None:
    script = """
        set -e
        chown nobody /tmp && chown root /tmp
        python3 -c 'import threading; t = threading.Thread(target=print, args=("thread",)); t.start(); t.join()'
        python3 -c 'import asyncio, subprocess; print(subprocess.check_output(["true"]))'
        git init -q /tmp/repo && git -C /tmp/repo status -s
        setpriv --reuid=65534 --clear-groups id -u
        cp /usr/bin/true /tmp/true && /tmp/true
        python3 -c 'import socket; socket.create_server(("127.0.0.1", 80))'
    """
    result = await place.sh(container, script)
    assert result.status == 0, result.stderr
    assert b"65534" in result.stdout


async def test_a_fork_bomb_stays_inside(engine: Engine, make_place: MakePlace, busybox: ImageTree) -> None:
    place = await make_place(busybox)
    host = await place.session("host", limits=Limits(memory_bytes=64 * MIB, cpu_millis=1000, pids=40))
    bomb = "i=0; while [ $i -lt 200 ]; do sleep 1000 & i=$((i+1)); done; true"
    assert b"can't fork" in (await place.sh(host, bomb)).stderr
    assert (await engine.stats(host)).pids <= 40


async def test_a_memory_hog_is_ended_and_the_session_lives_on(
    engine: Engine, make_place: MakePlace, busybox: ImageTree
) -> None:
    place = await make_place(busybox)
    host = await place.session("host", limits=Limits(memory_bytes=64 * MIB, cpu_millis=1000, pids=40))
    hog = "dd if=/dev/zero of=/dev/null bs=200M count=1"
    assert (await place.sh(host, hog)).status == 137
    assert (await place.sh(host, "echo alive")).stdout == b"alive\n"
    stats = await engine.stats(host)
    assert stats.memory_limit_bytes == 64 * MIB


async def test_tmp_is_bounded_by_the_memory_limit(make_place: MakePlace, busybox: ImageTree) -> None:
    place = await make_place(busybox)
    host = await place.session("host", limits=Limits(memory_bytes=64 * MIB, cpu_millis=1000, pids=40))
    assert (await place.sh(host, "head -c 200000000 /dev/zero > /tmp/big")).status != 0


async def test_the_sessions_of_a_sandbox_have_one_network(place: Place, container: str) -> None:
    ada = await place.session("ada")
    server = await place.engine.exec_stream(container, ["python3", "-c", SERVER])
    assert await server.read() == b"ready\n"
    client = "import socket; s = socket.create_connection(('127.0.0.1', 3000)); print(s.recv(9).decode())"
    assert (await place.engine.exec_run(ada, ["python3", "-c", client])).stdout == b"welcome\n\n"
    server.close()


SERVER = """
import socket
with socket.create_server(("127.0.0.1", 3000)) as server:
    print("ready", flush=True)
    server.accept()[0].sendall(b"welcome\\n")
"""

CONNECT = """
import socket, sys
try:
    socket.create_connection((sys.argv[1], int(sys.argv[2])), timeout=2).close()
    print("reached")
except OSError as error:
    print(error)
"""


async def test_localhost_answers_by_both_of_its_addresses_and_ipv6_leads_nowhere(place: Place, container: str) -> None:
    """/etc/hosts of a container names ::1 first for some clients: what listens there has to be reachable."""
    serve = "python3 -m http.server 8099 --bind ::1 --directory /var/empty-of-ours"
    await place.sh(container, f"mkdir -p /var/empty-of-ours; {serve} > /dev/null 2>&1 &")
    ask = "import urllib.request as u; print(u.urlopen('http://localhost:8099/', timeout=5).status)"
    tries = f"for n in 1 2 3 4 5 6 7 8 9 10; do python3 -c {quote(ask)} 2> /dev/null && break; sleep 0.3; done"
    assert (await place.sh(container, tries)).stdout.split() == [b"200"]
    addresses = (await place.sh(container, "cat /proc/net/if_inet6")).stdout.decode().split("\n")
    assert [line.split()[-1] for line in addresses if line] == ["lo"]


async def test_ports_of_the_machine_are_out_of_reach(place: Place, container: str, firewall: None) -> None:
    routes = (await place.sh(container, "ip -4 route show default")).stdout.decode()
    gateway = routes.split("via ")[1].split()[0]
    with socket.create_server(("0.0.0.0", 0)) as server:
        port = server.getsockname()[1]
        own = socket.create_connection(("127.0.0.1", port), timeout=2)
        own.close()
        for address in (gateway, *other_addresses()):
            result = await place.engine.exec_run(container, ["python3", "-c", CONNECT, address, str(port)])
            assert b"reached" not in result.stdout, address


def other_addresses() -> list[str]:
    """Return this machine's own addresses, as far as its name and its way out tell."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as way_out:
        way_out.connect(("192.0.2.1", 9))
        return [way_out.getsockname()[0], "172.17.0.1"]


async def test_the_metadata_address_is_out_of_reach(place: Place, container: str, firewall: None) -> None:
    result = await place.engine.exec_run(container, ["python3", "-c", CONNECT, "169.254.169.254", "80"])
    assert b"refused" in result.stdout


async def test_names_are_still_found(place: Place, container: str, firewall: None) -> None:
    script = "import socket; print(socket.gethostbyname(socket.gethostname()))"
    assert (await place.engine.exec_run(container, ["python3", "-c", script])).stdout.startswith(b"10.213.")


async def test_a_helper_can_set_the_rules_where_the_dashboard_may_not(engine: Engine, instance: str) -> None:
    assert await _apply_there(engine, instance, lambda _: None) is None


async def test_a_container_says_nothing_secret_and_takes_nothing_from_its_image(place: Place, instance: str) -> None:
    spec = session_container_spec(
        site=place.site,
        session="ada",
        name="x",
        host=None,
        shared=place.shared,
        read_only=True,
        labels={"sandlot.boot": "3"},
        limits=Limits(memory_bytes=MIB, cpu_millis=1500, pids=7),
        runtime="runsc",
    )
    assert spec.labels == {
        "sandlot.instance": instance,
        "sandlot.kind": "session",
        "sandlot.sandbox": place.slug,
        "sandlot.session": "ada",
        "sandlot.boot": "3",
    }
    assert (spec.environment, spec.read_only, spec.cpus, spec.runtime) == ({}, True, 1.5, "runsc")
    assert all(mount.read_only for mount in spec.mounts if hasattr(mount, "read_only"))
    image = await place.engine.image(spec.image)
    assert image.environment == {}


async def test_the_profile_names_each_call_once_and_none_that_reaches_out() -> None:
    profile = json.loads(seccomp.profile())
    assert profile["defaultAction"] == "SCMP_ACT_ERRNO"
    names = [name for group in seccomp.ALLOWED.values() for name in group.split()]
    assert len(names) == len(set(names))
    assert not set(names) & set("mount umount2 unshare setns bpf chroot ptrace_attach init_module keyctl".split())
    assert not [name for name in names if name.startswith("io_uring")]
