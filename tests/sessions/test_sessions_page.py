"""The page about sessions, sentence by sentence, on the real engine: what it says is what a person gets.

The sentences are those of the page that this product implements; a docstring names the one that a test is about.
"""

from __future__ import annotations

import asyncio
import re
import shlex
import sqlite3
import subprocess
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import Any

import pytest

from sessions.holder import HOLDER
from tests.live import LiveServer, Person, docker, eventually
from tests.viewer import Viewer

pytestmark = [pytest.mark.engine, pytest.mark.xdist_group("live")]

SLUG = "page"
TOKENS = {"ada": "canary-token-of-ada", "bo": "canary-token-of-bo"}
PORT = 8418
HOME = f"http://localhost:{PORT}"
# What a sandbox with all sessions of this file may take until they run again after a restart.
START_S = 150.0


# --- people, and what they do -----------------------------------------------------------------------------------------
@pytest.fixture(scope="module")
def owner(live: LiveServer) -> Person:
    person = live.person()
    person.running_sandbox(SLUG)
    create_session(person, "neighbour")
    return person


def container(live: LiveServer, session: str) -> str:
    return f"sandlot-{live.instance}.{SLUG}.{session}"


def fields_of(env: dict[str, str], known: int = 0) -> dict[str, str]:
    """Return the form's fields of variables; the first `known` ones are set already."""
    fields = {"env-TOTAL_FORMS": str(len(env)), "env-INITIAL_FORMS": str(known)}
    for number, (name, value) in enumerate(env.items()):
        column = "known" if number < known else "name"
        fields |= {f"env-{number}-{column}": name, f"env-{number}-value": value}
    return fields


def create_session(person: Person, name: str, env: dict[str, str] | None = None, **fields: str) -> str:
    """Fill in the form and wait until the session runs. Returns the page's answer."""
    wish = {"name": name, "permission": "write", **fields_of(env or {})} | fields
    answer = person.post(f"/sandboxes/{SLUG}/new-session/", **wish)
    assert answer.url.endswith("/sessions/"), answer.text
    running(person, name or "pitcher-host")
    return answer.text


def running(person: Person, name: str) -> dict[str, Any]:
    """Wait until a session runs with what its settings say."""
    return person.server.wait_for(
        "SELECT * FROM sandbox_sessions_session WHERE name = ? AND state = 'running'"
        " AND private_reached = private_version AND sandbox_id ="
        " (SELECT id FROM sandboxes_sandbox WHERE slug = ? AND state = 'running' AND boot = boot_reached)",
        name,
        SLUG,
        within_s=START_S,
    )


def configure(person: Person, name: str, env: dict[str, str] | None = None, known: int = 0, **fields: str) -> None:
    row = person.server.row("SELECT * FROM sandbox_sessions_session WHERE name = ?", name)
    columns = ("git_email", "git_name", "git_provider", "git_username")
    wish = {column: row[column] for column in columns} | fields_of(env or {}, known) | fields
    answer = person.post(f"/sandboxes/{SLUG}/sessions/{name}/settings/", **wish)
    assert "saved" in answer.text, answer.text
    running(person, name)


def restart(person: Person) -> None:
    """Restart the sandbox and wait until that is done; each session follows by itself."""
    assert person.post(f"/sandboxes/{SLUG}/restart/").status_code == 200
    boot = person.server.row("SELECT boot FROM sandboxes_sandbox WHERE slug = ?", SLUG)["boot"]
    reached = "SELECT * FROM sandboxes_sandbox WHERE slug = ? AND boot_reached = ?"
    person.server.wait_for(reached, SLUG, boot, within_s=START_S)


@asynccontextmanager
async def terminal(person: Person, session: str) -> AsyncIterator[Viewer]:
    """A new terminal in a session, at its prompt; ended afterwards."""
    answer = person.post(f"/sandboxes/{SLUG}/sessions/{session}/terminals/")
    assert answer.status_code == 201, answer.text
    async with Viewer(person.server.origin, person.cookie, answer.json()["id"]) as viewer:
        await viewer.sees("# ")
        await viewer.resize(400, 50)
        yield viewer
        await viewer.say(type="end")
        await viewer.until(lambda: viewer.exit_status is not None, "EXIT", 10)


