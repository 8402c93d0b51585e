"""A template may name a runtime of the engine: its sandboxes run on it, and are what they are on any other.

`crun` is another program for the same kernel; `runsc` (gVisor) is a kernel of its own.
What a template is told whose runtime is missing stands in test_lifecycle_live.py.
"""

from __future__ import annotations

import shlex
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from engine.images.holder import holder_reference
from tests.engine.second_engine import second_engine
from tests.live import LiveServer, Person, docker
from tests.viewer import Viewer

pytestmark = [pytest.mark.engine, pytest.mark.xdist_group("runtimes")]

# The sessions of a sandbox have one network in common: gVisor must not put one of its own into each.
ARGUMENTS = {"crun": [], "runsc": ["--network=host"]}
TEMPLATE = "from sandboxes.models import *;Template.objects.create(slug={0!r},title={0!r},image={1!r},runtime={0!r})"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where each runtime is a script that writes down what it is asked for, and then is the real one."""
    folder = tmp_path_factory.mktemp("runtimes")
    for name in ARGUMENTS:
        log = shlex.quote(str(folder / f"{name}.log"))
        (folder / name).write_text(f'#!/bin/sh\necho "$@" >> {log}\nexec {name} "$@"\n')
        (folder / name).chmod(0o755)
    return folder


@pytest.fixture(scope="module")
def owner(images: dict[str, str], folder: Path) -> Iterator[Person]:
    """The team's owner on a server for an engine with these runtimes, and a template for each."""
    runtimes = {name: {"path": str(folder / name), "runtimeArgs": args} for name, args in ARGUMENTS.items()}
    wanted = [images["busybox"], holder_reference()]
    with second_engine({"runtimes": runtimes}, *wanted) as address, pytest.MonkeyPatch.context() as patch:
        patch.setenv("DOCKER_HOST", address)
        server = LiveServer()
        try:
            server.manage("migrate", "--verbosity=0")
            server.manage("collectstatic", "--verbosity=0", "--no-input")
            for name in ARGUMENTS:
                server.manage("shell", "-c", TEMPLATE.format(name, images["busybox"]))
            server.start()
            yield server.person()
        finally:
            server.close()


@asynccontextmanager
async def terminal(person: Person, slug: str, session: str) -> AsyncIterator[Viewer]:
    """A new terminal in a session, at its prompt."""
    answer = person.post(f"/sandboxes/{slug}/sessions/{session}/terminals/")
    assert answer.status_code == 201, answer.text
    # Wide from the start: a shell breaks what is typed at the edge of the size that it knows.
    viewer = await Viewer(person.server.origin, person.cookie, answer.json()["id"]).open(cols=400, rows=50)
    await viewer.sees("# ")
    yield viewer
    await viewer.close()


def create_session(person: Person, slug: str, name: str, permission: str = "write") -> None:
    wish = {"name": name, "permission": permission, "env-TOTAL_FORMS": "0", "env-INITIAL_FORMS": "0"}
    assert "is being started" in person.post(f"/sandboxes/{slug}/new-session/", **wish).text
    wait_for(person, slug, name)


def wait_for(person: Person, slug: str, session: str) -> None:
    person.server.wait_for(
        "SELECT s.* FROM sandbox_sessions_session s JOIN sandboxes_sandbox b ON s.sandbox_id = b.id WHERE b.slug = ?"
        " AND s.name = ? AND s.state = 'running' AND b.state = 'running' AND b.boot = b.boot_reached",
        slug,
        session,
    )


def started_by(folder: Path, person: Person, slug: str, session: str) -> list[str]:
    """Return the runtimes that were asked to create a session's container."""
    (container,) = docker("inspect", "-f", "{{.Id}}", f"sandlot-{person.server.instance}.{slug}.{session}")
    logs = {name: (folder / f"{name}.log") for name in ARGUMENTS}
    lines = {name: log.read_text().splitlines() if log.exists() else [] for name, log in logs.items()}
    return [name for name, said in lines.items() if any(container in line and " create " in line for line in said)]


@pytest.mark.timeout(300)
@pytest.mark.parametrize("runtime", ARGUMENTS)
async def test_a_sandbox_runs_on_the_runtime_of_its_template(owner: Person, folder: Path, runtime: str) -> None:
    slug = owner.running_sandbox(f"on-{runtime}", runtime)
    for name, permission in (("ada", "write"), ("eve", "read")):
        create_session(owner, slug, name, permission)
    sessions = ["pitcher-host", "ada", "eve"]
    assert [started_by(folder, owner, slug, session) for session in sessions] == [[runtime]] * 3

    await they_are_root_and_share_all_but_the_private_folder(owner, slug)

    owner.post(f"/sandboxes/{slug}/stop/")
    owner.server.wait_for_state(slug, "stopped")
    assert docker("ps", "-aq", "--filter", f"label=sandlot.sandbox={slug}") == []
    owner.post(f"/sandboxes/{slug}/start/")
    await the_files_are_back_and_the_private_folder_is_empty(owner, slug)
    owner.post(f"/sandboxes/{slug}/restart/")
    await the_files_are_back_and_the_private_folder_is_empty(owner, slug)
    assert [started_by(folder, owner, slug, session) for session in sessions] == [[runtime]] * 3


async def they_are_root_and_share_all_but_the_private_folder(owner: Person, slug: str) -> None:
    async with terminal(owner, slug, "ada") as ada, terminal(owner, slug, "pitcher-host") as other:
        assert (await ada.run("whoami; pwd")).split() == ["root", "/project/workspace"]
        await ada.run("echo kept | tee note ~/note /data/note; echo mine > ~/.private/note")
        assert (await other.run("cat note ~/note /data/note; ls ~/.private")).split() == ["kept"] * 3 + ["git"]
        assert "mine" not in await other.run("rm -rf ~/.private; cat ~/.private/note")
        assert (await ada.run("cat ~/.private/note")).strip() == "mine"
        # One network: what listens on one's localhost answers on the other's.
        await ada.type("echo served | nc -l -p 3000 &\r")
        assert "served" in await other.run("until nc 127.0.0.1 3000; do :; done")
    async with terminal(owner, slug, "eve") as eve:
        said = await eve.run("whoami; cat note; touch ~/.private/fine && echo fine")
        assert said.split() == ["root", "kept", "fine"]
        assert "Read-only file system" in await eve.run("touch /data/changed")


async def the_files_are_back_and_the_private_folder_is_empty(owner: Person, slug: str) -> None:
    for session in ("pitcher-host", "ada", "eve"):
        wait_for(owner, slug, session)
        async with terminal(owner, slug, session) as viewer:
            assert (await viewer.run("cat note ~/note /data/note; ls ~/.private")).split() == ["kept"] * 3 + ["git"]
