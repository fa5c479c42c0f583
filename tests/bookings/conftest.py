"""Lists of these tests start where no other test's did."""

from __future__ import annotations

import pytest

from kit.paging import Bookmarks
from tests.payments.conftest import processes

__all__ = ["processes"]


@pytest.fixture(autouse=True)
def _no_bookmarks(monkeypatch: pytest.MonkeyPatch) -> None:
    """What pages of other tests, on rows that are gone, have left behind."""
    monkeypatch.setattr("bookings.routes.BOOKMARKS", Bookmarks())