async def said_in(person: Person, session: str, command: str) -> str:
    async with terminal(person, session) as viewer:
        return (await viewer.run(command)).strip()


# --- creating and connecting ------------------------------------------------------------------------------------------
async def test_to_connect_to_a_sandbox_you_need_to_create_a_session(owner: Person) -> None:
    """ "To connect to a Sandbox you need to create a session." """
    create_session(owner, "some-session-ref")
    assert await said_in(owner, "some-session-ref", "echo $SANDLOT_SESSION") == "some-session-ref"


async def test_connecting_with_the_same_id_gives_the_same_session(owner: Person, live: LiveServer) -> None:
    """ "When connecting on your server you can configure the session directly when connecting." """
    create_session(owner, "same-ref", env={"FIRST": "1"})
    before = docker("ps", "-q", "--filter", f"name=^{container(live, 'same-ref')}$")
    assert "is there already" in create_session(owner, "same-ref", env={"FIRST": "2"}, permission="read")
    assert docker("ps", "-q", "--filter", f"name=^{container(live, 'same-ref')}$") == before
    assert await said_in(owner, "same-ref", "echo $FIRST") == "1"


async def test_without_an_argument_it_is_the_global_session_of_pitcher_host(owner: Person) -> None:
    """ "You can create a session without passing an argument. This will create a session bound to pitcher-host." """
    assert "pitcher-host is there already" in create_session(owner, "")
    assert await said_in(owner, "pitcher-host", "echo $SANDLOT_SESSION; whoami") == "pitcher-host\nroot"


async def test_the_global_session_has_write_access_to_everything(owner: Person) -> None:
    """ "This user has write access to any API." """
    made = await said_in(owner, "pitcher-host", "touch /usr/made /etc/made /root/made /project/made && echo made")
    assert made == "made"


# --- root -------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("permission", ["write", "read"])
async def test_whoami_says_root(owner: Person, permission: str) -> None:
    """ "When you run whoami, it will say that you are root." """
    create_session(owner, f"root-{permission}", permission=permission)
    assert await said_in(owner, f"root-{permission}", "whoami; id -u") == "root\n0"


def test_the_container_is_started_as_the_session(owner: Person, live: LiveServer) -> None:
    """ "We run every session inside a Docker container ... started as the user of your session." """
    create_session(owner, "own-container")
    label = docker("inspect", "-f", '{{index .Config.Labels "sandlot.session"}}', container(live, "own-container"))
    assert label == ["own-container"]


# --- permissions ------------------------------------------------------------------------------------------------------
async def test_by_default_a_user_has_write_access(owner: Person) -> None:
    """ "By default a user has write access." """
    page = owner.get(f"/sandboxes/{SLUG}/new-session/").text
    assert re.search(r'name="permission" value="write" checked', page)
    create_session(owner, "writer")
    assert await said_in(owner, "writer", "echo from-writer > /project/workspace/w && cat w") == "from-writer"


async def test_read_access_sees_everything_and_changes_nothing(owner: Person) -> None:
    """ "You can configure a user session to have read access." """
    create_session(owner, "anonymous", permission="read")
    await said_in(owner, "pitcher-host", "echo seen > /project/workspace/seen")
    async with terminal(owner, "anonymous") as viewer:
        assert (await viewer.run("cat /project/workspace/seen")).strip() == "seen"
        for place in ("/project/workspace", "/root", "/usr/local", "/etc", "/var/lib", "/opt", "/srv"):
            assert "Read-only file system" in await viewer.run(f"touch {place}/changed")
        assert "Read-only file system" in await viewer.run("echo x >> /project/workspace/seen")
        assert (await viewer.run("touch /tmp/mine ~/.private/mine && echo fine")).strip() == "fine"
    assert await said_in(owner, "pitcher-host", "cat /project/workspace/seen; ls /tmp/mine 2>&1") == (
        "seen\nls: cannot access '/tmp/mine': No such file or directory"
    )


# Each says when someone has reached it. What is typed holds the words in halves.
LISTENS = """
import os, socket
os.mkfifo("/project/workspace/orders")
server = socket.create_server(("0.0.0.0", %d))
print("liste" "ning", flush=True)
if os.fork():
    server.accept()
    print("rea" "ched by TCP", flush=True)
    os.wait()
else:
    open("/project/workspace/orders").read()
    print("rea" "ched by a pipe", flush=True)
"""


