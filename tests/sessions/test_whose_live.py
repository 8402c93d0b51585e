"""Nobody's container is ever touched for another sandbox: names are unambiguous, and every act asks whose it is."""

from __future__ import annotations

import pytest

from tests.live import LiveServer, Person, docker, eventually
from tests.viewer import Viewer

pytestmark = [pytest.mark.engine, pytest.mark.xdist_group("lifecycle")]

INSPECT = ("inspect", "-f", "{{.Id}}")


@pytest.fixture
def ada(server: LiveServer) -> Person:
    if not server.processes:
        server.start()
    return server.person()


def create_session(person: Person, slug: str, name: str) -> None:
    fields = {"name": name, "permission": "write", "env-TOTAL_FORMS": "0", "env-INITIAL_FORMS": "0"}
    assert "is being started" in person.post(f"/sandboxes/{slug}/new-session/", **fields).text
    person.server.wait_for(
        "SELECT s.* FROM sandbox_sessions_session s JOIN sandboxes_sandbox b ON s.sandbox_id = b.id"
        " WHERE b.slug = ? AND s.name = ? AND s.state = 'running'",
        slug,
        name,
    )


def terminal_in(person: Person, slug: str, session: str) -> str:
    answer = person.post(f"/sandboxes/{slug}/sessions/{session}/terminals/")
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


def container(server: LiveServer, slug: str, session: str) -> str:
    return f"sandlot-{server.instance}.{slug}.{session}"


@pytest.mark.parametrize("is_other_team", [False, True])
async def test_a_session_is_not_replaced_by_one_whose_name_reads_the_same(
    server: LiveServer, ada: Person, is_other_team: bool
) -> None:
    longer, shorter = ("t-deb", "t") if is_other_team else ("f-deb", "f")
    other = server.add_person("zoe@example.com", "owner", "Other") if is_other_team else ada
    ada.running_sandbox(longer, "busybox")
    create_session(ada, longer, "guest")
    async with Viewer(server.origin, ada.cookie, terminal_in(ada, longer, "guest")) as guest:
        await guest.sees("# ")
        await guest.run("echo mine > ~/.private/note; sleep 1000 & true")
        other.running_sandbox(shorter, "busybox")
        create_session(other, shorter, "deb-guest")
        async with Viewer(server.origin, other.cookie, terminal_in(other, shorter, "deb-guest")) as theirs:
            await theirs.sees("# ")
            assert "mine" not in await theirs.run("cat ~/.private/note")
        said = await guest.run("cat ~/.private/note; kill -0 $! && echo alive")
        assert said.split()[-2:] == ["mine", "alive"]
    for person, slug in ((ada, longer), (other, shorter)):
        assert server.row("SELECT state FROM sandboxes_sandbox WHERE slug = ?", slug)["state"] == "running"
        person.delete_sandbox(slug)


async def test_containers_with_the_names_of_earlier_versions_get_todays_and_keep_their_shells(
    server: LiveServer, ada: Person
) -> None:
    ada.running_sandbox("of-before", "busybox")
    names = [container(server, "of-before", session) for session in ("pitcher-host", "alice")]
    async with Viewer(server.origin, ada.cookie, ada.open_terminal("of-before")) as viewer:
        await viewer.sees("# ")
        await viewer.run("kept=yes; echo mine > ~/.private/note")
        ids = docker(*INSPECT, *names)
        server.kill()
        for name, session in zip(names, ("pitcher-host", "alice"), strict=True):
            docker("rename", name, f"sandlot-{server.instance}-of-before-{session}")
    terminal_id = viewer.terminal_id
    server.start()
    ada = server.person()
    eventually(lambda: set(names) <= set(docker("ps", "--format", "{{.Names}}")) or None, "they have today's names")
    assert docker(*INSPECT, *names) == ids
    server.wait_for_state("of-before", "running")
    async with Viewer(server.origin, ada.cookie, terminal_id) as viewer:
        await viewer.sees("# ")
        assert (await viewer.run("echo $kept; cat ~/.private/note")).split() == ["yes", "mine"]
    ada.delete_sandbox("of-before")


def test_a_foreign_container_with_our_name_is_not_touched_and_the_person_reads_what_to_do(
    server: LiveServer, ada: Person
) -> None:
    ada.running_sandbox("squatted", "busybox")
    ada.post("/sandboxes/squatted/stop/")
    server.wait_for_state("squatted", "stopped")
    image = server.row("SELECT image FROM sandboxes_template WHERE slug = 'busybox'")["image"]
    name = container(server, "squatted", "pitcher-host")
    mine = f"sandlot.instance={server.instance}-foreign"
    (foreign,) = docker("run", "-d", "--name", name, "--label", mine, image, "/bin/sleep", "1000")
    try:
        ada.post("/sandboxes/squatted/start/")
        reason = server.wait_for_state("squatted", "failed")["reason"]
        assert name in reason
        assert "not touched" in reason
        assert "rename or remove it" in reason
        assert docker("inspect", "-f", "{{.Id}} {{.State.Running}}", name) == [foreign, "true"]
    finally:
        docker("rm", "-f", foreign)
    ada.post("/sandboxes/squatted/retry/")
    server.wait_for_state("squatted", "running")
    ada.delete_sandbox("squatted")
