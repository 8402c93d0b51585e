from django.apps import AppConfig


class SessionsConfig(AppConfig):
    name = "sessions"
    # Django's own session app has the label "sessions".
    label = "sandbox_sessions"
    verbose_name = "sessions"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from django.db.models.signals import post_delete, post_save

        from accounts.models import Membership, User
        from sessions.rights.changes import account_changed, membership_changed

        # Whoever changes a role or an account, page, admin or command, the sessions follow.
        for signal in (post_save, post_delete):
            signal.connect(membership_changed, sender=Membership, dispatch_uid="sessions follow roles")
        post_save.connect(account_changed, sender=User, dispatch_uid="sessions follow accounts")
