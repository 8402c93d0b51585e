"""What a sandbox offers now: one table, which every page shows and whose every entry has an effect."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.test import Client

from accounts.models import User
from sandboxes.models import Desired, Sandbox, State
from sandboxes.models.operations import OFFERED, RETRY, Operation, operations_in
from sandboxes.views.buttons import CHANGES
from tests.visitors import browser_of

ROOT = Path(__file__).resolve().parents[2]
SETTLED_AS = {Desired.RUNNING: State.RUNNING, Desired.PAUSED: State.PAUSED, Desired.STOPPED: State.STOPPED}
CASES = [(state, desired) for desired, state in SETTLED_AS.items()] + [(State.FAILED, Desired.RUNNING)]


EVERY = tuple(dict.fromkeys((RETRY, *(operation for offered in OFFERED.values() for operation in offered))))


def brought_to(sandbox: Sandbox, state: str, desired: str) -> Sandbox:
    Sandbox.objects.filter(pk=sandbox.pk).update(state=state, desired=desired, boot_reached=sandbox.boot)
    sandbox.refresh_from_db()
    return sandbox


@pytest.fixture
def bobs(bob: User) -> Client:
    return browser_of(bob)


def test_every_wish_has_its_operations() -> None:
    assert set(OFFERED) == set(Desired)
    assert operations_in(State.FAILED, Desired.STOPPED) == (RETRY,)
    assert operations_in(State.DELETING, Desired.DELETED) == ()


@pytest.mark.parametrize("operation", EVERY, ids=lambda operation: operation.name)
def test_every_operation_has_its_method_address_and_word_for_the_palette(operation: Operation) -> None:
    assert operation.name in CHANGES
    assert callable(getattr(Sandbox, operation.name))
    words = (ROOT / "static/src/lib/words/commands.js").read_text()
    assert f'  {operation.name}: {{ verb: "{operation.label}", icon: "{operation.icon}"' in words


@pytest.mark.parametrize(("state", "desired"), CASES)
def test_the_page_offers_just_these(sandbox: Sandbox, bobs: Client, state: str, desired: str) -> None:
    brought_to(sandbox, state, desired)
    page = bobs.get(f"/sandboxes/{sandbox.slug}/head/").content.decode()
    offered = [
        name for name in re.findall(rf'action="/sandboxes/{sandbox.slug}/([a-z-]+)/"', page) if name != "keep-awake"
    ]
    assert offered == [operation.name for operation in sandbox.operations] != []


@pytest.mark.parametrize(("state", "desired"), CASES)
def test_each_of_them_changes_something(sandbox: Sandbox, bobs: Client, state: str, desired: str) -> None:
    for operation in brought_to(sandbox, state, desired).operations:
        brought_to(sandbox, state, desired)
        bobs.post(f"/sandboxes/{sandbox.slug}/{operation.name}/")
        after = Sandbox.objects.get(pk=sandbox.pk)
        assert (after.desired, after.state, after.boot) != (desired, state, sandbox.boot), operation.name


@pytest.mark.parametrize(("state", "desired"), CASES)
def test_the_list_has_the_main_one(sandbox: Sandbox, bobs: Client, state: str, desired: str) -> None:
    brought_to(sandbox, state, desired)
    row = bobs.get(f"/sandboxes/{sandbox.slug}/row/").content.decode()
    main = sandbox.main_operation
    assert main is not None
    assert main.is_main
    assert re.findall(rf'formaction="/sandboxes/{sandbox.slug}/([a-z-]+)/"', row) == [main.name]


def test_an_unknown_one_is_no_address(sandbox: Sandbox, bobs: Client) -> None:
    assert bobs.post(f"/sandboxes/{sandbox.slug}/explode/").status_code == 404
    assert bobs.post(f"/sandboxes/{sandbox.slug}/delete_everything/").status_code == 404
