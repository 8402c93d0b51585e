"""Who calls: a token, the person behind it, and what both together may reach."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from ninja.errors import AuthenticationError
from ninja.security import HttpBearer

from accounts.models import ApiToken, Scope, Team, TeamQuerySet, User
from activity.refusals import Hidden, NotAllowed, Refused
from activity.source import client_address
from api import limits
from sandboxes.models import Sandbox, SandboxQuerySet
from sandboxes.names import SLUG
from sandboxes.permissions import REFUSALS, ROLES_FOR, Action
from sessions.models import Session
from sessions.names import SESSION_ID
from sessions.rights.table import Act, require


class RateLimited(Refused):
    """Too many requests in a short time."""

    status, code = 429, "rate_limited"

    def __init__(self, rate: limits.Rate) -> None:
        super().__init__(f"This is more than {rate.limit} requests in {limits.WINDOW_S} seconds. Nothing was changed.")
        self.headers = {"Retry-After": str(max(1, rate.reset_s))}


@dataclass(frozen=True)
class Caller:
    """A token's reach is its person's, narrowed to its team; what it may do there also needs the scope."""

    user: User
    token: ApiToken

    # --- teams -------------------------------------------------------------------------------------------------------
    @property
    def teams(self) -> TeamQuerySet:
        return self._narrowed(Team.objects.of(self.user))

    @property
    def creating_teams(self) -> TeamQuerySet:
        """Teams in which sandboxes may be created."""
        return self._narrowed(Team.objects.where(self.user, set(ROLES_FOR[Action.CREATE])))

    def _narrowed(self, teams: TeamQuerySet) -> TeamQuerySet:
        return teams.filter(pk=self.token.team_id) if self.token.team_id else teams

    # --- sandboxes ---------------------------------------------------------------------------------------------------
    @property
    def sandboxes(self) -> SandboxQuerySet:
        return self._within(Sandbox.objects.visible_to(self.user))

    @property
    def trash(self) -> SandboxQuerySet:
        return self._within(Sandbox.objects.trashed_for(self.user))

    def _within(self, rows: SandboxQuerySet) -> SandboxQuerySet:
        rows = rows.filter(team=self.token.team_id) if self.token.team_id else rows
        return rows.select_related("template", "team", "created_by", "last_used_by", "usage")

    def sandbox(self, slug: str, action: Action = Action.VIEW) -> Sandbox:
        """Return a sandbox to act on. Raises Hidden for a stranger, NotAllowed for one who may only look."""
        return self._permitted(self.sandboxes, slug, action)

    def trashed(self, slug: str) -> Sandbox:
        return self._permitted(self.trash, slug, Action.MANAGE)

    def _permitted(self, rows: SandboxQuerySet, slug: str, action: Action) -> Sandbox:
        found = rows.filter(slug=slug).first() if SLUG.fullmatch(slug) else None
        if found is None:
            raise Hidden(REFUSALS[Action.VIEW], code="unknown_sandbox")
        if not found.permits(action, self.user):
            raise NotAllowed(REFUSALS[action], found)
        return found

    # --- sessions ----------------------------------------------------------------------------------------------------
    def session(self, slug: str, name: str, act: Act = Act.LOOK) -> Session:
        """Return a session to act on. Raises Hidden, NotAllowed."""
        sandbox = self.sandbox(slug)
        known = bool(SESSION_ID.fullmatch(name))
        session = Session.objects.filter(sandbox=sandbox, name=name, ended_at=None).first() if known else None
        if session is None:
            raise Hidden("This session does not exist, or you may not see it.", code="unknown_session")
        session.sandbox = sandbox
        require(self.user, act, session)
        return session


def caller_of(request: HttpRequest) -> Caller:
    """Return who calls, found out once for a request. Raises AuthenticationError, RateLimited."""
    known = getattr(request, "caller", None)
    if isinstance(known, Caller):
        return known
    scheme, _, text = request.headers.get("Authorization", "").partition(" ")
    address = client_address(request.META.get("REMOTE_ADDR", ""), request.META.get("HTTP_X_FORWARDED_FOR", ""))
    token = ApiToken.objects.with_text(text.strip()) if scheme.lower() == "bearer" else None
    count(request, limits.tokens.take(str(token.pk)) if token else limits.strangers.take(address))
    if token is None:
        raise AuthenticationError
    token.note_use(address)
    caller = Caller(token.user, token)
    # What is recorded below names the person and the token.
    request.user, request.token_name, request.caller = token.user, token.name, caller  # type: ignore[attr-defined]
    return caller


def count(request: HttpRequest, rate: limits.Rate) -> None:
    request.rate = rate  # type: ignore[attr-defined]
    if rate.is_over:
        raise RateLimited(rate)


class Bearer(HttpBearer):
    """A token in the Authorization header, with the scope that an operation needs; "" for any token."""

    openapi_name = "token"

    def __init__(self, scope: Scope | str = "") -> None:
        super().__init__()
        self.scope = str(scope)
        self.openapi_description = "An API token of the account page, as `Authorization: Bearer sltp_…`."

    def __call__(self, request: HttpRequest) -> Any:
        caller = caller_of(request)
        if self.scope and self.scope not in caller.token.grants:
            raise NotAllowed(f"This token lacks the scope {self.scope}. Nothing was changed.", code="missing_scope")
        return caller

    def authenticate(self, request: HttpRequest, token: str) -> Any:
        """Never asked: the header is read above, where a missing one counts as well."""
        raise NotImplementedError
