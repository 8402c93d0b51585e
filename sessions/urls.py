from __future__ import annotations

from django.urls import path

from sessions import desk_views, views

app_name = "sessions"
urlpatterns = [
    path("sandboxes/<slug:slug>/", views.workspace, name="workspace"),
    path("sandboxes/<slug:slug>/status/", views.status, name="status"),
    path("sandboxes/<slug:slug>/retry-session/", views.retry_session, name="retry_session"),
    path("sandboxes/<slug:slug>/terminals/", views.open_terminal, name="open_terminal"),
    path("terminals/<uuid:pk>/end/", views.end_terminal, name="end_terminal"),
    path("terminals/<uuid:pk>/rename/", views.rename_terminal, name="rename_terminal"),
    path("terminals/<uuid:pk>/program/", desk_views.program, name="program"),
    path("sandboxes/<slug:slug>/layout/", desk_views.keep_layout, name="keep_layout"),
    path("preferences/terminal/", desk_views.keep_preferences, name="keep_preferences"),
]