async def test_what_a_writing_session_listens_to_does_nothing_for_a_reader(owner: Person, live: LiveServer) -> None:
    """ "Read access": also where someone who may write has left a server or a pipe that takes orders."""
    create_session(owner, "only-looks", permission="read")
    port = PORT + 1
    keep = ["docker", "exec", "-i", container(live, "pitcher-host"), "sh", "-c", "cat > /srv/listens.py"]
    subprocess.run(keep, input=(LISTENS % port).encode(), check=True)
    async with terminal(owner, "pitcher-host") as host, terminal(owner, "only-looks") as reader:
        await host.type("python3 /srv/listens.py\r")
        await host.sees("listening")
        assert (await reader.run("hostname")).strip() == SLUG
        for there in ("localhost", SLUG):
            assert f"Failed to connect to {there}" in await reader.run(f"curl -sS http://{there}:{port}")
        assert "Permission denied" in await reader.run("echo order > /project/workspace/orders")
        assert b"reached" not in host.output
        answers = f"curl -s -m 1 http://localhost:{port}; echo order > /project/workspace/orders"
        await said_in(owner, "neighbour", answers)
        await host.sees("reached by TCP")
        await host.sees("reached by a pipe")


# --- git --------------------------------------------------------------------------------------------------------------
@pytest.fixture(scope="module")
def git_server(owner: Person, live: LiveServer) -> Iterator[str]:
    """A git server in the sandbox, started by the global session: one network, so its localhost is everybody's."""
    host = container(live, "pitcher-host")
    source = (Path(__file__).parent / "git_server.py").read_bytes()
    subprocess.run(["docker", "exec", "-i", host, "sh", "-c", "cat > /srv/server.py"], input=source, check=True)
    script = "cd /srv && git init -q --bare -b main shared.git && git -C shared.git config http.receivepack true"
    docker("exec", host, "sh", "-c", script)
    accounts = [f"x-access-token:{TOKENS['ada']}", f"bo-at-forge:{TOKENS['bo']}"]
    docker("exec", "-d", host, "python3", "/srv/server.py", str(PORT), "/srv", *accounts)

    def answers() -> bool:
        asked = ["docker", "exec", host, "curl", "-s", "-o", "/dev/null", HOME]
        return subprocess.run(asked, check=False).returncode == 0

    eventually(answers, "the git server answers")
    yield f"{HOME}/shared.git"
    # A restart of the sandbox has ended it already.
    subprocess.run(["docker", "exec", host, "pkill", "-f", "/srv/server.py"], check=False)


def with_git(person: Person, name: str, **fields: str) -> None:
    create_session(person, name, None, git_provider=HOME, **fields)


async def test_two_sessions_clone_commit_and_push_each_as_who_they_are(owner: Person, git_server: str) -> None:
    """ "Passing git details allows the user to use git commands inside the sandbox." """
    with_git(owner, "ada", git_email="ada@example.com", git_name="Ada Lovelace", git_token=TOKENS["ada"])
    with_git(owner, "bo", git_email="bo@example.com", git_username="bo-at-forge", git_token=TOKENS["bo"])
    commit = "cd /project/{0} && echo {0} > {0} && git add . && git commit -qm 'by {0}' && git push -q {1} && echo done"
    async with terminal(owner, "ada") as ada, terminal(owner, "bo") as bo:
        await ada.run(f"git clone -q {git_server} /project/ada")
        assert (await ada.run(commit.format("ada", "-u origin HEAD:main"))).strip().endswith("done")
        await bo.run(f"git clone -q {git_server} /project/bo")
        assert (await bo.run(commit.format("bo", "origin HEAD:main"))).strip().endswith("done")
        log = await ada.run("git pull -q; git --no-pager log --format='%an <%ae> %s'")
    assert log.strip().splitlines() == ["bo <bo@example.com> by bo", "Ada Lovelace <ada@example.com> by ada"]


