"""The engine interface on a real engine: making, finding and removing, each fine when done twice."""

from __future__ import annotations

import asyncio
import ipaddress
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
import pytest_asyncio

from engine import (
    Conflict,
    ContainerSpec,
    Engine,
    EngineEvent,
    EngineRefused,
    EngineTimeout,
    ImageMissing,
    NameTaken,
    NetworkSpec,
    NotFound,
    Refusals,
    TmpfsMount,
    VolumeMount,
    VolumeSpec,
)
from engine.docker.networks import bridge_of
from engine.labels import INSTANCE, labels_of
from engine.storage.archives import archive_of
from tests.engine_fixtures import MIB

pytestmark = [pytest.mark.engine, pytest.mark.asyncio(loop_scope="session")]


@pytest.fixture
def name(instance: str, request: pytest.FixtureRequest) -> str:
    return f"sandlot-{instance}.{request.node.originalname.removeprefix('test_')}"


@pytest_asyncio.fixture(loop_scope="session")
async def spec(engine: Engine, instance: str, images: dict[str, str], name: str) -> AsyncIterator[ContainerSpec]:
    """A container that sleeps; removed after the test, if the test has made it."""
    labels = labels_of(instance, "session", session=name)
    yield ContainerSpec(name, images["busybox"], ("/bin/sleep", "1000"), labels, memory_bytes=64 * MIB, pids=20)
    await engine.remove_container(name)


async def test_the_engine_says_what_it_is(engine: Engine) -> None:
    await engine.ping()
    facts = await engine.facts()
    assert facts.cpus >= 1
    assert facts.memory_bytes > MIB
    assert "runc" in facts.runtimes
    assert tuple(int(part) for part in facts.api_version.split(".")) >= (1, 41)


async def test_the_life_of_a_container(engine: Engine, spec: ContainerSpec) -> None:
    created = await engine.create_container(spec)
    assert (created.state, created.exit_code) == ("created", None)
    assert created.labels.items() >= spec.labels.items()
    await engine.start_container(spec.name)
    await engine.start_container(spec.name)
    running = await engine.container(spec.name)
    assert running.is_running
    assert running.started_at is not None
    assert datetime.now(UTC) - running.started_at < timedelta(minutes=1)
    await engine.stop_container(spec.name, grace_s=0)
    await engine.stop_container(spec.name, grace_s=0)
    stopped = await engine.container(spec.name)
    assert (stopped.state, stopped.exit_code, stopped.oom_killed) == ("exited", 137, False)
    await engine.remove_container(spec.name)
    await engine.remove_container(spec.name)
    await engine.stop_container(spec.name)
    with pytest.raises(NotFound, match=spec.name):
        await engine.container(spec.name)


async def test_the_list_finds_by_all_labels(engine: Engine, spec: ContainerSpec, instance: str) -> None:
    await engine.create_container(spec)
    (found,) = await engine.containers(spec.labels)
    assert (found.name, found.state) == (spec.name, "created")
    assert found.labels.items() >= spec.labels.items()
    assert not await engine.containers({INSTANCE: instance, "sandlot.session": "another"})


async def test_the_list_knows_how_a_container_ended(engine: Engine, spec: ContainerSpec) -> None:
    await engine.create_container(spec)
    await engine.start_container(spec.name)
    await engine.stop_container(spec.name, grace_s=0)
    (found,) = await engine.containers(spec.labels)
    assert (found.state, found.exit_code) == ("exited", 137)


async def test_a_name_is_taken_once(engine: Engine, spec: ContainerSpec) -> None:
    await engine.create_container(spec)
    with pytest.raises(NameTaken):
        await engine.create_container(spec)


async def test_pausing_twice_and_continuing_twice_is_fine(engine: Engine, spec: ContainerSpec) -> None:
    await engine.create_container(spec)
    with pytest.raises(Conflict):
        await engine.pause_container(spec.name)
    await engine.start_container(spec.name)
    await engine.pause_container(spec.name)
    await engine.pause_container(spec.name)
    assert (await engine.container(spec.name)).state == "paused"
    await engine.unpause_container(spec.name)
    await engine.unpause_container(spec.name)
    assert (await engine.container(spec.name)).is_running


