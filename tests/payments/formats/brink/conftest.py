"""A till and an order to pay."""

from __future__ import annotations

import pytest
from flask import Flask

from tests import make
from tests.payments.formats.brink import given
from tests.payments.formats.brink.given import Till


@pytest.fixture
def till(app: Flask) -> Till:
    """A till at location 1, and the tender 1, which takes tips."""
    found = given.till(app)
    make.method("External tender", number=1, paying="external", takes_tips=True)
    return found


@pytest.fixture
def order(till: Till) -> int:
    """An order of 100.00 EUR."""
    assert till
    return make.booking(["60.00", "40.00"])
