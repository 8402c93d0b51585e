"""Who a session is for git: the identity, and the files that make git know it.

All of it stands in the private folder. git reads `GIT_CONFIG_GLOBAL` there, which includes the shared `~/.gitconfig`
and then ours; what someone sets with `git config --global` stays in their session too. Knows neither row nor engine.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from accounts.text import check_line

PRIVATE = "/root/.private"
DEFAULT_PROVIDER = "github.com"
# What the providers take as the name beside an access token.
DEFAULT_USERNAME = "x-access-token"
# The longest tokens of the known providers (signed ones) stay below 2 KiB.
TOKEN_MAX = 4096

CONFIG_PATH, SETTINGS_PATH, CREDENTIAL_PATH = "git/config", "git/session", "git/credential"
CONFIG_GLOBAL = f"{PRIVATE}/{CONFIG_PATH}"

# Written at the start of a session only: what is set in it later comes after and wins.
CONFIG = f"""\
# What you set with `git config --global` lands here and lasts until the sandbox restarts.
[include]
\tpath = /root/.config/git/config
\tpath = /root/.gitconfig
\tpath = {PRIVATE}/{SETTINGS_PATH}
"""

HOST = re.compile(r"^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$")


@dataclass(frozen=True, slots=True)
class Git:
    """`email` is "" for a session without an identity; then the rest says nothing. The token is never in its repr."""

    email: str = ""
    name: str = ""
    provider: str = DEFAULT_PROVIDER
    username: str = DEFAULT_USERNAME
    token: str = field(default="", repr=False)

    def check(self) -> None:
        """Raise ValidationError with a sentence per field."""
        errors = {"git_email": wrong} if (wrong := self._wrong_email()) else {}
        for column, value in (("git_name", self.name), ("git_username", self.username), ("git_token", self.token)):
            try:
                check_line(value)
            except ValidationError as error:
                errors[column] = error.messages[0]
        if len(self.token) > TOKEN_MAX:
            errors["git_token"] = f"An access token has at most {TOKEN_MAX} characters."
        if not provider_is_good(self.provider):
            errors["git_provider"] = (
                "Enter a host such as github.com, or an address such as https://git.example.com:8443."
            )
        if errors:
            raise ValidationError(errors)

    def _wrong_email(self) -> str:
        if not self.email:
            return "git needs an email address beside the token." if self.token else ""
        try:
            validate_email(self.email)
        except ValidationError:
            return "Enter an email address, such as ada@example.com."
        return ""

    @property
    def provider_url(self) -> str:
        """Where the token is sent, and nowhere else. A bare host means https."""
        return self.provider if "://" in self.provider else f"https://{self.provider}"


def provider_is_good(provider: str) -> bool:
    """Whether it is host, host:port, or either with http:// or https:// before it."""
    try:
        parts = urlsplit(provider if "://" in provider else f"https://{provider}")
        port = parts.port
    except ValueError:
        return False
    plain = parts.scheme in ("http", "https") and parts.netloc == (
        f"{parts.hostname}:{port}" if port else parts.hostname
    )
    return plain and not (parts.path or parts.query or parts.fragment) and bool(HOST.fullmatch(parts.hostname or ""))


def private_files(git: Git, *, is_fresh: bool) -> dict[str, bytes | None]:
    """Return the files for the private folder by path; None for one that must not be there.

    `is_fresh`: the folder is empty, so the config that people may change is written too.
    """
    files: dict[str, bytes | None] = {CONFIG_PATH: CONFIG.encode()} if is_fresh else {}
    files[SETTINGS_PATH] = settings_of(git).encode()
    files[CREDENTIAL_PATH] = f"username={git.username}\npassword={git.token}\n".encode() if git.token else None
    return files


def settings_of(git: Git) -> str:
    """Return the identity, and where its token is for, in git's own format."""
    if not git.email:
        return ""
    lines = ["[user]", f"\temail = {quoted(git.email)}", f"\tname = {quoted(git.name)}"]
    if git.token:
        # The empty line forgets the helpers that a shared file named: they would be handed the token as well.
        # Ours only ever answers, so a refused token is not erased and the next try says the same.
        answer = f'!f() {{ test "$1" = get && cat {PRIVATE}/{CREDENTIAL_PATH}; }}; f'
        lines += [f"[credential {quoted(git.provider_url)}]", "\thelper =", f"\thelper = {quoted(answer)}"]
    return "\n".join(lines) + "\n"


def quoted(value: str) -> str:
    """Return a value or a subsection's name as git reads it back. Source: git-config(1), Syntax."""
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
