"""A person's desk: what the terminal page is started with."""

from __future__ import annotations

from typing import Any

from accounts.models import User
from sessions.models.layout import Layout
from sessions.models.preferences import Preferences
from sessions.terminal import ends as terminals
from sessions.workspace.place import Place


def desk_of(user: User, place: Place) -> dict[str, Any]:
    """Return what `sessions/_workspace.html` shows: `terminals`, `layout` (or None) and `preferences`, for JSON.

    `terminals` is None while there is nothing to show yet. A layout is of one's own session only.
    """
    if place.session is None or not place.is_ready:
        return {"terminals": None}
    shells = terminals.at_hand(place.session, user, may_open=place.may_type)
    return {
        "terminals": [shell.as_json() for shell in shells],
        "layout": Layout.of(user, place.sandbox, {str(shell.pk) for shell in shells}) if place.is_own else None,
        "preferences": Preferences.of(user),
    }
