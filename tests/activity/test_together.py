"""What cannot be recorded is not done: every way to change something leaves the database as it was."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import time_machine
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP
from django.apps import apps
from django.contrib.sessions.models import Session as BrowserSession
from django.core.cache import cache
from django.core.management import call_command
from django.test import Client, override_settings
from django.utils import timezone

from accounts.first_start import found_from_environment
from accounts.management.commands import rotate_keys
from accounts.models import Role, SetupLink, Team, User
from accounts.vault import second_factor
from accounts.vault.keys import Key, KeyFile
from activity import log
from activity.chain import verify
from activity.models import Entry
from sandboxes.models import Notice, Sandbox, State
from sandboxes.shipped_templates import offer_templates
from sessions.models import Session, Terminal
from tests.accounts.test_second_factor import code_of, turn_on
from tests.activity.test_people import PASSWORDS, new_entries
from tests.conftest import PASSWORD
from tests.sessions.test_access import terminal_of
from tests.visitors import browser_of

SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"


class FullError(Exception):
    """The record takes nothing."""


@contextmanager
def nothing_is_recorded() -> Iterator[None]:
    def refuse(_: Entry) -> None:
        raise FullError

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(log, "append", refuse)
        yield


def everything() -> dict[str, list[str]]:
    """Return all rows of all tables but the visitors' cookies; `logins` looks at what is in those."""
    models = set(apps.get_models(include_auto_created=True)) - {BrowserSession}
    return {model._meta.label: sorted(map(str, model._base_manager.values())) for model in models}


def logins() -> int:
    """Return how many browsers are signed in."""
    return sum("_auth_user_id" in row.get_decoded() for row in BrowserSession.objects.all())


class Harbor:
    """A team with all that can be changed in it, and Alice's browser, which shows errors as pages."""

    def __init__(self, sandbox: Sandbox, alice: User, bob: User) -> None:
        self.sandbox, self.alice, self.bob = sandbox, alice, bob
        self.team, self.template = sandbox.team, sandbox.template
        Sandbox.objects.update(state=State.RUNNING, boot_reached=1)
        sandbox.refresh_from_db()
        self.terminal = terminal_of(Session.for_person(sandbox, self.alice))
        self.session = Session.for_person(sandbox, bob)
        self.membership = self.team.memberships.get(user=bob)
        self.invitation, self.token = self.team.invite(Role.MEMBER, self.alice)
        self.pier = Team.objects.create(name="Pier")
        self.browser = browser_of(self.alice)
        self.browser.raise_request_exception = False

    def post(self, address: str, **fields: Any) -> int:
        return self.browser.post(address, fields).status_code

    def settings(self, section: str, **fields: Any) -> int:
        return self.post(f"/sandboxes/quiet-otter/{section}/", **fields)

    def act(self, model: str, action: str, pk: object) -> int:
        return self.post(f"/admin/{model}/", action=action, _selected_action=[pk], confirmed=1)


@pytest.fixture(autouse=True)
def _no_attempt_before() -> Iterator[None]:
    """Attempts to sign in are counted over all tests of a minute."""
    cache.clear()
    yield
    cache.clear()


@pytest.fixture
def harbor(sandbox: Sandbox, alice: User, bob: User) -> Harbor:
    return Harbor(sandbox, alice, bob)


