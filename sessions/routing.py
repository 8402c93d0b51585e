from __future__ import annotations

from django.urls import path

from sessions.command.socket import command_socket, session_commands_socket
from sessions.terminal.socket import terminal_socket

# Channels routes ASGI applications through Django's patterns.
websocket_urlpatterns = [
    path("ws/terminals/<uuid:terminal_id>/", terminal_socket),  # type: ignore[arg-type]
    path("ws/sandboxes/<slug:slug>/sessions/<slug:name>/commands/", session_commands_socket),  # type: ignore[arg-type]
    path("ws/commands/<uuid:command_id>/", command_socket),  # type: ignore[arg-type]
]
