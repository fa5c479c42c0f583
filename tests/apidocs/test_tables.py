"""The tables of the documents are those of the code."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from flask import Flask

from bookings.models import Booking
from demo.loading import load
from kit import clock
from kit.db import transaction
from kit.money import Money
from payments import routes
from payments.forms import TakePaymentForm
from tests import make
from tests.apidocs.conftest import table_rows
from tests.make import Client

HERE = Path(__file__).parents[2]
FAULTS = ("kit", "payments", "bookings", "partners")


def word(cell: str) -> str:
    return cell.strip("`")


def test_the_documented_errors_of_the_ledger_are_those_of_its_table(ipro_page: str) -> None:
    told = ipro_page.split("What cannot be read, or not be answered:", maxsplit=1)[0]

    rows = table_rows(told, "### The table of errors")

    documented = {(word(code), int(status)) for status, code, *_ in rows}
    assert documented == {(error.code, status) for error, status in routes.STATUS.items()}
    assert all(what and to_do for _, _, what, to_do in rows)


def test_every_code_of_a_fault_in_the_code_is_documented(ipro_page: str) -> None:
    files = [path for room in FAULTS for path in (HERE / room).rglob("*.py")]
    written = re.compile(r'\b(?:Fault|fault)\(\s*"([a-z_0-9]+)"')
    used = {code for path in files for code in written.findall(path.read_text())} | {"invalid"}
    below = "\n### X\n" + ipro_page.split("What cannot be read, or not be answered:")[1]

    documented = {word(code) for _, code, *_ in table_rows(below, "### X")}

    assert len(used) > 8
    assert used <= documented


def test_the_documented_fields_are_those_of_the_form(ipro_page: str) -> None:
    fields = TakePaymentForm().fields_by_key

    rows = table_rows(ipro_page.split("### Money that came", maxsplit=1)[0], "### Fields")

    documented = {word(name): required == "yes" for name, required, _ in rows}
    assert documented == {name: field.required for name, field in fields.items()}


@pytest.mark.parametrize("database_uri", ["sqlite"], indirect=True)
def test_the_worked_example_of_the_ledger_is_what_the_ledger_does(app: Flask) -> None:
    with transaction() as connection:
        load(connection, clock.now())
    client = Client(app, 1, make.token(1))
    page = (HERE / "docs" / "ledger.md").read_text()
    below = page.split("What lies on each line after each of these payments:")[1]

    for payment, *figures in table_rows("\n## X\n" + below, "## X"):
        if payment != "(before)":
            assert client.pay(4354, **order_of(payment)).status_code == 200, payment
        booking = make.row_of(Booking, 4354)
        lines = [line.paid for line in make.lines_of(4354)]
        came = [*lines, booking.credit, booking.paid, booking.total - booking.paid]
        assert came == [Money.parse(figure or "0", "EUR").minor for figure in figures], payment


def order_of(text: str) -> dict[str, str]:
    """The fields of a payment that is told as "200.00 cleared, `1,2`, charges 5.00"."""
    found = re.match(r"([\d.]+) (not cleared|cleared|failed)(?:, `([\d,]+)`)?", text)
    assert found, text
    status = {"Status": "0" if found[2] == "cleared" else "1"}
    failed = {"AddBookingTag": "20"} if found[2] == "failed" else {}
    return {"amount": found[1], "PaymentScheduleIds": found[3] or "1,2", **status, **failed}