def test_the_email_is_required_and_the_rest_has_defaults(owner: Person) -> None:
    """ "email: Required; name: defaults to session id; username: defaults to x-access-token." """
    wish = {"name": "no-email", "permission": "write", "git_token": "x", **fields_of({})}
    assert "git needs an email address" in owner.post(f"/sandboxes/{SLUG}/new-session/", **wish).text
    create_session(owner, "defaults", git_email="d@example.com")
    row = owner.server.row("SELECT * FROM sandbox_sessions_session WHERE name = 'defaults'")
    assert (row["git_name"], row["git_provider"], row["git_username"]) == ("", "github.com", "x-access-token")
    docker("exec", container(owner.server, "defaults"), "test", "!", "-e", "/root/.private/git/credential")


async def test_the_name_defaults_to_the_session_id(owner: Person) -> None:
    create_session(owner, "name-is-id", git_email="n@example.com")
    assert (
        await said_in(owner, "name-is-id", "git config user.name; git config user.email") == "name-is-id\nn@example.com"
    )


async def test_the_token_is_in_the_private_folder_and_nowhere_else(owner: Person, git_server: str) -> None:
    """ "We store the token in the isolated ~/.private folder." """
    with_git(owner, "token-here", git_email="t@example.com", git_token="canary-token-here")
    # Put together by the shell: the history of what was typed is no hit.
    search = "grep -rsl canary-token''-here / --exclude-dir=proc --exclude-dir=sys 2>/dev/null"
    assert await said_in(owner, "token-here", search) == "/root/.private/git/credential"
    assert await said_in(owner, "pitcher-host", f"{search}; ls -1A /root/.private/git") in (
        "config\nsession",
        "session\nconfig",
    )
    assert await said_in(
        owner, "token-here", "tr '\\0' '\\n' < /proc/self/environ | grep -c canary; stat -c %a ~/.private/git/*"
    ) == ("0\n600\n600\n600")


async def test_the_shared_config_is_still_read(owner: Person) -> None:
    await said_in(owner, "pitcher-host", "git config --file ~/.gitconfig alias.st 'status --short'")
    create_session(owner, "shared-config", git_email="s@example.com")
    async with terminal(owner, "shared-config") as viewer:
        assert (await viewer.run("git config alias.st")).strip() == "status --short"
        await viewer.run("git config --global core.editor vim")
    assert "vim" not in await said_in(owner, "pitcher-host", "cat ~/.gitconfig")


async def test_a_wrong_token_gives_gits_own_error_and_a_new_one_helps_at_once(owner: Person, git_server: str) -> None:
    with_git(owner, "turning", git_email="t@example.com", git_token="wrong")
    async with terminal(owner, "turning") as viewer:
        ask = f"git ls-remote {git_server} main 2>&1 | tail -1"
        assert "Authentication failed" in await viewer.run(ask)
        configure(owner, "turning", git_token=TOKENS["ada"])
        assert "refs/heads/main" in await viewer.run(ask)
        configure(owner, "turning", clear_git_token="on")
        assert "could not read Username" in await viewer.run(f"GIT_TERMINAL_PROMPT=0 {ask}")


# --- environment ------------------------------------------------------------------------------------------------------
ODD = {
    "PLAIN": "bar",
    "EMPTY": "",
    "QUOTES": """it's "quoted" `so`""",
    "DOLLARS": "$HOME ${PATH} $(whoami) !!",
    "BACKSLASHES": "a\\b\\\\n\\",
    "LINES_": "first\nsecond\n\nlast\n",
    "NOT_ASCII": "Ünïcödé 世界 🏖",
    "SPACES": "  kept  ",
}


def printing(names: list[str]) -> str:
    """Return a script that prints one hash of the values of these variables, as a program there is given them."""
    values = f"json.dumps([os.environ[name] for name in {names}])"
    return f"import os, json, hashlib; print(hashlib.sha256({values}.encode()).hexdigest())"


def hash_here(env: dict[str, str]) -> str:
    """Return what `printing` prints where they have arrived unchanged."""
    ask = ["python3", "-c", printing(list(env))]
    return subprocess.check_output(ask, env={"PATH": "/usr/bin:/bin"} | env, text=True).strip()


def filled(env: dict[str, str], size: int) -> dict[str, str]:
    """Return these variables and one more, so that names and values are so many bytes in sum."""
    rest = size - len("LARGE") - sum(len(text.encode()) for pair in env.items() for text in pair)
    return env | {"LARGE": "x" * rest}


