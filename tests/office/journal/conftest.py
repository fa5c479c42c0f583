"""Somebody who pays, by card or in cash."""

from __future__ import annotations

import pytest
from flask import Flask

from tests import make


@pytest.fixture
def partner(app: Flask) -> int:
    assert app
    make.method("Card", code="CARD", takes_tips=True)
    make.method("Cash", code="CASH", kind="cash", from_outside=False)
    return make.partner(locations=[1, 2, 3])
