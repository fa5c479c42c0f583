"""Cancelling a booking at the desk, over external payments too."""

from __future__ import annotations

from typing import Any

import pytest

from audit.chain import SYSTEM
from audit.models import LogEntry
from bookings.cancelling import cancel_booking, if_cancelled
from bookings.commands import CancelBooking
from bookings.models import Booking
from kit import clock
from kit.db import in_transaction, reading
from outbox.models import Message
from payments.account import Account, read_account
from payments.models import Payment
from tests import make
from tests.bookings.given import (
    Sums,
    asks,
    at_the_desk,
    book,
    home,
    log,
    nights,
    stay,
    sums,
    told,
)
from tests.desk.conftest import DeskOf
from tests.desk.people import Desk, Page
from tests.desk.todays import statements
from tests.make import Client
from tests.payments.proofs import broken_chains, nothing_written, wrong_books

STAGE_1: dict[str, Any] = {
    "tax_rate": 1000,
    "deposit_rate": 2500,
    "balance_days": 56,
    "keeps": "stage_1",
}


def path(booking: int, what: str = "cancel") -> str:
    return f"/desk/bookings/{booking}/{what}"


def form(desk: Desk, booking: int, what: str = "cancel", **fields: Any) -> dict[str, Any]:
    given = desk.get(path(booking, what)).form(f"/{what}")
    del given["csrf_token"]  # each browser sends its own
    return given | fields


def cancel(desk: Desk, booking: int, **fields: Any) -> Page:
    asked = form(desk, booking, **({"reason": "Guest fell ill"} | fields))
    return desk.post(path(booking), asked)


@pytest.fixture
def booking(client: Client) -> int:
    """Seven nights for 795.00; cancelling keeps stage 1, which is 270.00."""
    make.method()
    return book(client, stay(home(rule=make.rule(booking_fee="25.00", **STAGE_1))))


def paid_at_the_desk(client: Client, booking: int, amount: str) -> int:
    payment_id: int = client.pay(booking, amount).json["PaymentId"]
    at_the_desk(payment_id)
    return payment_id


# --- what it says -----------------------------------------------------------------------------


def test_the_question_tells_each_consequence_before_and_after(
    manager: Desk, client: Client, booking: int
) -> None:
    paid_at_the_desk(client, booking, "300.00")

    with nothing_written():
        page = manager.get(path(booking))

    assert page.all("h1") == [f"Cancel booking {booking} of 795.00 EUR?"]
    steps = page.all(".dk-steps > li")
    assert steps[0].startswith("4 lines of the schedule are closed. Still to be paid: 495.00 →")
    assert steps[1].startswith("270.00 EUR is kept as the cancellation fee")
    assert "30.00 EUR No money moves here." in steps[2]
    assert steps[3].startswith("7 nights are free again: Casa Azul")
    assert "filomena@example.com is told by e-mail" in steps[4]
    assert "D_DEP" not in page.text


@pytest.mark.long
@pytest.mark.parametrize("paid", ["0", "100.00", "300.00", "795.00", "900.00"])
@pytest.mark.parametrize("fee", [None, 0, 5000, 79500])
def test_what_is_shown_before_is_what_then_happens(
    client: Client, booking: int, paid: str, fee: int | None
) -> None:
    """Line by line: asked for, paid, closed; and the sums."""
    if paid != "0":
        paid_at_the_desk(client, booking, paid)
    client.pay(booking, "10.00", Status=2)
    order = CancelBooking(booking_id=booking, fee=fee)

    with reading() as session:
        connection = session.connection()
        was = read_account(connection, booking, None, clock.now())
        foreseen = if_cancelled(connection, was, order)
    in_transaction(lambda connection: cancel_booking(connection, order, SYSTEM))

    with reading() as session:
        happened = read_account(session.connection(), booking, None, clock.now())
    assert shown(foreseen) == shown(happened)


def shown(account: Account) -> Any:
    """All that a preview tells of an account; a line's number is not told."""
    standing = account.standing
    return (
        account.booking.status,
        (standing.total, standing.paid, standing.credit),
        [(x.name, x.kind, x.amount, x.paid, x.closed_amount, x.due_on) for x in account.lines],
    )


@pytest.mark.parametrize(("what", "most"), [("cancel", 14), ("amend", 8), ("guest", 5)])
def test_the_pages_read_only_what_they_show(
    manager: Desk, client: Client, booking: int, what: str, most: int
) -> None:
    """However many properties, extras, lines and payments there are."""
    for number in range(3):
        make.extra(home(name=f"Casa {number}"), "30.00")
        paid_at_the_desk(client, booking, "100.00")
    client.pay(booking, "20.00")

    with statements() as found:
        page = manager.get(path(booking, what))

    assert page.status == 200
    assert len(found) <= most, found


