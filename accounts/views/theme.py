"""Light, dark, or as the system says: kept in a cookie, so that the first paint is right."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST

THEMES = ("system", "light", "dark")
COOKIE = "sandlot_theme"
ONE_YEAR_S = 365 * 24 * 3600


def theme_of(request: HttpRequest) -> str:
    chosen = request.COOKIES.get(COOKIE, "")
    return chosen if chosen in THEMES else "system"


@require_POST
def choose_theme(request: HttpRequest) -> HttpResponse:
    """Keep the choice and go back to where it was made."""
    chosen = request.POST.get("theme", "")
    back = request.POST.get("next", "")
    response = redirect(back if url_has_allowed_host_and_scheme(back, {request.get_host()}) else "sandboxes:list")
    if chosen in THEMES:
        # Readable by the page's script: the switch works without a round trip, and holds no secret.
        response.set_cookie(COOKIE, chosen, max_age=ONE_YEAR_S, samesite="Lax", secure=request.is_secure())
    return response
