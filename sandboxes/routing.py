from __future__ import annotations

from django.urls import path

from sandboxes.socket import EventsSocket

websocket_urlpatterns = [path("ws/events/", EventsSocket.as_asgi())]
