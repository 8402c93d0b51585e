"""A real server: `manage.py serve` as a process of its own, on the real engine, killed and started at will."""

from __future__ import annotations

import os
import re
import secrets
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar
from uuid import UUID

import requests

ROOT = Path(__file__).resolve().parent.parent
OWNER, PASSWORD = "alice@example.com", "correct horse battery"
T = TypeVar("T")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def eventually(question: Callable[[], T | None], what: str, within_s: float = 30.0) -> T:
    """Ask again until there is an answer; fail with `what` after `within_s` seconds."""
    until = time.monotonic() + within_s
    while time.monotonic() < until:
        if answer := question():
            return answer
        time.sleep(0.02)
    raise AssertionError(f"Not within {within_s:g} s: {what}")


class LiveServer:
    """The product as a person starts it: own data folder, own port, own instance on the engine."""

    def __init__(self, **environment: str) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="sandlot-live-"))
        self.port = free_port()
        self.origin = f"http://localhost:{self.port}"
        self.instance = f"test-{secrets.token_hex(4)}"
        self.environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("SANDLOT_")},
            "DJANGO_SETTINGS_MODULE": "config.settings",
            "SANDLOT_DATA_DIR": str(self.folder),
            "SANDLOT_PORT": str(self.port),
            "SANDLOT_INSTANCE": self.instance,
            "SANDLOT_OWNER_EMAIL": OWNER,
            "SANDLOT_OWNER_PASSWORD": PASSWORD,
            **environment,
        }
        self.processes: list[subprocess.Popen[bytes]] = []
        self.log = (self.folder / "server.log").open("ab")

    # --- the process ---------------------------------------------------------------------------------------------
    def manage(self, *arguments: str) -> str:
        """Run a management command to its end and return what it said."""
        done = subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=ROOT,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=600,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def prepare(self) -> None:
        self.manage("prepare")

    def start(self, *arguments: str, **environment: str) -> subprocess.Popen[bytes]:
        """Start a server process and wait until it answers."""
        process = subprocess.Popen(
            [sys.executable, "manage.py", "serve", *arguments],
            cwd=ROOT,
            env=self.environment | environment,
            stdin=subprocess.DEVNULL,
            stdout=self.log,
            stderr=self.log,
            start_new_session=True,
        )
        self.processes.append(process)
        if "supervisor" not in arguments:
            eventually(lambda: self.answers(process), "the server answers", within_s=60)
        return process

    def answers(self, process: subprocess.Popen[bytes]) -> bool:
        assert process.poll() is None, self.said()
        with socket.socket() as probe:
            probe.settimeout(1)
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    def kill(self) -> None:
        """kill -9 of every process, as a power cut would."""
        for process in self.processes:
            process.send_signal(signal.SIGKILL)
            process.wait(10)
        self.processes.clear()

    def stop(self) -> None:
        for process in self.processes:
            process.send_signal(signal.SIGTERM)
        for process in self.processes:
            try:
                process.wait(15)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait(10)
        self.processes.clear()

    def said(self) -> str:
        """What the server wrote to its log so far."""
        return (self.folder / "server.log").read_text(errors="replace")

    def close(self) -> None:
        """Stop, then remove everything that carries this instance's label from the engine."""
        self.stop()
        self.log.close()
        remove_instance(self.instance)
        shutil.rmtree(self.folder, ignore_errors=True)

    # --- what it knows -------------------------------------------------------------------------------------------
    def rows(self, query: str, *values: object) -> list[dict[str, Any]]:
        """Read the server's database from outside."""
        connection = sqlite3.connect(f"file:{self.folder / 'db.sqlite3'}?mode=ro", uri=True, timeout=10)
        connection.row_factory = sqlite3.Row
        try:
            return [dict(row) for row in connection.execute(query, values)]
        finally:
            connection.close()

    def row(self, query: str, *values: object) -> dict[str, Any]:
        return (self.rows(query, *values) or [{}])[0]

    def wait_for(self, query: str, *values: object, within_s: float = 60.0) -> dict[str, Any]:
        """Wait until the query has a row and return it."""
        return eventually(lambda: self.row(query, *values), f"{query} {values}", within_s)

    def wait_for_state(self, slug: str, state: str, within_s: float = 60.0) -> dict[str, Any]:
        def reached() -> dict[str, Any]:
            row = self.row("SELECT * FROM sandboxes_sandbox WHERE slug = ?", slug)
            assert row.get("state") != "failed" or state == "failed", row
            return row if row.get("state") == state else {}

        return eventually(reached, f"{slug} is {state}", within_s)

    def person(self, email: str = OWNER) -> Person:
        return Person(self, email)

    def add_person(self, email: str, role: str = "member", team: str = "Team") -> Person:
        """Make an account with a role in a team, as an accepted invitation would. One that is there is kept."""
        code = (
            "from accounts.models import *;"
            f"u=User.objects.filter(email={email!r}).first() or User.objects.create_user({email!r},{PASSWORD!r});"
            f"t,_=Team.objects.get_or_create(name={team!r});t.add(u,{role!r})"
        )
        self.manage("shell", "-c", code)
        return Person(self, email)

    def api_token(self, email: str, *scopes: str) -> str:
        """Make a token with these scopes, or with all."""
        code = (
            "from accounts.models import *;"
            f"u=User.objects.get(email={email!r});"
            f"print('token', ApiToken.make(u,'a program',{list(scopes)!r} or list(Scope.values))[1])"
        )
        return self.manage("shell", "-c", code).split("token ")[1].strip()


