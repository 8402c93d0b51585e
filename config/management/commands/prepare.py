"""`manage.py prepare`: everything between installed and served. Can be run again at no cost."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.core.checks import Tags
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import DEFAULT_DB_ALIAS

from accounts.vault import second_factor
from config.management.steps import Steps
from engine import EngineError
from engine.images import ensure_images
from engine.storage import prepare_ahead
from sandboxes.engines import engine_named
from sandboxes.shipped_templates import offer_templates


class Command(BaseCommand):
    help = "Build the images, bring the database up to date, collect static files."

    def handle(self, **options: Any) -> None:
        try:
            with Steps(sys.stdout, settings.DATA_DIR / "prepare.log") as step:
                step("Bringing the database up to date")
                call_command("migrate", verbosity=0, interactive=False)
                self.seal_secrets(step)
                step("Collecting static files")
                call_command("collectstatic", verbosity=0, interactive=False)
                step("Looking at the images")
                offer_templates(asyncio.run(prepare_images(step)))
        except EngineError as error:
            raise CommandError(f"The images could not be prepared: {error}") from error

    def seal_secrets(self, step: Callable[[str], None]) -> None:
        """Stop when a key is missing; seal second factors of before there were keys."""
        step("Looking at the secrets in the database")
        self.check(tags=[Tags.database], databases=[DEFAULT_DB_ALIAS])
        step(f"    {second_factor.seal_plain()} second factors sealed")


async def prepare_images(step: Steps) -> dict[str, str]:
    """Return template slug -> image reference, with everything the first sandbox would otherwise wait for."""
    engine = engine_named()
    try:
        references = await ensure_images(engine, step)
        await prepare_ahead(engine, references.values(), step)
        return references
    finally:
        await engine.close()