CHANGES: dict[str, Callable[[Harbor], Any]] = {
    # people and teams
    "invite": lambda at: at.post("/team/invitations/", role="member"),
    "revoke an invitation": lambda at: at.post(f"/team/invitations/{at.invitation.pk}/revoke/"),
    "rename the team": lambda at: at.post("/team/rename/", name="Quay"),
    "change a role": lambda at: at.post(f"/team/members/{at.membership.pk}/role/", role="admin"),
    "remove a member": lambda at: at.post(f"/team/members/{at.membership.pk}/remove/"),
    "join with a new account": lambda at: Client(raise_request_exception=False).post(
        f"/invitations/{at.token}/", {"email": "grace@example.com", "name": "Grace", "password": "a quiet harbour"}
    ),
    "change the password": lambda at: at.browser.post(
        "/accounts/password/change/", PASSWORDS | {"oldpassword": PASSWORD}
    ),
    # sandboxes
    "create": lambda at: at.post("/sandboxes/new/", template="debian", slug="calm-heron", team=at.team.pk),
    "stop": lambda at: at.settings("stop"),
    "restart": lambda at: at.settings("restart"),
    "describe": lambda at: at.settings("settings/details", title="Heron", description=""),
    "trash": lambda at: at.settings("delete", name="quiet-otter"),
    "failed": lambda at: at.sandbox.reach(State.FAILED, "No such image."),
    "gone": lambda _: Sandbox.objects.get().forget(),
    "at its limit": lambda at: Notice.tell(at.sandbox, Notice.Kind.PIDS, "Too many processes."),
    # sessions and terminals
    "the global session": lambda at: Session.for_global(at.sandbox),
    "a session for a reference": lambda at: Session.connect(at.sandbox, "review", by=at.alice),
    "session settings": lambda at: at.session.set_host_token("token"),
    "end a session": lambda at: at.session.end(),
    "open a terminal": lambda at: at.session.open_terminal(at.bob),
    "rename a terminal": lambda at: at.post(f"/terminals/{at.terminal.pk}/rename/", title="logs"),
    "a shell ended": lambda _: Terminal.objects.get().mark_ended(0),
    # the admin
    "add in the admin": lambda at: at.browser.post(
        "/admin/accounts/team/add/", {"name": "Quay", "memberships-TOTAL_FORMS": 0, "memberships-INITIAL_FORMS": 0}
    ),
    "change on a list of the admin": lambda at: at.post(
        "/admin/sandboxes/template/",
        **{"form-TOTAL_FORMS": 1, "form-INITIAL_FORMS": 1, "form-0-id": at.template.pk, "form-0-position": 7},
        _save="Save",
    ),
    "delete in the admin": lambda at: at.post(f"/admin/accounts/team/{at.pier.pk}/delete/", post="yes"),
    "set a password in the admin": lambda at: at.browser.post(
        f"/admin/accounts/user/{at.bob.pk}/password/", PASSWORDS | {"usable_password": "true"}
    ),
    "disable in the admin": lambda at: at.act("accounts/user", "disable", at.bob.pk),
    "end a membership in the admin": lambda at: at.act("accounts/membership", "revoke", at.membership.pk),
    "stop in the admin": lambda at: at.act("sandboxes/sandbox", "stop", at.sandbox.pk),
    "end a session in the admin": lambda at: at.act("sandbox_sessions/session", "end", at.session.pk),
    # commands
    "offer a template": lambda _: offer_templates({"busybox": "sandlot/busybox:new"}),
    "another image for a template": lambda _: offer_templates({"debian": "sandlot/debian:new"}),
}


@pytest.mark.parametrize("change", CHANGES)
def test_what_cannot_be_recorded_is_not_changed(harbor: Harbor, change: str) -> None:
    do = CHANGES[change]
    before = everything()
    with nothing_is_recorded():
        assert refused(lambda: do(harbor))
    assert everything() == before
    do(harbor)
    assert everything() != before, "the same does change something when it can be recorded"


def refused(change: Callable[[], Any]) -> bool:
    """Whether a change ends in the error of the record: raised, or told by a page."""
    try:
        answer = change()
    except FullError:
        return True
    return bool(getattr(answer, "status_code", answer) == 500)


# --- signing in and out ---------------------------------------------------------------------------------------------
def test_a_sign_in_that_cannot_be_recorded_is_none(bob: User) -> None:
    browser = Client(raise_request_exception=False)
    fields = {"login": bob.email, "password": PASSWORD}
    with nothing_is_recorded():
        assert browser.post("/accounts/login/", fields).status_code == 500
    assert (logins(), browser.get("/").status_code) == (0, 302)
    browser.post("/accounts/login/", fields)
    assert (logins(), browser.get("/").status_code) == (1, 200)


def test_the_login_is_there_with_its_entry_and_not_only_with_the_answer(bob: User) -> None:
    seen: list[int] = []
    append = log.append

    def look(entry: Entry) -> None:
        seen.append(logins())
        append(entry)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(log, "append", look)
        Client().post("/accounts/login/", {"login": bob.email, "password": PASSWORD})
    assert seen == [1]


