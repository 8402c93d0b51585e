"""Which team a person is looking at: a choice of the browser's login, not of the account."""

from __future__ import annotations

from dataclasses import dataclass

from django.http import HttpRequest

from accounts.models import Team, User

CHOICE = "team"


@dataclass(frozen=True)
class Teams:
    """A person's teams by name; `current` is None for people who are in none."""

    current: Team | None
    all: list[Team]

    @property
    def several(self) -> bool:
        return len(self.all) > 1


def teams_of(request: HttpRequest) -> Teams:
    """Return the signed-in person's teams, in one query. A choice that is no longer theirs falls back to the first."""
    if not isinstance(request.user, User):
        return Teams(None, [])
    teams = list(Team.objects.of(request.user))
    chosen = request.session.get(CHOICE)
    current = next((team for team in teams if team.pk == chosen), teams[0] if teams else None)
    return Teams(current, teams)


def choose(request: HttpRequest, team: Team) -> None:
    request.session[CHOICE] = team.pk
