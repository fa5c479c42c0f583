"""Bookings and payments as files: what is in them, filters, formulas, and half of a file never."""

from __future__ import annotations

import csv
import io
import stat
import sys
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import insert, update

from bookings.exporting import cli
from bookings.models import Booking, Contact, Property, ScheduleLine, Stay
from kit import clock
from kit.db import transaction
from tests import make
from tests.bookings.importing.sheets import ASKED, MONEY, agency, exported, imported, line, sheet
from tests.make import Due

pytestmark = pytest.mark.long


def rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text, newline="")))


def accounts(app: Flask, *options: str) -> list[str]:
    return [row["account"] for row in rows(exported(app, "bookings", *options))]


@pytest.fixture
def bookings(app: Flask) -> None:
    """Three: two of location 1 in June and July, one of location 2 in June."""
    agency()
    make.location(2, "GBP")
    with transaction() as connection:
        row = {"id": 7, "location_id": 2, "name": "Casa Rosa"}
        connection.execute(insert(Property), [row])
    lines = [
        line(**ASKED, **MONEY),
        line(account="OLD-2", arrival="2030-07-01", departure="2030-07-08"),
        line(account="OLD-3", location="client2", property="7", **ASKED, **MONEY
             | {"paid_on": "2024-04-01"}),
    ]  # fmt: skip
    assert imported(app, sheet(lines)).exit_code == 0


@pytest.mark.parametrize(
    ("options", "found"),
    [
        ((), ["OLD-1", "OLD-2", "OLD-3"]),
        (("--location", "client2"), ["OLD-3"]),
        (("--from", "2030-06-02"), ["OLD-2"]),
        (("--to", "2030-06-01"), ["OLD-1", "OLD-3"]),
        (("--from", "2030-06-01", "--to", "2030-06-01", "--location", "client1"), ["OLD-1"]),
    ],
)
def test_bookings_are_filtered_by_location_and_days_of_arrival(
    app: Flask, bookings: None, options: tuple[str, ...], found: list[str]
) -> None:
    assert accounts(app, *options) == found


@pytest.mark.parametrize(
    ("options", "found"),
    [
        ((), ["OLD-1", "OLD-3"]),
        (("--location", "client1"), ["OLD-1"]),
        (("--from", "2024-03-03"), ["OLD-3"]),
        (("--to", "2024-03-02"), ["OLD-1"]),
    ],
)
def test_payments_are_filtered_by_location_and_their_own_days(
    app: Flask, bookings: None, options: tuple[str, ...], found: list[str]
) -> None:
    text = exported(app, "payments", *options)

    assert [row["account"] for row in rows(text)] == found


def test_a_location_that_is_not_there_is_told_with_those_there_are(
    app: Flask, bookings: None
) -> None:
    result = app.test_cli_runner().invoke(args=["export", "bookings", "-", "--location", "x"])

    assert result.exit_code == 1
    assert result.output == "Error: No location is called 'x'; there are: client1, client2.\n"


def test_a_payment_has_all_of_its_ledger(app: Flask) -> None:
    client = make.Client.of_new_partner(app)
    make.method("PayPal", code="PAYPAL")
    dues = [Due("100.00"), Due("50.00", stage=2)]
    booking = make.booking(dues, account_identifier="A7.1", external_reference="W-7")
    client.pay(booking, "180.00", Reference="R-1", Comments="=cmd()", Charges="2.50")
    client.post("/apis/payments/1/refund", "Amount=10.00")

    first, back = rows(exported(app, "payments"))

    today = clock.now().date().isoformat()
    assert {name: value for name, value in first.items() if value} == {
        "payment": "1", "booking": str(booking), "account": "A7.1", "external_reference": "W-7",
        "location": "client1", "paid_on": today, "settled_on": today, "state": "cleared",
        "method": "PayPal", "method_code": "PAYPAL", "kind": "bank", "source": "ipro",
        "partner": first["partner"], "amount": "180.00", "charges": "2.50", "tip": "0.00",
        "currency": "EUR", "on_deposit": "100.00", "on_balance": "50.00", "credit": "20.00",
        "category": "2", "reference": "R-1", "comments": "'=cmd()",
        "created_at": first["created_at"],
    }  # fmt: skip
    assert (back["amount"], back["refund_of"], back["state"]) == ("-10.00", "1", "cleared")


def test_a_guest_s_name_is_never_a_formula(app: Flask) -> None:
    booking = make.booking()
    contact = make.row_of(Booking, booking).contact_id
    with transaction() as connection:
        name = {"last_name": '=HYPERLINK("http://x","y")', "mobile": "+351 1"}
        connection.execute(update(Contact).where(Contact.id == contact).values(name))

    (row,) = rows(exported(app))

    assert row["last_name"] == '\'=HYPERLINK("http://x","y")'
    assert row["mobile"] == "'+351 1"


