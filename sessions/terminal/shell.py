"""The shell that a new terminal starts: its environment and working directory."""

from __future__ import annotations

from collections.abc import Iterable

from sessions.brings.environment import NAME
from sessions.brings.git import CONFIG_GLOBAL
from sessions.holder import Program
from sessions.models import Session

WORKSPACE = "/project/workspace"
DEFAULT_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


def shell_for(session: Session) -> Program:
    """Return what to start in this session: the image's environment, ours (TERM is what xterm.js is), its own.

    It travels over the stdin of an exec: neither argv nor the container's own environment ever holds it.
    """
    ours = {
        "HOME": "/root",
        "USER": "root",
        "LOGNAME": "root",
        "TERM": "xterm-256color",
        "COLORTERM": "truecolor",
        "TERM_PROGRAM": "sandlot",
        "GIT_CONFIG_GLOBAL": CONFIG_GLOBAL,
        "SANDLOT_SANDBOX": session.sandbox.slug,
        "SANDLOT_SESSION": session.name,
    }
    defaults = {"PATH": DEFAULT_PATH, "LANG": "C.UTF-8"}
    image, own = session.sandbox.image_environment, session.environment
    # What `holder/profile.sh` gives back when a start file sets it anew; it removes these two itself.
    kept = {
        "SANDLOT_IMAGE_ENV": names(image.keys() - ours.keys() - own.keys() - {"PATH"}),
        "SANDLOT_SESSION_ENV": names(own),
    }
    return Program(env=defaults | image | ours | own | kept, cwd=WORKSPACE)


def names(variables: Iterable[str]) -> str:
    """Return the names that a shell can have, in one line."""
    return " ".join(sorted(name for name in variables if NAME.fullmatch(name)))
