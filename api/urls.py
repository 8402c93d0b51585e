from __future__ import annotations

from django.urls import path

from api import pages
from api.v1 import api

urlpatterns = [
    path("api/v1/openapi.json", pages.openapi, name="openapi"),
    path("api/", pages.reference, name="api_reference"),
    path("api/v1/", api.urls),
]
