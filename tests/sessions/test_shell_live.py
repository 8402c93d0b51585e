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
    assert "-bash in /bin/bash" in said
    assert said.split()[-1] == "1"


async def test_the_shell_that_was_chosen_runs(ada: Person, first: Viewer) -> None:
    await first.run(SET.format("/bin/dash"))
    assert "-dash in /bin/dash" in await said_by_a_new_one(ada, "echo $0 in $SHELL")


async def test_tools_start_the_same_shell(ada: Person, first: Viewer) -> None:
    assert (await first.run("script -qc 'echo $0' /dev/null")).split()[-1].endswith("bash")
    assert (await first.run("env | grep -c ^SHELL=")).split()[-1] == "1"
