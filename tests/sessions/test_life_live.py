"""The life of sessions on the real engine: a walk through everything that can happen to them, and how each one ends.

The walk is drawn anew each time. It says its seed and its steps when it fails: `LIFE_SEED=N pytest ...` walks it again.
A random walk, not hypothesis: a failure costs a minute of real containers, so there is no shrinking it.
"""

from __future__ import annotations

import asyncio
import base64
import json
import os
import random
import secrets
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest

from activity.refusals import Close
from sessions.brings.git import Git, private_files
from tests.live import PASSWORD, LiveServer, Person, docker, eventually
from tests.viewer import Viewer

pytestmark = [pytest.mark.engine, pytest.mark.xdist_group("life")]

STEPS = 25
SLUG = "walk"
GLOBAL = "pitcher-host"
NAMES = ["one", "two", "three"]
# What the supervisor may take for the containers of one sandbox when the machine is busy with other tests.
SETTLED_S = 60.0
# One more within two minutes, and the supervisor says that starting it again does not help.
KILLS_OF_GLOBAL = 2
# How long a socket may outlive its right, and a container beside what the engine itself takes for it.
ENDED_S = 2.0


@pytest.fixture(scope="module")
def owner(server: LiveServer) -> Person:
    owner = server.person()
    owner.running_sandbox(SLUG, "busybox")
    return owner


# --- what is there ----------------------------------------------------------------------------------------------------
SESSIONS = (
    "SELECT s.*, b.boot, b.boot_reached, b.state AS sandbox_state FROM sandbox_sessions_session s"
    " JOIN sandboxes_sandbox b ON s.sandbox_id = b.id WHERE b.slug = ?"
)


@dataclass(frozen=True)
class Found:
    """A session's container as the engine shows it."""

    id: str
    is_running: bool
    labels: dict[str, str]
    # The network's name, or "container:" and the id of the one that it joins.
    network: str
    # Path -> whether it can be written to, of all volumes.
    volumes: dict[str, bool]
    in_memory: set[str]


def containers(server: LiveServer, slug: str = SLUG) -> dict[str, Found]:
    """Return what the engine has of a sandbox, by the session's id. One that goes meanwhile is not there."""
    mine = [f"label=sandlot.instance={server.instance}", f"label=sandlot.sandbox={slug}", "label=sandlot.kind=session"]
    if not (ids := docker("ps", "-aq", *[part for label in mine for part in ("--filter", label)])):
        return {}
    done = subprocess.run(["docker", "inspect", *ids], capture_output=True, text=True, check=False)
    return {facts["Config"]["Labels"]["sandlot.session"]: found(facts) for facts in json.loads(done.stdout)}


def found(facts: dict[str, Any]) -> Found:
    return Found(
        id=facts["Id"],
        is_running=facts["State"]["Running"],
        labels=facts["Config"]["Labels"],
        network=facts["HostConfig"]["NetworkMode"],
        volumes={mount["Destination"]: mount["RW"] for mount in facts["Mounts"]},
        in_memory=set(facts["HostConfig"]["Tmpfs"]),
    )


def things(server: LiveServer, *kind: str) -> set[str]:
    mine = ["--filter", f"label=sandlot.instance={server.instance}", "--format", "{{.Name}}"]
    return set(docker(*kind, "ls", *mine))


def private_folder(container: str) -> dict[str, bytes]:
    """Return what is in a session's private folder, by path."""
    script = (
        'cd /root/.private && find . -type f | while read -r f; do echo "$f"; base64 "$f" | tr -d "\\n"; echo; done'
    )
    done = subprocess.run(["docker", "exec", container, "sh", "-c", script], capture_output=True, text=True, check=True)
    lines = done.stdout.splitlines()
    return {path.removeprefix("./"): base64.b64decode(text) for path, text in zip(lines[::2], lines[1::2], strict=True)}


# --- the walk ---------------------------------------------------------------------------------------------------------
@dataclass
class Wanted:
    """What was asked for, of one session."""

    permission: str = "write"
    git: Git = field(default_factory=Git)
    env: dict[str, str] = field(default_factory=dict)


