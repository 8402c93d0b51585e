"""Who may only read changes nothing through the dashboard either, and each refusal says why."""

from __future__ import annotations

import html

import pytest
from django.forms.models import model_to_dict

from accounts.models import User
from sandboxes import permissions
from sandboxes.models import Sandbox, State
from sandboxes.permissions import Action
from sessions.models import Session, SessionState, Terminal
from sessions.rights import table as policy
from sessions.rights.table import Act
from tests.visitors import browser_of

HERE = "/sandboxes/quiet-otter/"
OPERATE, MANAGE, SHARE = (permissions.REFUSALS[action] for action in (Action.OPERATE, Action.MANAGE, Action.SHARE))
TYPE, CONFIGURE, END = (policy.REFUSALS[act] for act in (Act.TYPE, Act.CONFIGURE, Act.END))


@pytest.fixture
def terminal(sandbox: Sandbox, bob: User, vera: User) -> Terminal:
    """One of Bob's; Vera, a viewer, and the global session are there as well, and all of it runs."""
    sandbox.reach(State.RUNNING, boot_reached=sandbox.boot)
    for session in (Session.for_person(sandbox, bob), Session.for_person(sandbox, vera), Session.for_global(sandbox)):
        session.reach(SessionState.RUNNING)
    return Session.objects.get(name="bob").open_terminal(by=bob)


def everything() -> list[object]:
    """Return all that a viewer could have changed: every sandbox, session and terminal with every column."""
    rows = (*Sandbox.objects.all(), *Session.objects.order_by("pk"), *Terminal.objects.all())
    return [model_to_dict(row) | {"more": (getattr(row, "ended_at", None), getattr(row, "boot", None))} for row in rows]


@pytest.mark.parametrize(
    ("path", "why"),
    [
        ("start/", OPERATE),
        ("stop/", OPERATE),
        ("restart/", OPERATE),
        ("retry/", OPERATE),
        ("delete/", MANAGE),
        ("settings/details/", MANAGE),
        ("settings/limits/", MANAGE),
        ("new-session/", SHARE),
        ("sessions/bob/settings/", CONFIGURE),
        ("sessions/vera/settings/", CONFIGURE),
        ("sessions/pitcher-host/settings/", CONFIGURE),
        ("sessions/bob/end/", END),
        ("sessions/pitcher-host/end/", END),
        ("sessions/bob/retry/", TYPE),
        ("sessions/bob/terminals/", TYPE),
        ("sessions/pitcher-host/terminals/", TYPE),
    ],
)
def test_a_viewer_changes_nothing_and_reads_why(terminal: Terminal, vera: User, path: str, why: str) -> None:
    before = everything()
    answer = browser_of(vera).post(HERE + path, {"name": "quiet-otter", "title": "Mine", "git_email": "v@example.com"})
    assert answer.status_code == 403
    assert why in html.unescape(answer.content.decode())
    assert everything() == before


@pytest.mark.parametrize("wish", ["end", "rename"])
def test_a_viewer_neither_ends_nor_renames_someone_elses_terminal(terminal: Terminal, vera: User, wish: str) -> None:
    before = everything()
    answer = browser_of(vera).post(f"/terminals/{terminal.pk}/{wish}/", {"title": "Mine"})
    assert answer.status_code == 403
    assert answer.json()["error"]["text"] == "This terminal is someone else's. Nothing was changed."
    assert everything() == before


def test_every_refusal_is_a_sentence() -> None:
    assert permissions.REFUSALS.keys() == set(Action)
    assert policy.REFUSALS.keys() == set(Act)
    assert all(text.endswith(".") for text in (*permissions.REFUSALS.values(), *policy.REFUSALS.values()))