def test_a_sign_out_that_cannot_be_recorded_leaves_the_login(harbor: Harbor) -> None:
    with nothing_is_recorded():
        assert harbor.post("/accounts/logout/") == 500
    assert (logins(), harbor.browser.get("/").status_code) == (1, 200)
    harbor.post("/accounts/logout/")
    assert (logins(), harbor.browser.get("/").status_code) == (0, 302)


# --- second factors -------------------------------------------------------------------------------------------------
@pytest.fixture
def _one_moment() -> Iterator[None]:
    """Codes are good for half a minute, which might end between making one and typing it."""
    with time_machine.travel(timezone.now(), tick=False):
        yield


def factors() -> list[tuple[str, str]]:
    """Return what the record says of second factors: change and kind."""
    found = Entry.objects.filter(verb="login.mfa").order_by("number")
    return [(entry.detail["change"], entry.detail["kind"]) for entry in found]


@pytest.mark.usefixtures("_one_moment")
def test_a_second_factor_that_cannot_be_recorded_is_not_turned_on(alice: User) -> None:
    browser = Client(raise_request_exception=False)
    with nothing_is_recorded(), pytest.MonkeyPatch.context() as patch:
        patch.setattr("activity.logins.record", recording_but_factors)
        turn_on(browser, alice)
    assert not Authenticator.objects.exists()
    turn_on(Client(), alice)
    assert factors() == [("added", "totp"), ("added", "recovery_codes")]


def recording_but_factors(verb: str, *_: Any, **__: Any) -> None:
    if verb == "login.mfa":
        raise FullError


FACTORS: dict[str, tuple[Callable[[Client], Any], list[tuple[str, str]]]] = {
    "turn it off": (
        lambda browser: browser.post("/accounts/2fa/totp/deactivate/"),
        [("removed", "totp"), ("removed", "recovery_codes")],
    ),
    "new recovery codes": (
        lambda browser: browser.post("/accounts/2fa/recovery-codes/generate/"),
        [("removed", "recovery_codes"), ("added", "recovery_codes")],
    ),
}


# With commits: Django's deletions have no savepoint of their own and would break the transaction of a test.
@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("_one_moment")
@pytest.mark.parametrize("change", FACTORS)
def test_a_second_factor_is_not_changed_without_its_entry(alice: User, change: str) -> None:
    do, expected = FACTORS[change]
    browser = Client(raise_request_exception=False)
    turn_on(browser, alice)
    before = everything()
    with nothing_is_recorded():
        assert do(browser).status_code == 500
    assert everything() == before
    do(browser)
    assert factors()[2:] == expected


@pytest.mark.usefixtures("_one_moment")
def test_a_recovery_code_is_not_used_up_without_its_entry(alice: User) -> None:
    secret = turn_on(Client(), alice)
    row = Authenticator.objects.get(type="recovery_codes")
    code = RecoveryCodes(row).get_unused_codes()[0]
    browser = Client(raise_request_exception=False)
    browser.post("/accounts/login/", {"login": alice.email, "password": PASSWORD})
    with nothing_is_recorded():
        assert browser.post("/accounts/2fa/authenticate/", {"code": code}).status_code == 500
    assert Authenticator.objects.get(pk=row.pk).data == row.data
    browser.post("/accounts/2fa/authenticate/", {"code": code})
    assert factors()[2:] == [("used a code", "recovery_codes")]
    entry = Entry.objects.filter(verb="login.mfa")[0]
    assert entry.actor == "Alice <alice@example.com>"
    assert code not in str(entry.detail)
    assert code_of(secret)


# --- the first start ------------------------------------------------------------------------------------------------
@pytest.mark.django_db
def test_the_setup_link_and_the_first_owner_are_not_made_without_their_entries() -> None:
    with nothing_is_recorded(), pytest.raises(FullError):
        SetupLink.renew()
    assert not SetupLink.objects.exists()
    token = SetupLink.renew()
    assert token is not None
    fields = {"email": "ada@example.com", "name": "Ada", "password": "a quiet harbour", "team_name": "Team"}
    browser = Client(raise_request_exception=False)
    before = everything()
    with nothing_is_recorded():
        assert browser.post(f"/setup/{token}/", fields).status_code == 500
    assert everything() == before
    browser.post(f"/setup/{token}/", fields)
    verbs = ["user.setup", "user.create", "team.create", "membership.add", "login.ok"]
    assert [entry.verb for entry in new_entries(0)] == verbs
    assert token not in str(list(Entry.objects.values()))