class Person:
    """Someone at a browser: signed in, with cookies, posting the forms of the pages."""

    def __init__(self, server: LiveServer, email: str) -> None:
        self.server, self.email = server, email
        self.http = requests.Session()
        self.sign_in()

    def sign_in(self) -> None:
        answer = self.post("/accounts/login/", login=self.email, password=PASSWORD)
        assert "sandlot_login" in self.http.cookies, answer.text

    def get(self, path: str, **options: Any) -> requests.Response:
        return self.http.get(self.server.origin + path, timeout=30, **options)

    def post(self, path: str, **fields: object) -> requests.Response:
        """Post a form with the token and the origin that a browser would send."""
        if not self.csrf:
            self.get("/accounts/login/")
        headers = {"Origin": self.server.origin, "X-CSRFToken": self.csrf}
        return self.http.post(self.server.origin + path, data=fields, headers=headers, timeout=30)

    def post_json(self, path: str, data: object) -> None:
        """Post JSON as the pages' scripts do; it must be taken."""
        headers = {"Origin": self.server.origin, "X-CSRFToken": self.csrf}
        answer = self.http.post(self.server.origin + path, json=data, headers=headers, timeout=30)
        assert answer.ok, answer.text

    @property
    def csrf(self) -> str:
        """The token of the cookie, which has another name over TLS."""
        return self.http.cookies.get("sandlot_csrf") or self.http.cookies.get("__Host-sandlot_csrf") or ""

    @property
    def cookie(self) -> str:
        return "; ".join(f"{cookie.name}={cookie.value}" for cookie in self.http.cookies)

    def create_sandbox(self, slug: str, template: str = "debian") -> str:
        """Fill in the form of the create page; the supervisor does the rest."""
        page = self.get("/sandboxes/new/").text
        fields = {"slug": slug, "template": template_value(page, template)}
        if team := re.search(r'name="team"[^>]*value="(\d+)"', page):
            fields["team"] = team[1]
        answer = self.post("/sandboxes/new/", **fields)
        assert answer.url.endswith(f"/sandboxes/{slug}/"), answer.text
        return slug

    def running_sandbox(self, slug: str, template: str = "debian") -> str:
        self.create_sandbox(slug, template)
        self.server.wait_for_state(slug, "running")
        return slug

    def delete_sandbox(self, slug: str) -> None:
        """Put it into the trash, and from there delete it for good."""
        self.post(f"/sandboxes/{slug}/delete/", name=slug)
        self.post(f"/sandboxes/{slug}/purge/", name=slug)

    def open_terminal(self, slug: str) -> str:
        """Make a terminal in one's own session and return its id, once the session runs."""
        answer = self.post(f"/sandboxes/{slug}/terminals/")
        assert answer.status_code == 201, answer.text
        terminal_id = str(answer.json()["id"])
        self.server.wait_for(
            "SELECT s.* FROM sandbox_sessions_session s JOIN sandbox_sessions_terminal t ON t.session_id = s.id"
            " WHERE t.id = ? AND s.state = 'running'",
            terminal_id.replace("-", ""),
        )
        return terminal_id

    def end_terminals(self, slug: str) -> None:
        """End every terminal of a sandbox that still runs."""
        running = self.server.rows(
            "SELECT t.id FROM sandbox_sessions_terminal t JOIN sandbox_sessions_session s ON t.session_id = s.id"
            " JOIN sandboxes_sandbox b ON s.sandbox_id = b.id WHERE b.slug = ? AND t.ended_at IS NULL",
            slug,
        )
        for row in running:
            answer = self.post(f"/terminals/{UUID(row['id'])}/end/")
            assert answer.status_code == 200, answer.text


def template_value(page: str, slug: str) -> str:
    """Return the form value of a template's card."""
    card = re.search(rf'name="template"[^>]*value="([^"]+)"[^>]*data-slug="{slug}"', page)
    return card[1] if card else slug


def docker(*arguments: str) -> list[str]:
    done = subprocess.run(["docker", *arguments], capture_output=True, text=True, timeout=120, check=True)
    return done.stdout.split()


def batched(names: list[str], size: int = 20) -> Iterator[list[str]]:
    """Few enough for one question's deadline."""
    for start in range(0, len(names), size):
        yield names[start : start + size]


def remove_instance(instance: str) -> None:
    """Remove every container, network, volume and image of one instance, and nothing else."""
    ours = ["--filter", f"label=sandlot.instance={instance}"]
    if containers := docker("ps", "-aq", *ours):
        for some in batched(containers):
            docker("rm", "-fv", *some)
    if networks := docker("network", "ls", "-q", *ours):
        docker("network", "rm", *networks)
    if volumes := docker("volume", "ls", "-q", *ours):
        for some in batched(volumes):
            docker("volume", "rm", "-f", *some)
    if images := docker("image", "ls", "-q", *ours):
        docker("image", "rm", "-f", *sorted(set(images)))
