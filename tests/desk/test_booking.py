"""The page of one booking: its money, payments, log and actions."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import Connection, delete, insert, select, update

from audit.chain import SYSTEM
from audit.models import LogEntry
from bookings.cancelling import cancel_booking
from bookings.commands import CancelBooking
from bookings.models import Booking, BookingExtra, Contact, Extra, Guest, Stay
from kit import clock
from kit.db import in_transaction, transaction
from payments.models import Payment
from payments.refunding import RefundPayment, refund_payment
from payments.voiding import VoidPayment, void_payment
from tests import make
from tests.desk.conftest import DeskOf
from tests.desk.people import Desk, Page
from tests.make import Client, Due
from tests.payments.proofs import counted_queries

TODAY = clock.now().date()
LINES = [
    Due("90.00", name="10% tax"),
    Due("25.00", name="Booking Fee"),
    Due("248.00", name="Rental Deposit"),
    Due("652.00", 2, 64, name="Rental Balance"),
]


@pytest.fixture
def booking(client: Client) -> int:
    """A booking with the vendor's four lines, at a location with a partner."""
    make.method("PayPal")
    make.tag(20, "Payment Failed", "payment_failed")
    return make.booking(LINES, status="provisional", account_identifier="A1234.56")


def paid(client: Client, booking: int, amount: str, **fields: Any) -> int:
    answer = client.pay(booking, amount, **fields)
    assert answer.json is not None
    assert answer.json["Success"], answer.json
    return int(answer.json["PaymentId"])


def do(work: Callable[[Connection], Any]) -> Any:
    return in_transaction(work)


def void(payment: int, reason: str = "typed on the wrong booking") -> None:
    do(lambda c: void_payment(c, VoidPayment(payment_id=payment, reason=reason), SYSTEM))


def refund(payment: int, amount: str) -> int:
    order = RefundPayment(payment_id=payment, source="desk", amount=Decimal(amount))
    return int(do(lambda c: refund_payment(c, order, SYSTEM)).payment_id)


def cancel(booking: int, fee: int = 0) -> None:
    do(lambda c: cancel_booking(c, CancelBooking(booking_id=booking, fee=fee), SYSTEM))


def of(desk: Desk, booking: int) -> Page:
    page = desk.get(f"/desk/bookings/{booking}")
    assert page.status == 200
    return page


def schedule(page: Page) -> dict[str, list[str]]:
    """Amount, paid, promised and open by line."""
    rows = page.root.cssselect(".dk-tl tbody tr:not(.when)")
    return {
        row.cssselect(".nm")[0].text_content().strip(): [
            cell.text_content().strip() for cell in row.cssselect(".dk-money")
        ]
        for row in rows
    }


def figures(page: Page) -> list[str]:
    return page.all(".dk-figs dd")


def payments(page: Page) -> list[list[str]]:
    """State, where it goes and amount of each."""
    rows = page.root.cssselect(".dk-pay tbody tr")
    return [
        [" ".join(row.cssselect(part)[0].text_content().split()) for part in (".st", ".to", ".amt")]
        for row in rows
    ]


def test_a_bar_is_full_to_its_end_and_what_is_promised_is_hatched(
    manager: Desk, client: Client, booking: int
) -> None:
    client.pay(booking, "115.00")
    client.pay(booking, "0.01", Status=2)

    page = manager.get(f"/desk/bookings/{booking}")

    [bar] = page.root.cssselect(".dk-figbar svg.dk-svgbar")
    parts = bar.cssselect("svg svg")
    kinds = [part.cssselect("rect")[0].get("class") for part in parts]
    assert kinds == ["paid", "promised", "late", "open"]
    assert [len(part.cssselect(".hatch")) for part in parts] == [0, 1, 0, 0]
    assert [len(part.cssselect(".gap")) for part in parts] == [0, 1, 1, 1]
    begins, widths = ([float(part.get(x).rstrip("%")) for part in parts] for x in ("x", "width"))
    assert begins[0] == 0
    assert begins[-1] + widths[-1] == pytest.approx(100, abs=0.01)
    assert min(widths) > 3  # a cent can still be seen


# --- whose it is ---------------------------------------------------------------------------------


def test_a_booking_elsewhere_or_nowhere_is_not_found(desk_of: DeskOf) -> None:
    elsewhere = make.booking(location_id=2)
    make.location(1)
    desk = desk_of(locations=[1])

    for booking in (elsewhere, elsewhere + 1, 10**30):
        answer = desk.get(f"/desk/bookings/{booking}")
        assert answer.status == 404
        assert "not yours to see" in answer.text


def test_the_head_names_guest_property_account_and_status(manager: Desk, booking: int) -> None:
    page = of(manager, booking)

    assert page.all("h1") == ["Maria Silva, Property 1 Provisional"]
    assert f"Booking {booking}." in page.text
    assert "7 nights. Account A1234.56" in page.text


# --- money ---------------------------------------------------------------------------------------


