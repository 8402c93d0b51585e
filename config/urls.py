"""Every page's address."""

from __future__ import annotations

from django.contrib import admin
from django.urls import include, path

urlpatterns = [
    # Before allauth's: it closes some of those doors.
    path("", include("accounts.urls")),
    path("accounts/", include("allauth.urls")),
    path("admin/", admin.site.urls),
    path("", include("api.urls")),
    path("", include("sandboxes.urls")),
    path("", include("sessions.urls")),
]

handler400 = "config.errors.bad_request"
# Not Django's, but allauth's to look for.
handler429 = "config.errors.too_many"
