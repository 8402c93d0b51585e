"""A fresh key for everything that is sealed: while others write, and killed at any point."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator
from io import StringIO
from pathlib import Path

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP
from django.apps import apps
from django.core.checks import Error, run_checks
from django.core.checks import Warning as CheckWarning
from django.core.management import CommandError, call_command
from django.db import transaction
from django.test import override_settings

from accounts.management.commands import rotate_keys
from accounts.models import User
from accounts.vault import rotation, sealed, second_factor
from accounts.vault.keys import Key, KeyFile
from accounts.vault.rotation import keys_in_use
from accounts.vault.vault import UnknownKey, key_id_of, the_vault
from sessions.models import Session
from tests.accounts.locker import Locker, _locker_table, lockers

__all__ = ["_locker_table", "lockers"]
pytestmark = pytest.mark.usefixtures("lockers", "_no_grace")
TOTP_SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"


@pytest.fixture
def _no_grace(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rotate_keys, "GRACE_S", 0)


@pytest.fixture(autouse=True)
def file(tmp_path: Path) -> Iterator[KeyFile]:
    """A data folder with a key file of the test's own."""
    with override_settings(DATA_DIR=tmp_path):
        file = KeyFile(tmp_path / "vault_keys")
        file.make()
        yield file


@pytest.fixture
def filled(alice: User, monkeypatch: pytest.MonkeyPatch) -> list[Locker]:
    """Seven lockers with secrets in batches of three, an empty one, and a second factor."""
    monkeypatch.setattr("accounts.batches.BATCH", 3)
    Locker.objects.create(label="empty")
    TOTP.activate(alice, TOTP_SECRET)
    return [filled_locker(number) for number in range(7)]


def filled_locker(number: int) -> Locker:
    locker = Locker.objects.create(label=str(number))
    sealed.put(locker, "secret", f"secret {number}")
    locker.save()
    return locker


def rotate(*options: str) -> str:
    out = StringIO()
    call_command("rotate_keys", *options, stdout=out, stderr=out)
    return out.getvalue()


def after(write: Callable[[], None]) -> Callable[[], set[str]]:
    """Return a last look at the keys in use, before which someone writes."""

    def look() -> set[str]:
        write()
        return keys_in_use()

    return look


def secrets() -> list[str]:
    return [sealed.get(locker, "secret") for locker in Locker.objects.exclude(secret="").order_by("pk")]


def assert_whole() -> None:
    """All secrets are there and open."""
    assert secrets() == [f"secret {number}" for number in range(7)]
    assert second_factor.unseal(Authenticator.objects.get().data["secret"]) == TOTP_SECRET


# --- with a key file --------------------------------------------------------------------------------------------------
def test_everything_is_sealed_with_a_fresh_key(filled: list[Locker], file: KeyFile) -> None:
    (former,) = the_vault().key_ids()
    said = rotate()
    fresh, kept = the_vault().key_ids()
    assert kept == former != fresh
    assert keys_in_use() == {fresh}
    assert_whole()
    assert f"Key {fresh} seals from now on." in said
    assert "7 of accounts.Locker.secret" in said
    assert "1 of second factors" in said


def test_no_key_and_no_secret_is_said(filled: list[Locker], file: KeyFile) -> None:
    said = rotate("--forget-old") + rotate()
    for key in file.read():
        assert base64.b64encode(key.secret).decode() not in said
    assert "secret 1" not in said


def test_former_keys_are_forgotten_when_asked(filled: list[Locker], file: KeyFile) -> None:
    rotate()
    rotate()
    assert len(file.read()) == 3
    said = rotate("--forget-old")
    assert len(file.read()) == 1
    assert "Dropped: " in said
    assert_whole()


