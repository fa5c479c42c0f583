"""A promise that comes true takes effect as it was meant when it came."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import delete

from audit.chain import SYSTEM
from bookings.cancelling import cancel_booking
from bookings.commands import CancelBooking
from bookings.models import Booking
from kit import clock
from kit.db import in_transaction, transaction
from kit.errors import DomainError
from outbox.models import Message
from partners.models import PartnerLocation
from payments.clearing import ClearPayment, clear_payment
from payments.desk_errors import NotYet
from payments.models import Payment
from tests import make
from tests.make import Client, Due
from tests.payments.moving import SHOW, figures, last_entry, move, on_lines, paid
from tests.payments.proofs import refusal, unchanged, wrong_books

TODAY = clock.now().date()
STAGES = [Due("60.00"), Due("40.00", 2, 30)]
# Statuses of what is still to come.
COMING = pytest.mark.parametrize("status", [1, 2])


@pytest.fixture(autouse=True)
def _methods(client: Client) -> None:
    assert client
    make.method("PayPal")
    make.method("Till", paying="on_site")
    make.tag(20, "Payment Failed", "payment_failed")


@COMING
def test_money_that_cleared_lies_where_it_was_asked_to(client: Client, status: int) -> None:
    booking = make.booking(STAGES)
    payment = paid(client, booking, "50", Status=status, PaymentScheduleIds="2", Charges="1.50")
    before = figures(booking)

    answer = move(client, payment, "clear")

    assert (answer.status_code, answer.json) == (200, {"Success": True, "PaymentId": payment})
    assert (before, figures(booking)) == ((0, 0, 0), (5000, 0, 150))
    assert on_lines(booking) == [1000, 4000]
    row = make.row_of(Payment, payment)
    assert (row.state, row.amount, row.settled_on) == ("cleared", 5000, TODAY)
    assert wrong_books() == []


def test_lines_asked_for_by_id_are_filled_first(client: Client) -> None:
    booking = make.booking(STAGES)
    last = make.lines_of(booking)[1].id
    payment = paid(client, booking, "10", Status=2, PaymentScheduleIds=last)

    move(client, payment, "clear")

    assert on_lines(booking) == [0, 1000]


def test_the_property_it_was_for_is_filled_first(client: Client) -> None:
    booking = make.booking([Due("60.00"), Due("40.00", property=1)], properties=2)
    second = make.lines_of(booking)[1].property_id
    payment = paid(client, booking, "50", Status=2, PropertyId=second)

    move(client, payment, "clear")

    assert on_lines(booking) == [1000, 4000]


def test_the_day_the_balance_is_due_moves_when_the_money_is_there(client: Client) -> None:
    booking = make.booking(STAGES)
    day = TODAY + timedelta(days=99)
    payment = paid(client, booking, "70", Status=2, BalanceDueDate=day)
    promised = [line.due_on for line in make.lines_of(booking)]

    move(client, payment, "clear")

    assert promised == [TODAY, TODAY + timedelta(days=30)]
    assert [line.due_on for line in make.lines_of(booking)] == [TODAY, day]


def test_a_balance_that_is_paid_keeps_its_day(client: Client) -> None:
    booking = make.booking(STAGES)
    payment = paid(client, booking, "100", Status=2, BalanceDueDate=TODAY + timedelta(days=99))

    move(client, payment, "clear")

    assert make.lines_of(booking)[1].due_on == TODAY + timedelta(days=30)


@pytest.mark.parametrize(("wish", "mails"), [("true", 1), ("false", 0), (None, 1)])
def test_the_guest_is_written_to_when_the_money_is_there_if_that_was_wished(
    client: Client, wish: str | None, mails: int
) -> None:
    booking = make.booking(STAGES)
    payment = paid(client, booking, "65", Status=2, Charges="2", SendEmail=wish)
    before = len(make.rows_of(Message))

    move(client, payment, "clear")

    sent = make.rows_of(Message)
    assert (before, len(sent)) == (0, mails)
    if sent:
        told = sent[0].context
        assert told["payment"] == payment
        assert (told["amount"], told["charges"], told["paid_on"]) == (6500, 200, str(TODAY))
        assert told["covered"] == [["Stage 1", 6000], ["Stage 2", 500]]
        assert told["open"] == [["Stage 2", 3500, str(TODAY + timedelta(days=30))]]


def test_money_beyond_what_is_open_is_credit_and_told_as_such(client: Client) -> None:
    booking = make.booking(["60.00"])
    payment = paid(client, booking, "50", Status=2)
    paid(client, booking, "30")

    answer = move(client, payment, "clear", **SHOW)

    assert answer.json["Payment"]["State"] == "cleared"
    shown = answer.json["Payment"]["Booking"]
    assert (shown["Paid"], shown["Credit"]) == (60, 20)
    assert [each["Code"] for each in shown["Warnings"]] == ["credit"]
    assert figures(booking) == (6000, 2000, 0)


@pytest.mark.parametrize(
    ("amounts", "category"), [(["60.00"], 1), (["60.00", "40.00"], 2), (["10.00"], 4)]
)
def test_what_it_paid_off_is_told_as_if_it_had_come_cleared(
    client: Client, amounts: list[str], category: int
) -> None:
    booking = make.booking(STAGES)
    payments = [paid(client, booking, each, Status=2) for each in amounts]

    for each in payments:
        move(client, each, "clear")

    assert make.row_of(Payment, payments[-1]).category == category


def test_a_promise_that_is_kept_confirms_a_booking_only_when_stage_1_is_covered(
    client: Client,
) -> None:
    booking = make.booking(STAGES, status="provisional")
    first, second = (paid(client, booking, "25", Status=1) for _ in range(2))

    for each in (first, second):
        move(client, each, "clear")
    before = make.row_of(Booking, booking).status
    paid(client, booking, "10", Status=2)

    assert (before, make.row_of(Booking, booking).status) == ("provisional", "booking")


def test_on_a_cancelled_booking_all_of_it_is_credit_to_refund(client: Client) -> None:
    booking = make.booking(STAGES)
    payment = paid(client, booking, "50", Status=2)
    order = CancelBooking(booking_id=booking, fee=3000, send_email=False)
    in_transaction(lambda connection: cancel_booking(connection, order, SYSTEM))

    answer = move(client, payment, "clear", **SHOW)

    warnings = answer.json["Payment"]["Booking"]["Warnings"]
    assert [each["Code"] for each in warnings] == ["booking_cancelled"]
    assert "50.00 EUR" in warnings[0]["Message"]
    assert figures(booking) == (0, 5000, 0)
    assert make.row_of(Booking, booking).total == 3000


# --- days ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("days", [-400, 0, 1])
def test_money_may_be_there_since_any_day_up_to_tomorrow(client: Client, days: int) -> None:
    payment = paid(client, make.booking(), "50", Status=2)
    day = TODAY + timedelta(days=days)

    answer = move(client, payment, "clear", f"PaymentDate={day}")

    assert answer.status_code == 200
    row = make.row_of(Payment, payment)
    assert (row.settled_on, row.paid_on) == (day, TODAY)


@pytest.mark.parametrize(("day", "sentence"), [
    (TODAY + timedelta(days=2), "is still to come"),
    (date(9999, 12, 31), "more than ten years from today"),
    (date(1, 1, 1), "more than ten years from today"),
])  # fmt: skip
def test_the_desk_clears_for_no_day_to_come_and_none_long_past(
    client: Client, day: date, sentence: str
) -> None:
    payment = paid(client, make.booking(), "50", Status=2)
    order = ClearPayment(payment_id=payment, paid_on=day)

    with unchanged(), pytest.raises(DomainError, match=sentence) as caught:
        in_transaction(lambda connection: clear_payment(connection, order, SYSTEM))

    assert caught.value.field == "paid_on"


def test_the_desk_has_no_extra_day_when_it_clears(client: Client) -> None:
    """Lisbon, where the booking is, has the day of UTC at noon."""
    noon = clock.now().replace(hour=12)
    tomorrow = noon.date() + timedelta(days=1)
    payment = paid(client, make.booking(), "50", Status=2)
    order = ClearPayment(payment_id=payment, paid_on=tomorrow)

    with unchanged(), pytest.raises(NotYet):
        in_transaction(lambda c: clear_payment(c, order, SYSTEM, None, lambda: noon))


def test_money_cannot_be_there_since_the_day_after_tomorrow(client: Client) -> None:
    payment = paid(client, make.booking(), "50", Status=2)
    late = TODAY + timedelta(days=3)  # tomorrow may have begun at the location

    with unchanged():
        answer = move(client, payment, "clear", f"PaymentDate={late}")

    assert refusal(answer) == (400, [("PaymentDate", "date_in_future")])
    assert str(late) in answer.json["Message"]


# --- refusals -----------------------------------------------------------------------------------


@pytest.mark.parametrize("what", ["clear", "fail"])
@pytest.mark.parametrize("state", ["cleared", "failed"])
def test_only_what_is_still_to_come_can_clear_or_fail(
    client: Client, what: str, state: str
) -> None:
    fields: dict[str, Any] = {"Status": 1, "AddBookingTag": 20} if state == "failed" else {}
    payment = paid(client, make.booking(), "50", **fields)

    with unchanged():
        answer = move(client, payment, what)

    assert refusal(answer) == (409, [("PaymentID", "payment_not_coming")])
    assert f"Payment {payment} is {state}" in answer.json["Message"]


def test_what_is_completed_at_the_desk_cannot_be_cleared_by_a_partner(client: Client) -> None:
    payment = paid(client, make.booking(), "50", Status=1, PaymentMethod="Till")

    with unchanged():
        answer = move(client, payment, "clear")

    assert refusal(answer) == (422, [("PaymentMethod", "method_on_site_only")])
    order = ClearPayment(payment_id=payment)
    in_transaction(lambda connection: clear_payment(connection, order, SYSTEM))
    assert make.row_of(Payment, payment).state == "cleared"


@pytest.mark.parametrize("what", ["clear", "fail", "refund"])
def test_a_payment_is_found_by_the_partner_that_recorded_it_and_by_nobody_else(
    client: Client, what: str
) -> None:
    payment = paid(client, make.booking(), "50", Status=2)
    other = Client.of_new_partner(client.app)
    gone = client.partner_id

    with unchanged():
        answers = [
            move(other, payment, what),
            move(client, payment + 1, what),
            move(client, 10**17, what),
            move(client, 0, what),
        ]
    with transaction() as connection:
        connection.execute(delete(PartnerLocation).where(PartnerLocation.partner_id == gone))
    client.app.extensions["partner_guard"]._known.clear()
    answers.append(move(client, payment, what))

    assert [refusal(each) for each in answers] == [(404, [("PaymentID", "payment_unknown")])] * 5


@pytest.mark.parametrize("what", ["clear", "fail", "void"])
def test_changing_payments_needs_the_scope_to_write_them(client: Client, what: str) -> None:
    payment = paid(client, make.booking(), "50", Status=2)
    reader = make.token(client.partner_id, "payments:read payments:refund")

    with unchanged():
        answer = move(Client(client.app, client.partner_id, reader), payment, what)

    assert refusal(answer) == (403, [(None, "scope_missing")])


def test_every_wrong_field_of_clearing_is_told_at_once(client: Client) -> None:
    payment = paid(client, make.booking(), "50", Status=2)

    with unchanged():
        answer = move(client, payment, "clear", "PaymentDate=31/02/2026&Reason=" + "x" * 501)

    assert refusal(answer) == (400, [("PaymentDate", "invalid"), ("Reason", "too_long")])
    told = [error["Message"] for error in answer.json["Errors"]]
    assert told == [
        "PaymentDate is '31/02/2026'; it must be a real date from 1900-01-01 on, yyyy-mm-dd.",
        "Reason has 501 characters; it may have 500.",
    ]


# --- the event log ------------------------------------------------------------------------------


def test_the_event_log_tells_what_cleared_and_why_and_nothing_of_the_guest(client: Client) -> None:
    booking = make.booking(STAGES)
    payment = paid(client, booking, "50", Status=2, Comments="From+Maria")

    move(client, payment, "clear", "Reason=Seen+on+the+statement")

    entry = last_entry(booking)
    assert (entry["action"], entry["severity"]) == ("payment.cleared", "low")
    assert entry["about"] == {"booking": booking, "location": 1, "payment": payment}
    assert entry["reason"] == "Seen on the statement"
    assert (entry["before"]["state"], entry["before"]["paid"]) == ("deferred", 0)
    assert (entry["after"]["state"], entry["after"]["paid"]) == ("cleared", 5000)
    assert entry["after"]["moves"] == [[payment, make.lines_of(booking)[0].id, 5000]]
    assert not any(word in str(entry) for word in ("Maria", "Silva", "guest@example.com"))
