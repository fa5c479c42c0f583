"""The policy of payment methods (seed 000): one table, the same through every door of ours.

"Prohibit to enter manually" is about the desk: it changes nothing for what comes through an API.
"""

from __future__ import annotations

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from bookings.models import Booking
from payments.models import Payment
from tests import make
from tests.payments.formats.iiko.till import CARD, Till, failed, payment
from tests.payments.proofs import refusal

NOT_EXTERNAL = "PaymentTypeCanNotBeUsedAsExternal"
# paying (None: not accepted from outside), completed or not, and what the two wires say of it;
# None: it is taken.
POLICY = [
    ("external", True, None, None),
    ("external", False, "method_external_only", "Common"),
    ("on_site", True, "method_on_site_only", NOT_EXTERNAL),
    ("on_site", False, None, None),
    ("both", True, None, None),
    ("both", False, None, None),
    (None, True, "method_not_from_outside", NOT_EXTERNAL),
    (None, False, "method_not_from_outside", NOT_EXTERNAL),
]


def method(paying: str | None, *, manual_prohibited: bool = False) -> None:
    from_outside = {"from_outside": paying is not None, "paying": paying or "on_site"}
    make.method("Visa", code=CARD, manual_prohibited=manual_prohibited, **from_outside)


def states(booking: int) -> list[tuple[str, int]]:
    return [(row.state, row.amount) for row in make.rows_of(Payment, booking_id=booking)]


@pytest.mark.parametrize("manual_prohibited", [False, True])
@pytest.mark.parametrize(("paying", "completed", "in_form", "in_iiko"), POLICY)
def test_what_a_policy_accepts_is_the_same_through_the_form_and_through_iiko(
    app: Flask,
    paying: str | None,
    completed: bool,
    in_form: str | None,
    in_iiko: str | None,
    manual_prohibited: bool,
) -> None:
    till = Till(app)
    method(paying, manual_prohibited=manual_prohibited)
    by_form, by_iiko = make.booking(["100.00"]), make.booking(["100.00"])

    answer = till.house.pay(by_form, "20.06", Status=0 if completed else 1, PaymentMethod="Visa")
    outcome = till.outcome(by_iiko, payment("20.06", isProcessedExternally=completed))

    if in_form is None:
        assert answer.status_code == 200
        assert outcome == {"state": "Success"}
        assert states(by_iiko) == [("cleared" if completed else "uncleared", 2006)]
    else:
        assert refusal(answer) == (422, [("PaymentMethod", in_form)])
        assert failed(outcome)[0] == in_iiko
        assert states(by_iiko) == []
    assert states(by_form) == states(by_iiko)


def test_a_payment_completed_outside_by_mistake_is_told_in_the_vendors_words(app: Flask) -> None:
    till = Till(app)
    method("on_site")
    [listed] = till.ask("payment_types", {"organizationIds": [1]}).json["paymentTypes"]

    outcome = till.outcome(make.booking(), payment("20.06", isProcessedExternally=True))

    assert failed(outcome) == (
        "PaymentTypeCanNotBeUsedAsExternal",
        f"Payment item of type Visa {listed['id']} cannot be added as external processed. "
        "PaymentType should be CanBeExternalProcessed.",
    )


def test_the_type_that_is_told_is_the_one_that_was_wrong(app: Flask) -> None:
    till = Till(app)
    method("on_site")
    make.method("Cash", code="CASH1", kind="cash")
    payments = [payment("1.00", "CASH1"), payment("1.00", isProcessedExternally=False), payment()]

    reason, sentence = failed(till.outcome(make.booking(), *payments))

    assert reason == NOT_EXTERNAL
    assert sentence.startswith("Payment item of type Visa ")


# --- external payments stay what the external system says -------------------------------------


@pytest.fixture
def till(app: Flask) -> Till:
    till = Till(app)
    method("on_site")
    make.method("Online", code="ONLINE", paying="external")
    return till


def recorded(till: Till, type_id: str, completed: bool) -> tuple[int, int]:
    """A booking, and a payment on it that came by iiko."""
    booking = make.booking(["100.00"])
    till.outcome(booking, payment("20.06", type_id, isProcessedExternally=completed))
    [row] = make.rows_of(Payment, booking_id=booking)
    return booking, row.id


def test_what_is_completed_at_the_desk_is_not_completed_by_a_partner(till: Till) -> None:
    _, payment_id = recorded(till, CARD, completed=False)

    answer = till.house.post(f"/apis/payments/{payment_id}/clear", "")

    assert refusal(answer) == (422, [("PaymentMethod", "method_on_site_only")])
    assert make.row_of(Payment, payment_id).state == "uncleared"


@pytest.mark.parametrize(("type_id", "completed"), [(CARD, False), ("ONLINE", True)])
def test_no_partner_voids_an_external_payment(till: Till, type_id: str, completed: bool) -> None:
    _, payment_id = recorded(till, type_id, completed)
    before = make.row_of(Payment, payment_id)

    answer = till.house.post(f"/apis/payments/{payment_id}/void", "Reason=Asked+by+the+guest")

    assert refusal(answer)[0] == 403
    assert make.row_of(Payment, payment_id) == before


@pytest.mark.parametrize(("type_id", "completed"), [(CARD, False), ("ONLINE", True)])
def test_a_booking_with_an_external_payment_is_not_cancelled_by_a_partner(
    till: Till, type_id: str, completed: bool
) -> None:
    booking, _ = recorded(till, type_id, completed)

    answer = cancel(till, booking)

    assert refusal(answer) == (403, [("BookingId", "external_payment_present")])
    assert make.row_of(Booking, booking).status == "booking"


def cancel(till: Till, booking: int) -> TestResponse:
    http: FlaskClient = till.app.test_client()
    headers = {"Authorization": f"Bearer {till.token}"}
    return http.post(f"/apis/booking/cancel?BookingId={booking}", headers=headers)
