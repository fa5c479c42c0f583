"""Cells that spreadsheets would run are escaped, and read back as they were."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from kit.sheets import escaped, unescaped


@pytest.mark.parametrize(
    "text",
    ["=1+1", "+351 912", "-5", "@SUM(A1)", "\t=1", "\r=1", "\n=1", " =1", "＝1", "'=1", "''+1"],
)
def test_what_a_spreadsheet_would_run_gets_an_apostrophe(text: str) -> None:
    assert escaped(text) == f"'{text}"


@pytest.mark.parametrize("text", ["", "Ana", "'t Hooft", "a=1", "ana@example.com", "1-2", "'"])
def test_other_texts_stay_as_they_are(text: str) -> None:
    assert escaped(text) == text
    assert unescaped(text) == text


@given(st.text() | st.text(alphabet="'=+-@ \t\na"))
@example("''=")
def test_every_text_is_read_back_as_it_was(text: str) -> None:
    assert unescaped(escaped(text)) == text


@given(st.text(alphabet="'=+-@＝ \t\r\na"))
def test_no_escaped_cell_begins_like_a_formula(text: str) -> None:
    assert escaped(text).lstrip()[:1] not in {"=", "+", "-", "@", "＝"}
