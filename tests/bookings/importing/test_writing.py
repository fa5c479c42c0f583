"""What an imported booking is: rows, figures, nights, event log, as if it had come by any door."""

from __future__ import annotations

from datetime import date
from typing import Any

import orjson
import pytest
from flask import Flask
from sqlalchemy import select

from audit.models import LogEntry
from bookings.models import Booking, Contact, Night, ScheduleLine, Stay
from kit import clock
from kit.db import transaction
from outbox.models import Message
from payments.models import Allocation, Payment, PaymentMethod
from tags.models import BookingTag
from tests import make
from tests.bookings.importing.sheets import ASKED, MONEY, agency, imported, line, sheet, villa
from tests.payments.proofs import broken_chains, wrong_books


@pytest.fixture(autouse=True)
def _agency(app: Flask) -> None:
    agency()


def booked(app: Flask, **cells: str) -> Any:
    """The row of the booking that this line makes."""
    result = imported(app, sheet([line(**cells)]))
    assert result.exit_code == 0, result.output
    with transaction() as connection:
        row = connection.execute(select(Booking.__table__)).one()
    assert wrong_books() == []
    assert broken_chains() == []
    return row


def figures(row: Any) -> tuple[str, int, int, int]:
    return row.status, row.total, row.paid, row.credit


def lines_of(row: Any) -> list[tuple[str, int, int, int | None, date]]:
    return [(x.kind, x.amount, x.paid, x.closed_amount, x.due_on) for x in make.lines_of(row.id)]


def test_a_line_becomes_a_booking_with_its_guest_its_stay_and_its_nights(app: Flask) -> None:
    row = booked(
        app, **ASKED, external_reference="W-7", title="Dr", first_name="Ana", email="a@example.com",
        mobile="'+351 912 345 678", country="Portugal", adults="2", pets="1", source="Website",
        tags="VIP; 4", guest_notes="Late,\r\nvery", created="2024-03-01", currency="EUR",
        accommodation="950.00",
    )  # fmt: skip

    guest, stay = make.row_of(Contact, row.contact_id), make.rows_of(Stay)[0]
    assert (row.account_identifier, row.external_reference, row.source_id) == ("OLD-1", "W-7", 3)
    assert (row.arrives_on, row.leaves_on) == (date(2030, 6, 1), date(2030, 6, 8))
    assert (row.guest_notes, row.housekeeper_notes) == ("Late,\r\nvery", "")
    assert (guest.title, guest.first_name, guest.last_name) == ("Dr", "Ana", "Sousa")
    assert (guest.email, guest.mobile, guest.locale) == (
        "a@example.com",
        "+351 912 345 678",
        "pt_PT",
    )
    assert (stay.property_id, stay.adults, stay.pets, stay.infants) == (8849, 2, 1, 0)
    assert stay.accommodation == 950_00
    assert [night.night.day for night in make.rows_of(Night)] == [1, 2, 3, 4, 5, 6, 7]
    assert [tag.tag_id for tag in make.rows_of(BookingTag)] == [2, 4]


def test_the_schedule_is_the_one_given(app: Flask) -> None:
    given = {"tax": "90", "fee": "25.00", "security_deposit": "200.00", "insurance": "0"}

    row = booked(app, **ASKED, **given)

    first, second = date(2024, 3, 1), date(2030, 4, 6)
    assert figures(row) == ("booking", 1315_00, 0, 0)
    assert lines_of(row) == [
        ("tax", 90_00, 0, None, first),
        ("fee", 25_00, 0, None, first),
        ("deposit", 300_00, 0, None, first),
        ("balance", 700_00, 0, None, second),
        ("security_deposit", 200_00, 0, None, second),
    ]
    assert make.rows_of(Stay)[0].accommodation == 1000_00


def test_without_a_schedule_the_property_s_rule_makes_it_as_on_the_day_of_booking(
    app: Flask,
) -> None:
    row = booked(app, created="2024-05-01", accommodation="900.00")

    created, later = date(2024, 5, 1), date(2030, 4, 6)
    assert lines_of(row) == [
        ("tax", 90_00, 0, None, created),
        ("fee", 25_00, 0, None, created),
        ("deposit", 225_00, 0, None, created),
        ("balance", 675_00, 0, None, later),
    ]


def test_without_any_amount_the_property_s_own_price_is_taken(app: Flask) -> None:
    row = booked(app)

    assert row.total == 700_00 + 70_00 + 25_00
    assert make.rows_of(Stay)[0].accommodation == 700_00


def test_a_booking_that_asks_for_nothing_has_no_lines(app: Flask) -> None:
    row = booked(app, deposit="0", property="Quinta")

    assert figures(row) == ("booking", 0, 0, 0)
    assert lines_of(row) == []


def test_money_that_came_lies_on_the_lines_in_the_automatic_order(app: Flask) -> None:
    row = booked(app, **ASKED, tax="90.00", **MONEY | {"paid": "500.00"}, reference="TX-1")

    payment = make.rows_of(Payment)[0]
    method = make.row_of(PaymentMethod, payment.method_id)
    assert figures(row) == ("booking", 1090_00, 500_00, 0)
    assert [each[:3] for each in lines_of(row)] == [
        ("tax", 90_00, 90_00), ("deposit", 300_00, 300_00), ("balance", 700_00, 110_00),
    ]  # fmt: skip
    assert (payment.source, payment.state, payment.amount) == ("import", "cleared", 500_00)
    assert payment.paid_on == payment.settled_on == date(2024, 3, 2)
    assert (payment.reference, payment.partner_id, method.name) == ("TX-1", None, "PayPal")
    assert {(a.cause, a.payment_id) for a in make.rows_of(Allocation)} == {("payment", payment.id)}
    assert make.rows_of(Message) == []


