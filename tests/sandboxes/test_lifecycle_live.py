"""The life of sandboxes on the real engine: created, stopped, started, restarted, deleted, killed in the middle."""

from __future__ import annotations

import subprocess
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.live import LiveServer, Person, docker, eventually
from tests.viewer import Refusal, Viewer

pytestmark = [pytest.mark.engine, pytest.mark.xdist_group("lifecycle")]


@pytest.fixture
def ada(server: LiveServer) -> Person:
    if not server.processes:
        server.start()
    return server.person()


def ours(server: LiveServer, slug: str, *kinds: str) -> dict[str, list[str]]:
    """Return the names of what the engine has of one sandbox: containers, networks, volumes."""
    mine = ["--filter", f"label=sandlot.instance={server.instance}", "--filter", f"label=sandlot.sandbox={slug}"]
    return {
        "containers": docker("ps", "-a", "--format", "{{.Names}}", *mine),
        "networks": docker("network", "ls", "--format", "{{.Name}}", *mine),
        "volumes": docker("volume", "ls", "--format", "{{.Name}}", *mine),
    }


def gone(server: LiveServer, slug: str) -> bool:
    return not server.rows("SELECT * FROM sandboxes_sandbox WHERE slug = ?", slug)


def wait_until_gone(server: LiveServer, slug: str, within_s: float = 60) -> None:
    """Wait until nothing knows of it any more; a failure says how far it came."""
    try:
        eventually(lambda: gone(server, slug), f"{slug} is gone", within_s)
    except AssertionError as error:
        row = server.row("SELECT desired, state, reason, trashed_at FROM sandboxes_sandbox WHERE slug = ?", slug)
        steps = server.rows(
            "SELECT p.* FROM sandboxes_step p JOIN sandboxes_sandbox s ON s.id = p.sandbox_id WHERE s.slug = ?", slug
        )
        raise AssertionError(f"{error}: {row}; {steps}; {server.said()[-2000:]}") from None


async def said(person: Person, slug: str, command: str) -> str:
    """What a command prints in a new terminal of the person's session."""
    async with Viewer(person.server.origin, person.cookie, person.open_terminal(slug)) as viewer:
        await viewer.sees("# ")
        return (await viewer.run(command)).strip()


async def test_files_outlive_a_stop_and_a_restart(server: LiveServer, ada: Person) -> None:
    ada.running_sandbox("keeps-files")
    await said(ada, "keeps-files", "echo one > note; echo two > ~/note; echo three > /usr/local/note; touch .private/x")
    ada.post("/sandboxes/keeps-files/stop/")
    server.wait_for_state("keeps-files", "stopped")
    assert ours(server, "keeps-files")["containers"] == []
    ada.post("/sandboxes/keeps-files/start/")
    server.wait_for_state("keeps-files", "running")
    told = await said(ada, "keeps-files", "cat note ~/note /usr/local/note; ls ~/.private")
    # Its private folder begins anew, with git's settings in it.
    assert told.split() == ["one", "two", "three", "git"]
    before = server.row("SELECT * FROM sandboxes_sandbox WHERE slug = 'keeps-files'")
    ada.post("/sandboxes/keeps-files/restart/")
    server.wait_for(
        "SELECT * FROM sandboxes_sandbox WHERE slug = 'keeps-files' AND state = 'running' AND boot_reached > ?",
        before["boot_reached"],
    )
    assert (await said(ada, "keeps-files", "cat note")) == "one"


def test_delete_leaves_nothing(server: LiveServer, ada: Person) -> None:
    ada.running_sandbox("short-lived")
    assert all(ours(server, "short-lived").values())
    ada.delete_sandbox("short-lived")
    wait_until_gone(server, "short-lived")
    assert not any(ours(server, "short-lived").values())


async def test_the_trash_keeps_files_and_restores_them(server: LiveServer, ada: Person) -> None:
    """Put into the trash and killed at once; restored; thrown away again and left there until its time is over."""
    ada.running_sandbox("thrown", "busybox")
    await said(ada, "thrown", "echo kept > note")
    ada.post("/sandboxes/thrown/delete/", name="thrown")
    server.kill()
    server.start()
    ada = server.person()
    server.wait_for_state("thrown", "stopped")
    assert ada.get("/sandboxes/thrown/").status_code == 404
    left = ours(server, "thrown")
    assert left["volumes"]
    assert not left["containers"]
    ada.post("/sandboxes/thrown/start/")
    ada.post("/sandboxes/thrown/restore/")
    ada.post("/sandboxes/thrown/start/")
    server.wait_for_state("thrown", "running")
    assert await said(ada, "thrown", "cat note") == "kept"
    ada.post("/sandboxes/thrown/delete/", name="thrown")
    server.wait_for_state("thrown", "stopped")
    server.manage("shell", "-c", "from sandboxes.models import *; from django.utils import timezone;"
                  "Sandbox.objects.filter(slug='thrown').update(trashed_at=timezone.now() - TRASH_KEPT)")  # fmt: skip
    wait_until_gone(server, "thrown")
    assert not any(ours(server, "thrown").values())


