"""Recording a payment at the desk: the form, its preview, and what becomes of the money."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from audit.models import LogEntry
from bookings.models import Booking
from desk.bookings.schedule import schedule
from kit import clock
from kit.db import reading
from payments.account import read_account
from payments.models import Payment
from tests import make
from tests.desk.conftest import DeskOf
from tests.desk.people import Desk, Page
from tests.make import Due
from tests.payments.listening import listen
from tests.payments.moving import figures, on_lines
from tests.payments.proofs import unchanged, wrong_books

STAGES = [Due("60.00", 1, 0, "Rental Deposit"), Due("40.00", 2, 30, "Rental Balance")]


@pytest.fixture(autouse=True)
def _methods(operator: Desk) -> None:
    assert operator
    make.method("Cash", kind="cash", from_outside=False)
    make.method("BankTransfer")
    make.method("Credit Card", manual_prohibited=True, paying="external")


def path_of(booking: int, what: str = "") -> str:
    return f"/desk/bookings/{booking}/record{what}"


def form_of(desk: Desk, booking: int) -> dict[str, Any]:
    return desk.get(path_of(booking)).form("/record")


def record(desk: Desk, booking: int, **fields: Any) -> Page:
    return desk.post(path_of(booking), form_of(desk, booking) | fields)


def part(desk: Desk, booking: int, **fields: Any) -> Page:
    """The live preview, as htmx asks for it."""
    wanted = form_of(desk, booking) | fields
    return desk.post(path_of(booking, "/preview"), wanted, HX_Request="true")


# --- the form ---------------------------------------------------------------------------------


def test_the_form_stands_at_what_is_due_today_and_cleared(operator: Desk) -> None:
    booking = make.booking(STAGES)

    form = form_of(operator, booking)

    assert (form["amount"], form["state"], form["method"]) == ("60.00", "cleared", "BankTransfer")
    assert (form["wishes"], form["send_email"]) == ("1,2", "true")
    assert form["seen"] == "0"


def test_all_that_is_open_is_asked_for_when_nothing_is_due_yet(operator: Desk) -> None:
    booking = make.booking([Due("60.00", 2, 20)])

    page = operator.get(path_of(booking))

    assert page.form("/record")["amount"] == "60.00"
    assert "60.00 EUR open of 60.00, nothing of it due yet." in page.text


def test_an_address_may_say_amount_and_lines(operator: Desk) -> None:
    booking = make.booking(STAGES)
    balance = make.lines_of(booking)[1].id

    page = operator.get(path_of(booking, f"?amount=7.50&lines={balance}"))

    form = page.form("/record")
    assert (form["amount"], form["wishes"]) == ("7.50", str(balance))
    assert operator.get(path_of(booking, "?amount=x&lines=<b>")).form("/record")["wishes"] == "1,2"


def test_only_what_may_be_chosen_is_in_the_list_and_the_others_are_explained(
    operator: Desk,
) -> None:
    make.method("Till Refund", is_refund=True)
    make.method("Old", active=False)

    page = operator.get(path_of(make.booking(STAGES)))

    assert page.all("#f-method option") == ["BankTransfer", "Cash"]
    why = (
        "Credit Card is not in the list: it comes from outside only and is never typed in. "
        "Till Refund is not in the list: it pays money back."
    )
    assert page.all("#h-method") == [why]


def test_the_booking_of_another_location_is_not_there(desk_of: DeskOf) -> None:
    make.location(2)
    booking = make.booking(STAGES)
    elsewhere = desk_of("manager", locations=[2])

    answers = [elsewhere.get(path_of(booking)).status,
               elsewhere.post(path_of(booking), {"amount": "5"}).status,
               elsewhere.post(path_of(booking, "/preview"), {"amount": "5"}).status]  # fmt: skip

    assert answers == [404, 404, 404]
    assert make.rows_of(Payment) == []


def test_recording_is_a_permission_of_its_own(desk_of: DeskOf) -> None:
    booking = make.booking(STAGES)
    reader = desk_of("operator", withdrawn=["record"])

    answer = reader.post(path_of(booking), {"amount": "5"})

    assert answer.status == 403
    assert len(make.rows_of(LogEntry, action="staff.refused")) == 1


# --- the preview ------------------------------------------------------------------------------


def test_the_preview_says_line_by_line_what_the_payment_does_and_stores_nothing(
    operator: Desk,
) -> None:
    make.tag(20, "Payment Failed", "payment_failed")
    listen()
    booking = make.booking(STAGES, status="provisional", tags=[20])

    with unchanged():
        page = part(operator, booking, amount="75")

    assert page.status == 200
    assert page.all("tbody .dk-plus") == ["+ 60.00", "+ 15.00"]
    assert page.all("tfoot .dk-money") == ["100.00", "+ 75.00", "25.00"]
    said = " ".join(page.all(".dk-then"))
    assert f"Stage 1 is then paid: {booking} becomes a booking." in said
    assert "The tag Payment Failed stays until you take it off." in said
    assert "Goes out: the receipt to the guest, the event payment.recorded to Partner" in said
    assert page.all("button.btn-primary") == ["Record 75.00 EUR Ctrl Enter"]


def test_the_preview_without_script_is_the_whole_page(operator: Desk) -> None:
    booking = make.booking(STAGES)
    wanted = form_of(operator, booking) | {"amount": "75", "comments": "At the door"}

    page = operator.post(path_of(booking, "/preview"), wanted)

    assert page.status == 200
    assert page.all("tbody .dk-plus") == ["+ 60.00", "+ 15.00"]
    assert page.form("/record")["comments"] == "At the door"


def test_the_preview_of_a_promise_says_that_nothing_is_paid_yet(operator: Desk) -> None:
    booking = make.booking(STAGES)

    page = part(operator, booking, amount="75", state="uncleared")

    assert "Will get" in page.all("thead th")
    assert "Nothing counts as paid until it clears." in " ".join(page.all(".dk-then"))
    assert page.all("#l-paid_on") == ["Under way since"]


def test_the_preview_of_a_promise_is_what_the_timeline_says_afterwards(operator: Desk) -> None:
    """Promises fill lines one after the other; a cleared payment does not wait for them."""
    booking = make.booking(STAGES)
    record(operator, booking, amount="50", state="uncleared")

    page, there = (part(operator, booking, amount="25", state=state)
                   for state in ("deferred", "cleared"))  # fmt: skip
    record(operator, booking, amount="25", state="deferred")

    assert page.all("tbody .dk-plus") == ["+ 10.00", "+ 15.00"]
    assert page.all("tfoot .dk-money") == ["50.00", "+ 25.00", "25.00"]
    assert there.all("tbody .dk-plus") == ["+ 25.00"]
    with reading() as session:
        account = read_account(session.connection(), booking, None, clock.now())
    now = schedule(account.lines, _coming(booking), "EUR", account.today)
    assert [str(line.open) for line in now.lines] == ["0.00 EUR", "25.00 EUR"]
    assert str(now.open) == "25.00 EUR"


def _coming(booking: int) -> list[Any]:
    rows = make.rows_of(Payment, booking_id=booking)
    return [row for row in rows if row.state in ("uncleared", "deferred")]


def test_a_wrong_amount_shows_at_the_field_and_the_preview_says_what_it_needs(
    operator: Desk,
) -> None:
    booking = make.booking(STAGES)

    page = part(operator, booking, amount="7,5")

    assert page.status == 200
    assert page.all("#e-amount")[0].startswith("Amount is '7,5'; it must be a plain decimal")
    assert "One field needs another look" in " ".join(page.all(".dk-then"))
    assert page.all("button.btn-primary") == ["Record the payment Ctrl Enter"]


def test_money_that_fits_no_line_is_foretold(operator: Desk) -> None:
    booking = make.booking(STAGES)
    make.location(7, overpayment="refuse")
    strict = make.booking(STAGES, location_id=7)

    kept, refused = (part(operator, each, amount="130") for each in (booking, strict))

    assert "30.00 EUR fits no open line; it is kept as credit." in " ".join(kept.all(".dk-then"))
    assert refused.all("#e-amount") == [
        "The payment exceeds what is open by 30.00 EUR, and Location 7 takes no more."
    ]


def test_a_preview_of_a_booking_that_changed_says_so(operator: Desk) -> None:
    booking = make.booking(STAGES)
    form = form_of(operator, booking)
    record(operator, booking, amount="10")

    page = operator.post(path_of(booking, "/preview"), form, HX_Request="true")

    assert "Somebody has changed the booking since" in " ".join(page.all(".dk-then"))


# --- recording --------------------------------------------------------------------------------


def test_an_operator_records_cash(operator: Desk) -> None:
    booking = make.booking(STAGES)

    answer = record(operator, booking, amount="75", method="Cash", reference="R 7")

    [payment] = make.rows_of(Payment)
    assert (answer.status, answer.leads_to) == (
        303, f"/desk/bookings/{booking}#payment-{payment.id}"
    )  # fmt: skip
    assert (payment.source, payment.person_id) == ("desk", operator.person_id)
    assert (payment.amount, payment.reference) == (7500, "R 7")
    assert on_lines(booking) == [6000, 1500]
    said = operator.get("/desk/payments").text
    assert "75.00 EUR by Cash was recorded; 25.00 EUR is open now." in said
    assert wrong_books() == []


@pytest.mark.parametrize(("state", "text"), [
    ("uncleared", "is under way; nothing counts as paid yet"),
    ("deferred", "is promised; nothing counts as paid yet"),
])  # fmt: skip
def test_a_promise_is_recorded_as_one(operator: Desk, state: str, text: str) -> None:
    booking = make.booking(STAGES)

    record(operator, booking, amount="75", state=state)

    assert make.rows_of(Payment)[0].state == state
    assert figures(booking) == (0, 0, 0)
    assert text in operator.get("/desk/payments").text


def test_lines_and_charges_are_as_typed_in(operator: Desk) -> None:
    booking = make.booking(STAGES)
    balance = make.lines_of(booking)[1].id

    record(operator, booking, amount="45", charges="2.50", wishes=str(balance), send_email="false")

    assert (figures(booking), on_lines(booking)) == ((4500, 0, 250), [500, 4000])
    assert not make.rows_of(Payment)[0].send_email


def test_everything_that_is_wrong_stands_at_its_field_and_nothing_is_written(
    operator: Desk,
) -> None:
    booking = make.booking(STAGES)
    late = (clock.now().date() + timedelta(days=3)).isoformat()
    form = form_of(operator, booking)

    with unchanged():
        answer = operator.post(path_of(booking), form | {"amount": "0", "paid_on": "x"})
        second = operator.post(path_of(booking), form | {"amount": "1.234", "paid_on": late,
                                                         "method": "Nothing"})  # fmt: skip

    assert (answer.status, second.status) == (422, 422)
    assert all(answer.all(f"#e-{name}")[0] for name in ("amount", "paid_on"))
    assert all(second.all(f"#e-{name}")[0] for name in ("amount", "paid_on", "method"))
    assert second.form("/record")["amount"] == "1.234"


def test_a_method_that_is_never_typed_in_cannot_be_forged(operator: Desk) -> None:
    booking = make.booking(STAGES)

    answer = record(operator, booking, method="Credit Card")

    assert answer.status == 422
    assert answer.all("#e-method") == [
        "Credit Card is never typed in at the desk. BankTransfer or Cash would be right."
    ]


def test_a_card_number_is_never_written_down(operator: Desk) -> None:
    booking = make.booking(STAGES)

    answer = record(operator, booking, comments="4111 1111 1111 1111")

    assert answer.status == 422
    assert "card number" in answer.all("#e-comments")[0]
    assert make.rows_of(Payment) == []


def test_a_failed_attempt_is_not_typed_in(operator: Desk) -> None:
    booking = make.booking(STAGES)

    assert record(operator, booking, state="failed").status == 422
    assert make.rows_of(Payment) == []


def test_money_for_a_cancelled_booking_is_kept_and_said_to_be(operator: Desk) -> None:
    booking = make.booking(["0.01"], status="cancelled")

    record(operator, booking, amount="20")

    assert make.row_of(Booking, booking).credit == 2000
    assert "20.00 EUR is kept as credit to refund." in operator.get("/desk/payments").text


# --- once -------------------------------------------------------------------------------------


def test_a_form_that_is_sent_again_is_one_payment_and_leads_to_the_same_page(
    operator: Desk,
) -> None:
    booking = make.booking(STAGES)
    form = form_of(operator, booking)

    answers = [operator.post(path_of(booking), form) for _ in range(2)]

    assert len({answer.leads_to for answer in answers}) == 1
    assert [answer.status for answer in answers] == [303, 303]
    assert len(make.rows_of(Payment)) == 1


def test_the_form_of_a_stale_page_shows_how_the_booking_stands_now(operator: Desk) -> None:
    booking = make.booking(STAGES)
    stale = form_of(operator, booking)
    record(operator, booking, amount="60")

    answer = operator.post(path_of(booking), stale)

    assert answer.status == 409
    assert "was changed after this page was made, so nothing was done" in answer.text
    assert "40.00 EUR open of 100.00" in answer.text
    assert len(make.rows_of(Payment)) == 1
    again = operator.post(path_of(booking), answer.form("/record"))
    assert again.status == 303


# --- which booking ----------------------------------------------------------------------------


def test_a_number_or_an_account_identifier_leads_on_to_the_form(operator: Desk) -> None:
    booking = make.booking(STAGES, account_identifier="A1234.56")

    for words in (str(booking), "A1234.56"):
        assert operator.get(f"/desk/record?booking={words}").leads_to == path_of(booking)


def test_several_hits_are_shown_and_none_says_what_to_try(operator: Desk) -> None:
    bookings = {str(make.booking(STAGES)) for _ in range(2)}

    found, nothing = (operator.get(f"/desk/record?booking={text}") for text in ("silva", "xyz"))

    assert set(found.all("tbody a")) == bookings
    assert "No booking is called “xyz”." in nothing.text
    assert operator.get("/desk/record").status == 200


def test_bookings_of_other_locations_are_not_found(desk_of: DeskOf) -> None:
    make.location(2)
    booking = make.booking(STAGES)

    page = desk_of("operator", locations=[2]).get(f"/desk/record?booking={booking}")

    assert page.status == 200
    assert "No booking is called" in page.text
