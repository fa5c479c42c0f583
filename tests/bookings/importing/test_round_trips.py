"""What was exported is imported again, and exported the same; the example of the documents, too."""

from __future__ import annotations

import csv
import io
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete

from audit.models import LogEntry
from bookings.importing.columns import COLUMNS
from bookings.models import (
    Booking,
    BookingExtra,
    Contact,
    Guest,
    Night,
    ScheduleLine,
    Stay,
)
from demo.loading import load
from kit import clock
from kit.cards import has_card_number
from kit.db import transaction
from kit.sheets import escaped
from locations.models import Location
from outbox.models import Message
from payments.models import Allocation, CardOnFile, Payment
from tags.models import BookingTag
from tests import make
from tests.bookings.importing.sheets import ASKED, MONEY, agency, exported, imported, line, sheet
from tests.payments.proofs import broken_chains, wrong_books

pytestmark = pytest.mark.long

EXAMPLE = Path(__file__).parents[3] / "docs" / "import-example.csv"
BOOKED: tuple[Any, ...] = (
    Message, Allocation, CardOnFile, Payment, Guest, BookingExtra, ScheduleLine, Night, BookingTag,
    Stay, Booking, Contact,
)  # fmt: skip


def forget_bookings() -> None:
    """The agency as it was before anybody booked."""
    with transaction() as connection:
        for model in BOOKED:
            connection.execute(delete(model))
        connection.execute(delete(LogEntry).where(LogEntry.chain != 0))


def cells(text: str) -> list[dict[str, str]]:
    """The lines of an export, by column, without empty cells."""
    return [
        {name: value for name, value in row.items() if value}
        for row in csv.DictReader(io.StringIO(text, newline=""))
    ]


def test_the_demonstration_is_imported_and_exported_the_same(app: Flask) -> None:
    with transaction() as connection:
        load(connection, clock.now())
    before = exported(app)
    forget_bookings()

    result = imported(app, before.encode())

    assert result.exit_code == 0, result.output
    assert before.count("\r\n") == 48
    assert exported(app) == before
    assert wrong_books() == []
    assert broken_chains() == []


def test_the_example_of_the_documents_is_imported_into_the_demonstration(app: Flask) -> None:
    with transaction() as connection:
        load(connection, clock.now())

    result = imported(app, EXAMPLE.read_bytes())

    assert result.output == "Imported: 5 bookings, 2 payments.\n"
    assert wrong_books() == []
    assert broken_chains() == []


def test_what_a_line_says_is_what_the_export_says(app: Flask) -> None:
    agency()
    said = line(
        **ASKED, **MONEY, status="booking", external_reference="=W-7", title="Dr", first_name="Ana",
        email="a@example.com", telephone="+351 1", mobile="+351 2", address1="Rua, 1",
        address2="-", city="Porto", county="P", postcode="4000", country="Portugal", adults="2",
        children="1", infants="3", pets="4", source="Website", tags="VIP;4",
        guest_notes='Late,\r\n"very"\n=late', housekeeper_notes="@2", internal_notes="\tx",
        created="2024-03-01", currency="EUR", accommodation="950.00", tax="90.00", fee="25.00",
        insurance="10.00", security_deposit="200.00", reference="TX-1",
    )  # fmt: skip
    written = {name: escaped(value) for name, value in said.items()}

    assert imported(app, sheet([written])).exit_code == 0

    assert set(said) == set(COLUMNS) - {"cancellation_fee"}
    assert cells(exported(app)) == [written]


text = st.text(
    st.characters(exclude_categories=["Cs", "Cc"]) | st.sampled_from("=+-@'\";, "), min_size=1
).filter(lambda each: not has_card_number(each))
days = st.integers(0, 6000).map(lambda n: str(date(2005, 1, 1) + timedelta(days=n)))
money = st.integers(0, 10**11).map(lambda n: f"{n // 100}.{n % 100:02}")
count = st.integers(1, 999).map(str)


