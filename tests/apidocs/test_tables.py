"""The tables of the documents are those of the code."""

from __future__ import annotations

import re
from itertools import dropwhile, takewhile
from pathlib import Path

import pytest
from flask import Flask

import bookings.routes
import payments.routes
from bookings.forms import (
    AmendForm,
    CancelForm,
    CreateForm,
    EnquiryForm,
    ReactivateForm,
    UpdateForm,
)
from bookings.models import Booking
from demo.loading import load
from kit import clock
from kit.db import transaction
from kit.errors import DomainError
from kit.form import Form
from kit.money import Money
from kit.nested import leaves
from payments.forms import ClearForm, FailForm, RefundForm, TakePaymentForm
from tests import make
from tests.apidocs.conftest import table_rows
from tests.make import Client

HERE = Path(__file__).parents[2]
FAULTS = ("kit", "payments", "bookings", "partners")


def word(cell: str) -> str:
    return cell.strip("`")


@pytest.mark.parametrize(
    ("above", "statuses"),
    [
        ("What payments are refused for:", payments.routes.STATUS),
        ("What bookings and enquiries are refused for:", bookings.routes.STATUS),
    ],
)
def test_the_documented_errors_are_those_of_the_doors_table(
    ipro_page: str, above: str, statuses: dict[type[DomainError], int]
) -> None:
    rows = table_rows("\n## X\n" + first_table(ipro_page, above), "## X")

    documented = {(word(code), int(status)) for status, code, *_ in rows}
    assert documented == {(error.code, status) for error, status in statuses.items()}
    assert all(what and to_do for _, _, what, to_do in rows)


def first_table(page: str, above: str) -> str:
    """The first table below these words."""
    rows = page.split(f"\n{above}\n", 1)[1].split("\n")
    below = dropwhile(lambda row: not row.startswith("|"), rows)
    return "\n".join(takewhile(lambda row: row.startswith("|"), below))


def test_every_code_of_a_fault_in_the_code_is_documented(ipro_page: str) -> None:
    files = [path for room in FAULTS for path in (HERE / room).rglob("*.py")]
    # What only bodies of other formats can be; each of those has a page of its own.
    elsewhere = [HERE / "kit" / "documents.py", *(HERE / "payments" / "formats").rglob("*.py")]
    written = re.compile(r'\b(?:Fault|fault)\(\s*"([a-z_0-9]+)"')
    used = {code for path in {*files} - {*elsewhere} for code in written.findall(path.read_text())}
    used.add("invalid")
    below = "\n### X\n" + ipro_page.split("What cannot be read, or not be answered:")[1]

    documented = {word(code) for _, code, *_ in table_rows(below, "### X")}

    assert len(used) > 8
    assert used <= documented


@pytest.mark.parametrize(
    ("heading", "form"),
    [
        ("### Fields", TakePaymentForm),
        ("### Clear", ClearForm),
        ("### Fail", FailForm),
        ("### Refund", RefundForm),
        ("### Create", CreateForm),
        ("### Notes", UpdateForm),
        ("### Cancel", CancelForm),
        ("### Reactivate", ReactivateForm),
        ("### Enquiries", EnquiryForm),
    ],
)
def test_the_documented_fields_are_those_of_the_form(
    ipro_page: str, heading: str, form: type[Form]
) -> None:
    rows = table_rows("\n## X\n" + first_table(ipro_page, heading), "## X")

    documented = {
        word(name): required == "yes" for names, required, _ in rows for name in names.split(", ")
    }
    assert documented == {
        leaf.name.replace("s[0].", "s[i].", 1).replace("s[0].", "s[j]."): leaf.required
        for leaf in leaves(form())
    }


def test_what_amending_takes_beyond_creating_is_documented(ipro_page: str) -> None:
    rows = table_rows("\n## X\n" + first_table(ipro_page, "### Amend"), "## X")

    creating = {leaf.name for leaf in leaves(CreateForm())}
    own = {leaf.name: leaf.required for leaf in leaves(AmendForm()) if leaf.name not in creating}
    assert {word(name): required == "yes" for name, required, _ in rows} == own


@pytest.mark.long
@pytest.mark.parametrize("database_uri", ["sqlite"], indirect=True)
def test_the_worked_example_of_the_ledger_is_what_the_ledger_does(app: Flask) -> None:
    with transaction() as connection:
        load(connection, clock.now())
    client = Client(app, 1, make.token(1))
    page = (HERE / "docs" / "ledger.md").read_text()
    below = first_table(page, "What lies on each line after each of these payments:")

    for payment, *figures in table_rows("\n## X\n" + below, "## X"):
        if payment != "(before)":
            assert client.pay(4354, **order_of(payment)).status_code == 200, payment
        booking = make.row_of(Booking, 4354)
        lines = [line.paid for line in make.lines_of(4354)]
        came = [*lines, booking.credit, booking.paid, booking.total - booking.paid]
        assert came == [Money.parse(figure or "0", "EUR").minor for figure in figures], payment


@pytest.mark.parametrize("database_uri", ["sqlite"], indirect=True)
def test_the_worked_example_of_a_refund_is_what_the_ledger_does(app: Flask) -> None:
    with transaction() as connection:
        load(connection, clock.now())
    client, ids = Client(app, 1, make.token(1)), dict[str, int]()
    page = (HERE / "docs" / "ledger.md").read_text()
    below = first_table(
        page, "What refunding undoes, when 300.00 of the first of two are paid back:"
    )
    rows = table_rows("\n## X\n" + below, "## X")

    for step, *figures in rows:
        name, told = step.split(": ")
        if told.endswith(" refunded"):
            body = f"Amount={told.removesuffix(' refunded')}"
            answer = client.post(f"/apis/payments/{ids[name]}/refund", body)
        else:
            answer = client.pay(4354, **order_of(told))
            ids[name] = answer.get_json()["PaymentId"]
        assert answer.status_code == 200, answer.text
        came = [*(line.paid for line in make.lines_of(4354)), make.row_of(Booking, 4354).credit]
        assert came == [Money.parse(figure or "0", "EUR").minor for figure in figures], step

    assert len(rows) == 3


def order_of(text: str) -> dict[str, str]:
    """The fields of a payment that is told as "200.00 cleared, `1,2`, charges 5.00"."""
    found = re.match(r"([\d.]+) (not cleared|cleared|failed)(?:, `([\d,]+)`)?", text)
    assert found, text
    status = {"Status": "0" if found[2] == "cleared" else "1"}
    failed = {"AddBookingTag": "20"} if found[2] == "failed" else {}
    return {"amount": found[1], "PaymentScheduleIds": found[3] or "1,2", **status, **failed}
