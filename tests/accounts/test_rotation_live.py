"""A rotation in a process of its own, killed with -9, while another process goes on writing."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent

# Makes people with second factors, uses up recovery codes between, until its input ends; then says what there must be.
WRITER = """
import django, json, sys, threading
django.setup()
from accounts.models import User
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP

stop = threading.Event()
threading.Thread(target=lambda: (sys.stdin.read(), stop.set()), daemon=True).start()
codes = RecoveryCodes.activate(User.objects.create(email="first@example.com"))
made, used = {}, 0
while not stop.is_set():
    if used < 10 and len(made) % 20 == 19:
        used += codes.validate_code(codes.get_unused_codes()[0])
    number = len(made)
    TOTP.activate(User.objects.create(email=f"{number}@example.com"), f"SECRET{number}")
    made[f"{number}@example.com"] = f"SECRET{number}"
    print("wrote", flush=True)
print(json.dumps([made, used]))
"""
# Rotates once more: who had sealed when the key changed may have written since, and this finds it.
READER = """
import django, json, os
django.setup()
from django.core.management import call_command
from accounts.vault import second_factor
from accounts.vault.rotation import keys_in_use
from accounts.vault.vault import the_vault
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes

call_command("rotate_keys", stdout=open(os.devnull, "w"))
factors = Authenticator.objects.filter(type="totp").select_related("user")
found = {factor.user.email: second_factor.unseal(factor.data["secret"]) for factor in factors}
left = len(RecoveryCodes(Authenticator.objects.get(type="recovery_codes")).get_unused_codes())
print(json.dumps([found, 10 - left, sorted(keys_in_use()), the_vault().key_ids()[0]]))
"""


@contextmanager
def process(environment: dict[str, str], *arguments: str) -> Iterator[subprocess.Popen[str]]:
    started = subprocess.Popen(
        [sys.executable, *arguments],
        cwd=ROOT,
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    with started:
        try:
            yield started
        finally:
            started.kill()


def line(started: subprocess.Popen[str]) -> str:
    assert started.stdout
    return started.stdout.readline()


def run(environment: dict[str, str], *arguments: str) -> str:
    with process(environment, *arguments) as started:
        said, _ = started.communicate()
        assert started.returncode == 0
        return said


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    named = {
        **{name: value for name, value in os.environ.items() if not name.startswith("SANDLOT_")},
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "SANDLOT_DATA_DIR": str(tmp_path),
        "PYTHONPATH": str(ROOT),
    }
    run(named, "manage.py", "migrate", "-v0")
    return named


def test_nothing_is_lost_while_a_rotation_is_killed_and_someone_writes(
    environment: dict[str, str], tmp_path: Path
) -> None:
    with process(environment, "-c", WRITER) as writer:
        assert line(writer) == "wrote\n"
        with process(environment, "manage.py", "rotate_keys") as rotation:
            assert "seals from now on" in line(rotation)
            rotation.send_signal(signal.SIGKILL)
        said = run(environment, "manage.py", "rotate_keys")
        wrote, _ = writer.communicate("")
    made, used = json.loads(wrote.splitlines()[-1])
    found, found_used, in_use, sealing = json.loads(run(environment, "-c", READER))
    assert (found, found_used) == (made, used)
    assert len(made) > 1
    assert "of second factors" in said
    assert in_use == [sealing]
    # The file of the first start, a killed rotation, two that finished: one key each.
    assert len((tmp_path / "vault_keys").read_text().splitlines()) == 4
    # A dashboard with other keys would seal what nobody else opens.
    (tmp_path / "vault_keys").unlink()
    with process(environment, "manage.py", "serve") as dashboard:
        _, told = dashboard.communicate()
    assert dashboard.returncode == 1
    assert f"vault_keys lacks {sealing}." in told