def test_a_step_log_tells_what_was_done_and_how_long_it_took(server: LiveServer, ada: Person) -> None:
    ada.running_sandbox("logged")
    steps = server.rows(
        "SELECT p.* FROM sandboxes_step p JOIN sandboxes_sandbox s ON s.id = p.sandbox_id WHERE s.slug = 'logged'"
    )
    assert len(steps) >= 4
    assert {step["outcome"] for step in steps} == {"done"}
    assert all(step["finished_at"] >= step["started_at"] for step in steps)
    # The page shows what went on last wherever there is no terminal to show.
    ada.post("/sandboxes/logged/stop/")
    server.wait_for_state("logged", "stopped")
    assert "Stop the sessions" in ada.get("/sandboxes/logged/status/").text


@pytest.mark.timeout(400)
def test_20_at_once_all_come_up(server: LiveServer, ada: Person) -> None:
    slugs = [f"crowd-{number}" for number in range(20)]
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda slug: server.person().create_sandbox(slug, "busybox"), slugs))
    for slug in slugs:
        server.wait_for_state(slug, "running", within_s=120)
    for slug in slugs:
        ada.delete_sandbox(slug)
    for slug in slugs:
        wait_until_gone(server, slug, 120)


@pytest.mark.timeout(600)
@pytest.mark.parametrize("wish", ["create", "stop", "start", "restart", "pause", "delete"])
def test_killed_at_every_step_it_goes_on(server: LiveServer, ada: Person, wish: str) -> None:
    """kill -9 as soon as the n-th step has begun, for every n there is; the next start finishes the work."""
    rounds = 0
    for nth in range(1, 12):  # more steps than any operation has
        slug = f"killed-{wish}-{nth}"
        if wish == "create":
            ada.create_sandbox(slug, "busybox")
        else:
            ada.running_sandbox(slug, "busybox")
            if wish == "start":
                ada.post(f"/sandboxes/{slug}/stop/")
                server.wait_for_state(slug, "stopped")
            if wish == "delete":
                ada.delete_sandbox(slug)
            else:
                ada.post(f"/sandboxes/{slug}/{wish}/")
        killed = killed_in_step(server, slug, wish, nth)
        if not server.processes:
            server.start()
            ada = server.person()
        check_finished(server, slug, wish)
        if wish != "delete":
            ada.delete_sandbox(slug)
            wait_until_gone(server, slug)
        assert not any(ours(server, slug).values())
        if not killed:
            break
        rounds += 1
    assert rounds >= 1


def killed_in_step(server: LiveServer, slug: str, operation: str, nth: int) -> bool:
    """Kill the server once the n-th step of an operation has begun; False when the work ended before."""

    def begun() -> str:
        steps = server.rows(
            "SELECT p.* FROM sandboxes_step p JOIN sandboxes_sandbox s ON s.id = p.sandbox_id"
            " WHERE s.slug = ? AND p.operation = ?",
            slug,
            operation,
        )
        if len(steps) >= nth:
            return "step"
        row = server.row("SELECT * FROM sandboxes_sandbox WHERE slug = ?", slug)
        assert row.get("state") != "failed", row
        over = not row or (row["state"] == row["desired"] and row["boot"] == row["boot_reached"] and steps)
        return "over" if over and all(step["finished_at"] for step in steps) else ""

    if eventually(begun, f"step {nth} of {operation}", within_s=60) == "over":
        return False
    server.kill()
    return True


def check_finished(server: LiveServer, slug: str, wish: str) -> None:
    if wish == "delete":
        wait_until_gone(server, slug)
        return
    server.wait_for_state(slug, {"stop": "stopped", "pause": "paused"}.get(wish, "running"))
    left_open = "SELECT * FROM sandboxes_step p JOIN sandboxes_sandbox s ON s.id = p.sandbox_id WHERE s.slug = ?"
    eventually(lambda: all(step["finished_at"] for step in server.rows(left_open, slug)), "no step is left open")