def test_another_fee_shows_what_it_does_before_it_is_done(
    manager: Desk, client: Client, booking: int
) -> None:
    paid_at_the_desk(client, booking, "300.00")
    asked = form(manager, booking, fee="50")
    del asked["send_email"]

    with nothing_written():
        part = manager.post(path(booking, "cancel/preview"), asked, HX_Request="true")

    assert "50.00 EUR is kept as the cancellation fee" in part.text
    assert "250.00 EUR" in part.text
    assert "The guest is not written to." in part.text


def test_the_dialog_is_a_part_and_the_page_is_whole(manager: Desk, booking: int) -> None:
    part = manager.get(path(booking), HX_Request="true")
    page = manager.get(path(booking))

    assert part.all("h2") == page.all("h1")
    assert part.all("h1") == []
    assert "<html" not in part.answer.text
    assert not part.root.cssselect("[formaction]")


# --- what it does -----------------------------------------------------------------------------


def test_cancelling_closes_the_lines_keeps_the_fee_and_says_what_is_credit(
    manager: Desk, client: Client, booking: int
) -> None:
    paid_at_the_desk(client, booking, "300.00")

    answer = cancel(manager, booking)

    assert (answer.status, answer.leads_to) == (303, f"/desk/bookings/{booking}")
    assert sums(booking) == Sums("cancelled", 27000, 27000, 3000)
    assert nights(booking) == set()
    entry = log(booking)[-1]
    assert (entry.action, entry.severity) == ("booking.cancelled", "medium")
    assert (entry.actor_kind, entry.actor_id) == ("person", manager.person_id)
    assert told(entry)["entry"]["reason"] == "Guest fell ill"
    said = manager.get("/desk/tags/").text
    assert f"Booking {booking} is cancelled." in said
    assert "270.00 EUR is kept as the cancellation fee. 30.00 EUR is credit to refund." in said
    assert wrong_books() == broken_chains() == []


@pytest.mark.parametrize(("fee", "kept"), [("100.50", 10050), ("0", 0), ("", 27000)])
def test_staff_may_keep_another_amount(manager: Desk, booking: int, fee: str, kept: int) -> None:
    answer = cancel(manager, booking, fee=fee)

    assert answer.status == 303
    assert asks(booking) == ([("Cancellation fee", kept)] if kept else [])


@pytest.mark.parametrize(("box", "mails"), [("true", 1), ("false", 0)])
def test_the_guest_is_written_to_if_the_box_says_so(
    manager: Desk, booking: int, box: str, mails: int
) -> None:
    cancel(manager, booking, send_email=box)

    assert len(make.rows_of(Message, kind="email.booking_cancelled")) == mails


def test_every_wrong_field_is_told_and_nothing_written(manager: Desk, booking: int) -> None:
    asked = form(manager, booking, reason=" ", fee="1,5")

    with nothing_written():
        page = manager.post(path(booking), asked)

    assert page.status == 422
    assert page.all("#e-reason") == [
        "Reason is missing; it must be a text of at most 500 characters."
    ]
    assert page.all("#e-fee")[0].startswith("Cancellation fee is '1,5'; it must be a plain decimal")


@pytest.mark.parametrize(
    ("fee", "said"),
    [
        ("795.01", "The booking asks for 795.00 EUR in all; the fee is that at most."),
        ("1.005", "1.005 has more decimals than EUR has."),
    ],
)
def test_a_fee_the_booking_cannot_bear_is_refused_at_its_field(
    manager: Desk, booking: int, fee: str, said: str
) -> None:
    asked = form(manager, booking, reason="Guest fell ill", fee=fee)

    with nothing_written():
        page = manager.post(path(booking), asked)

    assert page.status == 422
    assert page.all("#e-fee") == [said]


@pytest.mark.long
def test_a_cancelled_booking_is_not_cancelled_again(manager: Desk, booking: int) -> None:
    asked = form(manager, booking, reason="Guest fell ill")
    cancel(manager, booking)
    del asked["seen"]

    page, answer = manager.get(path(booking)), manager.post(path(booking), asked)

    assert page.all("h1") == [f"Booking {booking} is cancelled"]
    assert not page.root.cssselect("main form")
    assert answer.status == 422
    assert f"Booking {booking} is cancelled already." in answer.text


def test_an_operator_cannot_cancel(operator: Desk, booking: int) -> None:
    with nothing_written():
        page = operator.get(path(booking))

    assert page.status == 403
    assert operator.post(path(booking), {"reason": "x"}).status == 403
    assert make.row_of(Booking, booking).status == "provisional"


def test_a_booking_of_another_location_is_nothing_to_cancel(
    desk_of: DeskOf, manager: Desk, booking: int
) -> None:
    make.location(2)
    elsewhere = desk_of("manager", locations=[2])
    asked = form(manager, booking, reason="Guest fell ill")

    with nothing_written():
        answers = [
            elsewhere.get(path(booking)),
            elsewhere.post(path(booking), asked),
            elsewhere.post(path(booking, "cancel/preview"), asked),
            elsewhere.get(path(booking, "reactivate")),
            elsewhere.post(path(booking, "reactivate"), asked),
        ]

    assert {answer.status for answer in answers} == {404}


