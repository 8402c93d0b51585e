"""What a sandbox uses, as graphs and in words. Looking here does not keep it awake."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from sandboxes.metrics.graphs import GRAPHS, SPANS, Span, as_columns, card_of, samples_of
from sandboxes.views.reaching import visible

# What happened lately, beside the graphs.
NOTICES_SHOWN = 10


@login_required
@require_safe
@never_cache
def metrics(request: HttpRequest, slug: str) -> HttpResponse:
    sandbox, span, now = visible(request, slug), span_of(request), timezone.now()
    samples = samples_of(sandbox, span, now)
    cards = [card_of(graph, sandbox, samples) for graph in GRAPHS]
    context = {
        "sandbox": sandbox,
        "tab": "metrics",
        "spans": SPANS.values(),
        "span": span,
        "cards": [card for card in cards if card.rows],
        "columns": as_columns(sandbox, samples, span, now),
        "notices": sandbox.notices.all()[:NOTICES_SHOWN],
    }
    return render(request, "sandboxes/metrics.html", context)


@login_required
@require_safe
@never_cache
def columns(request: HttpRequest, slug: str) -> JsonResponse:
    """The same numbers for the page's script, which asks now and then."""
    sandbox, span, now = visible(request, slug), span_of(request), timezone.now()
    return JsonResponse(as_columns(sandbox, samples_of(sandbox, span, now), span, now))


def span_of(request: HttpRequest) -> Span:
    """Return the span that the address asks for; what is not known is the last hour."""
    return SPANS.get(request.GET.get("span", ""), SPANS["hour"])
