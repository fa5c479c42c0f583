"""Golden pairs: requests against the demonstration, and what they are answered, byte for byte.

The first is the vendor's published sample (seed 001): its amount comes back as it was sent, where
the vendor prints 10.0.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from bookings.models import Booking
from demo.agency import SPEKTRIX_SECRET
from demo.loading import load
from kit import clock
from kit.db import transaction
from payments.models import Payment
from tests import make
from tests.payments.formats.spektrix.given import Till
from tests.payments.proofs import broken_chains, wrong_books

SAMPLES = Path(__file__).parent / "samples"


@pytest.fixture
def demo(app: Flask) -> Till:
    """The demonstration's own client."""
    with transaction() as connection:
        load(connection, clock.now())
    return Till(app, 1, "azores", "demo", SPEKTRIX_SECRET)


def sample(name: str) -> str:
    """A file of this folder; one that ends in a line end does so for editors only."""
    return (SAMPLES / name).read_text().removesuffix("\n")


def send(till: Till, method: str, call: str, name: str) -> TestResponse:
    """Send a request of the samples, or one without a body, and compare its answer."""
    request = SAMPLES / f"{name}.request.json"
    body = sample(request.name) if request.exists() else None
    answer = till.send(method, till.path(call), body)
    assert answer.text == sample(f"{name}.answer.json")
    return answer


def test_the_vendors_sample_pays_what_it_says(demo: Till) -> None:
    answer = send(demo, "POST", "baskets/4354/custom-payments", "vendor")

    assert answer.status_code == 200
    assert answer.json["amount"] == 10.4
    [payment] = make.rows_of(Payment, booking_id=4354)
    assert (payment.amount, payment.attributes) == (1040, [["Payment ref", "ABC_123"]])
    assert make.row_of(Booking, 4354).paid == 1040
    assert wrong_books() == broken_chains() == []


@pytest.mark.long
def test_the_types_of_the_demonstration_are_those_of_the_vendors_sample(demo: Till) -> None:
    answer = send(demo, "GET", "custom-payment-types", "types")

    sent = {each["name"]: each["id"] for each in answer.json or ()}
    assert sent["EPOS System"] == "93AGQTGJBKVCQVRRKBVCCRTPJTBKCNLBH"
    assert sent["Quick Donation"] == "7641ANMTGPDKSKCSGLJHMMLMMQCKCNQGP"


@pytest.mark.long
def test_a_basket_from_the_waiver_to_the_end(demo: Till) -> None:
    """Provisional, 1015.00 in all, a booking fee of 25.00 among it."""
    steps = [
        ("PATCH", "", "waiver", 200),
        ("POST", "/confirm", "too-early", 409),
        ("POST", "/custom-payments", "unknown-attribute", 400),
        ("POST", "/custom-payments", "too-much", 400),
        ("POST", "/custom-payments", "first-part", 200),
        ("POST", "/custom-payments", "second-part", 200),
        ("POST", "/custom-payments", "refund", 200),
        ("POST", "/custom-payments", "rest", 200),
        ("POST", "/confirm", "confirmed", 200),
        ("GET", "", "basket", 200),
    ]

    for method, call, name, status in steps:
        assert send(demo, method, f"baskets/5001{call}", name).status_code == status, name

    row = make.row_of(Booking, 5001)
    assert (row.status, row.total, row.paid, row.credit) == ("booking", 99000, 99000, 0)
    assert wrong_books() == broken_chains() == []


def test_a_stranger_a_stray_and_a_till_elsewhere(demo: Till) -> None:
    stranger = Till(demo.app, 0, "azores", "nobody", SPEKTRIX_SECRET)
    elsewhere = Till(demo.app, 1, "cotswolds", "demo", SPEKTRIX_SECRET)

    assert send(stranger, "GET", "custom-payment-types", "stranger").status_code == 401
    assert send(elsewhere, "GET", "baskets/4354", "elsewhere").status_code == 404


def test_every_sample_is_compared() -> None:
    compared = set(Path(__file__).read_text().split('"'))

    names = {path.name.split(".")[0] for path in SAMPLES.iterdir()}
    assert names <= compared
    assert len(names) >= 14