@dataclass
class Opened:
    """A terminal that someone looked at: in which container its shell is."""

    terminal_id: str
    session: str
    container: str


class Walk:
    """Does things to one sandbox, remembers what was asked for, and compares."""

    def __init__(self, owner: Person, member: Person, draw: random.Random) -> None:
        self.owner, self.member, self.draw = owner, member, draw
        self.server = owner.server
        self.wanted: dict[str, Wanted] = {GLOBAL: Wanted()}
        self.is_running = True
        self.opened: list[Opened] = []
        self.steps: list[str] = []
        self.kills_of_global = 0
        self.volumes = things(self.server, "volume")
        self.networks = things(self.server, "network")
        self.actions: dict[Callable[[], Any], int] = {
            self.connect: 5,
            self.end: 4,
            self.restart: 1,
            self.stop_or_start: 1,
            self.change_git: 3,
            self.change_env: 2,
            self.kill: 3,
            self.change_role: 2,
            self.look: 4,
        }

    async def step(self) -> None:
        action = self.draw.choices(list(self.actions), weights=list(self.actions.values()))[0]
        self.steps.append(action.__name__)
        result = action()
        if asyncio.iscoroutine(result):
            await result

    def note(self, words: str) -> None:
        self.steps[-1] += f" {words}"

    def some(self, *, with_global: bool = True) -> str | None:
        names = [name for name in self.wanted if with_global or name != GLOBAL]
        name = self.draw.choice(names) if names else None
        self.note(str(name))
        return name

    # --- what can happen -----------------------------------------------------------------------------------------
    def connect(self) -> None:
        """Create a session, or connect to the one with this id, of which nothing changes."""
        name, permission = self.draw.choice(NAMES), self.draw.choice(["write", "read"])
        self.note(f"{name} {permission}")
        fields = {"name": name, "permission": permission, "env-TOTAL_FORMS": "0", "env-INITIAL_FORMS": "0"}
        said = self.owner.post(f"/sandboxes/{SLUG}/new-session/", **fields).text
        if name in self.wanted:
            assert "is there already" in said
        elif "is still being removed" in said:
            self.note("(too early)")
        else:
            assert "is being started" in said, said
            self.wanted[name] = Wanted(permission)

    def end(self) -> None:
        # The owner's own is left out: they are at the page all the time, and each visit makes a new one.
        if (name := self.some(with_global=False)) not in (None, "alice"):
            answer = self.owner.post(f"/sandboxes/{SLUG}/sessions/{name}/end/")
            assert "was ended" in answer.text
            del self.wanted[name]

    def restart(self) -> None:
        if self.is_running:
            assert self.owner.post(f"/sandboxes/{SLUG}/restart/").status_code == 200

    def stop_or_start(self) -> None:
        wish = "stop" if self.is_running else "start"
        self.note(wish)
        assert self.owner.post(f"/sandboxes/{SLUG}/{wish}/").status_code == 200
        self.is_running = not self.is_running

    def change_git(self) -> None:
        if name := self.some():
            wanted = self.wanted[name]
            token = secrets.token_hex(8) if self.draw.random() < 0.6 else ""
            wanted.git = Git(email=f"{secrets.token_hex(3)}@example.com", name=name, token=token)
            clear = {} if token or not self.has_token(name) else {"clear_git_token": "on"}
            self.configure(name, wanted.env, git_token=token, **clear)

    def has_token(self, name: str) -> bool:
        return bool(self.server.row(f"{SESSIONS} AND s.name = ?", SLUG, name)["git_token"])

    def change_env(self) -> None:
        if name := self.some():
            before = self.wanted[name].env
            self.wanted[name].env = {"WALKED": secrets.token_hex(4)}
            self.configure(name, before)

    def configure(self, name: str, before: dict[str, str], **fields: str) -> None:
        """Fill in the form of a session's settings with all that is wanted."""
        wanted = self.wanted[name]
        env = {"env-TOTAL_FORMS": str(len(wanted.env)), "env-INITIAL_FORMS": str(len(before))}
        for number, (variable, value) in enumerate(wanted.env.items()):
            env |= {f"env-{number}-{'known' if before else 'name'}": variable, f"env-{number}-value": value}
        wish = {"git_email": wanted.git.email, "git_name": wanted.git.name if wanted.git.email else ""} | env | fields
        answer = self.owner.post(f"/sandboxes/{SLUG}/sessions/{name}/settings/", **wish)
        assert "saved" in answer.text, answer.text

    def kill(self) -> None:
        """kill -9 of a session's first process, from outside."""
        # One whose container is still on its way has nothing to kill.
        self.settle()
        name = self.some(with_global=self.kills_of_global < KILLS_OF_GLOBAL)
        if name and self.is_running:
            self.kills_of_global += name == GLOBAL
            container = f"sandlot-{self.server.instance}.{SLUG}.{name}"
            subprocess.run(["docker", "kill", container], capture_output=True, check=False)

    def change_role(self) -> None:
        """Make the member a viewer or back: their own session follows."""
        role = "viewer" if self.wanted.get("walker", Wanted()).permission == "write" else "member"
        self.note(role)
        assert self.owner.post(f"{member_page(self.member)}/role/", role=role).status_code == 200
        if "walker" in self.wanted:
            self.wanted["walker"].permission = "write" if role == "member" else "read"

    async def look(self) -> None:
        """Open a terminal where one can be opened, and see who one is there."""
        self.settle()
        if not self.is_running or (name := self.some()) is None or name == "walker":
            return
        container = containers(self.server)[name].id
        answer = self.owner.post(f"/sandboxes/{SLUG}/sessions/{name}/terminals/")
        assert answer.status_code == 201, answer.text
        viewer = Viewer(self.server.origin, self.owner.cookie, answer.json()["id"])
        async with viewer:
            await viewer.sees("# ")
            said = await viewer.run("echo $SANDLOT_SESSION:$WALKED:$(whoami)")
        assert said.split()[-1] == f"{name}:{self.wanted[name].env.get('WALKED', '')}:root"
        self.opened.append(Opened(viewer.terminal_id, name, container))

    # --- what must hold ------------------------------------------------------------------------------------------
    def settle(self) -> None:
        """Wait until everything is as wanted, then look at all of it."""
        try:
            eventually(self.is_settled, "settled", SETTLED_S)
        except AssertionError as error:
            error.add_note(f"wanted: {self.wanted}\nrows: {self.server.rows(SESSIONS, SLUG)}")
            error.add_note(f"containers: {containers(self.server)}")
            raise
        self.check()

    def is_settled(self) -> bool:
        sandbox = self.server.row("SELECT * FROM sandboxes_sandbox WHERE slug = ?", SLUG)
        assert sandbox["state"] != "failed", sandbox
        state = "running" if self.is_running else "stopped"
        # One that was made while nothing ran waits for the start.
        states = {"running"} if self.is_running else {"stopped", "waiting"}
        rows = {row["name"]: row for row in self.server.rows(SESSIONS, SLUG)}
        return (
            (sandbox["state"], sandbox["boot"]) == (state, sandbox["boot_reached"])
            and rows.keys() == self.wanted.keys()
            and all(row["state"] in states and row["ended_at"] is None for row in rows.values())
            and (not self.is_running or all(row["private_reached"] == row["private_version"] for row in rows.values()))
            and self.is_in_step(rows)
        )

    def is_in_step(self, rows: dict[str, dict[str, Any]]) -> bool:
        """Whether the containers are those of the rows: what changed a moment ago still has the old ones."""
        there = containers(self.server)
        return there.keys() == (rows.keys() if self.is_running else set()) and all(
            container.is_running
            and container.labels["sandlot.permission"] == rows[name]["permission"]
            and container.labels["sandlot.boot"] == str(rows[name]["boot"])
            for name, container in there.items()
        )

    def check(self) -> None:
        rows = {row["name"]: row for row in self.server.rows(SESSIONS, SLUG)}
        there = containers(self.server)
        for name, container in there.items():
            self.check_container(name, container, rows[name])
            assert container.network == self.network_of(name, there)
        self.check_terminals(there)
        assert things(self.server, "volume") == self.volumes
        # Made for the first session that may only read, and kept.
        assert things(self.server, "network") - {f"{self.network}.readers"} == self.networks

    def check_container(self, name: str, container: Found, row: dict[str, Any]) -> None:
        wanted = self.wanted[name]
        assert row["permission"] == wanted.permission
        assert container.labels["sandlot.permission"] == wanted.permission
        assert container.labels["sandlot.boot"] == str(row["boot"])
        assert container.labels["sandlot.host"] == ("1" if name == GLOBAL else "0")
        writable = {path for path, can_write in container.volumes.items() if can_write}
        shared = container.volumes.keys() - {"/.sandlot"}
        assert {"/root", "/project", "/bin", "/data"} <= shared
        assert writable == (shared if wanted.permission == "write" else set())
        assert container.in_memory == {"/root/.private", "/tmp", "/run"}
        expected = {path: text for path, text in private_files(wanted.git, is_fresh=True).items() if text is not None}
        assert private_folder(container.id) == expected

    @property
    def network(self) -> str:
        return f"sandlot-{self.server.instance}.{SLUG}"

    def network_of(self, name: str, there: dict[str, Found]) -> str:
        """A change of permission has taken the session from one network into the other."""
        if self.wanted[name].permission == "read":
            return f"{self.network}.readers"
        return self.network if name == GLOBAL else f"container:{there[GLOBAL].id}"

    def check_terminals(self, there: dict[str, Found]) -> None:
        """A shell lives exactly as long as its container."""
        for opened in self.opened:
            row = self.server.row(
                "SELECT * FROM sandbox_sessions_terminal WHERE id = ?", opened.terminal_id.replace("-", "")
            )
            if opened.session in there and there[opened.session].id == opened.container:
                assert row["ended_at"] is None, (opened, row)
            else:
                assert not row or row["ended_at"], (opened, row)
        self.opened = [opened for opened in self.opened if opened.container in {c.id for c in there.values()}]


