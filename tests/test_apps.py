"""An app is added to one list, APPS in the settings; a tool that needs to be told of it and was not fails here."""

from __future__ import annotations

import re
import tomllib
from typing import Any

import pytest
from django.conf import settings

from tests.live import ROOT

TOOLS = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]
APPS = set(settings.APPS)
# Knows no Django, so it is no app.
PACKAGES = APPS | {"engine"}


def contract(name: str) -> dict[str, Any]:
    (found,) = [each for each in TOOLS["importlinter"]["contracts"] if each["id"] == name]
    return dict(found)


def test_the_list_has_every_app() -> None:
    assert {file.parent.name for file in ROOT.glob("*/apps.py")} == APPS


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        (TOOLS["mypy"]["packages"], PACKAGES | {"tests"}),
        (TOOLS["importlinter"]["root_packages"], PACKAGES),
        (re.findall(r"\w+", " ".join(contract("arrows")["layers"])), PACKAGES),
        (contract("docker-behind-the-engine")["source_modules"], PACKAGES),
        (contract("engine-by-itself")["forbidden_modules"], APPS | {"django", "channels"}),
        (contract("channels-at-the-edge")["source_modules"], APPS),
        (settings.LOGGING["loggers"], PACKAGES),
    ],
    ids=["mypy", "packages", "arrows", "docker", "engine", "channels", "loggers"],
)
def test_every_tool_is_told_of_every_app(told: Any, expected: set[str]) -> None:
    assert set(told) == expected