@pytest.mark.django_db
def test_the_owner_of_the_environment_is_not_made_without_entries() -> None:
    named = override_settings(SANDLOT_OWNER_EMAIL="ada@example.com", SANDLOT_OWNER_PASSWORD="a quiet harbour")
    before = everything()
    with named, nothing_is_recorded(), pytest.raises(FullError):
        found_from_environment()
    assert everything() == before


# --- keys -----------------------------------------------------------------------------------------------------------
@pytest.fixture
def keys(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[KeyFile]:
    """A key file of the test's own; nobody waits for requests under way."""
    monkeypatch.setattr(rotate_keys, "GRACE_S", 0)
    with override_settings(DATA_DIR=tmp_path):
        file = KeyFile(tmp_path / "vault_keys")
        file.make()
        yield file


def test_a_rotation_is_recorded_by_ids_and_counts(keys: KeyFile, bobs_session: Session, alice: User) -> None:
    bobs_session.set_host_token("a canary")
    TOTP.activate(alice, SECRET)
    (former,) = keys.read()
    before = verify().count
    call_command("rotate_keys", "--forget-old")
    (fresh,) = keys.read()
    assert [(entry.verb, entry.detail) for entry in new_entries(before)] == [
        ("keys.add", {"key": fresh.id}),
        ("keys.seal", {"what": "sandbox_sessions.Session.host_token", "key": fresh.id, "count": 1}),
        ("keys.seal", {"what": "second factors", "key": fresh.id, "count": 1}),
        ("keys.forget", {"keys": former.id}),
    ]
    told = str(list(Entry.objects.values()))
    assert "canary" not in told
    assert not any(key.line().partition(":")[2] in told for key in (former, fresh))


def test_a_key_that_cannot_be_recorded_is_not_added(keys: KeyFile, db: None) -> None:
    before = keys.read()
    with nothing_is_recorded(), pytest.raises(FullError):
        call_command("rotate_keys")
    assert keys.read() == before


def test_secrets_are_not_sealed_anew_without_an_entry(keys: KeyFile, bobs_session: Session) -> None:
    bobs_session.set_host_token("token")
    keys.add(Key.fresh())
    before = everything()
    with override_settings(SANDLOT_VAULT_KEYS=",".join(key.line() for key in keys.read())):
        with nothing_is_recorded(), pytest.raises(FullError):
            call_command("rotate_keys")
        assert everything() == before
        call_command("rotate_keys")
    assert everything() != before


def test_keys_are_not_dropped_without_an_entry(keys: KeyFile, db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    append = log.append

    def full_at_the_end(entry: Entry) -> None:
        if entry.verb == "keys.forget":
            raise FullError
        append(entry)

    monkeypatch.setattr(log, "append", full_at_the_end)
    with pytest.raises(FullError):
        call_command("rotate_keys", "--forget-old")
    assert len(keys.read()) == 2


def test_a_lost_secret_is_not_given_up_without_an_entry(keys: KeyFile, bobs_session: Session) -> None:
    first = keys.read()[0]
    keys.add(Key.fresh())
    bobs_session.set_host_token("token")
    keys.forget({key.id for key in keys.read() if key != first})
    before = everything()
    with override_settings(SANDLOT_VAULT_KEYS=first.line()):
        with nothing_is_recorded(), pytest.raises(FullError):
            call_command("rotate_keys", "--clear-lost")
        assert everything() == before
        call_command("rotate_keys", "--clear-lost")
    entry = Entry.objects.get(verb="keys.clear")
    assert (entry.target, entry.detail) == ("bob in quiet-otter", {"field": "host_token"})
    bobs_session.refresh_from_db()
    assert bobs_session.host_token == ""


def test_second_factors_from_before_there_were_keys_are_not_sealed_without_an_entry(alice: User) -> None:
    Authenticator.objects.create(user=alice, type="totp", data={"secret": SECRET})
    before = everything()
    with nothing_is_recorded(), pytest.raises(FullError):
        second_factor.seal_plain()
    assert everything() == before
    second_factor.seal_plain()
    assert Entry.objects.all()[0].detail["what"] == "second factors"
