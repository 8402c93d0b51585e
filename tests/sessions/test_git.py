"""git's identity and token as files, read back by git itself."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from django.core.exceptions import ValidationError
from hypothesis import given
from hypothesis import strategies as st

from sessions.brings import git as module
from sessions.brings.git import Git, private_files, provider_is_good, settings_of

ADA = Git(email="ada@example.com", name="Ada Lovelace", token="t0p-secret")


def read_back(text: str, key: str, folder: Path) -> str:
    file = folder / "config"
    file.write_text(text, encoding="utf-8")
    done = subprocess.run(["git", "config", "-f", str(file), key], capture_output=True, check=True, timeout=10)
    return done.stdout.decode().removesuffix("\n")


@given(name=st.text(st.characters(exclude_categories=["Cc", "Cs"]), min_size=1, max_size=40))
def test_any_name_reaches_git_unchanged(name: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    settings = settings_of(Git(email="ada@example.com", name=name))
    assert read_back(settings, "user.name", tmp_path_factory.mktemp("git")) == name


def credential(folder: Path, git: Git, url: str, shared: str = "") -> str:
    """Ask git for the credential of an address, with the private folder somewhere else."""
    for path, data in private_files(git, is_fresh=True).items():
        file = folder / "private" / path
        file.parent.mkdir(parents=True, exist_ok=True)
        if data is not None:
            file.write_bytes(data.replace(module.PRIVATE.encode(), str(folder / "private").encode()))
    config = folder / "private" / module.CONFIG_PATH
    (folder / "shared").write_text(shared)
    config.write_text(config.read_text().replace("/root/.gitconfig", str(folder / "shared")))
    ours = {
        "GIT_CONFIG_GLOBAL": str(config),
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_TERMINAL_PROMPT": "0",
    }
    done = subprocess.run(
        ["git", "credential", "fill"],
        input=f"url={url}\n\n",
        capture_output=True,
        text=True,
        env=os.environ | ours,
        timeout=10,
        check=False,
    )
    return done.stdout


def test_the_token_is_for_its_provider_only(tmp_path: Path) -> None:
    assert "username=x-access-token\npassword=t0p-secret" in credential(tmp_path, ADA, "https://github.com/a/b.git")
    for elsewhere in ("https://evil.example/a", "http://github.com/a", "https://github.com.evil.example/a"):
        assert "t0p-secret" not in credential(tmp_path, ADA, elsewhere)


def test_a_helper_in_the_shared_config_does_not_get_the_token(tmp_path: Path) -> None:
    thief = tmp_path / "stolen"
    shared = f'[credential]\n\thelper = "!f() {{ echo $1 >> {thief}; cat >> {thief}; }}; f"\n[user]\n\tname = Mallory\n'
    assert "t0p-secret" in credential(tmp_path, ADA, "https://github.com/a/b.git", shared)
    assert not thief.exists()


def test_without_a_token_there_is_no_credential(tmp_path: Path) -> None:
    assert private_files(Git(email="ada@example.com"), is_fresh=False)["git/credential"] is None
    assert "credential" not in settings_of(Git(email="ada@example.com"))


def test_what_people_set_themselves_is_left_alone_by_a_change() -> None:
    assert "git/config" in private_files(ADA, is_fresh=True)
    assert "git/config" not in private_files(ADA, is_fresh=False)


def test_the_token_is_in_no_repr() -> None:
    assert "t0p-secret" not in repr(ADA)


@pytest.mark.parametrize(
    "provider",
    ["github.com", "localhost:8080", "https://git.example.com", "http://localhost:8080", "git.example.com:8443"],
)
def test_good_providers(provider: str) -> None:
    assert provider_is_good(provider)


@pytest.mark.parametrize(
    "provider",
    [
        "",
        "git hub.com",
        "https://",
        "ftp://x.org",
        "github.com/me",
        "u@github.com",
        "x:y",
        "x:99999",
        'a"]\n[core',
        "[::",
    ],
)
def test_bad_providers_are_refused(provider: str) -> None:
    assert not provider_is_good(provider)
    with pytest.raises(ValidationError, match="Enter a host"):
        Git(email="ada@example.com", provider=provider).check()


@pytest.mark.parametrize(
    ("git", "words"),
    [
        (Git(email="nobody"), "email"),
        (Git(token="x"), "needs an email address beside the token"),
        (Git(email="a@example.com", name="a\nb"), "a line break"),
        (Git(email="a@example.com", token="a\npassword=b"), "a line break"),
        (Git(email="a@example.com", token="x" * 5000), "at most"),
    ],
)
def test_what_git_cannot_take_is_refused_with_the_reason(git: Git, words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        git.check()