async def test_variables_are_available_in_commands_and_terminals_and_arrive_unchanged(owner: Person) -> None:
    """ "If you pass environment variables, these variables will be available inside the commands and terminals." """
    create_session(owner, "odd", env=ODD)
    script = shlex.quote(printing(list(ODD)))
    assert await said_in(owner, "odd", f"python3 -c {script}") == hash_here(ODD)


async def test_64_kib_of_names_and_values_arrive_unchanged_and_a_byte_more_changes_nothing(owner: Person) -> None:
    most = filled(ODD, 64 * 1024)
    create_session(owner, "most", env=most)
    script = shlex.quote(printing(list(most)))
    assert await said_in(owner, "most", f"python3 -c {script}") == hash_here(most)
    more = dict.fromkeys(sorted(most), "") | {"Z": ""}
    answer = owner.post(f"/sandboxes/{SLUG}/sessions/most/settings/", **fields_of(more, len(most)))
    assert "Names and values make 65,537 bytes, and 65,536 are the most. Shorten or remove some" in answer.text
    assert await said_in(owner, "most", f"python3 -c {script}; echo ${{Z-unset}}") == f"{hash_here(most)}\nunset"


async def test_variables_are_of_that_session_only(owner: Person) -> None:
    create_session(owner, "with-foo", env={"FOO_OF_ONE": "bar"})
    assert await said_in(owner, "with-foo", "echo $FOO_OF_ONE") == "bar"
    assert (
        await said_in(owner, "pitcher-host", "echo [$FOO_OF_ONE]; cat /proc/*/environ | grep -ac FOO_OF_ONE") == "[]\n0"
    )


async def test_changed_variables_reach_new_terminals_and_the_page_says_so(owner: Person) -> None:
    create_session(owner, "changing", env={"STAGE": "one"})
    page = owner.get(f"/sandboxes/{SLUG}/sessions/changing/settings/").text
    assert "Terminals that run keep the variables they began with" in page
    async with terminal(owner, "changing") as old:
        configure(owner, "changing", env={"STAGE": "two"}, known=1)
        assert await said_in(owner, "changing", "echo $STAGE") == "two"
        assert (await old.run("echo $STAGE")).strip() == "one"


# --- host tokens ------------------------------------------------------------------------------------------------------
def test_a_host_token_is_kept_sealed(owner: Person) -> None:
    """ "Passing a host token to the session": kept here; addresses are signed with it once ports have addresses."""
    create_session(owner, "hosted", host_token="canary-host-token")
    assert owner.server.row("SELECT host_token FROM sandbox_sessions_session WHERE name = 'hosted'")["host_token"]
    assert "canary-host-token" not in owner.get(f"/sandboxes/{SLUG}/sessions/hosted/settings/").text


# --- storage ----------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("folder", ["/project/workspace", "/root", "/usr/local/bin", "/etc", "/var/lib"])
async def test_every_session_has_the_same_filesystem(owner: Person, folder: str) -> None:
    """ "If one user creates a file inside the workspace folder (or even the home folder), others will see it." """
    name = f"{folder}/seen-by-all"
    await said_in(owner, "neighbour", f"echo hello > {name}; chmod 640 {name}; chown 33:33 {name}")
    assert await said_in(owner, "pitcher-host", f"cat {name}; stat -c '%a %u %g' {name}") == "hello\n640 33 33"


# Its set-up says so and waits until someone writes into the pipe: nobody sleeps, and apt is held in the middle.
WAITS = """#!/bin/sh
set -e
echo "first is being set up"
read word < /project/debs/go
echo "$word" > /var/lib/told-first
"""


@pytest.fixture
def packages(live: LiveServer, owner: Person) -> str:
    """Return the folder with two packages, first.deb and second.deb, made by the sandbox's own dpkg."""
    script = """
    set -e
    mkdir -p /project/debs && cd /project/debs
    for name in first second; do
        mkdir -p "$name/DEBIAN" "$name/usr/bin"
        printf 'Package: %s\nVersion: 1.0\nArchitecture: all\nMaintainer: Tests <t@example.com>\nDescription: %s\n' \
            "$name" "$name" > "$name/DEBIAN/control"
        printf '#!/bin/sh\necho "this is %s"\n' "$name" > "$name/usr/bin/$name" && chmod 755 "$name/usr/bin/$name"
    done
    cat > first/DEBIAN/postinst && chmod 755 first/DEBIAN/postinst
    mkfifo go
    for name in first second; do dpkg-deb --root-owner-group --build "$name" "$name.deb"; done
    """
    make = ["docker", "exec", "-i", container(live, "neighbour"), "sh", "-c", script]
    subprocess.run(make, input=WAITS.encode(), check=True, capture_output=True)
    return "/project/debs"


