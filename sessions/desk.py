"""A person's desk: what the terminal page is started with."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from accounts.models import User
from sandboxes.models import Sandbox
from sessions.layouts import Layout
from sessions.models import Terminal
from sessions.preferences import Preferences


def desk_of(user: User, sandbox: Sandbox, shells: Collection[Terminal]) -> dict[str, Any]:
    """Return what `sessions/_workspace.html` shows: `terminals`, `layout` (or None) and `preferences`, for JSON."""
    return {
        "terminals": [shell.as_json() for shell in shells],
        "layout": Layout.of(user, sandbox, {str(shell.pk) for shell in shells}),
        "preferences": Preferences.of(user),
    }
