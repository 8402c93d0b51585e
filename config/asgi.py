"""The dashboard as an ASGI application: pages and admin over HTTP, terminals and events over websockets."""

from __future__ import annotations

import os

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
pages = get_asgi_application()

from channels.auth import AuthMiddlewareStack
from channels.routing import ProtocolTypeRouter, URLRouter
from django.conf import settings

from accounts.sockets import with_login
from activity.sockets import with_source
from api.sockets import with_token
from config.origins import only_from
from config.routing import refuse_unknown
from sandboxes.routing import websocket_urlpatterns as sandbox_sockets
from sessions.routing import websocket_urlpatterns as session_sockets

routes = with_source(URLRouter([*session_sockets, *sandbox_sockets, refuse_unknown]))
# Scheme, host and port must be the dashboard's own: a preview host or another port is another site's page.
browsers = only_from(settings.SANDLOT_ORIGINS, AuthMiddlewareStack(with_login(routes)))
application = ProtocolTypeRouter({"http": pages, "websocket": with_token(routes, browsers)})
