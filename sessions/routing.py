from __future__ import annotations

from django.urls import path

from sessions.terminal.socket import terminal_socket

# Channels routes ASGI applications through Django's patterns.
websocket_urlpatterns = [path("ws/terminals/<uuid:terminal_id>/", terminal_socket)]  # type: ignore[arg-type]