async def test_a_paused_sandbox_stands_still_and_goes_on_with_the_same_shell(server: LiveServer, ada: Person) -> None:
    ada.running_sandbox("stands-still")
    async with Viewer(server.origin, ada.cookie, ada.open_terminal("stands-still")) as viewer:
        await viewer.sees("# ")
        await viewer.run("kept=yes; echo mine > ~/.private/note; (while :; do echo x >> ~/ticks; sleep 0.05; done) & :")
        ada.post("/sandboxes/stands-still/pause/")
        refusal = await viewer.refused()
        assert (refusal.code, "paused" in refusal.text) == (1012, True)
    server.wait_for_state("stands-still", "paused")
    assert states_of(server, "stands-still") == {"paused"}
    assert "Resume" in ada.get("/sandboxes/stands-still/").text
    assert ada.post("/sandboxes/stands-still/terminals/").status_code == 409
    with pytest.raises(Refusal, match="paused"):
        await Viewer(server.origin, ada.cookie, viewer.terminal_id).open()
    ada.post("/sandboxes/stands-still/resume/")
    server.wait_for_state("stands-still", "running")
    async with Viewer(server.origin, ada.cookie, viewer.terminal_id) as viewer:
        assert (await viewer.run("echo $kept; cat ~/.private/note; kill %1")).split()[:2] == ["yes", "mine"]


@pytest.mark.parametrize("wish", ["stop", "restart", "delete"])
def test_a_paused_sandbox_can_be_stopped_restarted_and_deleted(server: LiveServer, ada: Person, wish: str) -> None:
    slug = f"paused-{wish}"
    ada.running_sandbox(slug, "busybox")
    ada.post(f"/sandboxes/{slug}/pause/")
    server.wait_for_state(slug, "paused")
    if wish == "delete":
        ada.delete_sandbox(slug)
        wait_until_gone(server, slug)
        return
    ada.post(f"/sandboxes/{slug}/{wish}/")
    server.wait_for_state(slug, "stopped" if wish == "stop" else "running")
    wanted = set() if wish == "stop" else {"running"}
    # The other sessions come after it.
    eventually(lambda: states_of(server, slug) == wanted, "every container is as wanted")


def test_what_ends_while_it_is_paused_is_stopped_and_says_so(server: LiveServer, ada: Person) -> None:
    ada.running_sandbox("ends-paused", "busybox")
    ada.post("/sandboxes/ends-paused/pause/")
    server.wait_for_state("ends-paused", "paused")
    docker("rm", "-f", f"sandlot-{server.instance}.ends-paused.pitcher-host")
    row = server.wait_for_state("ends-paused", "stopped")
    assert "ended while it was paused" in row["reason"]
    ada.post("/sandboxes/ends-paused/start/")
    server.wait_for_state("ends-paused", "running")


def test_what_someone_wakes_on_the_engine_stands_still_again(server: LiveServer, ada: Person) -> None:
    ada.running_sandbox("woken", "busybox")
    ada.post("/sandboxes/woken/pause/")
    server.wait_for_state("woken", "paused")
    docker("unpause", f"sandlot-{server.instance}.woken.pitcher-host")
    eventually(lambda: states_of(server, "woken") == {"paused"}, "it stands still again")


def states_of(server: LiveServer, slug: str) -> set[str]:
    """Return in which states of the engine a sandbox's containers are."""
    mine = ["--filter", f"label=sandlot.instance={server.instance}", "--filter", f"label=sandlot.sandbox={slug}"]
    return set(docker("ps", "-a", "--format", "{{.State}}", *mine))


async def test_a_session_container_that_dies_comes_back(server: LiveServer, ada: Person) -> None:
    ada.running_sandbox("dies")
    async with Viewer(server.origin, ada.cookie, ada.open_terminal("dies")) as viewer:
        await viewer.sees("# ")
        docker("kill", f"sandlot-{server.instance}.dies.alice")
        assert (await viewer.refused()).code == 1012
    row = server.wait_for(
        "SELECT * FROM sandbox_sessions_terminal WHERE id = ? AND ended_at IS NOT NULL",
        viewer.terminal_id.replace("-", ""),
    )
    assert "137" in row["end_reason"]
    assert await said(ada, "dies", "echo back") == "back"


async def test_a_host_session_that_dies_takes_all_along_and_all_come_back(server: LiveServer, ada: Person) -> None:
    ada.running_sandbox("host-dies")
    assert await said(ada, "host-dies", "echo here") == "here"
    running = ["ps", "-q", "--no-trunc", "--filter", f"name=^sandlot-{server.instance}.host-dies.alice$"]
    before = docker(*running)
    assert before
    docker("kill", f"sandlot-{server.instance}.host-dies.pitcher-host")

    def replaced() -> bool:
        # One question: between a list and an inspection the container may be on its way out.
        return docker(*running) not in ([], before)

    eventually(replaced, "the session was replaced", 40)
    server.wait_for_state("host-dies", "running")
    assert await said(ada, "host-dies", "echo back") == "back"


