"""What a terminal or a command of a session starts: its environment and its folder."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Mapping, Sequence

from sessions.brings.environment import NAME
from sessions.brings.git import CONFIG_GLOBAL
from sessions.holder import Program
from sessions.models import Session

WORKSPACE = "/project/workspace"
DEFAULT_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
# What xterm.js is.
TERMINAL = {"TERM": "xterm-256color", "COLORTERM": "truecolor", "TERM_PROGRAM": "sandlot"}


def shell_of(session: Session) -> Program:
    """Return root's login shell in this session.

    Its environment travels over the stdin of an exec: neither argv nor the container's own environment ever holds it.
    Raises VaultError when the session's variables cannot be opened.
    """
    own = session.environment
    others = session.sandbox.image_environment.keys() - ours_of(session).keys() - TERMINAL.keys() - own.keys()
    # What `holder/profile.sh` gives back when a start file sets it anew; it removes these two itself.
    kept = {"SANDLOT_IMAGE_ENV": names(others - {"PATH"}), "SANDLOT_SESSION_ENV": names(own)}
    return Program(env=environment_of(session, TERMINAL) | kept, cwd=WORKSPACE)


def program_of(
    session: Session, argv: Sequence[str], *, cwd: str = "", env: Mapping[str, str] | None = None, on_terminal: bool
) -> Program:
    """Return a program to run in this session, in a folder of its workspace, with variables of its own on top.

    Raises VaultError when the session's variables cannot be opened.
    """
    ours = environment_of(session, TERMINAL if on_terminal else {})
    return Program(env=ours | dict(env or {}), cwd=posixpath.join(WORKSPACE, cwd), argv=argv)


def environment_of(session: Session, terminal: Mapping[str, str]) -> dict[str, str]:
    """The image's variables, ours, and the session's own."""
    defaults = {"PATH": DEFAULT_PATH, "LANG": "C.UTF-8"}
    return {**defaults, **session.sandbox.image_environment, **terminal, **ours_of(session), **session.environment}


def ours_of(session: Session) -> dict[str, str]:
    return {
        "HOME": "/root",
        "USER": "root",
        "LOGNAME": "root",
        "GIT_CONFIG_GLOBAL": CONFIG_GLOBAL,
        "SANDLOT_SANDBOX": session.sandbox.slug,
        "SANDLOT_SESSION": session.name,
    }


def names(variables: Iterable[str]) -> str:
    """Return the names that a shell can have, in one line."""
    return " ".join(sorted(name for name in variables if NAME.fullmatch(name)))