@pytest.mark.timeout(600)
async def test_whatever_happens_everything_is_as_it_was_asked_for(server: LiveServer, owner: Person) -> None:
    seed = int(os.environ.get("LIFE_SEED") or secrets.randbits(32))
    draw = random.Random(seed)
    member = server.add_person("walker@example.com")
    walk = Walk(owner, member, draw)
    member.get(f"/sandboxes/{SLUG}/")
    own = server.row(f"{SESSIONS} AND s.name NOT IN (?, 'alice')", SLUG, GLOBAL)["name"]
    assert own == "walker"
    walk.wanted |= {row["name"]: Wanted() for row in server.rows(SESSIONS, SLUG)}
    try:
        walk.settle()
        for _ in range(STEPS):
            await walk.step()
            # Now and then the next thing happens before the last one is done.
            if draw.random() < 0.5:
                walk.settle()
        if not walk.is_running:
            walk.steps.append("at last")
            walk.stop_or_start()
        walk.settle()
    except BaseException as error:
        error.add_note(f"LIFE_SEED={seed}: " + "; ".join(walk.steps))
        raise


# --- ends -------------------------------------------------------------------------------------------------------------
USER = "from accounts.models import *;from django.contrib.sessions.models import Session as Login;" \
       "from django.utils import timezone;u=User.objects.get(email={!r});"  # fmt: skip
