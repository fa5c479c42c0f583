"""A payment from the first word to the last: accepted, applied, told."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
import time_machine
from flask import Flask
from sqlalchemy import select, update

from bookings.models import Booking
from kit import clock
from kit.db import transaction
from outbox.models import Message
from partners.models import Endpoint, Partner
from payments.models import AcceptedCommand, Payment, PaymentMethod
from tests import make
from tests.partners.receiver import Answer, Receiver
from tests.payments.formats.kseries.given import (
    ACCOUNT,
    BUSINESS,
    ENDPOINT,
    Raw,
    Till,
    Worker,
    document,
    refusal,
)
from tests.payments.proofs import broken_chains, wrong_books

# The vendor's own request (seed 002), to the letter.
SAMPLE = (
    '{"iKaccountId":0,"iKaccountIdentifier":"A1234.56","thirdPartyPaymentReference":'
    '"12345678901234","endpointId":"MY-AWESOME-ENDPOINT-ID","businessLocationId":45454565682155,'
    '"taskTtlInMs":60000,"staffId":42,"deviceId":12345678980,"paymentMethod":"OOPAYMENT",'
    '"paymentAmount":20.06,"tipAmount":2.5}'
)


@pytest.mark.long
def test_the_vendors_sample_pays_the_demonstrations_booking(demo: Till, worker: Worker) -> None:
    answer = demo.call("POST", "/o/op/1/pay", SAMPLE)
    told = worker.run()

    assert (answer.status_code, answer.data) == (200, b'{"status":"ok"}')
    [payment] = make.rows_of(Payment, booking_id=4354)
    assert (payment.amount, payment.tip, payment.state) == (20_06, 2_50, "cleared")
    assert (payment.source, payment.reference) == ("kseries", "12345678901234")
    assert payment.attributes == [["staffId", "42"], ["deviceId", "12345678980"]]
    assert make.row_of(Booking, 4354).paid == 20_06
    assert told == [
        {
            "type": "PAYMENT",
            "status": "SUCCESS",
            "thirdPartyReference": "12345678901234",
            "businessLocationId": 45454565682155,
            "ikentooAccountIdentifier": "A1234.56",
            "ikentooAccountId": "4354",
        }
    ]
    assert wrong_books() == []
    assert broken_chains() == []


@pytest.mark.long
def test_the_sample_again_is_told_that_it_was_used_and_pays_nothing(
    demo: Till, worker: Worker
) -> None:
    demo.call("POST", "/o/op/1/pay", SAMPLE)
    before = demo.call("POST", "/o/op/1/pay", SAMPLE)
    worker.run()

    with time_machine.travel("2123-11-07T23:00:20.075999Z", tick=False):
        late = Till(demo.app, demo.partner_id)
        after = late.call("POST", "/o/op/1/pay", SAMPLE)

    assert refusal(after) == {
        "timestamp": "2123-11-07T23:00:20.075+0000",
        "status": 400,
        "error": "Bad Request",
        "message": "reference has already been used 12345678901234",
        "path": "/o/op/1/pay",
    }
    assert refusal(before) == refusal(after) | {"timestamp": refusal(before)["timestamp"]}
    assert worker.run() == []
    assert len(make.rows_of(Payment, booking_id=4354)) == 1


def test_nothing_is_applied_before_ok_and_nothing_told_by_it(
    till: Till, booking: int, receiver: Receiver
) -> None:
    till.accepted()

    assert make.rows_of(Payment, booking_id=booking) == []
    assert receiver.got == []


def test_a_command_waits_five_minutes_unless_told_otherwise(till: Till, booking: int) -> None:
    assert booking
    till.accepted(thirdPartyPaymentReference="a")
    till.accepted(thirdPartyPaymentReference="b", taskTtlInMs=90_000)

    rows = make.rows_of(AcceptedCommand)
    assert [row.apply_by - row.accepted_at for row in rows] == [
        timedelta(minutes=5),
        timedelta(seconds=90),
    ]


def test_a_call_of_the_webhook_has_a_key_that_stays_the_same(
    till: Till, booking: int, receiver: Receiver, worker: Worker
) -> None:
    assert booking
    receiver.answers(Answer(500), Answer(200))
    till.accepted()
    worker.run()
    with transaction() as connection:
        connection.execute(update(Message).values(due_at=clock.now()))
    worker.run()

    [message] = make.rows_of(Message, kind="kseries")
    first, second = receiver.got
    key = "x-lightspeed-idempotency-key"
    assert first.headers[key] == second.headers[key] == message.message_id
    assert first.body == second.body
    assert first.headers["content-type"] == "application/json"
    assert "authorization" not in first.headers
    assert message.state == "sent"


def test_a_payment_is_of_the_day_it_was_accepted_at_the_location(
    app: Flask, receiver: Receiver, worker: Worker
) -> None:
    """An hour before midnight in UTC it is tomorrow in Lisbon, in summer; applied a day later."""
    accepted_at = datetime(2027, 6, 30, 23, 30, tzinfo=UTC)
    with time_machine.travel(accepted_at, tick=False):
        till = Till(app, make.partner())
        make.method("Online ordering", code="OOPAYMENT")
        make.endpoint(till.partner_id, receiver.url(), kind="kseries", name=ENDPOINT, secret=None)
        booking = make.booking(account_identifier=ACCOUNT)
        till.accepted(taskTtlInMs=2_000_000_000)

    with time_machine.travel(accepted_at + timedelta(days=2), tick=False):
        worker.run()

    [payment] = make.rows_of(Payment, booking_id=booking)
    assert payment.paid_on == date(2027, 7, 1)


def test_the_deprecated_number_alone_is_our_bookings(
    till: Till, booking: int, worker: Worker
) -> None:
    till.accepted(iKaccountIdentifier=None, iKaccountId=booking)

    [told] = worker.run()
    assert (told["status"], told["ikentooAccountIdentifier"]) == ("SUCCESS", ACCOUNT)
    assert len(make.rows_of(Payment, booking_id=booking)) == 1


@pytest.mark.long
def test_both_names_of_one_account_are_fine(till: Till, booking: int, worker: Worker) -> None:
    till.accepted(iKaccountId=booking)

    assert [told["status"] for told in worker.run()] == ["SUCCESS"]


def test_without_a_method_the_locations_default_is_taken(
    till: Till, booking: int, worker: Worker
) -> None:
    make.method("Another one")
    till.accepted(paymentMethod=None, tipAmount=Raw("1"))

    assert [told["status"] for told in worker.run()] == ["SUCCESS"]
    [payment] = make.rows_of(Payment, booking_id=booking)
    assert make.row_of(PaymentMethod, payment.method_id).name == "Online ordering"
    assert payment.tip == 1_00


def test_the_digits_count_as_they_are_written(till: Till, booking: int, worker: Worker) -> None:
    # As floats, 20.06 * 100 is 2005.9999999999998 and 1.15 * 100 is 114.99999999999999.
    amounts = [Raw("20.06"), "20.06", Raw("0.1"), Raw("100"), Raw("30.00"), Raw("8.4"), Raw("1.15")]
    for number, amount in enumerate(amounts):
        till.accepted(paymentAmount=amount, thirdPartyPaymentReference=f"order-{number}")
    worker.run()

    minor = [20_06, 20_06, 10, 100_00, 30_00, 8_40, 1_15]
    assert [row.amount for row in make.rows_of(Payment, booking_id=booking)] == minor


def test_a_payment_is_applied_though_its_endpoint_was_removed_and_nobody_is_told(
    till: Till, booking: int, worker: Worker
) -> None:
    till.accepted()
    assert till.call("DELETE", f"/o/wh/1/webhook/{ENDPOINT}").status_code == 200

    assert worker.run() == []
    assert len(make.rows_of(Payment, booking_id=booking)) == 1
    assert make.rows_of(Message, kind="kseries") == []
    [command] = make.rows_of(AcceptedCommand)
    assert (command.state, command.outcome["status"]) == ("done", "SUCCESS")


def test_an_endpoint_that_was_removed_and_made_anew_is_told(
    till: Till, booking: int, worker: Worker, receiver: Receiver
) -> None:
    assert booking
    till.accepted()
    till.call("DELETE", f"/o/wh/1/webhook/{ENDPOINT}")
    till.call("PUT", "/o/wh/1/webhook", document({"endpointId": ENDPOINT, "url": receiver.url()}))

    assert [told["status"] for told in worker.run()] == ["SUCCESS"]


def test_an_endpoint_that_asked_for_it_is_told_the_account(
    till: Till, booking: int, worker: Worker
) -> None:
    with transaction() as connection:
        connection.execute(update(Endpoint).values(provides_account=True))
    till.accepted()

    [told] = worker.run()

    asked = till.call("GET", f"/o/op/1/order/accounts/{ACCOUNT}?businessLocationId={BUSINESS}")
    assert told["account"] == asked.json
    [message] = make.rows_of(Message, kind="kseries")
    assert '"paidAmount":20.06,"currentAmount":300.00' in message.context["body"]


def test_a_partner_that_was_revoked_meanwhile_pays_nothing(
    till: Till, booking: int, worker: Worker
) -> None:
    till.accepted()
    with transaction() as connection:
        connection.execute(update(Partner).values(revoked_at=clock.now()))

    assert worker.run() == []
    assert make.rows_of(Payment, booking_id=booking) == []
    with transaction() as connection:
        assert connection.scalar(select(AcceptedCommand.state)) == "failed"
