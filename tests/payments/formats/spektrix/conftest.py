"""A till that signs in, and the payment types it finds."""

from __future__ import annotations

import pytest
from flask import Flask

from tests import make
from tests.payments.conftest import processes
from tests.payments.formats.spektrix.given import OTHER, REFUND, TILL, Till, detail, new_till

__all__ = ["processes"]


@pytest.fixture
def till(app: Flask) -> Till:
    """A client with every scope at location 1, where three types are: one with two details that
    may come, one with one that must, and one for refunds."""
    found = new_till(app)
    method_id = make.method("EPOS System", public_id=TILL, paying="external")
    detail(method_id, "Reference", 2)
    detail(method_id, "Payment ref", 1)
    detail(make.method("Quick Donation", public_id=OTHER), "Appeal", 1, required=True)
    make.method("EPOS Refund", public_id=REFUND, is_refund=True, paying="external")
    return found
