from __future__ import annotations

from django.urls import path, register_converter
from django.urls.converters import IntConverter

from sessions.command.socket import command_socket, session_commands_socket
from sessions.files.socket import files_socket
from sessions.ports.socket import ports_socket, tunnel_socket
from sessions.terminal.socket import terminal_socket


class PortConverter(IntConverter):
    """A TCP port, 1 to 65535."""

    regex = "[1-9][0-9]{0,4}"

    def to_python(self, value: str) -> int:
        port = int(value)
        if port > 65535:
            raise ValueError("no port")
        return port


register_converter(PortConverter, "port")

# Channels routes ASGI applications through Django's patterns.
websocket_urlpatterns = [
    path("ws/terminals/<uuid:terminal_id>/", terminal_socket),  # type: ignore[arg-type]
    path("ws/sandboxes/<slug:slug>/sessions/<slug:name>/commands/", session_commands_socket),  # type: ignore[arg-type]
    path("ws/sandboxes/<slug:slug>/sessions/<slug:name>/files/", files_socket),  # type: ignore[arg-type]
    path("ws/sandboxes/<slug:slug>/sessions/<slug:name>/ports/", ports_socket),  # type: ignore[arg-type]
    path("ws/sandboxes/<slug:slug>/sessions/<slug:name>/ports/<port:port>/", tunnel_socket),  # type: ignore[arg-type]
    path("ws/commands/<uuid:command_id>/", command_socket),  # type: ignore[arg-type]
]
