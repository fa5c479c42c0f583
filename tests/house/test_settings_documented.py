"""Every setting is documented under a heading of its own."""

from __future__ import annotations

import re
from pathlib import Path

from kit.settings import PREFIX, SettingsSchema

DOCUMENT = Path(__file__).parents[2] / "docs" / "settings.md"


def test_docs_have_a_heading_for_every_setting_and_for_nothing_else() -> None:
    headings = set(re.findall(r"^### (\w+)$", DOCUMENT.read_text(), re.MULTILINE))

    assert headings == {PREFIX + name for name in SettingsSchema().fields}


def test_docs_tell_the_default_of_every_setting() -> None:
    sections = re.split(r"^### ", DOCUMENT.read_text(), flags=re.MULTILINE)[1:]

    assert [section.split("\n")[0] for section in sections if "Default" not in section] == []