# --- external payments ------------------------------------------------------------------------


def test_external_payments_are_named_with_their_partner_and_become_credit(
    manager: Desk, client: Client, booking: int
) -> None:
    payment = client.pay(booking, "300.00").json["PaymentId"]

    page = manager.get(path(booking))
    answer = cancel(manager, booking)

    assert "External payments stay here as credit" in page.text
    assert "300.00 EUR, PayPal, from Partner" in page.text
    assert f"Payment {payment}" in page.text
    assert "You hold D_DEP" in page.text
    assert answer.status == 303
    assert sums(booking) == Sums("cancelled", 27000, 27000, 3000)
    assert make.row_of(Payment, payment).state == "cleared"
    entry = log(booking)[-1]
    assert entry.severity == "high"
    assert told(entry)["entry"]["after"]["external"] == [payment]
    assert told(entry)["entry"]["reason"] == "Guest fell ill"


def test_without_the_permission_there_is_no_button_and_the_dialog_says_who_can(
    desk_of: DeskOf, client: Client, booking: int
) -> None:
    client.pay(booking, "300.00")
    make.location(2)
    desk_of("manager", email="elsewhere@example.com", locations=[2])
    desk_of("manager", email="left@example.com", left_at=make.row_of(Booking, booking).created_at)
    desk_of("manager", email="lead@example.com")
    desk_of("operator", email="covers@example.com", granted=["D_DEP", "cancel"])
    desk = desk_of("manager", withdrawn=["D_DEP"])

    page = desk.get(path(booking))

    assert "that needs the permission “Delete external payments” (D_DEP)" in page.text
    assert "Who can: lead@example.com, covers@example.com." in page.text
    assert not page.root.cssselect(".btn-danger")
    assert not page.root.cssselect("main form")


def test_a_forged_cancellation_over_external_payments_is_refused_and_logged(
    desk_of: DeskOf, client: Client, booking: int
) -> None:
    desk = desk_of("manager", withdrawn=["D_DEP"])
    asked = form(desk, booking, reason="Guest fell ill")
    del asked["seen"]
    client.pay(booking, "300.00")

    answer = desk.post(path(booking), asked)

    assert answer.status == 403
    assert "“Delete external payments”" in answer.text
    assert make.row_of(Booking, booking).status == "booking"
    [entry] = make.rows_of(LogEntry, action="staff.refused")
    assert (entry.severity, entry.actor_id) == ("medium", desk.person_id)
    assert told(entry)["entry"]["after"] == {"path": path(booking), "permission": "D_DEP"}
    assert broken_chains() == []


def test_failed_and_refunded_external_payments_do_not_stand_in_the_way(
    desk_of: DeskOf, client: Client, booking: int
) -> None:
    failed = client.pay(booking, "300.00", Status=2).json["PaymentId"]
    client.post(f"/apis/payments/{failed}/fail", "Reason=Card+declined")
    refunded = client.pay(booking, "20.00").json["PaymentId"]
    client.post(f"/apis/payments/{refunded}/refund", "Amount=20.00&Reason=Paid+twice")
    desk = desk_of("manager", withdrawn=["D_DEP"])

    answer = cancel(desk, booking)

    assert answer.status == 303


# --- twice, and late --------------------------------------------------------------------------


def test_a_form_sent_twice_cancels_once_and_leads_to_the_same_page(
    manager: Desk, booking: int
) -> None:
    asked = form(manager, booking, reason="Guest fell ill")

    answers = [manager.post(path(booking), asked) for _ in range(2)]

    assert [answer.leads_to for answer in answers] == [f"/desk/bookings/{booking}"] * 2
    assert len([each for each in log(booking) if each.action == "booking.cancelled"]) == 1


def test_a_form_that_was_sent_does_not_come_back_with_other_contents(
    manager: Desk, booking: int
) -> None:
    asked = form(manager, booking, reason="Guest fell ill")
    manager.post(path(booking), asked)

    answer = manager.post(path(booking), asked | {"fee": "500"})

    assert answer.status == 422
    assert asks(booking) == [("Cancellation fee", 27000)]


def test_money_that_came_meanwhile_is_seen_before_it_is_cancelled(
    manager: Desk, client: Client, booking: int
) -> None:
    asked = form(manager, booking, reason="Guest fell ill")
    client.pay(booking, "300.00")

    with nothing_written():
        page = manager.post(path(booking), asked)

    assert page.status == 409
    assert "was changed after this page was made" in page.text
    assert "External payments stay here as credit" in page.text
    assert manager.post(path(booking), page.form("/cancel")).status == 303
