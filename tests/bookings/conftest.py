"""Lists of these tests start where no other test's did."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask

from audit.models import LogEntry
from kit.paging import Bookmarks
from tests import make
from tests.bookings import given
from tests.make import Client
from tests.payments.conftest import processes
from tests.payments.proofs import broken_chains, wrong_books

__all__ = ["processes"]


@pytest.fixture(autouse=True)
def _no_bookmarks(monkeypatch: pytest.MonkeyPatch) -> None:
    """What pages of other tests, on rows that are gone, have left behind."""
    monkeypatch.setattr("bookings.routes.BOOKMARKS", Bookmarks())


@pytest.fixture
def agency(app: Flask) -> Iterator[Client]:
    """A partner's client; at the end of the test books and event log must be right, and nothing in
    the log may be about a guest."""
    yield Client.of_new_partner(app)
    assert wrong_books() == []
    assert broken_chains() == []
    for entry in make.rows_of(LogEntry):
        assert not [word for word in given.PERSONAL if word in entry.body]
