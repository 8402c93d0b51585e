"""Puts our admin site in the place of Django's. Apart from `config.apps`: a module may hold one default app only."""

from django.contrib.admin.apps import AdminConfig


class SandlotAdminConfig(AdminConfig):
    default_site = "config.admin_site.SandlotAdminSite"
