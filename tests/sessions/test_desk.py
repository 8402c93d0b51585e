"""The layout and the preferences that the terminal page keeps, and what it asks before a terminal is closed."""

from __future__ import annotations

import json
import re
from typing import Any
from uuid import uuid4

import pytest
from django.http import HttpResponse

from accounts.models import User
from engine import EngineError
from sandboxes.models import Sandbox, State
from sessions.models import Session, SessionState, Terminal
from sessions.models.layout import Layout
from sessions.models.preferences import Preferences
from sessions.terminal import ends as terminals
from sessions.workspace.layout import LAYOUT_MAX_BYTES, PANES_PER_TAB, BadLayoutError, LayoutTree
from tests.visitors import browser_of

LAYOUT, PREFERENCES = "/sandboxes/quiet-otter/layout/", "/preferences/terminal/"
ONE, TWO, THREE = (str(uuid4()) for _ in range(3))


def post(user: User, address: str, data: object) -> HttpResponse:
    body = data if isinstance(data, str) else json.dumps(data)
    return browser_of(user).post(address, body, content_type="application/json")  # type: ignore[return-value]


def pane(terminal: object) -> dict[str, Any]:
    return {"terminal": str(terminal)}


def split(first: Any, second: Any, direction: str = "right", share: float = 0.5) -> dict[str, Any]:
    return {"split": direction, "share": share, "first": first, "second": second}


def tab(root: Any, active: object, *, zoomed: bool = False) -> dict[str, Any]:
    return {"root": root, "active": str(active), "zoomed": zoomed}


def layout(*tabs: Any, shown: int = 0) -> dict[str, Any]:
    return {"tabs": list(tabs), "shown": shown}


def column_of(count: int) -> dict[str, Any]:
    ids = [uuid4() for _ in range(count)]
    root = pane(ids[0])
    for terminal in ids[1:]:
        root = split(root, pane(terminal), "down")
    return tab(root, ids[0])


@pytest.fixture
def shells(sandbox: Sandbox, bob: User) -> list[Terminal]:
    """Two terminals of Bob's running session."""
    sandbox.reach(State.RUNNING, boot_reached=sandbox.boot)
    session = Session.for_person(sandbox, bob)
    session.reach(SessionState.RUNNING)
    return [session.open_terminal(by=bob) for _ in range(2)]


# --- the shape ------------------------------------------------------------------------------------------------------
def test_a_layout_comes_back_as_it_was() -> None:
    left = tab(split(pane(ONE), pane(TWO), "down", 0.25), TWO, zoomed=True)
    data = layout(left, tab(pane(THREE), THREE), shown=1)
    assert LayoutTree.of(data).as_json() == data


def test_what_is_left_takes_the_room_of_what_is_gone() -> None:
    data = layout(tab(pane(ONE), ONE), tab(split(pane(TWO), pane(THREE)), TWO, zoomed=True), shown=1)
    kept = LayoutTree.of(data).keeping({THREE}).as_json()
    assert kept == layout(tab(pane(THREE), THREE), shown=0)
    assert LayoutTree.of(data).keeping(set()).as_json() == layout()


@pytest.mark.parametrize(
    "data",
    [
        None,
        [],
        {"tabs": []},
        layout(shown=True) | {"more": 1},
        {"tabs": {}, "shown": 0},
        layout(tab(pane("x"), "x")),
        layout(tab(pane(ONE), TWO)),
        layout(tab(pane(ONE), ONE) | {"zoomed": 1}),
        layout(tab(pane(ONE), ONE), tab(pane(ONE), ONE)),
        layout(tab(split(pane(ONE), pane(TWO), "up"), ONE)),
        layout(tab(split(pane(ONE), pane(TWO), share=0.95), ONE)),
        layout(tab(split(pane(ONE), pane(TWO)) | {"share": True}, ONE)),
        layout(tab(split(pane(ONE), None), ONE)),
        layout(column_of(PANES_PER_TAB + 1)),
    ],
)
def test_what_is_no_layout_is_refused(data: object) -> None:
    with pytest.raises(BadLayoutError):
        LayoutTree.of(data)


@pytest.mark.parametrize("body", [b"", b"{", b"\xff", b"[" * 16_000, b" " * (LAYOUT_MAX_BYTES + 1)])
def test_a_body_that_is_none_is_refused(body: bytes) -> None:
    with pytest.raises(BadLayoutError):
        LayoutTree.parse(body)


def test_sixteen_panes_fit() -> None:
    assert len(list(LayoutTree.of(layout(column_of(PANES_PER_TAB))).terminals)) == PANES_PER_TAB


# --- kept per person and sandbox ------------------------------------------------------------------------------------
def shown_data(user: User, name: str) -> Any:
    page = browser_of(user).get("/sandboxes/quiet-otter/").content.decode()
    found = re.search(rf'<script id="{name}-data" type="application/json">(.*?)</script>', page)
    assert found
    return json.loads(found[1])


def test_the_layout_is_there_on_the_next_page(shells: list[Terminal], bob: User, vera: User) -> None:
    one, two = (shell.pk for shell in shells)
    wanted = layout(tab(split(pane(two), pane(one)), one))
    assert shown_data(bob, "layout") is None
    assert post(bob, LAYOUT, wanted).status_code == 200
    assert shown_data(bob, "layout") == wanted
    assert not Layout.objects.filter(user=vera).exists()


