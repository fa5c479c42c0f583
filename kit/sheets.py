"""Cells of CSV files that spreadsheets open.

A spreadsheet runs a cell that begins like a formula, whoever wrote it: a guest's name would do.
An apostrophe before it makes it a text. What is escaped here is read back the same here.
"""

from __future__ import annotations

import re

# Full-width signs are signs, too; a cell that is escaped already is escaped once more.
FORMULA = re.compile(r"'*(?:\s*[=+\-@＝＋－＠]|[\t\r\n])")


def escaped(text: str) -> str:
    """The text as a cell that no spreadsheet runs. Numbers and dates of our own need none."""
    return f"'{text}" if FORMULA.match(text) else text


def unescaped(cell: str) -> str:
    """The text that `escaped` made this cell of; a cell that it would not make stays as it is."""
    return cell[1:] if cell.startswith("'") and FORMULA.match(cell, 1) else cell
