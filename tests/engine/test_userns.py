"""An engine that maps root to another user: sandboxes work on it as on any other."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from engine import ContainerSpec
from engine.docker import DockerEngine
from engine.images.holder import holder_reference
from engine.labels import labels_of
from engine.storage import prepare_image_tree
from sessions.holder import HOLDER
from tests.engine.second_engine import second_engine
from tests.engine_fixtures import Place, new_place

pytestmark = [pytest.mark.engine, pytest.mark.asyncio(loop_scope="session")]

FIRST_ID, IDS = 231072, 65536
# In the engine's mounts only: the accounts that it looks up are not the machine's.
ACCOUNTS = f"""
cp /etc/passwd /etc/group .
echo 'sandlot-remap:x:64990:64990::/nonexistent:/usr/sbin/nologin' >> passwd
echo 'sandlot-remap:x:64990:' >> group
echo "sandlot-remap:{FIRST_ID}:{IDS}" | tee subuid > subgid
for name in passwd group subuid subgid; do
    test -e /etc/$name || touch /etc/$name
    mount --bind $name /etc/$name
done
"""


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def remapped(images: dict[str, str], instance: str) -> AsyncIterator[DockerEngine]:
    """The second engine, with the images that a small sandbox needs."""
    config = {"userns-remap": "sandlot-remap"}
    with second_engine(config, images["busybox"], holder_reference(), before=ACCOUNTS) as address:
        second = DockerEngine(address, instance)
        yield second
        await second.close()


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def place(remapped: DockerEngine, images: dict[str, str], instance: str) -> AsyncIterator[Place]:
    """A sandbox there: the global session, one that may write, one that may only read."""
    tree = await prepare_image_tree(remapped, await remapped.image(images["busybox"]))
    place = await new_place(remapped, instance, tree)
    for name in ("host", "ada"):
        await place.session(name)
    await place.session("eve", read_only=True)
    yield place
    await place.remove()


async def test_root_inside_is_another_user_outside(place: Place) -> None:
    assert "userns" in (await place.engine.facts()).security
    for session in place.sessions:
        result = await place.sh(session, "whoami; cat /proc/self/uid_map; stat -c '%u %g' /root /etc /root/.private")
        assert result.stdout.split() == [b"root", b"0", *(b"%d" % n for n in (FIRST_ID, IDS)), *[b"0"] * 6]
        assert (await place.engine.exec_run(session, [HOLDER, "ready"])).status == 0


async def test_files_are_shared_and_private_folders_are_not(place: Place) -> None:
    host, ada, eve = place.sessions
    write = "echo kept | tee /root/a /etc/a /data/a /project/workspace/a ~/.private/secret && chown 33:33 /root/a"
    assert (await place.sh(host, write)).status == 0
    for session in (ada, eve):
        seen = await place.sh(session, "cat /root/a /etc/a /data/a /project/workspace/a; stat -c %u /root/a")
        assert seen.stdout == b"kept\n" * 4 + b"33\n"
        assert (await place.sh(session, "ls -A ~/.private")).stdout == b""
        assert (await place.sh(session, "rm -rf ~/.private")).status != 0
    assert (await place.sh(ada, "rm /root/a && echo changed > /etc/a")).status == 0
    assert (await place.sh(eve, "echo x > /etc/a || mount -o remount,rw /etc")).status != 0
    assert (await place.sh(host, "cat /etc/a; ls /root")).stdout == b"changed\n"


async def test_those_that_may_write_have_one_network(place: Place) -> None:
    host, ada, eve = [(await place.sh(session, "readlink /proc/self/ns/net")).stdout for session in place.sessions]
    assert host.startswith(b"net:")
    assert host == ada != eve


async def test_the_helper_for_the_firewall_is_let_into_the_machines_network(
    remapped: DockerEngine, images: dict[str, str], instance: str
) -> None:
    name = f"sandlot-{instance}.network"
    labels = labels_of(instance, "helper")
    spec = ContainerSpec(name, images["busybox"], ("sleep", "60"), labels, network="host", capabilities=("NET_ADMIN",))
    await remapped.create_container(spec)
    await remapped.start_container(name)
    changed = await remapped.exec_run(name, ["ip", "link", "set", "lo", "mtu", "60000"])
    await remapped.remove_container(name)
    assert changed.status == 0, changed.stderr
