"""What the page that charges a stored card says of more than is open, and of nothing."""

from __future__ import annotations

import pytest

from tests import make
from tests.desk.carding import charge, with_card
from tests.desk.people import Desk
from tests.make import Client
from tests.payments.moving import paid


@pytest.fixture
def booking(client: Client) -> int:
    assert client
    make.method("PayPal")
    return make.booking(["200.00"])


@pytest.fixture
def card(client: Client, booking: int) -> int:
    """A payment of 29.95 whose card is stored: 170.05 is open."""
    return with_card(client, booking, "29.95")


def test_what_is_more_than_open_is_asked_about_until_the_box_is_ticked(
    manager: Desk, card: int
) -> None:
    path = f"/desk/payments/{card}/charge/preview"

    asks = manager.post(path, {"amount": "180"}).text
    ticked = manager.post(path, {"amount": "180", "confirmed": "true"}).text

    assert "kept as credit: tick the box if that is meant." in asks
    assert "9.95 EUR is more than is open, and is kept as credit." in ticked
    assert "tick the box" not in ticked


def test_where_nothing_is_open_nothing_is_said_to_be_wrong_before_an_amount_is_typed(
    client: Client, manager: Desk, booking: int, card: int
) -> None:
    paid(client, booking, "170.05")

    page = manager.get(f"/desk/payments/{card}/charge").text
    refused = charge(manager, card, "10")

    assert "Type an amount, and it shows here what it pays for." in page
    assert "needs another look" not in page
    assert refused.all("#e-amount") == ["Nothing is open. Confirm that all is kept as credit."]