EXPIRE = "[Login.objects.filter(pk=l.pk).update(expire_date=timezone.now()) for l in Login.objects.all()" \
         " if l.get_decoded().get('_auth_user_id')==str(u.pk)]"  # fmt: skip
ENDINGS = {
    "ended": {Close.GONE},
    "logout": {Close.SIGNED_OUT},
    "expired": {Close.SIGNED_OUT},
    "password": {Close.SIGNED_OUT},
    "disabled": {Close.SIGNED_OUT},
    # Their session goes with them, and may be gone before the socket asks why.
    "removed": {Close.NOT_ALLOWED, Close.GONE},
    "demoted": {Close.RESTARTING},
}
# Someone who types into the global session, which goes on when they may only look.
WRITER = "writer"
# Someone who loses their right between the socket's opening and their hello.
EARLY = "early"


@pytest.fixture(scope="module")
def leavers(server: LiveServer, owner: Person) -> dict[str, Person]:
    """Someone for each ending, all members, in a sandbox of their own."""
    owner.running_sandbox("ends", "busybox")
    emails = {ending: f"{ending}@example.com" for ending in [*ENDINGS, WRITER, EARLY]}
    server.manage("shell", "-c", "from accounts.models import *;t=Team.objects.get(name='Team');[t.add(U"
                  f"ser.objects.create_user(e,{PASSWORD!r}),'member') for e in {list(emails.values())!r}]")  # fmt: skip
    return {ending: server.person(email) for ending, email in emails.items()}


