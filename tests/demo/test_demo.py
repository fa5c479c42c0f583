"""The demonstration agency is exact to the id, and safe to load again."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import pytest
from flask import Flask
from flask_security import verify_password
from sqlalchemy import func, select, update

from audit.models import LogEntry
from audit.recording import chain
from audit.verifying import entries, verify, zero_head
from bookings.models import Booking, Contact, Night, Property, ScheduleLine
from bookings.queries import log_heads
from demo.agency import CASA_AZUL
from demo.loading import NotOurs, load
from kit import clock
from kit.db import Base, reading, transaction
from locations.models import Location
from outbox.models import Message
from partners.models import Partner
from payments.books import faults
from payments.checking import all_books
from payments.models import Payment, PaymentMethod
from staff.models import Person
from tags.models import BookingTag, Tag
from tests import make
from tests.desk.people import person
from wsgi import create_app

pytestmark = pytest.mark.long

VENDORS = [
    ("10% tax", 9000),
    ("Booking Fee", 2500),
    ("Rental Deposit", 24800),
    ("Rental Balance", 65200),
]


def loaded() -> int:
    with transaction() as connection:
        return load(connection, clock.now())


def everything() -> dict[str, int]:
    """How many rows each table has."""
    with reading() as session:
        return {
            table.name: session.scalar(select(func.count()).select_from(table)) or 0
            for table in Base.metadata.sorted_tables
        }


def test_loading_it_twice_changes_nothing(app: Flask) -> None:
    loaded()
    before = everything()

    added = loaded()

    assert added == 0
    assert everything() == before


def offered_to_guests() -> list[str]:
    with reading() as session:
        query = select(PaymentMethod.name).where(PaymentMethod.for_guests)
        return list(session.scalars(query.order_by(PaymentMethod.name)))


def offer(*names: str) -> None:
    """Let guests pay by these methods and by no others."""
    with transaction() as connection:
        connection.execute(update(PaymentMethod).values(for_guests=PaymentMethod.name.in_(names)))


def test_its_payments_are_logged_as_whose_they_are(app: Flask) -> None:
    loaded()

    bodies = [json.loads(row.body) for row in make.rows_of(LogEntry, action="payment.recorded")]

    who = Counter(each["origin"]["actor"]["name"] for each in bodies)
    assert who.keys() == {"Demonstration", "manager@example.com"}
    assert who["manager@example.com"] == 1  # the cheque


def test_guests_are_offered_what_the_page_of_a_card_provider_takes(app: Flask) -> None:
    loaded()

    assert offered_to_guests() == ["Credit Card", "Debit Card"]


def test_a_demonstration_of_before_guests_could_pay_offers_them_its_methods(app: Flask) -> None:
    loaded()
    offer()
    with transaction() as connection:
        mine = update(PaymentMethod).where(PaymentMethod.name == "Debit Card")
        connection.execute(mine.values(paying="on_site"))  # which no guest can pay by

    assert loaded() == 1
    assert offered_to_guests() == ["Credit Card"]


def test_what_somebody_has_chosen_to_offer_to_guests_stays(app: Flask) -> None:
    loaded()
    offer("PayPal")

    assert loaded() == 0
    assert offered_to_guests() == ["PayPal"]


def test_what_is_missing_is_added_again(app: Flask) -> None:
    loaded()
    before = everything()
    with transaction() as connection:
        connection.execute(Tag.__table__.delete().where(Tag.id == 1))  # type: ignore[attr-defined]

    added = loaded()

    assert added == 1
    assert everything() == before


def test_nobody_is_told_of_what_is_loaded_or_added_later(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as older:
        older.setattr("demo.loading.named", list)
        loaded()
    there = len(make.rows_of(Payment))
    assert make.rows_of(Message) == []

    loaded()

    assert len(make.rows_of(Payment)) > there
    assert make.rows_of(Message) == []


def test_the_named_rows_have_the_ids_that_samples_use(app: Flask) -> None:
    loaded()

    assert [(row.id, row.client_name, row.currency) for row in make.rows_of(Location)] == [
        (1, "azores", "EUR"),
        (2, "cotswolds", "GBP"),
    ]
    assert {row.id: row.name for row in make.rows_of(Property)} == {
        8849: "Casa Azul",
        8900: "Rose Cottage",
        10132: "Quinta do Mar",
    }
    assert {row.id: row.role for row in make.rows_of(Tag)} == {
        1: "payment_processed",
        2: None,
        12: "website_booking_in_progress",
        20: "payment_failed",
    }
    assert [row.client_id for row in make.rows_of(Partner)] == ["demo", "readonly", "cotswolds"]
    assert make.rows_of(PaymentMethod, name="EPOS System")[0].public_id == (
        "93AGQTGJBKVCQVRRKBVCCRTPJTBKCNLBH"
    )


def test_booking_4354_waits_for_its_first_payment(app: Flask) -> None:
    loaded()

    booking, lines = make.row_of(Booking, 4354), make.lines_of(4354)

    assert (booking.account_identifier, booking.total, booking.paid) == ("A1234.56", 101500, 0)
    assert booking.arrives_on == clock.now().date() + timedelta(days=120)
    assert [(line.name, line.amount) for line in lines] == VENDORS
    assert lines[3].due_on == booking.arrives_on - timedelta(days=56)
    assert make.row_of(Contact, booking.contact_id).email == "ana@example.com"


def test_booking_602_is_paid_in_full_by_bank_transfer(app: Flask) -> None:
    loaded()

    payments = make.rows_of(Payment, booking_id=602)

    assert [(row.amount, row.state, row.category) for row in payments] == [(101500, "cleared", 2)]
    assert all(line.paid == line.amount for line in make.lines_of(602))


def test_the_other_named_bookings_are_in_the_states_that_staff_should_see(app: Flask) -> None:
    loaded()

    status = {row.id: row.status for row in make.rows_of(Booking) if row.id < 6000}
    failed = make.rows_of(Payment, booking_id=5002, state="failed")
    tags = {(row.booking_id, row.tag_id) for row in make.rows_of(BookingTag)}
    overdue = make.lines_of(3707)[3]

    assert status == {602: "booking", 3707: "booking", 4354: "booking", 5001: "provisional",
                      5002: "provisional", 5003: "cancelled"}  # fmt: skip
    assert [row.failure_reason for row in failed] == ["Card declined"]
    assert {(5001, 12), (5002, 20)} <= tags
    assert overdue.due_on == clock.now().date() - timedelta(days=10)
    assert make.lines_of(12345)[0].amount == 10000


def test_forty_more_show_every_status_and_state(app: Flask) -> None:
    loaded()

    more = [row for row in make.rows_of(Booking) if 6001 <= row.id <= 6040]

    assert len(more) == 40
    assert {row.status for row in more} == {"blockout", "provisional", "booking", "cancelled"}
    states = {row.state for row in make.rows_of(Payment)}
    assert states == {"cleared", "uncleared", "deferred", "failed"}


def test_casa_azul_stays_free_for_the_last_week_before_the_new_year(app: Flask) -> None:
    loaded()

    taken = {row.night for row in make.rows_of(Night, property_id=CASA_AZUL)}

    assert taken
    assert not {night for night in taken if (night.month, night.day) in
                {(12, day) for day in range(20, 28)}}  # fmt: skip


@pytest.mark.parametrize("today", [date(2026, 1, 15), date(2026, 11, 20), date(2027, 12, 24)])
def test_whatever_the_day_no_night_is_taken_twice(app: Flask, today: date) -> None:
    """The primary key of nights would refuse it."""
    now = clock.now().replace(year=today.year, month=today.month, day=today.day)

    with transaction() as connection:
        added = load(connection, now)

    assert added > 100


def test_books_and_log_of_the_demonstration_are_right(app: Flask) -> None:
    loaded()

    with reading() as session:
        wrong = [sentence for books in all_books(session) for sentence in faults(books)]
        heads = [*zero_head(session), *log_heads(session)]
        broken = list(verify(chain(), heads, entries(session)))

    assert wrong == []
    assert broken == []


def test_new_bookings_are_numbered_after_those_of_the_demonstration(app: Flask) -> None:
    loaded()

    assert make.booking() > 12345
    assert make.lines_of(make.booking())[0].id > max(
        line.id for line in make.rows_of(ScheduleLine) if line.booking_id <= 12345
    )


def test_it_is_refused_where_other_agencies_live(app: Flask) -> None:
    make.location(7)
    before = everything()

    with pytest.raises(NotOurs):
        loaded()

    assert everything() == before


def test_a_database_that_is_not_the_embedded_one_needs_a_yes(
    make_app: Callable[..., Flask],
) -> None:
    runner = make_app().test_cli_runner()

    refused, accepted = runner.invoke(args=["demo"]), runner.invoke(args=["demo", "--yes"])

    assert refused.exit_code == 1
    assert "--yes" in refused.output
    assert accepted.exit_code == 0, accepted.output


def test_the_embedded_database_needs_nothing(tmp_path: Path) -> None:
    app = create_app({"LOG_LEVEL": "ERROR"}, tmp_path)

    result = app.test_cli_runner().invoke(args=["demo"])

    assert result.exit_code == 0, result.output
    assert (tmp_path / "bookings.sqlite").exists()


def test_the_staff_sign_in_with_the_password_of_the_demonstration(app: Flask) -> None:
    loaded()

    people = make.rows_of(Person)

    assert [(each.id, each.email, each.role) for each in people] == [
        (1, "admin@example.com", "administrator"),
        (2, "manager@example.com", "manager"),
        (3, "operator@example.com", "operator"),
    ]
    assert all(verify_password("demo-password", each.password) for each in people)
    assert all("$argon2id$" in str(each.password) for each in people)


def test_it_is_refused_where_other_people_sign_in_under_those_names(app: Flask) -> None:
    person("manager", "operator@example.com")

    with pytest.raises(NotOurs):
        loaded()
