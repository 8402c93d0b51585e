"""`manage.py serve`: the dashboard, and on the same loop whatever else one server does; or one part alone."""

from __future__ import annotations

import asyncio
import signal
import socket
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.checks import Tags
from django.core.management.base import BaseCommand, CommandError
from django.db import DEFAULT_DB_ALIAS, connection
from django.db.migrations.executor import MigrationExecutor

from accounts.first_start import first_start_words
from activity.source import Source, Via, acting
from config.warm import warm_up
from sandboxes.engines import engine_named
from sandboxes.supervising.keeping import Job, keep_running
from sandboxes.supervising.supervisor import Supervisor
from sessions.keeper import SessionKeeper


async def supervise() -> None:
    """Supervise the engine for ever."""
    engine = engine_named()
    with acting(lambda: Source(Via.SUPERVISOR)):
        await Supervisor(engine, SessionKeeper(engine)).run()


DASHBOARD = "dashboard"
# What goes on beside the dashboard. One that dies says so in the log and is started again.
PARTS: dict[str, Job] = {"supervisor": supervise}


class Command(BaseCommand):
    help = "Serve the dashboard and supervise the engine."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--only",
            choices=[DASHBOARD, *PARTS],
            help="Run one part. With more than one process, set SANDLOT_DATABASE_URL and SANDLOT_REDIS_URL.",
        )

    def handle(self, *, only: str | None = None, **options: Any) -> None:
        self._check_database()
        if only in PARTS:
            asyncio.run(self._run_until_signal(only))
        else:
            self._serve({} if only == DASHBOARD else PARTS)

    def _serve(self, parts: dict[str, Job]) -> None:
        self._check_port()
        from config import server
        from config.asgi import application

        warm_up()
        # Kept in a name: the loop itself holds tasks only weakly.
        self._beside = [server.loop.create_task(keep_running(name, part)) for name, part in parts.items()]
        server.make_server(application, settings.SANDLOT_HOST, settings.SANDLOT_PORT, self._say).run()

    def _check_database(self) -> None:
        executor = MigrationExecutor(connection)
        if executor.migration_plan(executor.loader.graph.leaf_nodes()):
            raise CommandError("The database is not up to date. Run `make run`, or `manage.py prepare` before this.")
        # Looks into the tables, which are there only now: are the keys of all secrets here?
        self.check(tags=[Tags.database], databases=[DEFAULT_DB_ALIAS])

    def _check_port(self) -> None:
        """Daphne would only log that it cannot listen."""
        family = socket.AF_INET6 if ":" in settings.SANDLOT_HOST else socket.AF_INET
        with socket.socket(family) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((settings.SANDLOT_HOST, settings.SANDLOT_PORT))
            except OSError as error:
                raise CommandError(
                    f"Port {settings.SANDLOT_PORT} on {settings.SANDLOT_HOST} cannot be used: {error.strerror}. "
                    "Stop what listens there, or set SANDLOT_PORT to another port."
                ) from error

    def _say(self) -> None:
        origin = settings.SANDLOT_ORIGINS[0]
        self.stdout.write(self.style.SUCCESS(f"Sandlot answers at {origin}/"))
        for line in first_start_words(origin):
            self.stdout.write(line)
        self.stdout.flush()

    async def _run_until_signal(self, name: str) -> None:
        task = asyncio.create_task(keep_running(name, PARTS[name]))
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, task.cancel)
        self.stdout.write(f"Running the {name} alone.")
        await asyncio.gather(task, return_exceptions=True)
