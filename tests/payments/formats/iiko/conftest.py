"""What most tests of this format need."""

from __future__ import annotations

import pytest
from flask import Flask

from tests import make
from tests.payments.formats.iiko.till import CARD, CASH, Till


@pytest.fixture
def till(app: Flask) -> Till:
    """A sender at location 1, where there are a card and cash."""
    make.location(1)
    make.method("Card", code=CARD, kind="bank")
    make.method("Cash", code=CASH, kind="cash")
    return Till(app)
