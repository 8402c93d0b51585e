"""Secrets are sealed with a key that is not in the database, and open only where they belong."""

from __future__ import annotations

import base64
import os
import stat
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.test import override_settings
from hypothesis import given
from hypothesis import strategies as st

from accounts.vault.keys import BadKeys, Key, KeyFile, RotationRunning, parse_keys
from accounts.vault.vault import Tampered, UnknownKey, Vault, is_token, key_file, key_id_of, the_vault
from config.settings import DATA_DIR, read_environment

PLACE = "sandbox_sessions_session:7:git_token"
KEY = Key("first", bytes(range(32)))
OTHER = Key("second", bytes(32))
VAULT = Vault(lambda: (KEY, OTHER))


# --- sealing ----------------------------------------------------------------------------------------------------------
@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_a_text_comes_back_as_it_was(text: str) -> None:
    token = VAULT.seal(text, PLACE)
    assert is_token(token)
    assert VAULT.open(token, PLACE) == text


def test_a_token_names_its_key_and_hides_the_text() -> None:
    token = VAULT.seal("hunter2" * 20, PLACE)
    assert token.startswith("v1.first.")
    assert key_id_of(token) == "first"
    assert b"hunter2" not in base64.urlsafe_b64decode(token.split(".")[2] + "==")


def test_the_same_text_never_looks_the_same() -> None:
    assert len({VAULT.seal("hunter2", PLACE) for _ in range(100)}) == 100


def test_a_token_does_not_open_in_another_place() -> None:
    token = VAULT.seal("hunter2", PLACE)
    for place in ("sandbox_sessions_session:8:git_token", "sandbox_sessions_session:7:env", "other:7:git_token", ""):
        with pytest.raises(Tampered):
            VAULT.open(token, place)


def test_every_changed_letter_is_noticed() -> None:
    token = VAULT.seal("hunter2", PLACE)
    for at in range(len("v1.first."), len(token)):
        changed = token[:at] + ("A" if token[at] != "A" else "B") + token[at + 1 :]
        with pytest.raises(Tampered):
            VAULT.open(changed, PLACE)


def test_a_token_cannot_be_moved_to_another_key_with_the_same_bytes() -> None:
    twin = Vault(lambda: (KEY, Key("twin", KEY.secret)))
    with pytest.raises(Tampered):
        twin.open(twin.seal("hunter2", PLACE).replace("first", "twin"), PLACE)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "hunter2",
        "v1.first.",
        "v1.first.AAAA",
        f"v2.first.{'A' * 40}",
        f"v1.First.{'A' * 40}",
        f"v1.first.{'A' * 41}",
        f"v1.first.{'A' * 39}\n",
        f"v1.first.{'A' * 39}=",
        f"v1.first.{'A' * 38}B",
    ],
)
def test_what_is_no_token_is_refused_without_being_repeated(text: str) -> None:
    with pytest.raises(Tampered, match="not a sealed text") as refused:
        VAULT.open(text, PLACE)
    assert not text or text not in str(refused.value)


def test_an_unknown_key_is_named() -> None:
    with pytest.raises(UnknownKey, match=f"no key second, with which the secret at {PLACE}"):
        Vault(lambda: (KEY,)).open(Vault(lambda: (OTHER,)).seal("hunter2", PLACE), PLACE)


def test_the_first_key_seals_and_all_open() -> None:
    assert VAULT.key_ids() == ("first", "second")
    assert VAULT.open(Vault(lambda: (OTHER,)).seal("hunter2", PLACE), PLACE) == "hunter2"
    assert key_id_of(VAULT.seal("hunter2", PLACE)) == "first"


# --- keys from the environment ----------------------------------------------------------------------------------------
SECRET = base64.b64encode(b"a secret of thirty-two bytes, ok").decode()


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (SECRET, "Key 1 must begin with an id"),
        (f"UPPER:{SECRET}", "Key 1 must begin with an id"),
        (f"{'long' * 5}:{SECRET}", "Key 1 must begin with an id"),
        (f"a:{SECRET},b:{SECRET[:20]}", "Key 2 must have 32 bytes in base64"),
        (f"a:{SECRET[:-1]}", "Key 1 must have 32 bytes in base64"),
        (f"a:*{SECRET}", "Key 1 must have 32 bytes in base64"),
        (f"a:é{SECRET}", "Key 1 must have 32 bytes in base64"),
        (f"a:{SECRET},", "Key 2 must begin with an id"),
        (f"a:{SECRET},a:{SECRET}", "Two keys have the same id"),
    ],
)
def test_a_bad_setting_stops_the_start_and_no_key_is_shown(
    monkeypatch: pytest.MonkeyPatch, value: str, words: str
) -> None:
    monkeypatch.setenv("SANDLOT_VAULT_KEYS", value)
    with pytest.raises(ImproperlyConfigured, match=f"SANDLOT_VAULT_KEYS: .*{words}") as stopped:
        read_environment()
    assert SECRET[:16] not in str(stopped.value)