@st.composite
def lines(draw: st.DrawFn) -> list[dict[str, str]]:
    """Bookings one after another, each with whatever a booking may have."""
    found = []
    for number in range(draw(st.integers(1, 5))):
        arrives = date(2031, 1, 1) + timedelta(days=10 * number)
        leaves = arrives + timedelta(days=draw(st.integers(1, 10)))
        status = draw(st.sampled_from(["booking", "provisional", "cancelled"]))
        some = {
            "account": f"A{number}", "location": "client1", "status": status,
            "property": draw(st.sampled_from(["Casa Azul", "Quinta"])),
            "arrival": str(arrives), "departure": str(leaves), "created": draw(days),
            "currency": "EUR", "accommodation": draw(money), "deposit": draw(money),
            "deposit_due": draw(days), "balance": draw(money), "balance_due": draw(days),
            "last_name": draw(text.filter(lambda each: len(each) <= 100)),
        }  # fmt: skip
        some |= draw(
            st.fixed_dictionaries(
                {},
                optional={
                    "first_name": text, "city": text, "guest_notes": text, "mobile": text,
                    "adults": count, "pets": count, "tags": st.sampled_from(["VIP", "4", "VIP;4"]),
                    "tax": money, "fee": money, "security_deposit": money,
                },
            )
        )  # fmt: skip
        if draw(st.booleans()):
            some |= {"paid": draw(money), "paid_on": draw(days), "method": "PayPal"}
        if status == "cancelled" and draw(st.booleans()):
            some["cancellation_fee"] = draw(money)
        found.append({name: value[:40] for name, value in some.items()})
    return found


def normal(some: dict[str, str]) -> dict[str, str]:
    """A line as the export writes it: nothing of zeros but the schedule's own, days of what is
    asked for only, and a provisional booking whose stage 1 is paid is a booking."""
    zero = {"tax", "fee", "insurance", "security_deposit", "cancellation_fee", "paid"}
    found = {n: v for n, v in some.items() if n not in zero or v != "0.00"}
    stage_1 = sum(cents(found.get(name, "0.00")) for name in ("deposit", "tax", "fee"))
    stage_2 = sum(cents(found.get(name, "0.00")) for name in ("balance", "security_deposit"))
    for name, asked in (("deposit_due", stage_1), ("balance_due", stage_2)):
        if not asked:
            found.pop(name)
    if "paid" not in found:
        found.pop("paid_on", None)
        found.pop("method", None)
    if found["status"] == "provisional" and cents(found.get("paid", "0.00")) >= stage_1:
        found["status"] = "booking"
    return found


def cents(amount: str) -> int:
    return int(amount.replace(".", ""))


@given(lines())
@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_any_bookings_are_written_and_read_back(app: Flask, some: list[dict[str, str]]) -> None:
    forget_bookings()
    if not make.rows_of(Location):
        agency()
    for each in some:  # money needs its day and method only when it is more than nothing
        if each.get("paid") == "0.00":
            for name in ("paid", "paid_on", "method"):
                each.pop(name)
    written = [{name: escaped(value) for name, value in each.items()} for each in some]

    result = imported(app, sheet(written))

    assert result.exit_code == 0, result.output
    assert [normal(each) for each in some] == [
        {n: v[1:] if v.startswith("'") and escaped(v[1:]) == v else v for n, v in each.items()}
        for each in cells(exported(app))
    ]
    assert wrong_books() == []
    assert broken_chains() == []


@pytest.mark.parametrize("zone", ["Pacific/Auckland", "America/Sao_Paulo", "UTC"])
def test_the_day_of_booking_is_exported_as_it_was(app: Flask, zone: str) -> None:
    agency(time_zone=zone)
    assert imported(app, sheet([line(created="2017-10-15")])).exit_code == 0

    assert cells(exported(app))[0]["created"] == "2017-10-15"
    assert make.rows_of(Booking)[0].created_at < datetime(2017, 10, 16, tzinfo=UTC)