def test_a_former_key_that_is_in_use_is_not_forgotten(
    filled: list[Locker], file: KeyFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    (former,) = the_vault().key_ids()
    straggler = Locker.objects.create(label="slow")
    sealed.put(straggler, "secret", "written late")
    # Sealed before the rotation, written when it looks for the last time.
    with monkeypatch.context() as patch:
        patch.setattr(rotate_keys, "keys_in_use", after(straggler.save))
        with pytest.raises(CommandError, match=f"Still in use, and therefore kept: {former}"):
            rotate("--forget-old")
    assert sealed.get(straggler, "secret") == "written late"
    rotate("--forget-old")
    straggler.refresh_from_db()
    assert sealed.get(straggler, "secret") == "written late"
    assert former not in the_vault().key_ids()


def test_a_plain_second_factor_is_sealed_on_the_way(alice: User) -> None:
    Authenticator.objects.create(user=alice, type="totp", data={"secret": TOTP_SECRET})
    rotate()
    data = Authenticator.objects.get().data
    assert key_id_of(data["secret"]) == the_vault().key_ids()[0]
    assert second_factor.unseal(data["secret"]) == TOTP_SECRET


def test_an_empty_database_rotates(db: None, file: KeyFile) -> None:
    assert "0 of accounts.Locker.secret" in rotate("--forget-old")
    assert len(file.read()) == 1


def test_a_second_rotation_at_the_same_time_is_refused(filled: list[Locker], file: KeyFile) -> None:
    with file.changing(), pytest.raises(CommandError, match="Another rotation is running"):
        rotate()
    assert len(file.read()) == 1


def test_what_sessions_bring_is_sealed_anew(bobs_session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("accounts.vault.sealed.apps", apps)
    bobs_session.set_environment({"NAME": "value"})
    bobs_session.set_host_token("host token")
    rotate("--forget-old")
    session = Session.objects.get(pk=bobs_session.pk)
    assert session.environment == {"NAME": "value"}
    assert sealed.get(session, "host_token") == "host token"


# --- others write meanwhile -------------------------------------------------------------------------------------------
def test_a_newer_value_is_never_lost(filled: list[Locker], monkeypatch: pytest.MonkeyPatch) -> None:
    put = sealed.put

    def slow_put(row: Locker, column: str, text: str) -> None:
        """Seal, and be overtaken before the row is written."""
        put(row, column, text)
        if text == "secret 4":
            newer = Locker.objects.get(pk=row.pk)
            put(newer, column, "newer")
            newer.save()

    monkeypatch.setattr(sealed, "put", slow_put)
    rotate()
    assert secrets() == ["secret 0", "secret 1", "secret 2", "secret 3", "newer", "secret 5", "secret 6"]


def test_a_newer_value_under_a_former_key_is_sealed_anew_too(
    filled: list[Locker], file: KeyFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    late = Locker.objects.get(pk=filled[4].pk)
    sealed.put(late, "secret", "newer")
    put = sealed.put

    def slow_put(row: Locker, column: str, text: str) -> None:
        put(row, column, text)
        if text == "secret 4":
            late.save()

    monkeypatch.setattr(sealed, "put", slow_put)
    rotate()
    assert keys_in_use() == {the_vault().key_ids()[0]}
    assert secrets()[4] == "newer"


def test_a_row_from_before_does_not_put_a_dead_token_over_the_fresh_one(filled: list[Locker]) -> None:
    from_before = Locker.objects.get(pk=filled[4].pk)
    rotate("--forget-old")
    with pytest.raises(UnknownKey, match=f"accounts_locker:{from_before.pk}:secret"), transaction.atomic():
        from_before.save()
    from_before.save(update_fields=["label"])
    assert_whole()


@pytest.mark.parametrize("what", ["cleared", "deleted"])
def test_what_is_cleared_or_deleted_meanwhile_stays_so(
    filled: list[Locker], monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    put = sealed.put

    def slow_put(row: Locker, column: str, text: str) -> None:
        put(row, column, text)
        if text == "secret 4":
            rows = Locker.objects.filter(pk=row.pk)
            if what == "cleared":
                rows.update(secret="")
            else:
                rows.delete()

    monkeypatch.setattr(sealed, "put", slow_put)
    rotate()
    assert len(secrets()) == 6
    assert "secret 4" not in secrets()


# --- killed -----------------------------------------------------------------------------------------------------------
class KilledError(Exception):
    pass


def killed_at(count: int, real: Callable[..., object]) -> Callable[..., object]:
    """Return a function that does its work `count` times, and is killed at the next call."""
    calls = iter(range(count))

    def call(*args: object, **options: object) -> object:
        if next(calls, None) is None:
            raise KilledError
        return real(*args, **options)

    return call


@pytest.mark.parametrize(
    ("owner", "name", "counts"),
    [
        (KeyFile, "add", [0]),
        (rotation.Column, "seal_anew", [0, 1, 3, 6]),
        (rotation.Column, "_replace", [0, 4]),
        (rotation.SecondFactors, "seal_anew", [0]),
        (rotate_keys, "keys_in_use", [0]),
        (KeyFile, "forget", [0]),
        (Path, "replace", [0, 1]),
    ],
)
def test_killed_at_any_point_the_next_run_finishes(
    filled: list[Locker], file: KeyFile, owner: object, name: str, counts: list[int]
) -> None:
    for count in counts:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(owner, name, killed_at(count, getattr(owner, name)))
            with pytest.raises(KilledError):
                rotate("--forget-old")
        assert_whole()
    rotate("--forget-old")
    assert_whole()
    assert keys_in_use() == {key.id for key in file.read()}


# --- what no key opens ------------------------------------------------------------------------------------------------
@pytest.fixture
def lost(filled: list[Locker], file: KeyFile, alice: User) -> str:
    """The key file was lost after some were sealed with another key; return the lost key's id."""
    found = file.read()
    lost = Key.fresh()
    file.add(lost)
    for locker in filled[2:4]:
        sealed.put(locker, "secret", "gone")
        locker.save()
    Authenticator.objects.update(data={"secret": second_factor.seal(TOTP_SECRET)})
    file.forget({lost.id})
    assert file.read() == found
    return lost.id


def test_without_a_key_nothing_is_changed(lost: str, file: KeyFile) -> None:
    before = file.read()
    with pytest.raises(CommandError, match=f"Keys are missing: {lost}\\. Nothing was changed"):
        rotate("--forget-old")
    assert file.read() == before
    assert keys_in_use() == {before[0].id, lost}


def test_what_was_tampered_with_is_named_by_its_place_and_left(filled: list[Locker], file: KeyFile) -> None:
    (former,) = the_vault().key_ids()
    one, other = filled[2:4]
    Locker.objects.filter(pk=one.pk).update(secret=other.secret)
    out = StringIO()
    with pytest.raises(CommandError, match="Not opened, and left as they are: 1\\. All keys are kept"):
        call_command("rotate_keys", "--forget-old", stdout=out, stderr=out)
    assert f"The secret at accounts_locker:{one.pk}:secret is not what was sealed there." in out.getvalue()
    assert Locker.objects.get(pk=one.pk).secret == other.secret
    assert former in the_vault().key_ids()


def test_lost_secrets_are_given_up_when_asked(lost: str) -> None:
    assert "Given up: 3" in rotate("--clear-lost", "--forget-old")
    assert secrets() == ["secret 0", "secret 1", "secret 4", "secret 5", "secret 6"]
    assert not Authenticator.objects.exists()
    assert run_checks(databases=["default"], tags=["database"]) == []


# --- keys from the environment ----------------------------------------------------------------------------------------
def test_keys_of_the_environment_are_followed(filled: list[Locker], file: KeyFile) -> None:
    old, new = file.read()[0], Key.fresh()
    with override_settings(SANDLOT_VAULT_KEYS=f"{new.line()},{old.line()}"):
        said = rotate()
        assert f"Remove from SANDLOT_VAULT_KEYS: {old.id}." in said
        assert keys_in_use() == {new.id}
        assert_whole()
    with override_settings(SANDLOT_VAULT_KEYS=new.line()):
        assert_whole()
        assert "put a fresh key in front of SANDLOT_VAULT_KEYS" in rotate()
    assert file.read() == (old,)


def test_a_key_of_the_environment_that_is_in_use_is_not_to_be_removed(
    filled: list[Locker], file: KeyFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    old, new = file.read()[0], Key.fresh()
    straggler = Locker.objects.create(label="slow")
    sealed.put(straggler, "secret", "written late")
    monkeypatch.setattr(rotate_keys, "keys_in_use", after(straggler.save))
    with (
        override_settings(SANDLOT_VAULT_KEYS=f"{new.line()},{old.line()}"),
        pytest.raises(CommandError, match=f"Still in use: {old.id}"),
    ):
        rotate()


# --- said at the start ------------------------------------------------------------------------------------------------
def test_a_key_file_that_others_can_read_is_told(file: KeyFile) -> None:
    assert run_checks(tags=["security"]) == []
    for mode in (0o640, 0o604, 0o660):
        file.path.chmod(mode)
        (told,) = run_checks(tags=["security"])
        assert isinstance(told, CheckWarning)
        assert f"{file.path} is open to other users of this machine (mode {mode:04o})" in told.msg
        assert told.hint == f"Run: chmod 600 {file.path}"


def test_a_broken_key_file_is_told(file: KeyFile) -> None:
    file.path.write_text("a key")
    (told,) = run_checks(tags=["security"])
    assert isinstance(told, Error)
    assert "Key 1 must have 32 bytes" in told.msg


def test_a_missing_key_is_told_with_the_way_out(lost: str, file: KeyFile) -> None:
    (told,) = run_checks(databases=["default"], tags=["database"])
    assert isinstance(told, Error)
    assert f"the key file {file.path} lacks {lost}." in told.msg
    assert "--clear-lost" in str(told.hint)


def test_another_installations_keys_are_told(filled: list[Locker], file: KeyFile) -> None:
    with override_settings(SANDLOT_VAULT_KEYS=Key.fresh().line()):
        (told,) = run_checks(databases=["default"], tags=["database"])
    assert f"SANDLOT_VAULT_KEYS lacks {file.read()[0].id}." in told.msg
