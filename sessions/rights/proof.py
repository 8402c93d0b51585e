"""Who sits at a terminal: a browser's login, a person's token, or a token for one session."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from accounts import logins
from accounts.logins import Login, TokenLogin
from sessions.models import Session, SessionToken


@dataclass(frozen=True)
class SessionLogin:
    """A session token. It ends with its date, its revocation, its maker's account, or the session."""

    user_id: int
    token_id: int
    session_id: int
    scopes: frozenset[str]

    @classmethod
    def of(cls, token: SessionToken) -> SessionLogin:
        return cls(token.user_id, token.pk, token.session_id, token.grants)

    def grants(self, scope: str) -> bool:
        return scope in self.scopes


Proof = Login | TokenLogin | SessionLogin


def reaches(proof: Proof, session: Session) -> bool:
    """Whether it is good for this session, whose `sandbox` is read; what it may do there is another question."""
    if isinstance(proof, SessionLogin):
        return proof.session_id == session.pk
    return proof.reaches(session.sandbox.team_id)


def still_good(proofs: Collection[Proof]) -> set[Proof]:
    """Return those that have not ended, in four queries whatever their number."""
    for_sessions = {each for each in proofs if isinstance(each, SessionLogin)}
    others = logins.still_good({each for each in proofs if not isinstance(each, SessionLogin)})
    return {*others, *good_for_sessions(for_sessions)}


def good_for_sessions(proofs: set[SessionLogin]) -> set[SessionLogin]:
    if not proofs:
        return set()
    usable = SessionToken.objects.usable().filter(pk__in={each.token_id for each in proofs})
    alive = set(usable.values_list("pk", flat=True))
    return {each for each in proofs if each.token_id in alive}
