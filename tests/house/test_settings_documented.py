"""Every setting is documented under a heading of its own, with its default."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from kit.settings import PREFIX, SettingsSchema

DOCUMENT = Path(__file__).parents[2] / "docs" / "settings.md"
# What has no default that could be written down says where its value comes from.
MADE_AT_THE_START = {
    "SQLALCHEMY_DATABASE_URI": "the SQLite file `bookings.sqlite` in the instance folder.",
    "SECRET_KEY": "none; it must be given as soon as a database is.",
    "MAIL_SPOOL": "`mail` in the instance folder.",
}


def sections() -> dict[str, str]:
    """What is told of each setting, by its heading."""
    parts = re.split(r"^### ", DOCUMENT.read_text(), flags=re.MULTILINE)[1:]
    return {part.partition("\n")[0]: part.partition("\n")[2] for part in parts}


def written(default: Any) -> str:
    """How the document writes a default."""
    if default is None:
        return "not set"
    if isinstance(default, bool):
        return f"`{str(default).lower()}`"
    return f"`{default}`" if default not in ([], {}) else "empty"


def test_docs_have_a_heading_for_every_setting_and_for_nothing_else() -> None:
    assert set(sections()) == {PREFIX + name for name in SettingsSchema().fields}


@pytest.mark.parametrize("name", sorted(SettingsSchema().fields))
def test_docs_tell_the_default_of_every_setting_and_an_example(name: str) -> None:
    default = SettingsSchema().fields[name].load_default
    expected = MADE_AT_THE_START.get(name) or written(default() if callable(default) else default)

    told = sections()[PREFIX + name]

    assert re.search(rf"^- Default: {re.escape(expected)}(?=\W|$)", told, re.MULTILINE), told
    assert re.search(r"^- Example: ", told, re.MULTILINE)