@pytest.mark.timeout(600)
async def test_two_sessions_installing_at_once_get_apts_own_lock_message(owner: Person, packages: str) -> None:
    """What is installed is shared, and so is apt's lock: the second one waits its turn, and nothing breaks."""
    install = f"apt-get install -y {packages}"
    async with terminal(owner, "neighbour") as one, terminal(owner, "pitcher-host") as other:
        await one.type(f"{install}/first.deb; echo ended with $?\r")
        await one.sees("first is being set up\r")
        said = await other.run(f"{install}/second.deb; echo ended with $?")
        assert "E: Could not get lock /var/lib/dpkg/lock-frontend" in said
        assert "ended with 100" in said
        said = await other.run(f"dpkg -i {packages}/second.deb; echo ended with $?")
        assert "dpkg: error: dpkg frontend lock was locked by another process" in said
        assert "ended with 2" in said
        assert "second" not in await other.run("dpkg-query -W -f '${Package}\\n' first second 2>/dev/null")
        await other.run(f"echo told > {packages}/go")
        await one.sees("ended with 0\r", 60)
        assert "ended with 0" in await other.run(f"{install}/second.deb; echo ended with $?", 60)
    create_session(owner, "third")
    await both_are_installed(owner, "third")
    restart(owner)
    for session in ("third", "neighbour"):
        running(owner, session)
        await both_are_installed(owner, session)


async def both_are_installed(person: Person, session: str) -> None:
    """Both work, and dpkg finds nothing half done."""
    script = (
        "first; second; cat /var/lib/told-first; dpkg-query -W -f '${Package} ${Status}\\n' first second;"
        " dpkg --audit && apt-get check -qq && echo sound"
    )
    said = await said_in(person, session, script)
    assert said.splitlines() == [
        "this is first",
        "this is second",
        "told",
        "first install ok installed",
        "second install ok installed",
        "sound",
    ]


async def test_the_private_folder_is_private_for_each_session(owner: Person) -> None:
    """ "No other session (including the global session) will be able to read or write to files inside this folder." """
    await said_in(owner, "neighbour", "echo mine > ~/.private/note")
    for other in ("pitcher-host", "writer"):
        create_session(owner, other)
        assert "No such file" in await said_in(
            owner, other, "cat ~/.private/note 2>&1; echo theirs > ~/.private/note-2"
        )
    assert await said_in(owner, "neighbour", "cat ~/.private/note; ls ~/.private") == "mine\ngit  note"


@pytest.mark.timeout(600)
async def test_the_private_folder_is_not_persisted_and_settings_are_put_back(owner: Person, git_server: str) -> None:
    """ "The ~/.private folder will not be persisted between restarts of the sandbox." """
    create_session(owner, "back-again", env={"KEPT": "yes"}, git_email="b@example.com", git_token="canary-back")
    await said_in(owner, "back-again", "echo gone > ~/.private/gone; echo stays > ~/stays")
    restart(owner)
    running(owner, "back-again")
    said = await said_in(owner, "back-again", "ls ~/.private; cat ~/stays; echo $KEPT; git config user.email")
    assert said.split() == ["git", "stays", "yes", "b@example.com"]
    assert "canary-back" in await said_in(owner, "back-again", "cat ~/.private/git/credential")


# --- nothing of it anywhere else --------------------------------------------------------------------------------------
CANARY = "canary-everywhere"
PAGES = [
    "/",
    "/palette/",
    *(f"{place}/activity/{page}" for place in ("", f"/sandboxes/{SLUG}") for page in ("", "export.csv", "export.json")),
    *(
        f"/sandboxes/{SLUG}/{page}"
        for page in ("", "head/", "row/", "status/", "settings/", "metrics/", "new-session/")
    ),
    *(f"/sandboxes/{SLUG}/sessions/{page}" for page in ("", "canary/", "canary/status/", "canary/settings/")),
]


