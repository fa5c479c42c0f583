"""A promise that does not come true: an attempt with its reason, and no money ever."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine

from audit.chain import SYSTEM, Origin
from bookings.abandoning import abandon
from bookings.models import Booking
from kit import clock
from kit.db import in_transaction
from outbox.models import Message
from payments.clearing import FailPayment, fail_payment
from payments.models import Allocation, Payment
from tags.models import BookingTag
from tests import make
from tests.make import Client, Due
from tests.payments.moving import SHOW, figures, last_entry, move, on_lines, paid
from tests.payments.proofs import broken_chains, refusal, unchanged, wrong_books
from tests.payments.typing_in import PERSON, record

STAGES = [Due("60.00"), Due("40.00", 2, 30)]
HALF_AN_HOUR = timedelta(minutes=30)


@pytest.fixture(autouse=True)
def _methods(client: Client) -> None:
    assert client
    make.method("PayPal")
    make.method("Till", paying="on_site")
    make.tag(12, "Website Booking in Progress", "website_booking_in_progress")


@pytest.mark.parametrize("status", [1, 2])
def test_money_that_will_not_come_changes_nothing_but_its_state(
    client: Client, status: int
) -> None:
    booking = make.booking(STAGES)
    payment = paid(client, booking, "50", Status=status, Charges="3", SendEmail=None)

    answer = move(client, payment, "fail", "Reason=Card+declined", **SHOW)

    assert answer.status_code == 200
    shown = answer.json["Payment"]
    assert (shown["State"], shown["FailureReason"]) == ("failed", "Card declined")
    assert (shown["Status"], shown["PaymentCategory"], shown["Amount"]) == (1, 0, 50)
    assert (figures(booking), on_lines(booking)) == ((0, 0, 0), [0, 0])
    assert (make.rows_of(Allocation), make.rows_of(Message)) == ([], [])
    assert wrong_books() == []


def test_a_reason_is_not_needed(client: Client) -> None:
    payment = paid(client, make.booking(), "50", Status=2)

    answer = move(client, payment, "fail")

    assert (answer.status_code, answer.json) == (200, {"Success": True, "PaymentId": payment})
    assert make.row_of(Payment, payment).failure_reason is None


def test_what_failed_frees_its_reference(client: Client) -> None:
    booking = make.booking()
    payment = paid(client, booking, "50", Status=1, Reference="order-1")
    before = client.pay(booking, "50", Reference="order-1")

    move(client, payment, "fail")

    assert refusal(before) == (409, [("Reference", "reference_already_used")])
    assert client.pay(booking, "50", Reference="order-1").status_code == 200


def test_a_method_completed_at_the_desk_may_fail_outside(client: Client) -> None:
    payment = paid(client, make.booking(), "50", Status=1, PaymentMethod="Till")

    assert move(client, payment, "fail").status_code == 200


def test_a_website_booking_is_held_anew_from_the_failure_on(client: Client) -> None:
    booking = make.booking(STAGES, status="provisional", tags=[12])
    payment = paid(client, booking, "50", Status=1)
    later = clock.now() + 3 * HALF_AN_HOUR

    with time_machine.travel(later, tick=False):
        fresh = Client(client.app, client.partner_id, make.token(client.partner_id))
        move(fresh, payment, "fail")
        still_held = in_transaction(lambda c: abandon(c, booking, lambda: later + HALF_AN_HOUR / 2))
        gone = in_transaction(lambda c: abandon(c, booking, lambda: later + HALF_AN_HOUR))

    assert (still_held, gone) == (False, True)
    assert make.row_of(Booking, booking).status == "cancelled"


def test_tags_of_other_bookings_stay_as_old_as_they_are(client: Client) -> None:
    booking, other = (make.booking(STAGES, status="provisional", tags=[12]) for _ in range(2))
    payment = paid(client, booking, "50", Status=1)
    [before] = make.rows_of(BookingTag, booking_id=other)

    move(client, payment, "fail")

    assert make.rows_of(BookingTag, booking_id=other) == [before]


def test_every_wrong_field_of_failing_is_told_and_nothing_is_written(client: Client) -> None:
    payment = paid(client, make.booking(), "50", Status=2)

    with unchanged():
        answers = [
            move(client, payment, "fail", "Reason=" + "x" * 2001),
            move(client, payment, "fail", "Reason=a%00b"),
            move(client, payment, "fail", "Reason=4111+1111+1111+1111"),
            move(client, payment, "fail", "Reason=a&Reason=b"),
        ]

    assert [refusal(each) for each in answers] == [
        (400, [("Reason", code)])
        for code in ("too_long", "control_character", "card_number", "repeated")
    ]
    assert "4111" not in answers[2].text


def test_the_event_log_keeps_no_words_of_the_provider(client: Client) -> None:
    booking = make.booking(STAGES)
    payment = paid(client, booking, "50", Status=2)

    move(client, payment, "fail", "Reason=Maria+Silva+has+no+funds")

    entry = last_entry(booking)
    assert (entry["action"], entry["severity"]) == ("payment.failed", "low")
    assert (entry["before"]["state"], entry["after"]["state"]) == ("deferred", "failed")
    assert entry["after"]["moves"] == []
    assert "funds" not in str(entry)
    assert entry["reason"] is None


# --- at the desk ----------------------------------------------------------------------------------


def failed_here(payment: int, origin: Origin = PERSON) -> None:
    order = FailPayment(payment_id=payment, reason="Cheque bounced")
    in_transaction(lambda connection: fail_payment(connection, order, origin))


def test_what_a_person_says_is_logged_with_the_reason_and_weighs_more_on_external_money(
    client: Client,
) -> None:
    booking = make.booking(STAGES)
    outside = paid(client, booking, "50", Status=1)

    failed_here(outside)
    external = last_entry(booking)
    failed_here(record(booking, "10", method="Till", state="uncleared").payment_id)
    own = last_entry(booking)

    assert (external["severity"], external["reason"]) == ("medium", "Cheque bounced")
    assert (own["severity"], own["reason"]) == ("low", "Cheque bounced")
    assert broken_chains() == []


def test_what_the_system_fails_weighs_no_more(client: Client) -> None:
    booking = make.booking(STAGES)

    failed_here(paid(client, booking, "50", Status=1), SYSTEM)

    assert last_entry(booking)["severity"] == "low"