def end_by(ending: str, person: Person, owner: Person) -> float:
    """Take the right away; return when that was wished, or when it was written where nobody wishes it on a page."""
    in_a_shell = {
        "expired": EXPIRE,
        "disabled": "u.is_active=False;u.save()",
        "password": "u.set_password('x');u.save()",
    }
    if ending in in_a_shell:
        done = ";import time;print('written at',time.time())"
        said = owner.server.manage("shell", "-c", USER.format(person.email) + in_a_shell[ending] + done)
        return float(said.rpartition("written at")[2])
    wishes: dict[str, tuple[Person, str, dict[str, str]]] = {
        "ended": (person, "/sandboxes/ends/sessions/ended/end/", {}),
        "logout": (person, "/accounts/logout/", {}),
        "removed": (owner, f"{member_page(person)}/remove/", {}),
        "demoted": (owner, f"{member_page(person)}/role/", {"role": "viewer"}),
    }
    who, path, fields = wishes[ending]
    begun = time.time()
    assert who.post(path, **fields).status_code == 200
    return begun


def member_page(person: Person) -> str:
    members = "SELECT m.id FROM accounts_membership m JOIN accounts_user u ON u.id = m.user_id WHERE u.email = ?"
    return f"/team/members/{person.server.row(members, person.email)['id']}"


def engine_takes_s(server: LiveServer) -> float:
    """Return how long a container of this engine takes from nothing to gone at this moment: other tests use it, too."""
    image = server.row("SELECT image FROM sandboxes_template WHERE slug = 'busybox'")["image"]
    begun = time.monotonic()
    docker("run", "--rm", "--label", f"sandlot.instance={server.instance}", image, "/bin/true")
    return time.monotonic() - begun


def may_outlive_s(person: Person) -> float:
    """Return how long a socket may outlive its right, with what the server takes for its answers at this moment."""
    begun = time.monotonic()
    assert person.get("/").status_code == 200
    return ENDED_S + 5 * (time.monotonic() - begun)