def test_an_orphan_is_quarantined_before_it_is_removed(server: LiveServer, ada: Person) -> None:
    """A container with our label that no row knows stays for a minute: it may be one that is just being made."""
    image = server.row("SELECT image FROM sandboxes_template WHERE slug = 'busybox'")["image"]
    labels = [f"sandlot.instance={server.instance}", "sandlot.kind=session", "sandlot.sandbox=nobody"]
    name = f"sandlot-{server.instance}-nobody-orphan"
    flags = [part for label in labels for part in ("--label", label)]
    docker("run", "-d", "--name", name, *flags, image, "/bin/sleep", "1000")
    # A full look comes at once, because the engine tells of the start.
    ada.running_sandbox("after-orphan", "busybox")
    assert name in docker("ps", "--format", "{{.Names}}")


@pytest.mark.parametrize(("slug", "words"), [("", "required"), ("Bad Name", "lower-case"), ("-x", "lower-case")])
def test_a_bad_name_is_refused_with_the_rule(server: LiveServer, ada: Person, slug: str, words: str) -> None:
    answer = ada.post("/sandboxes/new/", slug=slug, template="debian")
    assert answer.status_code < 500
    assert words in answer.text
    assert gone(server, slug)


def test_a_taken_name_is_refused(server: LiveServer, ada: Person) -> None:
    ada.running_sandbox("taken", "busybox")
    answer = ada.post("/sandboxes/new/", slug="taken", template="busybox")
    assert answer.status_code == 200
    assert "already" in answer.text.lower() or "taken" in answer.text.lower()


@pytest.mark.parametrize(
    ("slug", "wrong", "said"),
    [
        ("no-image", {"image": "sandlot/never-built:1"}, ["never-built"]),
        ("no-runtime", {"runtime": "runsc-x"}, ["runsc-x", "does not have this runtime", "daemon.json", "template"]),
    ],
)
def test_a_template_that_asks_for_what_is_not_there_fails_with_the_reason_and_retry_helps(
    server: LiveServer, ada: Person, slug: str, wrong: dict[str, str], said: list[str]
) -> None:
    right = {"image": server.row("SELECT image FROM sandboxes_template WHERE slug = 'busybox'")["image"], "runtime": ""}
    make = "from sandboxes.models import *;Template.objects.update_or_create(slug={!r},defaults=dict(title='T',**{!r}))"
    server.manage("shell", "-c", make.format(slug, right | wrong))
    ada.create_sandbox(slug, slug)
    reason, page = server.wait_for_state(slug, "failed")["reason"], ada.get(f"/sandboxes/{slug}/").text
    for words in said:
        assert words in reason
        assert words in page
    server.manage("shell", "-c", make.format(slug, right))
    ada.post(f"/sandboxes/{slug}/retry/")
    server.wait_for("SELECT * FROM sandboxes_sandbox WHERE slug = ? AND state = 'running'", slug)


def test_an_engine_that_is_away_is_a_banner_and_no_500(server: LiveServer) -> None:
    server.stop()
    server.start(SANDLOT_ENGINE_URL="unix:///nonexistent/docker.sock")
    try:
        ada = server.person()
        eventually(lambda: "engine" in ada.get("/").text.lower(), "the banner")
        ada.create_sandbox("patient", "busybox")
        for path in ("/", "/sandboxes/patient/", "/sandboxes/new/", "/admin/"):
            assert ada.get(path).status_code == 200, path
    finally:
        server.stop()
        server.start()
    server.wait_for_state("patient", "running")


def test_only_one_supervises(server: LiveServer, ada: Person) -> None:
    second = server.start("--only", "supervisor")
    try:
        ada.running_sandbox("one-boss", "busybox")
        owners = server.rows("SELECT * FROM sandboxes_lease")
        assert len(owners) == 1
        assert str(second.pid) not in owners[0]["owner"].split()
    finally:
        second.terminate()
        second.wait(10)
        server.processes.remove(second)


def test_the_other_template_has_another_layout(server: LiveServer, ada: Person) -> None:
    ada.running_sandbox("layout", "busybox")
    name = f"sandlot-{server.instance}.layout.pitcher-host"
    done = subprocess.run(["docker", "exec", name, "/bin/sh", "-c", "ls -d /data && test ! -L /bin"], check=False)
    assert done.returncode == 0
