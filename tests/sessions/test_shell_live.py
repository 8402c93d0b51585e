"""There is always a shell: whatever root's line in /etc/passwd says, and it says which one it is."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.live import LiveServer, Person
from tests.viewer import Viewer

pytestmark = [pytest.mark.engine, pytest.mark.xdist_group("shell")]

SLUG = "shells"
BROKEN = """printf '#!/nowhere/at/all\\n' > /usr/local/bin/broken; chmod +x /usr/local/bin/broken"""
# As GNU sed does it: with a new file, which the sandbox's overlay takes.
SET = "sed -i 's#^root:.*#root:x:0:0:root:/root:{}#' /etc/passwd"


@pytest.fixture(scope="module")
def ada(server: LiveServer) -> Person:
    person = server.person()
    person.running_sandbox(SLUG)
    return person


@pytest.fixture
async def first(ada: Person) -> AsyncIterator[Viewer]:
    """A terminal that was there before and in which the file is put right again."""
    async with Viewer(ada.server.origin, ada.cookie, ada.open_terminal(SLUG)) as viewer:
        await viewer.sees("# ")
        yield viewer
        await viewer.run(SET.format("/bin/bash"))


async def said_by_a_new_one(ada: Person, command: str) -> str:
    async with Viewer(ada.server.origin, ada.cookie, ada.open_terminal(SLUG)) as viewer:
        await viewer.sees("# ")
        return await viewer.run(command)


@pytest.mark.parametrize(
    "shell",
    [
        "/usr/sbin/nologin",
        "/bin/false",
        "/bin/true",
        "/bin/sync",
        "/no/such/shell",
        "/etc",
        "",
        "/usr/local/bin/broken",
    ],
)
async def test_a_login_shell_that_lets_nobody_in_is_passed_over(ada: Person, first: Viewer, shell: str) -> None:
    await first.run(BROKEN)
    await first.run(SET.format(shell))
    said = await said_by_a_new_one(
        ada, "echo $0 in $SHELL; tail -c +1 /etc/passwd | grep -c ^root:.*:" + (shell or "$")
    )
    assert "bash in /bin/bash" in said
    assert said.split()[-1] == "1"


async def test_the_shell_that_was_chosen_runs(ada: Person, first: Viewer) -> None:
    await first.run(SET.format("/bin/dash"))
    assert "dash in /bin/dash" in await said_by_a_new_one(ada, "echo $0 in $SHELL")


async def test_tools_start_the_same_shell(ada: Person, first: Viewer) -> None:
    assert (await first.run("script -qc 'echo $0' /dev/null")).split()[-1].endswith("bash")
    assert (await first.run("env | grep -c ^SHELL=")).split()[-1] == "1"


# --- what is set survives the start files -----------------------------------------------------------------------------
TOOL = "mkdir -p /opt/tool/bin /opt/own/bin; printf '#!/bin/sh\\necho tool of $0\\n' > /opt/tool/bin/tool"
TOOLS = TOOL + "; chmod +x /opt/tool/bin/tool; cp /opt/tool/bin/tool /opt/own/bin/tool"
# What an image's ENV lines leave; the sandbox's /etc/profile sets PATH, LANG is taken by a profile.d of someone's.
IMAGE = {"PATH": "/opt/tool/bin:/usr/local/bin:/usr/bin:/bin", "COLOUR": "of the image", "FROM_IMAGE": "1"}
ADDS = "export COLOUR=of.the.profile OWN=of.the.profile\\nPATH=$PATH:/opt/added/bin\\n"
PROFILE = f"printf '{ADDS}' > /etc/profile.d/ours.sh"
START_FILE = """printf 'PATH=$HOME/.cargo/bin:$PATH\\nexport OWN=of.the.home FROM_IMAGE=of.the.home\\n' >> ~/.profile"""


@pytest.fixture
async def prepared(ada: Person, first: Viewer) -> Viewer:
    found = f"Sandbox.objects.filter(slug={SLUG!r})"
    ada.server.manage(
        "shell", "-c", f"from sandboxes.models import Sandbox; {found}.update(image_environment={IMAGE!r})"
    )
    for command in (TOOLS, PROFILE, "grep -q cargo ~/.profile || " + START_FILE):
        await first.run(command)
    return first


@pytest.mark.parametrize("shell", ["/bin/bash", "/bin/dash"])
async def test_a_program_on_the_images_path_runs(ada: Person, prepared: Viewer, shell: str) -> None:
    await prepared.run(SET.format(shell))
    assert "tool of /opt/tool/bin/tool" in await said_by_a_new_one(ada, "tool")
    path = (await said_by_a_new_one(ada, "echo $PATH")).split()[-1].split(":")
    # What the person's own start file put before it stays there, and what the image did not name is not added.
    assert path == ["/root/.cargo/bin", *IMAGE["PATH"].split(":"), "/opt/added/bin"]


@pytest.mark.parametrize("shell", ["/bin/bash", "/bin/dash"])
async def test_the_person_wins_over_the_image_and_the_image_over_the_profile(
    ada: Person, prepared: Viewer, shell: str
) -> None:
    await prepared.run(SET.format(shell))
    said = await said_by_a_new_one(ada, 'echo "<$COLOUR|$FROM_IMAGE>"; env | grep -cE "^(SANDLOT_.*_ENV|_sandlot|ENV)"')
    assert "<of the image|of.the.home>" in said
    assert said.split()[-1] == "0"


@pytest.mark.parametrize("shell", ["/bin/bash", "/bin/dash"])
async def test_the_sessions_own_variables_win_over_all(ada: Person, prepared: Viewer, shell: str) -> None:
    await prepared.run(SET.format(shell))
    name = ada.server.row("SELECT name FROM sandbox_sessions_session WHERE user_id IS NOT NULL")["name"]
    own = {"PATH": "/opt/own/bin:/usr/bin:/bin", "OWN": 'it\'s $mine; "really"'}
    set_environment(ada, name, {}, own)
    try:
        said = await said_by_a_new_one(ada, 'tool; echo "<$OWN>"')
        assert "tool of /opt/own/bin/tool" in said
        assert f"<{own['OWN']}>" in said
    finally:
        set_environment(ada, name, own, {})


def set_environment(ada: Person, name: str, before: dict[str, str], env: dict[str, str]) -> None:
    fields = {"env-TOTAL_FORMS": str(len(env)), "env-INITIAL_FORMS": str(len(before))}
    for number, (variable, value) in enumerate(env.items()):
        fields |= {f"env-{number}-name": variable, f"env-{number}-value": value}
    if before and not env:
        fields["env-TOTAL_FORMS"] = str(len(before))
        for number, variable in enumerate(before):
            fields |= {f"env-{number}-known": variable, f"env-{number}-remove": "on"}
    answer = ada.post(f"/sandboxes/{SLUG}/sessions/{name}/settings/", **fields)
    assert "saved" in answer.text.lower(), answer.text
