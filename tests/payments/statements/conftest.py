"""An account at a bank, and a booking that its lines pay."""

from __future__ import annotations

import pytest
from flask import Flask

from tests import make
from tests.make import Due
from tests.payments.statements import bank

STAGES = [Due("60.00"), Due("40.00", 2, 30)]


@pytest.fixture
def account(app: Flask) -> int:
    """An account in EUR at location 1, where a cheque is typed in."""
    assert app
    make.method("Cheque", kind="cheque", from_outside=False, code=None)
    return bank.account()


@pytest.fixture
def booking(account: int) -> int:
    """A booking with 60.00 due today and 40.00 in 30 days."""
    assert account
    return make.booking(STAGES)
