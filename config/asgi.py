"""The dashboard as an ASGI application: pages and admin over HTTP, terminals and events over websockets."""

from __future__ import annotations

import os

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
pages = get_asgi_application()

from channels.auth import AuthMiddlewareStack
from channels.routing import ProtocolTypeRouter, URLRouter
from channels.security.websocket import OriginValidator
from django.conf import settings

from activity.sockets import with_source
from config.routing import refuse_unknown
from sandboxes.routing import websocket_urlpatterns as sandbox_sockets
from sessions.routing import websocket_urlpatterns as session_sockets

# Scheme, host and port must be the dashboard's own: a preview host or another port is somebody else's page.
sockets = OriginValidator(
    AuthMiddlewareStack(with_source(URLRouter([*session_sockets, *sandbox_sockets, refuse_unknown]))),
    settings.SANDLOT_ORIGINS,
)
application = ProtocolTypeRouter({"http": pages, "websocket": sockets})
