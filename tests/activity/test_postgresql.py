"""The record on PostgreSQL: several processes write one chain, and the database refuses to change it."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.live import LiveServer
from tests.services import postgresql

pytestmark = pytest.mark.engine

WRITERS, EACH = 4, 25
WRITE = f"from activity.log import record; [record('team.create', detail={{'number': n}}) for n in range({EACH})]"
CHANGE = """
from django.db import DatabaseError, connection, transaction
for statement in (
    "UPDATE activity_entry SET actor = 'Nobody'",
    "DELETE FROM activity_entry",
    "TRUNCATE activity_entry",
    "UPDATE activity_head SET count = 1",
    "DELETE FROM activity_head",
    "TRUNCATE activity_head",
):
    try:
        with transaction.atomic():
            connection.cursor().execute(statement)
        print("done:", statement)
    except DatabaseError as error:
        assert "neither changed nor removed" in str(error)
"""


@pytest.fixture(scope="module")
def server() -> Iterator[LiveServer]:
    with postgresql() as database:
        server = LiveServer(SANDLOT_DATABASE_URL=database)
        try:
            server.manage("migrate", "--verbosity", "0")
            yield server
        finally:
            server.close()


def test_processes_that_write_at_once_make_one_chain(server: LiveServer) -> None:
    with ThreadPoolExecutor(WRITERS) as pool:
        writers = [pool.submit(server.manage, "shell", "--no-imports", "-c", WRITE) for _ in range(WRITERS)]
    assert [writer.result() for writer in writers] == [""] * WRITERS
    assert f"{WRITERS * EACH} entries are right." in server.manage("verify_activity")


def test_the_database_refuses_to_change_it(server: LiveServer) -> None:
    assert server.manage("shell", "--no-imports", "-c", CHANGE) == ""
