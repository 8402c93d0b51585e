from django.apps import AppConfig


class SandboxesConfig(AppConfig):
    name = "sandboxes"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from sandboxes.signals import sandbox_changed
        from sandboxes.socket import tell

        sandbox_changed.connect(tell, dispatch_uid="events socket")