def test_stays_of_several_properties_are_all_named_and_refused_by_the_import(app: Flask) -> None:
    make.booking(properties=2, account_identifier="A7.1")

    text = exported(app)

    with transaction() as connection:
        connection.execute(update(Booking).values(account_identifier="other"))
    assert rows(text)[0]["property"] == "Property 1;Property 2"
    assert imported(app, text.encode()).stderr.startswith("line 2: property is 'Property 1;Prop")


def test_a_property_that_an_amendment_took_out_is_not_named(app: Flask) -> None:
    booking = make.booking(properties=2)
    first = make.rows_of(Stay, booking_id=booking)[0]
    with transaction() as connection:
        dropped = update(Stay).where(Stay.id == first.id).values(dropped_at=clock.now())
        connection.execute(dropped)

    (row,) = rows(exported(app))

    assert row["property"] == "Property 2"


@pytest.mark.parametrize("name", ["Twin", "12345", "A;B"])
def test_a_property_whose_name_could_be_misread_is_written_by_its_id(app: Flask, name: str) -> None:
    booking = make.booking()
    with transaction() as connection:
        connection.execute(update(Property).values(name=name))
        if name == "Twin":
            connection.execute(insert(Property), [{"location_id": 1, "name": name}])

    (row,) = rows(exported(app))

    assert row["property"] == str(make.rows_of(Stay, booking_id=booking)[0].property_id)


def test_lines_that_amending_added_stand_with_their_stage(app: Flask) -> None:
    booking = make.booking([Due("100.00"), Due("50.00", stage=2, due_in=30)])
    last = make.lines_of(booking)[-1]
    added = {
        "booking_id": booking, "name": "Amendment", "kind": "amendment", "stage": 2,
        "amount": 25_00, "due_on": last.due_on,
    }  # fmt: skip
    with transaction() as connection:
        connection.execute(insert(ScheduleLine), [added])

    (row,) = rows(exported(app))

    assert (row["deposit"], row["balance"]) == ("100.00", "75.00")


def test_several_payments_are_one_sum_with_the_last_one_s_day(app: Flask) -> None:
    client = make.Client.of_new_partner(app)
    make.method("PayPal")
    make.method("Wire")
    booking = make.booking(["100.00"])
    client.pay(booking, "30.00", PaymentDate="2026-01-01")
    client.pay(booking, "20.00", PaymentMethod="Wire", PaymentDate="2026-02-01", Reference="R")
    client.pay(booking, "5.00", Status=2)

    (row,) = rows(exported(app))

    assert (row["paid"], row["paid_on"], row["method"]) == ("50.00", "2026-02-01", "Wire")
    assert row["reference"] == "R"


def test_a_file_is_written_whole_and_for_its_owner_only(
    app: Flask, bookings: None, tmp_path: Path
) -> None:
    target = tmp_path / "out.csv"

    result = app.test_cli_runner().invoke(args=["export", "bookings", str(target)])

    assert result.stderr == "Exported: 3 lines.\n"
    assert target.read_bytes().decode() == exported(app)
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    assert list(tmp_path.iterdir()) == [target]


def test_days_in_the_wrong_order_are_told(app: Flask) -> None:
    days = ["--from", "2026-11-30", "--to", "2026-11-01"]

    result = app.test_cli_runner().invoke(args=["export", "payments", "-", *days])

    assert result.exit_code == 2
    assert "--from is after --to" in result.stderr


def test_a_folder_that_is_not_there_is_told(app: Flask, bookings: None, tmp_path: Path) -> None:
    target = tmp_path / "nowhere" / "out.csv"

    result = app.test_cli_runner().invoke(args=["export", "bookings", str(target)])

    assert result.exit_code == 1
    told = f"Error: Could not open file '{target}': No such file or directory"
    assert told in result.stderr
    assert "Traceback" not in result.stderr


def test_half_an_export_is_no_file_and_leaves_the_old_one(
    app: Flask, bookings: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "out.csv"
    target.write_text("the old one")
    monkeypatch.setattr(cli, "booking_rows", lambda *_: iter([["a"], None]))

    result = app.test_cli_runner().invoke(args=["export", "bookings", str(target)])

    assert result.exit_code != 0
    assert target.read_text() == "the old one"
    assert list(tmp_path.iterdir()) == [target]


def test_exporting_takes_no_more_memory_for_many_bookings_than_for_few(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rows come from the database a hundred at a time."""
    agency()
    monkeypatch.setattr("bookings.exporting.bookings.AT_ONCE", 100)
    lines = [line(account=f"O{n}", status="cancelled", **ASKED) for n in range(3000)]
    assert imported(app, sheet(lines)).exit_code == 0
    exported(app)  # warms up
    first, most = sys.getallocatedblocks(), 0

    class Look:
        """Takes the lines and keeps none."""

        def writerow(self, _: object) -> None:
            nonlocal most
            most = max(most, sys.getallocatedblocks() - first)

    monkeypatch.setattr("csv.writer", lambda *_: Look())
    exported(app)

    assert 0 < most < 3000 * 10