async def test_waiting_for_the_end(engine: Engine, spec: ContainerSpec) -> None:
    await engine.create_container(spec)
    await engine.start_container(spec.name)
    with pytest.raises(EngineTimeout, match="still running"):
        await engine.wait_exit(spec.name, deadline_s=0.2)
    waiting = asyncio.create_task(engine.wait_exit(spec.name, deadline_s=30))
    await engine.exec_run(spec.name, ["true"])
    await engine.stop_container(spec.name, grace_s=0)
    assert (await waiting).exit_code == 137


async def test_counters_of_a_running_container(engine: Engine, spec: ContainerSpec) -> None:
    await engine.create_container(spec)
    with pytest.raises(Conflict):
        await engine.stats(spec.name)
    await engine.start_container(spec.name)
    before = await engine.stats(spec.name)
    await engine.exec_run(spec.name, ["sh", "-c", "i=0; while [ $i -lt 20000 ]; do i=$((i+1)); done"])
    after = await engine.stats(spec.name)
    assert after.cpu_ns > before.cpu_ns
    assert 0 < after.memory_bytes < after.memory_limit_bytes == 64 * MIB
    assert after.pids == 1


async def test_refused_processes_are_counted_by_the_kernel(engine: Engine, spec: ContainerSpec) -> None:
    await engine.create_container(replace(spec, pids=8))
    assert await engine.refusals([await engine.container(spec.name)]) == {}
    await engine.start_container(spec.name)
    container = await engine.container(spec.name)
    assert await engine.refusals([container]) == {container.id: Refusals(count=0, limit=8)}
    await engine.exec_run(spec.name, ["sh", "-c", "for i in 1 2 3 4 5 6 7 8 9; do sleep 1 & done; wait"])
    after = (await engine.refusals([container]))[container.id]
    assert after.count > 0
    await engine.stop_container(spec.name, grace_s=0)
    assert await engine.refusals([container]) == {}


async def test_events_tell_what_happens_to_ours_only(engine: Engine, spec: ContainerSpec, instance: str) -> None:
    seen: list[EngineEvent] = []

    async def listen() -> None:
        async for event in engine.events(spec.labels):
            seen.append(event)
            if event.action == "destroy":
                return

    listening = asyncio.create_task(listen())
    while not seen:
        # Whether it listens yet shows only when it hears something.
        await engine.create_container(spec)
        await engine.remove_container(spec.name)
    await listening
    seen.clear()
    listening = asyncio.create_task(listen())
    await engine.create_container(spec)
    await engine.start_container(spec.name)
    await engine.stop_container(spec.name, grace_s=0)
    await engine.remove_container(spec.name)
    await asyncio.wait_for(listening, 10)
    assert [event.action for event in seen][-1] == "destroy"
    assert {event.container for event in seen} == {spec.name}
    died = next(event for event in seen if event.action == "die")
    assert (died.exit_code, died.labels["sandlot.instance"]) == (137, instance)


async def test_a_container_of_a_missing_image(engine: Engine, spec: ContainerSpec) -> None:
    with pytest.raises(ImageMissing):
        await engine.create_container(ContainerSpec(spec.name, "sandlot/none:none", ("x",), spec.labels))
    with pytest.raises(ImageMissing):
        await engine.image("sandlot/none:none")


async def test_volumes_are_made_found_and_removed(engine: Engine, instance: str, name: str) -> None:
    spec = VolumeSpec(name, labels_of(instance, "data", sandbox="volumes"))
    made = await engine.ensure_volume(spec)
    assert await engine.ensure_volume(spec) == made == await engine.volume(name)
    assert await engine.volumes(spec.labels) == [made]
    with pytest.raises(NameTaken):
        await engine.ensure_volume(VolumeSpec(name, labels_of(instance, "data", sandbox="other")))
    await engine.remove_volume(name)
    await engine.remove_volume(name)
    assert not await engine.volumes(spec.labels)
    with pytest.raises(NotFound):
        await engine.volume(name)


