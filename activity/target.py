"""What an entry is about, as plain values: an entry outlives what it names."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.contrib.auth.base_user import AbstractBaseUser
from django.db.models import Model

from activity.source import label_of


@dataclass(frozen=True)
class Target:
    """The thing and where it belongs; ids are None, labels "" where there is none."""

    kind: str = ""
    id: str = ""
    label: str = ""
    sandbox_id: int | None = None
    sandbox: str = ""
    team_id: int | None = None
    team: str = ""

    @classmethod
    def of(cls, thing: Model | None) -> Target:
        """Describe a row. Its sandbox and team are found along the foreign keys of these names."""
        if thing is None:
            return cls()
        sandbox, team = along(thing, "sandbox"), along(thing, "team")
        return cls(
            kind=str(thing._meta.verbose_name),  # noqa: SLF001  # documented
            id=str(thing.pk),
            label=label_of(thing) if isinstance(thing, AbstractBaseUser) else name_of(thing),
            sandbox_id=sandbox.pk if sandbox else None,
            sandbox=name_of(sandbox) if sandbox else "",
            team_id=team.pk if team else None,
            team=str(team or ""),
        )


def along(thing: Any, name: str) -> Model | None:
    """Return the row of this name: the thing itself, or what its session, sandbox or own key leads to."""
    while isinstance(thing, Model):
        if thing._meta.model_name == name:  # noqa: SLF001  # documented
            return thing
        above = (getattr(thing, key, None) for key in (name, "session", "sandbox"))
        thing = next((row for row in above if isinstance(row, Model)), None)
    return None


def name_of(thing: Model) -> str:
    """Return the id that addresses carry, where there is one; titles change more often."""
    return str(getattr(thing, "slug", "") or thing)
