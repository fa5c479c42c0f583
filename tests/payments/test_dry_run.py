"""Trying a call out: all of what it would do is shown, and nothing of it is stored."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from tests import make
from tests.make import Client
from tests.payments.moving import move, paid
from tests.payments.proofs import refusal, unchanged
from tests.payments.writing import STAGES, WRITES, ready

pytestmark = pytest.mark.long

DRY = {"Prefer": "dry-run"}
KEYS = ["Bookings", "Payments", "Emails", "Events", "Warnings"]
# What each call does: states of payments, e-mails and events it would bring.
BRINGS: dict[str, tuple[list[str], list[str], list[str]]] = {
    "pay": (["cleared"], ["payment_received"], ["payment.recorded"]),
    "share": (["cleared"] * 2, ["payment_received"] * 2, ["payment.recorded"] * 2),
    "clear": (["cleared"], ["payment_received"], ["payment.cleared"]),
    "fail": (["failed"], [], ["payment.failed"]),
    "refund": (["cleared"], ["refund_made"], ["payment.refunded"]),
    "create": (["cleared"], ["payment_received"], ["booking.created", "payment.recorded"]),
    "amend": ([], [], ["booking.amended"]),
    "update": ([], [], ["booking.updated"]),
    "cancel": ([], ["booking_cancelled"], ["booking.cancelled"]),
    "cancel by GET": ([], ["booking_cancelled"], ["booking.cancelled"]),
    "reactivate": ([], [], ["booking.reactivated"]),
    "reactivate by GET": ([], [], ["booking.reactivated"]),
    "enquire": ([], [], ["enquiry.received"]),
}
NEW = {"pay": "PaymentId", "share": "PaymentId", "refund": "PaymentId", "create": "BookingId",
       "enquire": "EnquiryId"}  # fmt: skip


@pytest.fixture(autouse=True)
def _ready(client: Client) -> None:
    assert client
    ready()


def test_every_writing_call_of_the_api_is_tried_here(app: Flask) -> None:
    """But for the one that is always refused, and those that store nothing or are no house API."""
    rules = [rule for rule in app.url_map.iter_rules() if rule.rule.startswith("/apis/")]
    posts = {rule.rule for rule in rules if "POST" in (rule.methods or ())}
    stores = {rule for rule in posts if not rule.endswith(("/void", "/calc"))}

    assert len(stores) == len({name.removesuffix(" by GET") for name in WRITES} - {"share"})


@pytest.mark.parametrize("name", WRITES)
def test_nothing_of_a_dry_run_is_stored_not_even_its_key(client: Client, name: str) -> None:
    write = WRITES[name](client)

    with unchanged():
        tried = write.send(client, Prefer="dry-run", Idempotency_Key="a key")
    done = write.send(client, Idempotency_Key="a key")

    assert (tried.status_code, done.status_code) == (200, 200)
    assert tried.headers["Preference-Applied"] == "dry-run"
    assert "Preference-Applied" not in done.headers
    assert "Idempotency-Replayed" not in done.headers


@pytest.mark.parametrize("name", WRITES)
def test_the_answer_of_what_was_done_before_is_not_called_a_dry_run(
    client: Client, name: str
) -> None:
    write = WRITES[name](client)
    done = write.send(client, Idempotency_Key="a key")

    again = write.send(client, Prefer="dry-run", Idempotency_Key="a key")

    assert again.data == done.data
    assert again.headers["Idempotency-Replayed"] == "true"
    assert "Preference-Applied" not in again.headers


@pytest.mark.parametrize("name", WRITES)
def test_a_dry_run_shows_what_the_call_would_bring(client: Client, name: str) -> None:
    write = WRITES[name](client)
    states, mails, events = BRINGS[name]

    tried = write.send(client, **DRY)

    assert tried.json is not None
    assert (tried.json["Success"], tried.json["DryRun"]) == (True, True)
    assert [key for key in tried.json if key in KEYS] == KEYS
    assert [each["State"] for each in tried.json["Payments"]] == states
    assert [each["Kind"] for each in tried.json["Emails"]] == mails
    assert all("@example.com" in each["To"] for each in tried.json["Emails"])
    assert tried.json["Events"] == events


@pytest.mark.parametrize("name", WRITES)
def test_what_it_shows_is_what_then_becomes_of_it(client: Client, name: str) -> None:
    write = WRITES[name](client)
    tried = write.send(client, **DRY)

    done = write.send(client)

    assert (tried.json, done.json) != (None, None)
    assert tried.json is not None
    assert done.json is not None
    same = {key: value for key, value in done.json.items() if tried.json[key] is not None}
    assert {key: tried.json[key] for key in same} == same
    if name in NEW:
        assert tried.json[NEW[name]] is None
    for shown in tried.json["Bookings"] if name != "create" else ():
        there = client.get(f"/apis/bookings?bookingID={shown['BookingId']}").json
        assert there is not None
        assert _lasting(shown) == _lasting(there["Items"][0])


def _lasting(booking: dict[str, Any]) -> dict[str, Any]:
    """A booking but for moments, and for ids that are given when it is stored."""
    kept = {key: value for key, value in booking.items() if key != "ModifiedTime"}
    new = [{**each, "PaymentID": 0} for each in kept["Payments"]]
    lines = [{**each, "PaymentScheduleID": 0} for each in kept["PaymentSchedules"]]
    return kept | {"Payments": new, "PaymentSchedules": lines}


def test_a_payment_that_is_tried_shows_allocation_balance_tags_and_warnings(
    client: Client,
) -> None:
    booking = make.booking(STAGES)
    lines = [line.id for line in make.lines_of(booking)]

    tried = client.pay(booking, "70", AddBookingTag=2, headers=DRY)

    [payment], [shown] = tried.json["Payments"], tried.json["Bookings"]
    parts = [(each["PaymentScheduleID"], each["Amount"]) for each in payment["PaymentSchedules"]]
    assert (parts, payment["PaymentID"]) == ([(lines[0], 60), (lines[1], 10)], None)
    assert (shown["RenterBalance"], [tag["Id"] for tag in shown["BookingTags"]]) == (30, [2])
    assert [each["Code"] for each in tried.json["Warnings"]] == ["balance_due_date_missing"]


def test_a_payment_that_would_clear_is_shown_as_it_would_be(client: Client) -> None:
    booking = make.booking(STAGES)
    payment = paid(client, booking, "70", Status=2)

    tried = move(client, payment, "clear", **DRY)

    [shown] = tried.json["Payments"]
    assert tried.json["PaymentId"] == shown["PaymentID"] == payment
    assert [each["Amount"] for each in shown["PaymentSchedules"]] == [60, 10]
    assert tried.json["Bookings"][0]["RenterBalance"] == 30


@pytest.mark.parametrize(
    "prefer",
    ["dry-run", "Dry-Run", "return=representation, dry-run", "dry-run;x=1", "dry-run=true",
     "dry-run=false", 'dry-run="";x=y', "dry-run = 1"],
)  # fmt: skip
def test_whoever_writes_dry_run_in_any_way_never_makes_a_real_payment(
    client: Client, prefer: str
) -> None:
    booking = make.booking(STAGES)
    payment = paid(client, booking, "10")

    with unchanged():
        taken = client.pay(booking, headers={"Prefer": prefer})
        back = move(client, payment, "refund", Prefer=prefer)

    assert [each.json["DryRun"] for each in (taken, back)] == [True, True]
    assert [each.headers["Preference-Applied"] for each in (taken, back)] == ["dry-run"] * 2


def test_what_would_be_refused_is_refused_in_the_same_way(client: Client) -> None:
    booking = make.booking(STAGES)
    payment = paid(client, booking, "10")
    calls: list[tuple[str, str]] = [
        ("/apis/payments", "Amount=x"),
        (f"/apis/payments/{payment}/clear", ""),
        (f"/apis/payments/{payment}/refund", "Amount=11"),
        (f"/apis/payments/{payment + 1}/fail", ""),
        ("/apis/booking", "PaidAmount=1"),
        ("/apis/booking/amend", "BookingId=99999"),
        ("/apis/booking/cancel", f"BookingId={booking}"),
        ("/apis/booking/reactivate", f"BookingId={booking}"),
        ("/apis/enquiry", "email=x"),
    ]

    def tell(answer: TestResponse) -> tuple[int, bytes]:
        assert refusal(answer)
        assert "Preference-Applied" not in answer.headers
        return answer.status_code, answer.data

    with unchanged():
        for path, body in calls:
            assert tell(client.post(path, body, **DRY)) == tell(client.post(path, body))
