"""A page whose secrets do not open says so, wherever it asked for them: pages and admin alike."""

from __future__ import annotations

import logging
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from accounts.vault.vault import VaultError

logger = logging.getLogger(__name__)


class SealedMiddleware:
    """Answer 503 with what to do when a key is missing or a token was tampered with."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """Django's hook. The error's words name the place and the key, never a secret."""
        if not isinstance(exception, VaultError):
            return None
        logger.error("%s asked for what does not open: %s", request.path, exception)
        return render(request, "sealed.html", status=503)