@pytest.mark.parametrize("ending", ENDINGS)
async def test_a_right_that_ends_closes_sockets_at_once_and_takes_the_container_along(
    server: LiveServer, owner: Person, leavers: dict[str, Person], ending: str
) -> None:
    person, run = leavers[ending], asyncio.get_running_loop().run_in_executor
    async with Viewer(server.origin, person.cookie, person.open_terminal("ends")) as viewer:
        await viewer.run(f"echo kept > /project/workspace/{ending}; echo secret > ~/.private/{ending}")
        before = containers(server, "ends")
        yardstick_s, allowed_s = engine_takes_s(server), may_outlive_s(person)
        begun = await run(None, end_by, ending, person, owner)
        refusal = await viewer.refused()
    assert refusal.code in ENDINGS[ending]
    assert refusal.text
    if ending == "demoted":
        # The container goes first: there is nothing to close before its mounts are read-only ones.
        assert viewer.ended_at - begun <= allowed_s + 3 * max(yardstick_s, engine_takes_s(server))
        await run(None, is_replaced_by_a_reader, server, ending, before[ending])
        return
    assert viewer.ended_at - begun <= allowed_s
    if ending in ("logout", "expired", "password"):
        # Who signs in again finds the shell as it was.
        assert containers(server, "ends")[ending].id == before[ending].id
    else:
        await run(None, eventually, lambda: ending not in containers(server, "ends"), "gone", 60.0)
        gone_s = time.time() - begun
        assert gone_s <= allowed_s + 3 * max(yardstick_s, engine_takes_s(server))
        eventually(lambda: not server.rows(f"{SESSIONS} AND s.name = ?", "ends", ending), "the row is gone")
    kept = ["docker", "exec", containers(server, "ends")[GLOBAL].id, "cat", f"/project/workspace/{ending}"]
    assert subprocess.run(kept, capture_output=True, check=True).stdout == b"kept\n"


async def test_a_right_that_ends_before_the_hello_closes_the_socket_as_soon(
    server: LiveServer, owner: Person, leavers: dict[str, Person]
) -> None:
    person, run = leavers[EARLY], asyncio.get_running_loop().run_in_executor
    viewer = Viewer(server.origin, person.cookie, person.open_terminal("ends"))
    await viewer.knock()
    container = containers(server, "ends")[EARLY].id
    attach = ("top", container, "-eo", "pid,args")
    await run(None, eventually, lambda: viewer.terminal_id in docker(*attach), "the socket is linked to the holder")
    allowed_s = may_outlive_s(person)
    begun = await run(None, end_by, "removed", person, owner)
    assert (await viewer.refused()).code in ENDINGS["removed"]
    assert viewer.ended_at - begun <= allowed_s


async def test_who_may_write_no_more_is_put_out_of_the_global_session_and_comes_back_to_look(
    server: LiveServer, owner: Person, leavers: dict[str, Person]
) -> None:
    person, run = leavers[WRITER], asyncio.get_running_loop().run_in_executor
    terminal = person.post(f"/sandboxes/ends/sessions/{GLOBAL}/terminals/").json()["id"]
    async with Viewer(server.origin, person.cookie, terminal) as viewer:
        assert (await viewer.run("echo typed | tee typed")).strip() == "typed"
        allowed_s = may_outlive_s(person)
        begun = time.time()
        await run(None, lambda: owner.post(f"{member_page(person)}/role/", role="viewer"))
        refusal = await viewer.refused()
    assert (refusal.code, refusal.text) == (Close.RESTARTING, "Your rights here have changed.")
    assert viewer.ended_at - begun <= allowed_s
    async with Viewer(server.origin, person.cookie, terminal) as viewer:
        assert not viewer.welcome["may_drive"]
        await viewer.sees("typed")
        await viewer.type("touch /project/workspace/late\r")
        assert (await viewer.refused()).code == Close.NOT_ALLOWED
    files = docker("exec", containers(server, "ends")[GLOBAL].id, "ls", "/project/workspace")
    assert "typed" in files
    assert "late" not in files


def is_replaced_by_a_reader(server: LiveServer, name: str, before: Found) -> None:
    def replaced() -> Found | None:
        now = containers(server, "ends").get(name)
        return now if now and now.is_running and now.id != before.id else None

    now = eventually(replaced, "the session was replaced", SETTLED_S)
    assert not any(now.volumes.values())
    assert now.labels["sandlot.permission"] == "read"
    assert now.network == f"sandlot-{server.instance}.ends.readers"
    touch = ["docker", "exec", now.id, "touch", "/project/workspace/late"]
    assert subprocess.run(touch, capture_output=True, check=False).returncode != 0
    keys = {"git/config", "git/session"}
    eventually(lambda: private_folder(now.id).keys() == keys, "its private files are written")
