"""Money that goes back: a new, negative payment, never more than came."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import update

from audit.chain import SYSTEM
from bookings.cancelling import cancel_booking
from bookings.commands import CancelBooking
from bookings.models import Booking
from kit import clock
from kit.db import in_transaction, transaction
from outbox.models import Message
from payments.clearing import ClearPayment, clear_payment
from payments.models import Payment
from payments.refunding import RefundPayment, refund_payment
from payments.voiding import VoidPayment, void_payment
from tests import make
from tests.make import Client, Due
from tests.payments.moving import SHOW, figures, last_entry, move, on_lines, paid
from tests.payments.proofs import refusal, unchanged, wrong_books

TODAY = clock.now().date()
STAGES = [Due("60.00"), Due("40.00", 2, 30)]


@pytest.fixture(autouse=True)
def _methods(client: Client) -> None:
    assert client
    make.method("PayPal")
    make.method("EPOS Refund", is_refund=True, paying="external")


def test_all_of_it_goes_back_unless_an_amount_is_named(client: Client) -> None:
    booking = make.booking(STAGES)
    payment = paid(client, booking, "70")

    answer = move(client, payment, "refund")

    assert answer.status_code == 200
    refund = make.row_of(Payment, answer.json["PaymentId"])
    assert answer.json == {"Success": True, "PaymentId": refund.id}
    assert (refund.state, refund.amount, refund.refund_of) == ("cleared", -7000, payment)
    assert (refund.category, refund.paid_on, refund.settled_on) == (3, TODAY, TODAY)
    assert (refund.partner_id, refund.source) == (client.partner_id, "ipro")
    assert (figures(booking), on_lines(booking)) == ((0, 0, 0), [0, 0])
    assert make.row_of(Payment, payment).amount == 7000
    assert wrong_books() == []


def test_what_was_filled_last_opens_first(client: Client) -> None:
    booking = make.booking(STAGES)
    payment = paid(client, booking, "70")

    move(client, payment, "refund", "Amount=25")

    assert on_lines(booking) == [4500, 0]


def test_its_own_credit_goes_back_before_its_lines(client: Client) -> None:
    booking = make.booking(STAGES)
    payment = paid(client, booking, "105")

    move(client, payment, "refund", "Amount=7.50")

    assert (figures(booking), on_lines(booking)) == ((9750, 0, 0), [6000, 3750])


def test_credit_of_others_flows_into_what_opened(client: Client) -> None:
    booking = make.booking(STAGES)
    payment = paid(client, booking, "100")
    paid(client, booking, "15")

    answer = move(client, payment, "refund", "Amount=40", **SHOW)

    assert (figures(booking), on_lines(booking)) == ((7500, 0, 0), [6000, 1500])
    shown = answer.json["Payment"]
    assert (shown["Amount"], shown["RefundOf"], shown["PaymentSchedules"]) == (-40, payment, [])
    assert (shown["Booking"]["Paid"], shown["Booking"]["RenterBalance"]) == (75, 25)
    assert wrong_books() == []


def test_a_booking_that_is_refunded_stays_a_booking(client: Client) -> None:
    booking = make.booking(STAGES, status="provisional")
    payment = paid(client, booking, "60")

    move(client, payment, "refund")

    assert make.row_of(Booking, booking).status == "booking"


# --- caps ---------------------------------------------------------------------------------------


def test_parts_go_back_until_nothing_is_left(client: Client) -> None:
    payment = paid(client, make.booking(STAGES), "70")

    first = move(client, payment, "refund", "Amount=69.99")
    rest = move(client, payment, "refund")
    with unchanged():
        answers = [move(client, payment, "refund", body) for body in ("", "Amount=0.01")]

    assert (first.status_code, rest.status_code) == (200, 200)
    assert make.row_of(Payment, rest.json["PaymentId"]).amount == -1
    for answer in answers:
        assert (answer.status_code, answer.json["Code"]) == (422, "refund_too_large")
        assert answer.json["Errors"][0]["Field"] == "Amount"
        assert "At most 0.00 EUR" in answer.json["Message"]


def test_more_than_came_cannot_go_back(client: Client) -> None:
    payment = paid(client, make.booking(STAGES), "70", Charges="5")

    with unchanged():
        answer = move(client, payment, "refund", "Amount=70.01&Charges=5.01&Tip=0.01")

    assert answer.status_code == 422
    assert [(each["Field"], each["Message"]) for each in answer.json["Errors"]] == [
        ("Amount", f"At most 70.00 EUR of payment {payment} can still be refunded."),
        ("Charges", f"At most 5.00 EUR of its charges of payment {payment} can still be refunded."),
        ("Tip", f"At most 0.00 EUR of its tip of payment {payment} can still be refunded."),
    ]


def test_charges_stay_unless_they_are_asked_for(client: Client) -> None:
    booking = make.booking(STAGES)
    payment = paid(client, booking, "70", Charges="5")

    move(client, payment, "refund")
    stayed = figures(booking)
    alone = move(client, payment, "refund", "Charges=2")
    too_many = move(client, payment, "refund", "Charges=3.01")

    assert (stayed, figures(booking)) == ((0, 0, 500), (0, 0, 300))
    row = make.row_of(Payment, alone.json["PaymentId"])
    assert (row.amount, row.charges) == (0, -200)
    assert too_many.json["Code"] == "refund_too_large"
    assert wrong_books() == []


def test_charges_alone_leave_the_amount_where_it_is(client: Client) -> None:
    booking = make.booking(STAGES)
    payment = paid(client, booking, "70", Charges="5")

    move(client, payment, "refund", "Charges=5")

    assert (figures(booking), on_lines(booking)) == ((7000, 0, 0), [6000, 1000])


def test_a_tip_goes_back_only_when_it_is_asked_for(client: Client) -> None:
    booking = make.booking(STAGES)
    payment = paid(client, booking, "70")
    with transaction() as connection:
        connection.execute(update(Payment).values(tip=900))

    whole = move(client, payment, "refund")
    tip = move(client, payment, "refund", "Tip=4")
    rest = move(client, payment, "refund", "Tip=5.01")

    assert make.row_of(Payment, whole.json["PaymentId"]).tip == 0
    assert make.row_of(Payment, tip.json["PaymentId"]).tip == -400
    assert rest.json["Code"] == "refund_too_large"


# --- how it is paid out -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("asked", "method"), [("", "PayPal"), ("PaymentMethod=EPOS+Refund", "EPOS Refund")]
)
def test_it_may_be_paid_out_by_another_method_a_refund_type_too(
    client: Client, asked: str, method: str
) -> None:
    payment = paid(client, make.booking(STAGES), "70")

    answer = move(client, payment, "refund", asked, **SHOW)

    assert answer.json["Payment"]["PaymentMethod"] == method


def test_another_method_of_the_desk_pays_out_at_the_desk_only(client: Client) -> None:
    make.method("Till", paying="on_site")
    payment = paid(client, make.booking(STAGES), "70")

    with unchanged():
        answer = move(client, payment, "refund", "PaymentMethod=Till")
    order = RefundPayment(payment_id=payment, source="desk", method="Till")
    done = in_transaction(lambda connection: refund_payment(connection, order, SYSTEM))

    assert (answer.status_code, answer.json["Code"]) == (422, "method_on_site_only")
    row = make.row_of(Payment, done.payment_id)
    assert (row.amount, row.partner_id, row.source) == (-7000, None, "desk")


def test_who_recorded_it_pays_it_back_the_way_it_came_though_the_desk_completed_it(
    client: Client,
) -> None:
    make.method("Till", paying="on_site")
    payment = paid(client, make.booking(STAGES), "70", PaymentMethod="Till", Status=2)
    in_transaction(
        lambda connection: clear_payment(connection, ClearPayment(payment_id=payment), SYSTEM)
    )

    answer = move(client, payment, "refund", **SHOW)

    assert answer.json["Payment"]["PaymentMethod"] == "Till"
    assert make.row_of(Payment, answer.json["PaymentId"]).amount == -7000


@pytest.mark.parametrize(
    ("days", "wrong"),
    [(-6, "date_before_payment"), (-5, None), (1, None), (3, "date_in_future")],
)
def test_a_refund_is_not_of_before_the_money_came_nor_of_after_tomorrow(
    client: Client, days: int, wrong: str | None
) -> None:
    came = TODAY - timedelta(days=5)
    payment = paid(client, make.booking(STAGES), "70", PaymentDate=came)
    day = TODAY + timedelta(days=days)

    answer = move(client, payment, "refund", f"PaymentDate={day}")

    assert answer.json is not None
    if wrong is None:
        row = make.row_of(Payment, answer.json["PaymentId"])
        assert (row.paid_on, row.settled_on) == (day, day)
    else:
        assert refusal(answer) == (400, [("PaymentDate", wrong)])


def test_without_a_day_a_refund_is_of_today_but_never_of_before_the_money_came(
    client: Client,
) -> None:
    """A partner in an earlier zone may have cleared it tomorrow already."""
    tomorrow = TODAY + timedelta(days=1)
    payments = [paid(client, make.booking(), "50", PaymentDate=day) for day in (TODAY, tomorrow)]

    answers = [move(client, payment, "refund") for payment in payments]

    rows = [make.row_of(Payment, answer.json["PaymentId"]) for answer in answers if answer.json]
    assert [row.paid_on for row in rows] == [TODAY, tomorrow]


def test_what_the_sender_says_of_a_refund_is_kept_with_it(client: Client) -> None:
    payment = paid(client, make.booking(STAGES), "70", Comments="old", Reference="order-1")

    answer = move(client, payment, "refund", "Comments=Fell+ill&Reference=refund-1", **SHOW)

    shown = answer.json["Payment"]
    assert (shown["Comments"], shown["Reference"]) == ("Fell ill", "refund-1")


@pytest.mark.parametrize(("wish", "mails"), [("", 1), ("SendEmail=false", 0)])
def test_the_guest_is_told_of_a_refund_unless_that_is_not_wished(
    client: Client, wish: str, mails: int
) -> None:
    booking = make.booking(STAGES)
    payment = paid(client, booking, "70", Charges="5")

    move(client, payment, "refund", "&".join(filter(None, ["Amount=30&Charges=2", wish])))

    sent = make.rows_of(Message)
    assert [each.kind for each in sent] == ["email.refund_made"] * mails
    for each in sent:
        told = each.context
        assert (told["amount"], told["charges"], told["method"]) == (3000, 200, "PayPal")
        assert told["open"] == [["Stage 1", 2000, str(TODAY)],
                                ["Stage 2", 4000, str(TODAY + timedelta(days=30))]]  # fmt: skip


# --- cancelled bookings -------------------------------------------------------------------------


def test_what_a_cancelled_booking_keeps_is_refunded_last(client: Client) -> None:
    booking = make.booking(STAGES)
    payment = paid(client, booking, "100")
    order = CancelBooking(booking_id=booking, fee=3000, send_email=False)
    in_transaction(lambda connection: cancel_booking(connection, order, SYSTEM))

    move(client, payment, "refund", "Amount=70")
    credit_gone = figures(booking)
    move(client, payment, "refund", "Amount=10")

    assert (credit_gone, figures(booking)) == ((3000, 0, 0), (2000, 0, 0))
    assert wrong_books() == []


def test_what_is_kept_is_refunded_last_whichever_payment_it_lies_on(client: Client) -> None:
    booking = make.booking(STAGES)
    payment = paid(client, booking, "30")
    order = CancelBooking(booking_id=booking, fee=3000, send_email=False)
    in_transaction(lambda connection: cancel_booking(connection, order, SYSTEM))
    paid(client, booking, "20")

    move(client, payment, "refund", "Amount=10")
    made_good = figures(booking)
    move(client, payment, "refund", "Amount=20")

    assert (made_good, figures(booking)) == ((3000, 1000, 0), (2000, 0, 0))
    assert wrong_books() == []


def test_late_money_fills_no_more_of_the_fee_than_a_refund_took_off_it(client: Client) -> None:
    booking = make.booking(STAGES)
    payment = paid(client, booking, "10")
    order = CancelBooking(booking_id=booking, fee=3000, send_email=False)
    in_transaction(lambda connection: cancel_booking(connection, order, SYSTEM))
    paid(client, booking, "50")

    move(client, payment, "refund", "Amount=10")

    assert figures(booking) == (1000, 4000, 0)
    assert wrong_books() == []


def test_a_void_takes_what_is_kept_last_as_well(client: Client) -> None:
    booking = make.booking(STAGES)
    payment = paid(client, booking, "30")
    order = CancelBooking(booking_id=booking, fee=3000, send_email=False)
    in_transaction(lambda connection: cancel_booking(connection, order, SYSTEM))
    paid(client, booking, "40")

    void = VoidPayment(payment_id=payment, reason="typed in twice")
    in_transaction(lambda connection: void_payment(connection, void, SYSTEM))

    assert figures(booking) == (3000, 1000, 0)
    assert wrong_books() == []


# --- the event log ------------------------------------------------------------------------------


def test_a_refund_is_a_dangerous_operation_of_the_event_log(client: Client) -> None:
    booking = make.booking(STAGES)
    payment = paid(client, booking, "70", Charges="5")

    answer = move(client, payment, "refund", "Amount=20&Charges=5&Reason=Rain&Comments=Maria")

    entry, refund = last_entry(booking), answer.json["PaymentId"]
    assert (entry["action"], entry["severity"]) == ("payment.refunded", "high")
    assert entry["about"]["refund_of"] == payment
    assert entry["about"]["payment"] == refund
    assert entry["reason"] == "Rain"
    assert (entry["after"]["amount"], entry["after"]["charges"], entry["after"]["tip"]) == (
        2000, 500, 0,
    )  # fmt: skip
    assert (entry["before"]["charges"], entry["before"]["paid"]) == (500, 7000)
    assert sum(amount for _, _, amount in entry["after"]["moves"]) == -2000
    assert "Maria" not in str(entry)