@pytest.mark.parametrize(("paid", "category"), [("300.00", 1), ("1000.00", 2), ("50.00", 4)])
def test_the_payment_has_the_category_of_what_it_pays(app: Flask, paid: str, category: int) -> None:
    booked(app, **ASKED, **MONEY | {"paid": paid})

    assert make.rows_of(Payment)[0].category == category


def test_money_that_fits_no_line_is_credit_even_where_overpayments_are_refused(
    app: Flask,
) -> None:
    make.location(2, client_name="strict", overpayment="refuse")
    villa(7, "Casa Rosa", 2)

    row = booked(app, location="strict", property="7", **ASKED, **MONEY | {"paid": "1000.01"})

    assert figures(row) == ("booking", 1000_00, 1000_00, 1)


def test_a_provisional_booking_whose_deposit_is_paid_is_a_booking(app: Flask) -> None:
    assert booked(app, status="provisional", **ASKED, **MONEY).status == "booking"


def test_a_provisional_booking_whose_deposit_is_open_stays_provisional(app: Flask) -> None:
    less = MONEY | {"paid": "299.99"}

    assert booked(app, status="provisional", **ASKED, **less).status == "provisional"


def test_a_cancelled_booking_holds_no_nights_and_its_money_is_credit(app: Flask) -> None:
    row = booked(app, status="cancelled", **ASKED, **MONEY)

    assert figures(row) == ("cancelled", 0, 0, 300_00)
    assert [each[:4] for each in lines_of(row)] == [
        ("deposit", 0, 0, 300_00), ("balance", 0, 0, 700_00),
    ]  # fmt: skip
    assert make.rows_of(Night) == []


def test_what_is_kept_of_a_cancelled_booking_is_filled_first(app: Flask) -> None:
    row = booked(app, status="cancelled", cancellation_fee="100.00", **ASKED, **MONEY)

    assert figures(row) == ("cancelled", 100_00, 100_00, 200_00)
    assert [each[:4] for each in lines_of(row)][-1] == ("cancellation_fee", 100_00, 100_00, None)


def test_a_blockout_needs_no_guest_and_asks_for_nothing(app: Flask) -> None:
    row = booked(app, status="blockout", last_name="")

    assert figures(row) == ("blockout", 0, 0, 0)
    assert len(make.rows_of(Night)) == 7


def test_the_day_of_booking_is_that_day_at_the_location(app: Flask) -> None:
    make.location(2, client_name="far", time_zone="Pacific/Auckland")
    villa(7, "Casa Rosa", 2)

    row = booked(app, location="far", property="7", created="2024-03-01", **ASKED)

    assert clock.day_at(row.created_at, "Pacific/Auckland") == date(2024, 3, 1)


def test_the_earliest_day_of_booking_is_taken_everywhere_on_earth(app: Flask) -> None:
    make.location(2, client_name="far", time_zone="Pacific/Kiritimati")
    villa(7, "Casa Rosa", 2)

    row = booked(app, location="far", property="7", created="1900-01-01", **ASKED)

    assert clock.day_at(row.created_at, "Pacific/Kiritimati") == date(1900, 1, 1)


def test_each_booking_has_its_log_and_the_file_one_entry_without_any_guest(app: Flask) -> None:
    row = booked(app, **ASKED, **MONEY, email="ana@example.com")

    entries = [(e.chain, e.no, e.action, e.actor_kind) for e in make.rows_of(LogEntry)]
    bodies = [orjson.loads(entry.body) for entry in make.rows_of(LogEntry)]
    assert entries == [
        (row.id, 1, "booking.created", "system"),
        (row.id, 2, "payment.recorded", "system"),
        (0, 1, "bookings.imported", "system"),
    ]
    assert {body["origin"]["actor"]["name"] for body in bodies} == {"import"}
    assert bodies[1]["entry"]["after"]["paid"] == 300_00
    assert bodies[2]["entry"]["after"] == {"bookings": 1, "payments": 1}
    assert not any("ana" in entry.body.lower() for entry in make.rows_of(LogEntry))


def test_what_is_written_later_gets_ids_of_its_own(app: Flask) -> None:
    """PostgreSQL's sequences have counted the ids that the import took."""
    booked(app, **ASKED, **MONEY)
    client = make.Client.of_new_partner(app)

    other = make.booking(["50.00"])
    answer = client.pay(make.rows_of(Booking, account_identifier="OLD-1")[0].id, "100.00")

    assert answer.status_code == 200, answer.json
    assert other != make.rows_of(Booking, account_identifier="OLD-1")[0].id
    assert len(make.rows_of(Payment)) == 2
    assert wrong_books() == []


def test_an_imported_booking_can_be_cancelled_and_taken_up_again(app: Flask) -> None:
    booked(app, **ASKED, **MONEY)
    result = imported(app, sheet([line(account="OLD-2", status="cancelled", **ASKED)]))
    assert result.exit_code == 0
    client = make.Client.of_new_partner(app)
    ids = {row.account_identifier: row.id for row in make.rows_of(Booking)}

    cancelled = client.post("/apis/booking/cancel", f"BookingId={ids['OLD-1']}&SendEmail=false")
    again = client.post("/apis/booking/reactivate", f"BookingId={ids['OLD-2']}")

    assert (cancelled.status_code, again.status_code) == (200, 200), (cancelled.json, again.json)
    assert make.row_of(Booking, ids["OLD-1"]).credit == 300_00
    assert (
        sum(each.amount for each in make.rows_of(ScheduleLine, booking_id=ids["OLD-2"])) == 1000_00
    )
    assert wrong_books() == []
    assert broken_chains() == []
