"""Who calls: a token, the person behind it, and what both together may reach."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any
from uuid import UUID

from django.http import HttpRequest
from ninja.errors import AuthenticationError
from ninja.security.http import HttpAuthBase

from accounts.models import ApiToken, Scope, Team, TeamQuerySet, User
from activity.refusals import Hidden, NotAllowed, Refused
from activity.source import client_address
from api import limits
from sandboxes.models import Sandbox, SandboxQuerySet
from sandboxes.names import SLUG
from sandboxes.permissions import REFUSALS, ROLES_FOR, Action, may
from sessions.command.acting import changeable
from sessions.models import Command, Session, SessionToken, Terminal
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
    """A token's reach is its person's, narrowed to its team or session; what it may do there also needs the scope."""

    user: User
    token: ApiToken | SessionToken

    @property
    def holder(self) -> str:
        """Name the token among those of both kinds."""
        return f"{'p' if isinstance(self.token, ApiToken) else 's'}{self.token.pk}"

    @property
    def api_token(self) -> ApiToken:
        """The person's token, where an operation is for these only. Raises TypeError for one of a session."""
        if not isinstance(self.token, ApiToken):
            raise TypeError("An operation that needs a person's token let one of a session in.")
        return self.token

    @property
    def team_id(self) -> int | None:
        """The one team, None for all of the person's."""
        return self.token.team_id if isinstance(self.token, ApiToken) else self.token.session.sandbox.team_id

    @property
    def only(self) -> Session | None:
        """The one session, None for all."""
        return self.token.session if isinstance(self.token, SessionToken) else None

    def grants(self, scope: str) -> bool:
        """Whether it has a scope; what needs none is a person's business still."""
        return scope in self.token.grants if scope else self.only is None

    @cached_property
    def roles(self) -> dict[int, str]:
        """The person's roles by team, asked once for a request."""
        return dict(self.user.memberships.values_list("team_id", "role"))

    def may(self, action: Action, sandbox: Sandbox) -> bool:
        """Whether the person may do this there; for many rows without a question for each."""
        is_creator = sandbox.created_by_id == self.user.pk
        return may(self.user, action, self.roles.get(sandbox.team_id), is_creator=is_creator)

    # --- teams -------------------------------------------------------------------------------------------------------
    @property
    def teams(self) -> TeamQuerySet:
        return self._narrowed(Team.objects.of(self.user))

    @property
    def creating_teams(self) -> TeamQuerySet:
        """Teams in which sandboxes may be created."""
        return self._narrowed(Team.objects.where(self.user, set(ROLES_FOR[Action.CREATE])))

    def _narrowed(self, teams: TeamQuerySet) -> TeamQuerySet:
        return teams.filter(pk=self.team_id) if self.team_id else teams

    # --- sandboxes ---------------------------------------------------------------------------------------------------
    @property
    def sandboxes(self) -> SandboxQuerySet:
        return self._within(Sandbox.objects.visible_to(self.user))

    @property
    def trash(self) -> SandboxQuerySet:
        return self._within(Sandbox.objects.trashed_for(self.user))

    def _within(self, rows: SandboxQuerySet) -> SandboxQuerySet:
        rows = rows.filter(team=self.team_id) if self.team_id else rows
        rows = rows.filter(pk=self.only.sandbox_id) if self.only else rows
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
        here = Session.objects.filter(sandbox=sandbox, name=name, ended_at=None)
        session = here.with_terminals().first() if known else None
        if session is None or (self.only and session != self.only):
            raise Hidden("This session does not exist, or you may not see it.", code="unknown_session")
        session.sandbox = sandbox
        require(self.user, act, session)
        return session

    def terminal(self, pk: UUID) -> Terminal:
        """Return a terminal to look at. Raises Hidden."""
        rows = Terminal.objects.visible_to(self.user).select_related("session__sandbox__team", "created_by")
        rows = rows.filter(session__sandbox__team=self.team_id) if self.team_id else rows
        rows = rows.filter(session=self.only) if self.only else rows
        found = rows.filter(pk=pk).first()
        if found is None:
            raise Hidden("This terminal does not exist, or you may not see it.", code="unknown_terminal")
        return found

    def command(self, pk: UUID) -> Command:
        """Return a command to look at. Raises Hidden."""
        rows = Command.objects.visible_to(self.user).select_related("session__sandbox__team", "created_by")
        rows = rows.filter(session__sandbox__team=self.team_id) if self.team_id else rows
        rows = rows.filter(session=self.only) if self.only else rows
        found = rows.filter(pk=pk).first()
        if found is None:
            raise Hidden("This command does not exist, or you may not see it.", code="unknown_command")
        return found

    def command_to_drive(self, pk: UUID) -> Command:
        """Return a command to signal, feed and end. Raises Hidden, NotAllowed."""
        self.command(pk)
        return changeable(pk, self.user)


def caller_of(request: HttpRequest) -> Caller:
    """Return who calls, found out once for a request. Raises AuthenticationError, RateLimited."""
    known = getattr(request, "caller", None)
    if isinstance(known, Caller):
        return known
    scheme, _, text = request.headers.get("Authorization", "").partition(" ")
    address = client_address(request.META.get("REMOTE_ADDR", ""), request.META.get("HTTP_X_FORWARDED_FOR", ""))
    token = token_of(text.strip()) if scheme.lower() == "bearer" else None
    caller = Caller(token.user, token) if token else None
    count(request, limits.tokens.take(caller.holder) if caller else limits.strangers.take(address))
    if token is None or caller is None:
        raise AuthenticationError
    token.note_use(address)
    # What is recorded below names the person and the token.
    request.user, request.token_name, request.caller = token.user, token.name, caller  # type: ignore[attr-defined]
    return caller


def token_of(text: str) -> ApiToken | SessionToken | None:
    """Return the usable token that this is, of whichever kind."""
    return SessionToken.objects.with_text(text) if text.startswith("slts_") else ApiToken.objects.with_text(text)


def count(request: HttpRequest, rate: limits.Rate) -> None:
    request.rate = rate  # type: ignore[attr-defined]
    if rate.is_over:
        raise RateLimited(rate)


class Bearer(HttpAuthBase):
    """A token in the Authorization header, with one of the scopes of an operation; "" for any person's token."""

    openapi_name, openapi_scheme = "token", "bearer"

    def __init__(self, *scopes: Scope | str) -> None:
        super().__init__()
        self.scopes = tuple(map(str, scopes)) or ("",)
        self.openapi_description = "An API token of the account page, as `Authorization: Bearer sltp_…`."

    def __call__(self, request: HttpRequest) -> Any:
        caller = caller_of(request)
        if not any(map(caller.grants, self.scopes)):
            lacking = (
                f"the scope {self.scopes[0]}" if self.scopes[0] else "what a person's token has: it is for a session"
            )
            raise NotAllowed(f"This token lacks {lacking}. Nothing was changed.", code="missing_scope")
        return caller