def test_the_last_layout_wins(shells: list[Terminal], bob: User) -> None:
    one, two = (shell.pk for shell in shells)
    post(bob, LAYOUT, layout(tab(pane(one), one), tab(pane(two), two)))
    post(bob, LAYOUT, layout(tab(pane(two), two), tab(pane(one), one), shown=1))
    assert [found["active"] for found in shown_data(bob, "layout")["tabs"]] == [str(two), str(one)]
    assert Layout.objects.count() == 1


def test_terminals_that_ended_or_were_never_seen_are_dropped(shells: list[Terminal], bob: User) -> None:
    one, two = shells
    post(bob, LAYOUT, layout(tab(split(pane(one.pk), pane(uuid4())), one.pk), tab(pane(two.pk), two.pk)))
    assert shown_data(bob, "layout")["tabs"] == [tab(pane(one.pk), one.pk), tab(pane(two.pk), two.pk)]
    one.mark_ended(0)
    assert shown_data(bob, "layout")["tabs"] == [tab(pane(two.pk), two.pk)]


def test_a_bad_layout_is_refused_and_the_old_one_stays(shells: list[Terminal], bob: User) -> None:
    wanted = layout(tab(pane(shells[0].pk), shells[0].pk))
    post(bob, LAYOUT, wanted)
    for body in ("{", json.dumps(layout()) + " " * LAYOUT_MAX_BYTES):
        answer = post(bob, LAYOUT, body)
        assert answer.status_code == 400
        assert "was not kept" in json.loads(answer.content)["error"]["text"]
    assert shown_data(bob, "layout") == wanted


def test_a_layout_of_another_version_is_forgotten(shells: list[Terminal], bob: User, sandbox: Sandbox) -> None:
    Layout.objects.create(user=bob, sandbox=sandbox, tree={"panes": []})
    assert shown_data(bob, "layout") is None


def test_charlie_keeps_no_layout_here(shells: list[Terminal], charlie: User) -> None:
    assert post(charlie, LAYOUT, layout()).status_code == 404
    assert not Layout.objects.exists()


# --- preferences ----------------------------------------------------------------------------------------------------
def test_preferences_are_kept_for_the_person(shells: list[Terminal], bob: User, vera: User) -> None:
    chosen = {"fontSize": 16, "theme": "contrast", "cursorBlink": False, "lineHeight": 1.3}
    assert shown_data(bob, "preferences") == {}
    assert post(bob, PREFERENCES, chosen).status_code == 200
    assert shown_data(bob, "preferences") == chosen
    assert Preferences.of(vera) == {}


@pytest.mark.parametrize(
    "bad",
    [
        "{",
        "[" * 4_000,
        " " * 5_000,
        [],
        {"fontSize": 200},
        {"fontSize": True},
        {"fontSize": "16"},
        {"theme": "<b>"},
        {"theme": ["page"]},
        {"cursorBlink": 1},
        {"onload": "x"},
    ],
)
def test_bad_preferences_change_nothing(bob: User, bad: object) -> None:
    post(bob, PREFERENCES, {"fontSize": 12})
    answer = post(bob, PREFERENCES, bad)
    assert answer.status_code == 400
    assert "Nothing was changed." in json.loads(answer.content)["error"]["text"]
    assert Preferences.of(bob) == {"fontSize": 12}


def test_nobody_keeps_nothing(client: Any) -> None:
    for address in (LAYOUT, PREFERENCES):
        assert client.post(address, "{}", content_type="application/json").status_code == 401


# --- what runs ------------------------------------------------------------------------------------------------------
def held(monkeypatch: pytest.MonkeyPatch, terminal: Terminal, **facts: object) -> None:
    async def answer(_container: str) -> dict[str, dict[str, Any]]:
        return {str(terminal.pk): {"running": True, "foreground": "bash", "busy": False} | facts}

    monkeypatch.setattr(terminals, "_held", answer)


@pytest.mark.parametrize(
    ("facts", "program"),
    [
        ({}, None),
        ({"foreground": "vim", "busy": True}, "vim"),
        ({"foreground": "bash", "busy": True}, "bash"),
        ({"foreground": "htop"}, "htop"),
        ({"running": False, "foreground": ""}, None),
    ],
)
def test_the_program_in_the_foreground_is_named(
    shells: list[Terminal], bob: User, monkeypatch: pytest.MonkeyPatch, facts: dict[str, object], program: str | None
) -> None:
    shells[0].mark_opened()
    held(monkeypatch, shells[0], **facts)
    answer = post(bob, f"/terminals/{shells[0].pk}/program/", "")
    assert json.loads(answer.content) == {"program": program}


def test_a_holder_that_cannot_tell_is_not_believed(
    shells: list[Terminal], bob: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A session that was started by an older version: better ask once too often."""
    shells[0].mark_opened()
    held(monkeypatch, shells[0], busy=None)
    assert json.loads(post(bob, f"/terminals/{shells[0].pk}/program/", "").content) == {"program": "bash"}


def test_without_the_engine_nobody_knows(shells: list[Terminal], bob: User, monkeypatch: pytest.MonkeyPatch) -> None:
    async def away(_container: str) -> dict[str, dict[str, Any]]:
        raise EngineError("The engine does not answer.")

    shells[0].mark_opened()
    monkeypatch.setattr(terminals, "_held", away)
    assert post(bob, f"/terminals/{shells[0].pk}/program/", "").status_code == 503
