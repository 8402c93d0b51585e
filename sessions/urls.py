from __future__ import annotations

from django.urls import path

from sessions import desk_views, pages, palette_views, views

SANDBOX = "sandboxes/<slug:slug>/"
SESSION = f"{SANDBOX}sessions/<slug:name>/"

app_name = "sessions"
urlpatterns = [
    path(SANDBOX, views.workspace, name="workspace"),
    path(f"{SANDBOX}status/", views.status, name="status"),
    path(f"{SANDBOX}retry-session/", views.retry_session, name="retry_session"),
    path(f"{SANDBOX}terminals/", views.open_terminal, name="open_terminal"),
    path(f"{SANDBOX}sessions/", pages.session_list, name="list"),
    path(f"{SANDBOX}new-session/", pages.new_session, name="new"),
    # The same at a session that may be somebody else's.
    path(SESSION, views.workspace, name="workspace_at"),
    path(f"{SESSION}status/", views.status, name="status_at"),
    path(f"{SESSION}retry/", views.retry_session, name="retry_session_at"),
    path(f"{SESSION}terminals/", views.open_terminal, name="open_terminal_at"),
    path(f"{SESSION}settings/", pages.session_settings, name="settings"),
    path(f"{SESSION}end/", pages.end_session, name="end"),
    path("terminals/<uuid:pk>/end/", views.end_terminal, name="end_terminal"),
    path("terminals/<uuid:pk>/rename/", views.rename_terminal, name="rename_terminal"),
    path("terminals/<uuid:pk>/program/", desk_views.program, name="program"),
    path(f"{SANDBOX}layout/", desk_views.keep_layout, name="keep_layout"),
    path("preferences/terminal/", desk_views.keep_preferences, name="keep_preferences"),
    path("palette/", palette_views.items, name="palette"),
]
