"""What every page's frame shows."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from accounts.current import teams_of
from accounts.models import User
from accounts.views.theme import theme_of
from sandboxes.models import EngineStatus


def chrome(request: HttpRequest) -> dict[str, Any]:
    """Names for base.html, asked for only by templates that show them: a fragment costs no query here.

    `teams` (see `accounts.current.Teams`), `theme`, `engine_banner` (a sentence, or empty).
    """
    return {
        "theme": theme_of(request),
        "teams": SimpleLazyObject(lambda: teams_of(request)),
        "engine_banner": SimpleLazyObject(lambda: engine_trouble(request)),
    }


def engine_trouble(request: HttpRequest) -> str:
    """Only who is signed in learns how the engine is."""
    return (EngineStatus.trouble() or "") if isinstance(request.user, User) else ""
