"""What methods allow at the desk: which are typed in, completed there, and paid out by."""

from __future__ import annotations

from decimal import Decimal

import pytest
from sqlalchemy import insert

from kit.db import in_transaction, transaction
from kit.errors import DomainError
from payments.clearing import ClearPayment, clear_payment
from payments.desk_errors import CompletedOutside
from payments.models import MethodSwitchedOff, Payment
from payments.refunding import RefundPayment, refund_payment
from payments.saving import Done
from tests import make
from tests.make import Client
from tests.payments.moving import paid
from tests.payments.proofs import unchanged
from tests.payments.typing_in import PERSON, STAGES, record, refused


@pytest.fixture(autouse=True)
def _methods(client: Client) -> None:
    assert client
    make.method("Cash", kind="cash", from_outside=False)
    make.method("PayPal")


# --- methods ------------------------------------------------------------------------------------


def test_a_method_that_is_never_typed_in_is_refused_with_those_that_would_be_right() -> None:
    make.method("Credit Card", manual_prohibited=True)

    assert refused(make.booking(STAGES), method="Credit Card") == [
        ("method", "Credit Card is never typed in at the desk. Cash or PayPal would be right.")
    ]


def test_a_method_that_is_completed_outside_only_is_refused() -> None:
    make.method("EPOS", paying="external")

    [(field, sentence)] = refused(make.booking(STAGES), method="EPOS", state="uncleared")

    assert field == "method"
    assert sentence.startswith("EPOS is completed outside only")


def test_paying_says_nothing_of_a_method_that_is_not_accepted_from_outside() -> None:
    make.method("Cheque", kind="cheque", from_outside=False, paying="external")

    assert record(make.booking(STAGES), method="Cheque").payment_id


@pytest.mark.parametrize("paying", ["on_site", "both"])
def test_methods_that_are_completed_here_are_typed_in(paying: str) -> None:
    make.method("Desk card", paying=paying)

    assert record(make.booking(STAGES), method="Desk card").payment_id


def test_a_refund_type_takes_no_payment() -> None:
    make.method("Till Refund", is_refund=True)

    [(_, sentence)] = refused(make.booking(STAGES), method="Till Refund")

    assert sentence.startswith("Till Refund pays money back; it cannot take a payment.")


def test_only_methods_in_use_at_the_location_exist() -> None:
    make.method("Old", active=False)
    off = make.method("Elsewhere")
    booking = make.booking(STAGES)
    with transaction() as connection:
        connection.execute(insert(MethodSwitchedOff), [{"method_id": off, "location_id": 1}])

    for name in ("Old", "Elsewhere", "cash"):
        assert refused(booking, method=name) == [
            ("method", f"No active payment method is called {name!r}, letter for letter.")
        ]


def test_tips_are_for_methods_that_take_them() -> None:
    make.method("Till", takes_tips=True)
    booking = make.booking(STAGES)

    assert refused(booking, tip=Decimal(3)) == [
        ("tip", "Cash takes no tips; send the payment without one.")
    ]
    done = record(booking, tip=Decimal(3), method="Till")
    assert make.row_of(Payment, done.payment_id).tip == 300


# --- completing and paying back, where the desk differs from partners ---------------------------


def test_what_is_completed_outside_only_is_not_completed_at_the_desk(client: Client) -> None:
    method = make.method("Card")
    payment = paid(client, make.booking(STAGES), "50", PaymentMethod="Card", Status=1)
    with transaction() as connection:
        connection.exec_driver_sql(
            f"UPDATE payment_methods SET paying = 'external' WHERE id = {method}"
        )

    with unchanged(), pytest.raises(CompletedOutside):
        in_transaction(lambda c: clear_payment(c, ClearPayment(payment_id=payment), PERSON))


def test_the_desk_completes_what_is_completed_on_site(client: Client) -> None:
    make.method("Desk card", paying="on_site")
    payment = paid(client, make.booking(STAGES), "50", PaymentMethod="Desk card", Status=1)

    in_transaction(lambda c: clear_payment(c, ClearPayment(payment_id=payment), PERSON))

    assert make.row_of(Payment, payment).state == "cleared"


def test_the_desk_pays_out_by_what_can_be_entered_there_or_the_way_it_came(client: Client) -> None:
    make.method("Credit Card", manual_prohibited=True)
    make.method("Hand back", is_refund=True, kind="cash")
    payment = paid(client, make.booking(STAGES), "50", PaymentMethod="Credit Card")

    def back(method: str | None) -> Done:
        wanted = RefundPayment(payment_id=payment, source="desk", amount=Decimal(10), method=method)
        return in_transaction(lambda connection: refund_payment(connection, wanted, PERSON))

    assert [back(method).payment_id for method in (None, "Credit Card", "Cash", "Hand back")]
    make.method("Other card", manual_prohibited=True)
    with unchanged(), pytest.raises(DomainError, match="Other card is never typed in"):
        back("Other card")