async def test_a_volume_in_use_stays(engine: Engine, spec: ContainerSpec, instance: str) -> None:
    volume = VolumeSpec(f"{spec.name}.volume", labels_of(instance, "data"))
    await engine.ensure_volume(volume)
    mounts = (VolumeMount(volume.name, "/data"), TmpfsMount("/tmp", MIB, 0o1777))
    await engine.create_container(ContainerSpec(spec.name, spec.image, spec.command, spec.labels, mounts=mounts))
    with pytest.raises(Conflict):
        await engine.remove_volume(volume.name)
    await engine.remove_container(spec.name)
    await engine.remove_volume(volume.name)


async def test_files_go_into_a_volume_and_come_back(engine: Engine, instance: str, name: str) -> None:
    await engine.ensure_volume(VolumeSpec(name, labels_of(instance, "data")))
    content = bytes(range(256)) * 5000
    await engine.put_archive(name, archive_of({"a": b"", "b": content}))
    assert await engine.read_file(name, "b", limit_bytes=len(content)) == content
    assert await engine.read_file(name, "a") == b""
    with pytest.raises(EngineRefused, match="1280000 bytes"):
        await engine.read_file(name, "b", limit_bytes=1000)
    with pytest.raises(NotFound):
        await engine.read_file(name, "c")
    await engine.remove_volume(name)
    with pytest.raises(NotFound):
        await engine.read_file(name, "b")
    with pytest.raises(NotFound):
        await engine.put_archive(name, archive_of({"a": b""}))
    assert not await engine.containers(labels_of(instance, "helper"))


async def test_networks_made_at_once_get_small_subnets_of_their_own(engine: Engine, instance: str, name: str) -> None:
    specs = [NetworkSpec(f"{name}.{number}", labels_of(instance, "network")) for number in range(8)]
    made = await asyncio.gather(*(engine.ensure_network(spec) for spec in specs))
    subnets = [ipaddress.ip_network(network.subnet or "") for network in made]
    assert not any(one.overlaps(other) for one in subnets for other in subnets if one is not other)
    assert {subnet.prefixlen for subnet in subnets} == {29}
    assert [network.bridge for network in made] == [bridge_of(spec.name) for spec in specs]
    assert await engine.ensure_network(specs[0]) == made[0]
    assert {network.name for network in await engine.networks(specs[0].labels)} >= {spec.name for spec in specs}
    for spec in specs:
        await engine.remove_network(spec.name)
    await engine.remove_network(specs[0].name)


@pytest.mark.parametrize(("room", "prefix"), [(5, 29), (6, 28), (61, 26), (62, 25)])
async def test_a_network_has_as_much_room_as_was_asked_for(
    engine: Engine, instance: str, name: str, room: int, prefix: int
) -> None:
    network = await engine.ensure_network(NetworkSpec(name, labels_of(instance, "network"), room=room))
    assert ipaddress.ip_network(network.subnet or "").prefixlen == prefix
    await engine.remove_network(name)


async def test_a_network_in_use_stays(engine: Engine, spec: ContainerSpec, instance: str) -> None:
    network = NetworkSpec(f"{spec.name}.network", labels_of(instance, "network"))
    await engine.ensure_network(network)
    await engine.create_container(ContainerSpec(spec.name, spec.image, spec.command, spec.labels, network=network.name))
    await engine.start_container(spec.name)
    with pytest.raises(Conflict):
        await engine.remove_network(network.name)
    await engine.remove_container(spec.name)
    await engine.remove_network(network.name)


async def test_a_bridge_has_a_name_that_fits() -> None:
    assert bridge_of("a") != bridge_of("b")
    assert len(bridge_of("a" * 200)) == 13
    assert bridge_of("a").startswith("sl-")