def test_keys_from_the_environment_are_used_and_need_no_file(tmp_path: Path) -> None:
    with override_settings(DATA_DIR=tmp_path, SANDLOT_VAULT_KEYS=f"new:{SECRET}, {OTHER.line()}"):
        assert the_vault().key_ids() == ("new", "second")
        assert the_vault().open(Vault(lambda: (OTHER,)).seal("hunter2", PLACE), PLACE) == "hunter2"
        assert key_file() is None
    assert not list(tmp_path.iterdir())


def test_no_key_shows_in_a_printed_object(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SANDLOT_VAULT_KEYS", f"a:{SECRET}")
    assert SECRET not in repr(read_environment())
    assert "secret" not in repr(parse_keys([f"a:{SECRET}"]))


# --- the key file -----------------------------------------------------------------------------------------------------
@pytest.fixture
def file(tmp_path: Path) -> KeyFile:
    file = KeyFile(tmp_path / "data" / "vault_keys")
    file.make()
    return file


def test_the_first_start_makes_a_file_for_its_owner_only(file: KeyFile) -> None:
    assert stat.S_IMODE(file.path.stat().st_mode) == 0o600
    assert len(file.read()) == 1
    assert [path.name for path in file.path.parent.iterdir()] == ["vault_keys"]


def test_the_next_start_keeps_it(file: KeyFile) -> None:
    again = KeyFile(file.path)
    again.make()
    assert again.read() == file.read()


def test_processes_that_start_at_once_agree_on_one_key(tmp_path: Path) -> None:
    path = tmp_path / "vault_keys"
    ready, seen = threading.Barrier(8), []

    def start() -> None:
        ready.wait()
        own = KeyFile(path)
        own.make()
        seen.append(own.read())

    # Each opens the folder anew, and flock is between open files: threads contend as processes do.
    threads = [threading.Thread(target=start) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(seen) == 8
    assert len(set(seen)) == 1


def test_a_running_process_follows_a_rotation_of_another(file: KeyFile) -> None:
    running, token = Vault(KeyFile(file.path).read), Vault(file.read).seal("old", PLACE)
    assert running.open(token, PLACE) == "old"
    file.add(Key.fresh())
    sealed_elsewhere = Vault(file.read).seal("new", PLACE)
    assert running.open(sealed_elsewhere, PLACE) == "new"
    assert key_id_of(running.seal("text", PLACE)) == key_id_of(sealed_elsewhere)
    file.forget({key_id_of(token)})
    with pytest.raises(UnknownKey):
        running.open(token, PLACE)


def test_an_unchanged_file_is_not_read_again(file: KeyFile, monkeypatch: pytest.MonkeyPatch) -> None:
    keys = file.read()
    monkeypatch.setattr(Path, "read_text", _fail("read again"))
    assert file.read() == keys


def test_a_change_keeps_the_mode_and_owner(file: KeyFile) -> None:
    file.path.chmod(0o640)
    if os.geteuid() == 0:
        os.chown(file.path, 65534, 65534)
    before = file.path.stat()
    file.add(Key.fresh())
    after = file.path.stat()
    assert (after.st_mode, after.st_uid, after.st_gid) == (before.st_mode, before.st_uid, before.st_gid)


def test_a_change_that_is_killed_leaves_the_file_as_it_was(file: KeyFile, monkeypatch: pytest.MonkeyPatch) -> None:
    before = file.path.read_bytes()
    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", _fail("killed"))
        with pytest.raises(RuntimeError, match="killed"):
            file.add(Key.fresh())
    assert file.path.read_bytes() == before
    file.add(Key.fresh())
    assert len(file.read()) == 2
    assert [path.name for path in file.path.parent.iterdir()] == ["vault_keys"]


def test_one_rotation_at_a_time(file: KeyFile) -> None:
    with file.changing(), pytest.raises(RotationRunning, match="Another rotation"), KeyFile(file.path).changing():
        pass
    with KeyFile(file.path).changing():
        pass


@pytest.mark.parametrize(
    ("content", "words"),
    [(b"", "There is no key"), (b"one:" + SECRET[:30].encode(), "Key 1 must have 32"), (b"\xff", "not text")],
)
def test_a_broken_file_is_named_and_not_quoted(file: KeyFile, content: bytes, words: str) -> None:
    file.path.write_bytes(content)
    with pytest.raises(BadKeys, match=f"vault_keys .*{words}") as refused:
        file.read()
    assert SECRET[:10] not in str(refused.value)


def test_a_lost_file_is_not_made_anew_under_a_running_process(file: KeyFile) -> None:
    file.path.unlink()
    with pytest.raises(BadKeys, match="cannot be read: No such file"):
        Vault(file.read).seal("text", PLACE)


def test_a_folder_that_takes_no_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(BadKeys, match="cannot be made: Not a directory"):
        KeyFile(tmp_path / "file" / "data" / "vault_keys").make()


def test_this_process_has_one_vault() -> None:
    assert the_vault() is the_vault()
    file = key_file()
    assert file
    assert file.path == DATA_DIR / "vault_keys"
    assert the_vault().key_ids() == tuple(key.id for key in file.read())


def _fail(words: str) -> Callable[..., None]:
    def fail(*args: object, **options: object) -> None:
        raise RuntimeError(words)

    return fail