def test_the_figures_and_the_schedule_say_what_is_paid_promised_due_and_open(
    manager: Desk, client: Client, booking: int
) -> None:
    paid(client, booking, "115.00")
    last = make.lines_of(booking)[3].id
    paid(client, booking, "300.00", Status=2, PaymentScheduleIds=last)

    page = of(manager, booking)

    assert figures(page) == ["1,015.00 EUR", "115.00", "300.00", "248.00", "352.00"]
    assert schedule(page) == {
        "10% taxPaid": ["90.00", "90.00", "–", "–"],
        "Booking FeePaid": ["25.00", "25.00", "–", "–"],
        "Rental DepositDue today": ["248.00", "–", "–", "248.00"],
        "Rental BalanceOpen": ["652.00", "–", "300.00", "352.00"],
    }
    assert page.all(".dk-tl tfoot .dk-money") == ["1,015.00", "115.00", "300.00", "600.00"]
    assert page.all(".dk-tl .when .bd") == ["248.00 due today", "300.00 promised"]


def test_what_is_late_is_told_in_days(manager: Desk) -> None:
    booking = make.booking([Due("50.00", due_in=-10)])

    page = of(manager, booking)

    assert page.all(".dk-figs dt")[3] == "Overdue"
    assert page.all(".dk-tl .when .bd") == ["50.00 overdue, 10 days late"]
    assert "50.00 EUR is overdue, 10 days late." in page.all(".dk-next")[0]


def test_a_day_names_the_stages_that_are_due_on_it(manager: Desk) -> None:
    both = [Due("5.00"), Due("5.00", 2), Due("5.00", 2, 9), Due("5.00", 1, 12)]

    days = of(manager, make.booking(both)).all(".dk-tl .when td > .dk-muted")

    assert days[:3] == ["Deposit and balance", "Balance, stage 2, in 9 days",
                        "Deposit, stage 1, in 12 days"]  # fmt: skip


def test_every_payment_says_where_its_money_goes_or_what_became_of_it(
    manager: Desk, client: Client, booking: int
) -> None:
    cleared = paid(client, booking, "100.00", Charges="3.50")
    refund(cleared, "5.00")
    wrong = paid(client, booking, "10.00")
    void(wrong)
    paid(client, booking, "20.00", Status=1, AddBookingTag=20, Comments="Card declined")
    later = TODAY + timedelta(days=3)
    paid(client, booking, "268.00", Status=2, PaymentDate=later)

    found = payments(of(manager, booking))

    promise, failed, deleted, refunded, first = found
    assert promise[0].startswith("For ")
    assert promise[1:] == ["Booking Fee 20.00, Rental Deposit 248.00, when it clears", "268.00"]
    assert failed == ["Failed", "Card declined. No money was taken", "20.00"]
    assert deleted[0] == "Void"
    assert deleted[1].startswith("Deleted ")
    assert deleted[1].endswith(": typed on the wrong booking")
    assert refunded == ["Refund", f"Pays back payment {cleared}", "−5.00"]
    assert first == [
        "Cleared", "10% tax 90.00, Booking Fee 5.00, refunded 5.00 (charges 3.50 EUR)", "100.00",
    ]  # fmt: skip


def test_a_payment_says_who_recorded_it(manager: Desk, client: Client, booking: int) -> None:
    ids = [paid(client, booking, "1.00") for _ in range(3)]
    with transaction() as connection:
        for payment, source in zip(ids[1:], ("desk", "guest"), strict=True):
            values: dict[str, Any] = {"source": source, "partner_id": None}
            if source == "desk":
                values["person_id"] = manager.person_id
            connection.execute(update(Payment).where(Payment.id == payment).values(values))
        mail = connection.scalar(select(Payment.person_id).where(Payment.id == ids[1]))
    assert mail == manager.person_id

    guest, desk, partner = of(manager, booking).all(".dk-pay .how .dk-muted")

    assert guest == "Guest, on the payment page"
    assert desk.startswith("Desk, manager-")
    assert partner.startswith("Partner ")


def test_credit_is_shown_with_the_payment_it_came_with(
    manager: Desk, client: Client, booking: int
) -> None:
    assert "No credit." in of(manager, booking).text
    paid(client, booking, "1035.00")

    page = of(manager, booking)

    assert "20.00 EUR of credit is to be refunded." in page.all(".dk-next")[0]
    assert payments(page)[0][1].endswith("credit 20.00")


def test_a_cancelled_booking_shows_what_it_asked_for_struck_through_and_its_fee(
    manager: Desk, client: Client, booking: int
) -> None:
    cancel(booking, fee=2500)

    page = of(manager, booking)

    assert figures(page)[0] == "25.00 EUR"
    assert page.all(".dk-tl s") == [
        "10% tax", "90.00", "Booking Fee", "25.00", "Rental Deposit", "248.00", "Rental Balance",
        "652.00",
    ]  # fmt: skip
    assert "Cancellation feeOpen" in schedule(page)  # nobody can pay it any more
    assert "Reactivate" in page.all(".dk-acts a")


