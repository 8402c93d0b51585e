from __future__ import annotations

from django.urls import path

from sessions.views import desk, manage, palette, terminals, tokens, workspace

SANDBOX = "sandboxes/<slug:slug>/"
SESSION = f"{SANDBOX}sessions/<slug:name>/"

app_name = "sessions"
urlpatterns = [
    path(SANDBOX, workspace.workspace, name="workspace"),
    path(f"{SANDBOX}status/", workspace.status, name="status"),
    path(f"{SANDBOX}retry-session/", workspace.retry_session, name="retry_session"),
    path(f"{SANDBOX}terminals/", terminals.open_terminal, name="open_terminal"),
    path(f"{SANDBOX}sessions/", manage.session_list, name="list"),
    path(f"{SANDBOX}new-session/", manage.new_session, name="new"),
    # The same at a session that may be someone else's.
    path(SESSION, workspace.workspace, name="workspace_at"),
    path(f"{SESSION}status/", workspace.status, name="status_at"),
    path(f"{SESSION}retry/", workspace.retry_session, name="retry_session_at"),
    path(f"{SESSION}terminals/", terminals.open_terminal, name="open_terminal_at"),
    path(f"{SESSION}settings/", manage.session_settings, name="settings"),
    path(f"{SESSION}tokens/", tokens.session_tokens, name="tokens"),
    path(f"{SESSION}tokens/<int:pk>/revoke/", tokens.revoke, name="revoke_token"),
    path(f"{SESSION}end/", manage.end_session, name="end"),
    path("commands/<uuid:pk>/end/", manage.end_command, name="end_command"),
    path("terminals/<uuid:pk>/end/", terminals.end_terminal, name="end_terminal"),
    path("terminals/<uuid:pk>/rename/", terminals.rename_terminal, name="rename_terminal"),
    path("terminals/<uuid:pk>/program/", desk.program, name="program"),
    path(f"{SANDBOX}layout/", desk.keep_layout, name="keep_layout"),
    path("preferences/terminal/", desk.keep_preferences, name="keep_preferences"),
    path("palette/", palette.items, name="palette"),
]
