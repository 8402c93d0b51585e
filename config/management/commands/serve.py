"""`manage.py serve`: the dashboard and the supervisor, on one event loop or one of them alone."""

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
from sandboxes.supervising.supervisor import Supervisor
from sessions.keeper import SessionKeeper


class Command(BaseCommand):
    help = "Serve the dashboard and supervise the engine."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--only",
            choices=["dashboard", "supervisor"],
            help="Run one part. With more than one process, set SANDLOT_DATABASE_URL and SANDLOT_REDIS_URL.",
        )

    def handle(self, *, only: str | None = None, **options: Any) -> None:
        self._check_database()
        if only == "supervisor":
            asyncio.run(self._supervise_until_signal())
        else:
            self._serve(with_supervisor=only is None)

    def _serve(self, *, with_supervisor: bool) -> None:
        self._check_port()
        from config import server
        from config.asgi import application

        warm_up()
        if with_supervisor:
            # Kept in a name: the loop itself holds tasks only weakly.
            self._supervising = server.loop.create_task(supervise())
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

    async def _supervise_until_signal(self) -> None:
        task = asyncio.create_task(supervise())
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, task.cancel)
        self.stdout.write("Supervising the engine.")
        await asyncio.gather(task, return_exceptions=True)


async def supervise() -> None:
    """Supervise the engine for ever."""
    engine = engine_named()
    with acting(lambda: Source(Via.SUPERVISOR)):
        await Supervisor(engine, SessionKeeper(engine)).run()