def test_no_secret_is_anywhere_in_clear(owner: Person, live: LiveServer) -> None:
    """Planted tokens, variables and host tokens: not in what is stored, logged, listed, labelled, shown or exported."""
    began = int(time.time()) - 1
    create_session(owner, "canary", env={"KEY": CANARY}, git_email="c@example.com", git_token=CANARY, host_token=CANARY)
    places = asyncio.run(places_while_a_shell_has_it(owner, live))
    configure(owner, "canary", env={"KEY": CANARY + "-2"}, known=1, git_token=CANARY + "-2")
    places |= {
        "data folder": b"".join(file.read_bytes() for file in live.folder.rglob("*") if file.is_file()),
        "dump": dump(live),
        "inspect": inspected(live),
        "events": subprocess.check_output(
            ["docker", "events", "--since", str(began), "--until", str(int(time.time()) + 1)]
        ),
        "logs": b"".join(logs_of(name) for name in docker("ps", "-aq", "--filter", f"name={container(live, '')}")),
        "processes": subprocess.check_output(["ps", "axeww"]),
    }
    for path in [*PAGES, *admin_pages(owner)]:
        answer = owner.get(path)
        assert answer.status_code == 200, path
        places[path] = answer.content
    assert [name for name, text in places.items() if CANARY.encode() in text] == []

    # It was looked for in the right places: what stands beside it is found there.
    for name in ("data folder", "dump", f"/sandboxes/{SLUG}/sessions/canary/settings/"):
        assert b"c@example.com" in places[name], name
    for name in ("inspect", f"/sandboxes/{SLUG}/activity/export.csv", "/admin/sandbox_sessions/session/"):
        assert b"canary" in places[name], name
    assert b"exec_create" in places["events"]
    assert b"SANDLOT_DATA_DIR" in places["the dashboard's environment"]
    assert b"holder" in places["arguments"]
    assert b'"running":true' in places["holder list"]


async def places_while_a_shell_has_it(owner: Person, live: LiveServer) -> dict[str, bytes]:
    """Return what can be seen from outside while a shell has the variable and git uses the token."""
    async with terminal(owner, "canary") as viewer:
        assert (await viewer.run("echo $KEY; git config user.email")).split() == [CANARY, "c@example.com"]
        assert CANARY.encode() in subprocess.check_output(["ps", "axeww"])
        return {
            "holder list": subprocess.check_output(["docker", "exec", container(live, "canary"), HOLDER, "list"]),
            "arguments": b"".join(read(path) for path in Path("/proc").glob("[0-9]*/cmdline")),
            "the dashboard's environment": b"".join(read(Path(f"/proc/{p.pid}/environ")) for p in live.processes),
        }


def read(path: Path) -> bytes:
    """Return what a file holds; nothing when its process has ended."""
    try:
        return path.read_bytes()
    except (FileNotFoundError, ProcessLookupError):
        return b""


def dump(live: LiveServer) -> bytes:
    with closing(sqlite3.connect(f"file:{live.folder / 'db.sqlite3'}?mode=ro", uri=True)) as database:
        return "\n".join(database.iterdump()).encode()


def inspected(live: LiveServer) -> bytes:
    """Return what the engine says about all containers of this instance. One that goes meanwhile is not there."""
    ours = docker("ps", "-aq", "--filter", f"label=sandlot.instance={live.instance}")
    said = subprocess.run(["docker", "inspect", *ours], capture_output=True, check=False).stdout
    assert said.count(f'"sandlot.instance": "{live.instance}"'.encode()) > len(ours) // 2, "nothing to search in"
    return said


def logs_of(container_id: str) -> bytes:
    done = subprocess.run(["docker", "logs", container_id], capture_output=True, check=True)
    return done.stdout + done.stderr


def admin_pages(owner: Person) -> list[str]:
    """Return every list of the admin, and the pages of this session and its sandbox."""
    lists = sorted(set(re.findall(r'href="(/admin/[a-z_]+/[a-z]+/)"', owner.get("/admin/").text)))
    assert len(lists) > 5
    row = running(owner, "canary")
    things = [f"/admin/sandbox_sessions/session/{row['id']}/", f"/admin/sandboxes/sandbox/{row['sandbox_id']}/"]
    return ["/admin/", *lists, *(f"{thing}{page}/" for thing in things for page in ("change", "history"))]
