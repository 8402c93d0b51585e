"""The README tells the truth about settings, commands and places."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from config.environment import Environment

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text()


@pytest.mark.parametrize("name", Environment.model_fields)
def test_every_setting_has_a_line(name: str) -> None:
    assert f"`SANDLOT_{name.upper()}`" in README


def test_every_line_is_a_setting() -> None:
    named = set(re.findall(r"`SANDLOT_([A-Z_]+)`", README))
    assert named == {name.upper() for name in Environment.model_fields}


@pytest.mark.parametrize("target", re.findall(r"\]\(([^)#]+)\)", README))
def test_every_link_leads_somewhere(target: str) -> None:
    assert (ROOT / target).exists()


@pytest.mark.parametrize("target", re.findall(r"`?make ([a-z]+)", README))
def test_every_make_target_is_there(target: str) -> None:
    assert re.search(rf"^{target}:", (ROOT / "Makefile").read_text(), re.MULTILINE)


@pytest.mark.parametrize("folder", re.findall(r"^([a-z]+)/ ", README, re.MULTILINE))
def test_every_folder_of_the_structure_is_there(folder: str) -> None:
    assert (ROOT / folder).is_dir()
