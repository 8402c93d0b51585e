"""The admin as a whole: the dashboard's sign-in, our own models only."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from allauth.account.decorators import secure_admin_login
from django.contrib.admin import AdminSite, ModelAdmin
from django.db.models import Model
from django.db.models.base import ModelBase
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse

from accounts.signing import person
from activity.recorded import Recorded
from config.overview import overview_for
from config.teams_only import TeamsOnly

# Their rows are managed through people: groups grant nothing here, addresses and authenticators belong to an account
# (and an authenticator's row holds its secret).
ELSEWHERE = frozenset({"auth", "account", "mfa"})

ROWS_ON_A_PAGE = 50


class SandlotAdminSite(AdminSite):
    site_header = "Sandlot admin"
    site_title = "Sandlot admin"
    index_title = "Overview"
    enable_nav_sidebar = False

    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Lead to the one sign-in page, with its second factor and its limits; refuse who is not staff."""
        response: HttpResponse = secure_admin_login(super().login)(request, extra_context)
        return response

    def index(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> TemplateResponse:
        answer: TemplateResponse = super().index(request, overview_for(person(request)) | (extra_context or {}))
        return answer

    def register(
        self,
        model_or_iterable: type[Model] | Iterable[type[Model]],
        admin_class: type[ModelAdmin] | None = None,
        **options: Any,
    ) -> None:
        models = [model_or_iterable] if isinstance(model_or_iterable, ModelBase) else list(model_or_iterable)
        ours = [model for model in models if model._meta.app_label not in ELSEWHERE]  # noqa: SLF001  # documented
        super().register(ours, recorded(admin_class or ModelAdmin), **options)


def recorded(admin_class: type[ModelAdmin]) -> type[ModelAdmin]:
    """Return the same admin, its changes recorded and its rows those of one's teams: no model's has to think of it.

    Nor of how a list stays quick with 10,000 rows: most of its time is drawing, and the total needs no second count.
    """
    quick = {"list_per_page": ROWS_ON_A_PAGE, "show_full_result_count": False}
    return type(admin_class.__name__, (TeamsOnly, Recorded, admin_class), quick)
