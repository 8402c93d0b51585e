"""Tokens that open one session: what there is, a new one, its end."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from accounts.signing import person
from sessions.forms import SessionTokenForm
from sessions.models import Session, SessionToken
from sessions.rights.table import Act, acts_of, require
from sessions.views.manage import permitted_session


@login_required
@never_cache
def session_tokens(request: HttpRequest, slug: str, name: str) -> HttpResponse:
    """List them; a new one is shown this once: only its hash is kept, so there is no page to go to for it."""
    session, acts = session_of(request, slug, name)
    form = SessionTokenForm(request.POST or None)
    if request.method == "POST":
        require(person(request), Act.TYPE, session, "No token was made.")
        if form.is_valid():
            try:
                made, text = SessionToken.make(session, person(request), timedelta(hours=form.cleaned_data["hours"]))
            except ValidationError as error:
                form.add_error(None, error)
            else:
                return page(request, session, acts, SessionTokenForm(), made=made, text=text)
    return page(request, session, acts, form)


@login_required
@require_POST
def revoke(request: HttpRequest, slug: str, name: str, pk: int) -> HttpResponse:
    session, acts = session_of(request, slug, name)
    token = get_object_or_404(tokens_of(request, session, acts), pk=pk)
    token.revoke()
    messages.success(request, f"{token.shown}… was revoked. What is connected by it is cut off.")
    return redirect("sessions:tokens", slug, name)


def session_of(request: HttpRequest, slug: str, name: str) -> tuple[Session, frozenset[Act]]:
    """Return a session whose tokens are this person's business: who types there makes them, its managers end them."""
    session = permitted_session(request, slug, name, Act.LOOK)
    user = person(request)
    acts = acts_of(user, session, session.sandbox.team.role_of(user))
    if Act.CONFIGURE not in acts:
        require(user, Act.TYPE, session)
    return session, acts


def tokens_of(request: HttpRequest, session: Session, acts: frozenset[Act]) -> Any:
    """Return those that still open it: one's own, or all for who may configure it."""
    rows = SessionToken.objects.usable().filter(session=session).select_related("user", "session__sandbox")
    return rows if Act.CONFIGURE in acts else rows.filter(user=person(request))


def page(
    request: HttpRequest, session: Session, acts: frozenset[Act], form: SessionTokenForm, **extra: Any
) -> HttpResponse:
    context = {
        "sandbox": session.sandbox,
        "session": session,
        "tab": "sessions",
        "form": form,
        "tokens": tokens_of(request, session, acts),
        "may_make": Act.TYPE in acts,
        "may_configure": Act.CONFIGURE in acts,
    }
    return render(request, "sessions/tokens.html", context | extra)
