from django.apps import AppConfig


class SessionsConfig(AppConfig):
    name = "sessions"
    # Django's own session app has the label "sessions".
    label = "sandbox_sessions"
    verbose_name = "sessions"
    default_auto_field = "django.db.models.BigAutoField"
