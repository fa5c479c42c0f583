"""Files that are told of after each row, and written in small parts."""

from __future__ import annotations

import pytest

from office.exports import writing


@pytest.fixture(autouse=True)
def _often(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is told after each row how far a file is, and parts are small."""
    monkeypatch.setattr(writing, "TOLD_EVERY_S", 0)
    monkeypatch.setattr(writing, "ROWS_AT_ONCE", 1)
    monkeypatch.setattr(writing, "PART_BYTES", 100)
    monkeypatch.setattr("kit.sheets.PART_CHARACTERS", 120)