# --- log -----------------------------------------------------------------------------------------


def test_the_log_tells_the_last_twenty_entries_and_that_the_chain_is_whole(
    manager: Desk, client: Client, booking: int
) -> None:
    for _ in range(21):
        paid(client, booking, "1.00")

    page = of(manager, booking)

    assert len(page.all(".dk-ev")) == 20
    assert page.all(".dk-ev div")[0].endswith("recorded 1.00 EUR by PayPal, cleared")
    assert "Chain verified" in page.text
    [link] = page.root.cssselect("main a[href^='/desk/log']")
    assert link.get("href") == f"/desk/log?booking={booking}"


def test_a_chain_that_was_bent_is_never_called_verified(
    manager: Desk, client: Client, booking: int
) -> None:
    paid(client, booking, "1.00")
    paid(client, booking, "2.00")
    with transaction() as connection:
        body = select(LogEntry.body).where(LogEntry.chain == booking, LogEntry.no == 1)
        bent = connection.execute(body).scalar_one().replace('"amount":100', '"amount":900')
        mine = (LogEntry.chain == booking, LogEntry.no == 1)
        connection.execute(update(LogEntry).where(*mine).values(body=bent))

    page = of(manager, booking)

    assert "Chain verified" not in page.text
    assert "entry 1: its text or its hash is not what was written" in page.text


def test_a_removed_tail_of_the_chain_shows(manager: Desk, client: Client, booking: int) -> None:
    paid(client, booking, "1.00")
    with transaction() as connection:
        connection.execute(delete(LogEntry).where(LogEntry.chain == booking))

    assert "Chain verified" not in of(manager, booking).text


def test_a_chain_too_long_to_be_proved_here_is_not_called_verified(
    manager: Desk, client: Client, booking: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("desk.bookings.reading.MOST_VERIFIED", 2)
    for _ in range(3):
        paid(client, booking, "1.00")

    page = of(manager, booking)

    assert len(page.all(".dk-ev")) == 3
    assert "Chain verified" not in page.text
    assert "not as it was written" not in page.text


# --- guest and actions ---------------------------------------------------------------------------


def test_guest_and_stay_are_shown_with_all_that_was_told(manager: Desk, booking: int) -> None:
    row = make.row_of(Booking, booking)
    house = make.rows_of(Stay, booking_id=booking)[0].property_id
    with transaction() as connection:
        connection.execute(
            update(Contact).where(Contact.id == row.contact_id).values(mobile="+351 1")
        )
        connection.execute(
            update(Booking).where(Booking.id == booking).values(internal_notes="late\narrival")
        )
        person = {"booking_id": booking, "property_id": house, "is_lead": True, "name": "Ana S"}
        connection.execute(insert(Guest), [person])
        extra = connection.execute(
            insert(Extra).returning(Extra.id), [{"name": "Cot"}]
        ).scalar_one()
        ordered = {"booking_id": booking, "property_id": house, "extra_id": extra, "name": "Cot",
                   "quantity": 2, "price": 3000}  # fmt: skip
        connection.execute(insert(BookingExtra), [ordered])

    text = of(manager, booking).text

    for told in ("guest@example.com", "+351 1", "Location 1", f"Property 1, {house}", "2 adults",
                 "Ana S", "2 × Cot, 60.00", "Internal notes", "late arrival"):  # fmt: skip
        assert told in text, told


def links(page: Page) -> set[str]:
    return {link.get("href").split("?")[0] for link in page.root.cssselect("main a[href]")}


@pytest.mark.long
def test_every_action_is_there_only_with_its_permission(
    desk_of: DeskOf, client: Client, booking: int
) -> None:
    paid(client, booking, "1.00")
    here = f"/desk/bookings/{booking}"
    by_permission = {
        "record": f"{here}/record",
        "amend": f"{here}/amend",
        "cancel": f"{here}/cancel",
        "reports": "/desk/log",
    }
    full = links(of(desk_of("manager"), booking))
    assert set(by_permission.values()) <= full

    for permission, path in by_permission.items():
        desk = desk_of("manager", withdrawn=[permission])
        assert path not in links(of(desk, booking)), permission
    without = of(desk_of("manager", withdrawn=["amend"]), booking)
    assert f"{here}/guest" not in links(without)
    assert "Add tag" not in without.text
    assert f"{here}/cancel" not in links(of(desk_of("operator"), booking))


def test_the_page_takes_few_queries_whatever_hangs_on_the_booking(
    manager: Desk, client: Client, booking: int
) -> None:
    def count() -> int:
        with counted_queries() as queries:
            of(manager, booking)
        return len(queries)

    few = count()
    for n in range(6):
        paid(client, booking, "1.00", Status=n % 3)
    make.tag(2, "VIP")

    assert count() == few
    assert few <= 5
