"""The documents name commands that exist, and all of them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from flask import Flask
from flask.cli import FlaskGroup

HOUSE = Path(__file__).parents[2]
PAGES = sorted([*HOUSE.glob("*.md"), *(HOUSE / "docs").rglob("*.md")])
# Commands stand in code: `flask x y`, or on a line of their own in a block.
FLASK = re.compile(r"(?:`|^\$ |^|/)flask (?:--app wsgi )?([a-z][a-z -]*)", re.MULTILINE)
MAKE = re.compile(r"(?:`|^\$ |^)make ([a-z]+)", re.MULTILINE)
OF_LIBRARIES = {"openapi list-config-prefixes"}  # of no use to those who read the documents


def commands(group: click.Group, before: str = "") -> Iterator[str]:
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from commands(command, f"{before}{name} ")
        else:
            yield before + name


@pytest.fixture
def known(app: Flask) -> set[str]:
    """Every command of `flask`, ours and Flask's own."""
    return {*commands(app.cli), *FlaskGroup().commands}


def targets() -> set[str]:
    return set(re.findall(r"^([a-z]+):", (HOUSE / "Makefile").read_text(), re.MULTILINE))


def test_every_flask_command_of_the_documents_exists(known: set[str]) -> None:
    written = {text.strip() for page in PAGES for text in FLASK.findall(page.read_text())}

    strange = {
        text for text in written if not any(f"{text} ".startswith(f"{name} ") for name in known)
    }
    assert len(written) > 10
    assert strange == set()


def test_every_make_target_of_the_documents_exists() -> None:
    written = {name for page in PAGES for name in MAKE.findall(page.read_text())}

    assert len(written) > 5
    assert written - targets() == set()


def test_every_command_has_its_place_in_the_documents(known: set[str]) -> None:
    page = (HOUSE / "docs" / "commands.md").read_text()
    headings = " ".join(re.findall(r"^### (.*)$", page, re.MULTILINE))

    ours = {name for name in known if not name.startswith("db ")} - OF_LIBRARIES
    assert {name for name in ours if f"flask {name}" not in headings} == set()
    assert {name for name in targets() if f"`make {name}`" not in page} == set()
