"""All sessions of a sandbox share one file tree. Private folders: tests/sessions/test_private_live.py."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from engine import Conflict, Engine, EngineAway, NameTaken, NetworkSpec, storage
from engine.docker import DockerEngine
from engine.labels import INSTANCE, KIND, SANDBOX, labels_of
from engine.site import Site
from engine.storage import ImageTree, filled
from engine.storage.filled import MANIFEST
from tests.engine_fixtures import MakePlace, Place, new_place

pytestmark = [pytest.mark.engine, pytest.mark.asyncio(loop_scope="session")]


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def place(engine: Engine, instance: str, debian: ImageTree) -> AsyncIterator[Place]:
    """A sandbox with the global session, two that may write, and one that may only read."""
    place = await new_place(engine, instance, debian)
    for name in ("host", "ada", "bob"):
        await place.session(name)
    await place.session("eve", read_only=True)
    yield place
    await place.remove()


async def test_everybody_is_root_in_a_place_of_that_name(place: Place) -> None:
    for session in place.sessions:
        result = await place.sh(session, "whoami; hostname; pwd")
        assert result.stdout.split() == [b"root", place.slug.encode(), b"/"]


@pytest.mark.parametrize("folder", ["/project/workspace", "/root", "/usr/local/bin", "/etc", "/opt", "/var/tmp"])
async def test_a_file_of_one_session_is_there_for_all(place: Place, folder: str) -> None:
    _, ada, bob, eve = place.sessions
    await place.sh(ada, f"echo hello > {folder}/from-ada")
    for session in (bob, eve):
        assert (await place.sh(session, f"cat {folder}/from-ada")).stdout == b"hello\n"


async def test_a_folder_of_the_image_can_be_renamed(place: Place) -> None:
    """rename(2) itself, not mv, which copies where that fails; all sessions see it, and again after a restart."""
    _, ada, bob, eve = place.sessions
    rename = "import os; os.rename('/usr/share/doc', '/usr/share/papers')"
    assert (await place.sh(ada, f'python3 -c "{rename}"')).stderr == b""
    for session in (bob, eve):
        assert (await place.sh(session, "ls -d /usr/share/doc /usr/share/papers")).stdout == b"/usr/share/papers\n"
    assert (await place.sh(bob, "ls /usr/share/papers/base-files")).stdout
    await place.sh(bob, "mv /usr/share/papers /usr/share/doc")


async def test_a_new_file_looks_as_if_it_was_made_in_any_debian(place: Place) -> None:
    result = await place.sh(
        place.sessions[1], "stat -c '%a %n' / /etc /root /usr /tmp /root/.private /project/workspace"
    )
    assert result.stdout.decode().split() == [
        *("755", "/", "755", "/etc", "700", "/root", "755", "/usr", "1777", "/tmp"),
        *("700", "/root/.private", "755", "/project/workspace"),
    ]


async def test_files_outlive_a_restart_and_private_ones_do_not(make_place: MakePlace, debian: ImageTree) -> None:
    place = await make_place(debian)
    first = await place.session("host")
    await place.sh(first, "echo kept | tee /root/a /usr/a /project/workspace/a; echo lost > /root/.private/a")
    await place.stop()
    again = await place.session("host")
    result = await place.sh(again, "cat /root/a /usr/a /project/workspace/a; ls -A /root/.private")
    assert result.stdout == b"kept\n" * 3


@pytest.mark.timeout(400)
async def test_an_installed_package_is_there_for_all_and_after_a_restart(
    make_place: MakePlace, debian: ImageTree
) -> None:
    place = await make_place(debian)
    ada, bob = await place.session("host"), await place.session("bob")
    install = "apt-get update -q && DEBIAN_FRONTEND=noninteractive apt-get install -qy hello"
    result = await place.sh(ada, install, deadline_s=300)
    assert result.status == 0, result.stderr
    assert b"Hello, world!" in (await place.sh(bob, "hello")).stdout
    await place.stop()
    assert b"Hello, world!" in (await place.sh(await place.session("host"), "hello")).stdout


async def test_two_sandboxes_share_nothing(make_place: MakePlace, busybox: ImageTree) -> None:
    one, other = await make_place(busybox), await make_place(busybox)
    await one.sh(await one.session("host"), "echo one > /root/a; echo one > /data/a")
    result = await other.sh(await other.session("host"), "ls /root /data")
    assert result.stdout.split() == [b"/data:", b"README", b"/root:"]


async def test_an_image_of_another_layout_works_as_well(make_place: MakePlace, busybox: ImageTree) -> None:
    assert {folder.name for folder in busybox.folders} >= {"bin", "sbin", "data", "root"}
    place = await make_place(busybox)
    host, ada = await place.session("host"), await place.session("ada")
    await place.sh(host, "echo tool > /data/b; cp /bin/busybox /sbin/busybox-mine")
    assert (await place.sh(ada, "cat /data/b; /sbin/busybox-mine echo works; test -L /bin || echo real")).stdout == (
        b"tool\nworks\nreal\n"
    )


async def test_preparing_again_changes_nothing(place: Place, debian: ImageTree) -> None:
    await place.sh(place.sessions[0], "echo kept > /root/before")
    again = await storage.prepare_sandbox(place.site, debian)
    assert again == place.shared
    assert (await place.sh(place.sessions[0], "cat /root/before")).stdout == b"kept\n"


async def test_a_half_made_sandbox_is_finished(
    engine: Engine, instance: str, make_place: MakePlace, busybox: ImageTree
) -> None:
    place = await make_place(busybox)
    volumes = await engine.volumes({INSTANCE: instance, SANDBOX: place.slug})
    for volume in [volume for volume in volumes if volume.labels[KIND] == "shared"][::2]:
        await engine.remove_volume(volume.name)
    place.shared = await storage.prepare_sandbox(place.site, busybox)
    assert (await place.sh(await place.session("host"), "echo works > /root/a; cat /root/a")).stdout == b"works\n"


async def test_deleting_leaves_nothing(
    engine: Engine, instance: str, make_place: MakePlace, busybox: ImageTree
) -> None:
    place = await make_place(busybox)
    await place.sh(await place.session("host"), "echo x > /usr/a")
    await place.session("eve", read_only=True)
    names = {network.name for network in await engine.networks({INSTANCE: instance, SANDBOX: place.slug})}
    assert names == {place.site.base, f"{place.site.base}.readers"}
    await place.remove()
    await storage.remove_sandbox(place.site)
    wanted = {INSTANCE: instance, SANDBOX: place.slug}
    assert not await engine.containers(wanted)
    assert not await engine.volumes(wanted)
    assert not await engine.networks(wanted)


async def test_the_helper_of_someone_who_was_killed_does_not_keep_the_files(
    engine: Engine, instance: str, make_place: MakePlace, busybox: ImageTree
) -> None:
    place = await make_place(busybox)
    assert isinstance(engine, DockerEngine)
    [data] = await engine.volumes(labels_of(instance, "data", sandbox=place.slug))
    await engine._helper(data.name).__aenter__()  # and nobody lives to leave it
    await storage.remove_sandbox(place.site)
    assert not await engine.volumes({INSTANCE: instance, SANDBOX: place.slug})
    assert not await engine.containers({INSTANCE: instance, SANDBOX: place.slug})


async def test_files_in_use_are_not_deleted(engine: Engine, make_place: MakePlace, busybox: ImageTree) -> None:
    place = await make_place(busybox)
    host = await place.session("host")
    with pytest.raises(Conflict):
        await storage.remove_sandbox(place.site)
    assert (await place.sh(host, "echo still > /root/a; cat /root/a")).stdout == b"still\n"


async def test_a_sandbox_stays_on_the_image_it_was_made_on(
    engine: Engine, instance: str, make_place: MakePlace, busybox: ImageTree, debian: ImageTree
) -> None:
    place = await make_place(busybox)
    again = await storage.prepare_sandbox(place.site, debian)
    assert again.tree == busybox


async def test_a_tree_is_filled_once_also_when_many_ask(engine: Engine, instance: str, images: dict[str, str]) -> None:
    image = await engine.image(images["busybox"])
    trees = await asyncio.gather(*(storage.prepare_image_tree(engine, image, owner=instance) for _ in range(5)))
    assert len({tree.volume for tree in trees}) == 1
    assert len(await engine.volumes(labels_of(instance, "tree", image=image.id))) == 1
    assert len(await engine.images(labels_of(instance, "tree", tree=trees[0].volume))) == 1


async def test_a_fill_that_was_interrupted_does_not_count(
    engine: Engine, instance: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    labels = labels_of(instance, "tree", image="interrupted")
    fills: list[str] = []

    async def fill(volume: str) -> dict[str, bytes]:
        fills.append(volume)
        if len(fills) == 1:
            raise EngineAway("the engine is gone in the middle")
        return {MANIFEST: b"{}"}

    monkeypatch.setattr(engine, "remove_volume", _cannot)
    with pytest.raises(EngineAway):
        await filled.filled_volume(engine, f"sandlot-{instance}.tree-x", labels, fill)
    monkeypatch.undo()
    done = await filled.filled_volume(engine, f"sandlot-{instance}.tree-x", labels, fill)
    assert done.volume.name == fills[1] != fills[0]
    assert (await filled.filled_volume(engine, f"sandlot-{instance}.tree-x", labels, fill)).volume == done.volume


async def _cannot(*_: object, **__: object) -> None:
    raise Conflict("the process was killed before it could tidy up")


async def test_a_skeleton_that_someone_tidied_up_comes_back(
    engine: Engine, instance: str, images: dict[str, str]
) -> None:
    image = await engine.image(images["busybox"])
    tree = await storage.prepare_image_tree(engine, image, owner=instance)
    await engine.remove_image(tree.skeleton)
    assert await storage.prepare_image_tree(engine, image, owner=instance) == tree
    assert (await engine.image(tree.skeleton)).tags == (tree.skeleton,)


async def test_no_two_sandboxes_have_a_name_in_common(engine: Engine, instance: str, busybox: ImageTree) -> None:
    """Joined by hyphens, the sandbox `part-name` of one instance and `name` of another were one."""
    first, second = Site(engine, instance, "part-name"), Site(engine, f"{instance}-part", "name")
    assert first.former_base == second.former_base
    try:
        shared = [await storage.prepare_sandbox(site, busybox) for site in (first, second)]
        networks = [await storage.ensure_network(site) for site in (first, second)]
        assert networks[0].id != networks[1].id
        assert not set(shared[0].folders) & set(shared[1].folders)
        assert await storage.data_folder(first) != await storage.data_folder(second)
    finally:
        for site in (first, second):
            await storage.remove_networks(site)
            await storage.remove_sandbox(site)


async def test_what_an_earlier_version_made_keeps_its_names_and_its_files(
    engine: Engine, make_place: MakePlace, busybox: ImageTree, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as before:
        before.setattr(Site, "base", Site.former_base)
        place = await make_place(busybox)
        await storage.ensure_readers_network(place.site)
        await place.sh(await place.session("host"), "echo kept > /root/note")
    former = {volume for _, volume in place.shared.folders}
    assert all(name.startswith(f"{place.site.former_base}.") for name in former)
    shared = await storage.prepare_sandbox(place.site, busybox)
    assert {volume for _, volume in shared.folders} == former
    assert shared.networks == (place.site.former_base, f"{place.site.former_base}.readers")
    assert (await storage.ensure_network(place.site)).name == place.site.former_base
    await place.stop()
    place.shared = shared
    assert (await place.sh(await place.session("again"), "cat /root/note")).stdout == b"kept\n"
    await place.session("eve", read_only=True)
    await place.remove()
    assert not await engine.volumes(place.site.own)
    assert not await engine.networks(place.site.own)


async def test_a_network_of_another_instance_is_not_taken_over(engine: Engine, instance: str) -> None:
    await storage.ensure_network(Site(engine, instance, "theirs"))
    spec = NetworkSpec(Site(engine, instance, "theirs").base, labels_of(f"{instance}-other", "network"))
    with pytest.raises(NameTaken):
        await engine.ensure_network(spec)
    await storage.remove_networks(Site(engine, instance, "theirs"))


async def test_the_network_of_the_readers_is_made_once_and_is_nobody_elses(engine: Engine, instance: str) -> None:
    """Many read sessions start at once; a sandbox whose name begins like another one's keeps what is its own."""
    made = await asyncio.gather(*(storage.ensure_readers_network(Site(engine, instance, "twin")) for _ in range(4)))
    other = await storage.ensure_readers_network(Site(engine, instance, "twin-2"))
    assert len({network.id for network in made}) == 1
    await storage.remove_networks(Site(engine, instance, "twin"))
    assert await engine.networks({INSTANCE: instance, SANDBOX: "twin"}) == []
    assert await engine.networks({INSTANCE: instance, SANDBOX: "twin-2"}) == [other]
    await storage.remove_networks(Site(engine, instance, "twin-2"))
