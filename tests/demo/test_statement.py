"""The bank statement of the demonstration agency."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import pytest
from flask import Flask

from audit.chain import SYSTEM
from demo.agency import BANK_ACCOUNTS
from demo.loading import load
from demo.statement import LINES, NoDemonstration, statement
from kit import clock
from kit.db import reading, transaction
from payments.models import Payment, PaymentMethod
from payments.statements.reading import ReadStatement, read_statement
from payments.statements.storing import StoreStatement, store_statement
from tests import make

pytestmark = pytest.mark.long

ACCOUNT = BANK_ACCOUNTS[0]


def made(today: date | None = None) -> bytes:
    with reading() as session:
        return statement(session, today or clock.now().date())


def read() -> ReadStatement:
    return read_statement(made(), ACCOUNT["currency"], ACCOUNT["number"], None)


@pytest.fixture
def agency(app: Flask) -> None:
    with transaction() as connection:
        load(connection, clock.now())


@pytest.mark.usefixtures("agency")
def test_it_has_thirty_lines_that_lead_from_one_balance_to_the_other() -> None:
    found = read()

    assert len(found.lines) == LINES
    assert found.skipped.pending == 1
    assert found.opening is not None
    assert found.opening + sum(each.amount for each in found.lines) == found.closing
    assert {line.booked_on < clock.now().date() for line in found.lines} == {True}
    assert made() == made()


@pytest.mark.usefixtures("agency")
def test_the_cheque_and_what_is_promised_come_true_on_it() -> None:
    amounts = {each.amount for each in read().lines}
    [cheque] = make.rows_of(PaymentMethod, name="Cheque")

    [payment] = make.rows_of(Payment, method_id=cheque.id)

    assert (payment.state, payment.source, payment.reference) == ("uncleared", "desk", "100234")
    assert payment.amount in amounts
    assert any("CHEQUE DEPOSIT 100234" in each.remittance for each in read().lines)


@pytest.mark.usefixtures("agency")
def test_guests_pay_in_ways_that_need_a_person() -> None:
    lines = read().lines
    texts = [each.remittance for each in lines]

    both = next(each for each in lines if each.remittance.startswith("Both weeks"))
    assert len(both.remittance.split()) == 4  # two bookings
    assert "Booking A9999.9" in texts  # a wrong reference
    assert "Holiday in the Azores" in texts  # a name only
    assert any(each.amount < 0 and each.remittance.startswith("REFUND") for each in lines)
    assert any("A1234.56" in each.remittance and each.amount == 36300 for each in lines)
    assert sum("Card Acquirer" in each.party for each in lines) == 3


@pytest.mark.parametrize("month", [1, 5, 9, 12])
@pytest.mark.one_database
def test_there_is_one_whatever_the_day(app: Flask, month: int) -> None:
    now = clock.now().replace(month=month, day=24)

    with transaction() as connection:
        load(connection, now)

    assert made(now.date()).count(b"<Ntry>") == LINES + 1


@pytest.mark.usefixtures("agency")
def test_it_is_stored_and_the_one_of_tomorrow_adds_what_is_new() -> None:
    def store(data: bytes) -> tuple[int, int]:
        order = StoreStatement(account_id=ACCOUNT["id"], name="a.xml", data=data)
        with transaction() as connection:
            stored = store_statement(connection, order, SYSTEM, lambda: later)
        return stored.new, stored.known

    later = clock.now() + timedelta(days=1)

    assert store(made()) == (LINES, 0)
    assert store(made()) == (LINES, 0)  # the very same file: told as it was
    assert store(made(later.date())) == (LINES, 0)  # the same lines a day later are other lines


def test_without_a_demonstration_there_is_none(app: Flask) -> None:
    with pytest.raises(NoDemonstration, match="too few for a statement"):
        made()


def test_the_command_writes_it_to_a_file(make_app: Callable[..., Flask], tmp_path: Path) -> None:
    runner = make_app().test_cli_runner()
    file = tmp_path / "statement.xml"

    refused = runner.invoke(args=["demo-statement", str(file)])
    runner.invoke(args=["demo", "--yes"])
    written = runner.invoke(args=["demo-statement", str(file)])

    assert (refused.exit_code, written.exit_code) == (1, 0)
    assert "Load the demonstration first" in refused.output
    assert f"{LINES} lines of the account {ACCOUNT['number']}" in written.output
    assert file.read_bytes().startswith(b"<?xml")
