from __future__ import annotations

from django.urls import path
from django.views.generic import RedirectView, TemplateView

from accounts.views import api_tokens, entrance, team, theme

app_name = "accounts"
urlpatterns = [
    path("setup/<str:token>/", entrance.setup, name="setup"),
    path("invitations/<str:token>/", entrance.invitation, name="invitation"),
    path("team/", team.team, name="team"),
    path("team/rename/", team.rename, name="rename"),
    path("team/switch/", team.switch, name="switch"),
    path("team/invitations/", team.invite, name="invite"),
    path("team/invitations/<int:pk>/revoke/", team.revoke_invitation, name="revoke_invitation"),
    path("team/members/<int:pk>/role/", team.change_role, name="change_role"),
    path("team/members/<int:pk>/remove/", team.remove, name="remove"),
    path("account/tokens/", api_tokens.api_tokens, name="api_tokens"),
    path("account/tokens/<int:pk>/revoke/", api_tokens.revoke, name="revoke_api_token"),
    path("theme/", theme.choose_theme, name="theme"),
    # These stand before allauth's of the same address: no mail is sent, and nobody signs up.
    path("accounts/password/reset/", entrance.password_help, name="password_help"),
    path("accounts/email/", RedirectView.as_view(pattern_name="sandboxes:list"), name="no_email_page"),
    path("accounts/signup/", TemplateView.as_view(template_name="account/signup_closed.html"), name="signup_closed"),
]
