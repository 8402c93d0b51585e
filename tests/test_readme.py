"""The README tells the truth about settings, commands and places."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from accounts.models import Role
from config.environment import Environment
from sandboxes.permissions import ROLES_FOR
from sessions.rights.table import NEEDED, Act, Tie

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


# What the table says -> what the policy calls it.
ACTS = {
    "look at its terminals": Act.LOOK,
    "type, open and close terminals": Act.TYPE,
    "change environment, git, tokens": Act.CONFIGURE,
    "end it": Act.END,
}
TIES = (Tie.OWN, Tie.GLOBAL, Tie.OTHER)


def roles_named(cell: str) -> set[str]:
    named: dict[str, set[str]] = {"everybody": set(Role.values), "nobody": set()}
    return named.get(cell, set(cell.split(", ")))


def test_the_table_of_sessions_is_the_policy() -> None:
    section = README.split("## Sessions")[1].split("\n## ")[0]
    lines = [line.strip("|").split("|") for line in section.splitlines() if line.startswith("|")]
    rows = [[cell.strip() for cell in line] for line in lines]
    told = {ACTS[row[0]]: dict(zip(TIES, map(roles_named, row[1:]), strict=True)) for row in rows[2:]}
    assert told == {
        act: {tie: set(ROLES_FOR[needed]) if (needed := NEEDED[tie][act]) else set() for tie in TIES} for act in Act
    }
