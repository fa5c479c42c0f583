"""flask export journal: what is in the file, what is told, and that the past stays as it is."""

from __future__ import annotations

import gc
import stat
import sys
from collections import defaultdict
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import insert, update

from audit.chain import SYSTEM
from bookings.cancelling import cancel_booking
from bookings.commands import CancelBooking
from kit.db import in_transaction, transaction
from locations.models import Location
from office.journal import queries
from office.journal.listed import COLUMNS
from payments.models import Allocation, Payment
from tests import make
from tests.make import Due
from tests.office.journal.given import at, clear, exported, pay, refund, rows, void

STAGES = [Due("60.00"), Due("40.00", 2, 30)]
MARCH = ("--from", "2026-03-01", "--to", "2026-03-31")


@pytest.fixture
def partner(app: Flask) -> int:
    assert app
    make.method("Card", code="CARD", takes_tips=True)
    make.method("Cash", kind="cash", code="CASH", from_outside=False)
    return make.partner(locations=[1, 2, 3])


def told(app: Flask, *options: str) -> str:
    """What the command says beside the file."""
    result = app.test_cli_runner().invoke(args=["export", "journal", "-", *options])
    assert result.exit_code == 0, result.output
    return result.stderr


def test_a_line_says_all_that_the_bookkeeping_asks_for(app: Flask, partner: int) -> None:
    booking = make.booking(STAGES)
    pay(partner, booking, "70.00", "2026-03-02T10:00", reference="=1+1", charges="0.50")

    first, *others = rows(exported(app))

    named = {name: value for name, value in first.items() if name != "partner"}
    assert named == {
        "date": "2026-03-02", "value_date": "2026-03-02", "journal": "P1",
        "account": "method:CARD", "account_name": "Card", "debit": "70.50", "credit": "",
        "amount": "70.50", "currency": "EUR", "location": "client1", "booking": str(booking),
        "payment": "1", "kind": "method", "method": "Card", "source": "ipro",
        "reference": "'=1+1", "text": "Payment 1",
    }  # fmt: skip
    assert first["partner"].startswith("Partner")
    assert list(first) == [column.name for column in COLUMNS]
    sides = [(each["account"], each["debit"], each["credit"], each["amount"]) for each in others]
    assert sides == [
        ("line:balance", "", "10.00", "-10.00"),
        ("charges", "", "0.50", "-0.50"),
        ("line:deposit", "", "60.00", "-60.00"),
    ]


def test_nothing_about_the_guest_is_in_it(app: Flask, partner: int) -> None:
    pay(partner, make.booking(), "10.00", comments="for Maria Silva")

    text = exported(app)

    assert "Silva" not in text
    assert "guest@example.com" not in text


@pytest.mark.parametrize("currency", ["EUR", "JPY", "KWD"])
def test_amounts_have_the_decimals_of_their_currency_and_add_up_to_nothing(
    app: Flask, partner: int, currency: str
) -> None:
    refund(pay(partner, make.booking(["7"], currency=currency), "9", tip="2"), amount="3")

    sums: dict[str, Decimal] = defaultdict(Decimal)
    for row in rows(exported(app)):
        assert Decimal(row["amount"]) == Decimal(row["debit"] or 0) - Decimal(row["credit"] or 0)
        assert len(row["amount"].partition(".")[2]) == {"EUR": 2, "JPY": 0, "KWD": 3}[currency]
        sums[row["journal"]] += Decimal(row["amount"])
    assert sums == {"P1": 0, "R2": 0}


@pytest.mark.long
@pytest.mark.one_database
def test_codes_of_the_setting_are_the_accounts(make_app: Any, app: Flask, partner: int) -> None:
    pay(partner, make.booking(["5.00"]), "7.00")
    ours = make_app(ACCOUNT_CODES="method:CARD=1200,line:*=4400,credit=3270,method:CSH=1")

    with ours.app_context():
        accounts = [row["account"] for row in rows(exported(ours))]
        said = told(ours)

    assert accounts == ["1200", "3270", "4400"]
    assert "Note: FLASK_ACCOUNT_CODES names method:CSH, which is no payment method." in said


def test_debits_and_credits_are_told_for_each_currency(app: Flask, partner: int) -> None:
    make.location(2, "GBP")
    payment = pay(partner, make.booking(["10.00"]), "10.00", "2026-03-02T10:00")
    pay(partner, make.booking(["5"], currency="GBP", location_id=2), "5", "2026-03-03T10:00")
    void(payment, "2026-03-04T10:00")

    assert told(app, *MARCH) == (
        "Exported: 6 lines of 3 entries.\n"
        "debit 20.00 EUR = credit 20.00 EUR\n"
        "debit 5.00 GBP = credit 5.00 GBP\n"
    )


def test_a_period_that_is_not_over_is_told(
    app: Flask, partner: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    with transaction() as connection:
        there = update(Location).where(Location.id == 2)
        connection.execute(there.values(time_zone="Pacific/Pago_Pago"))
    monkeypatch.setattr("kit.clock.now", lambda: at("2026-04-01T10:00"))

    said = [told(app, *MARCH), told(app, *MARCH, "--location", "client1"), told(app)]

    assert [each.partition("Note: ")[2] for each in said] == [
        "the period is not over at client2; more may be recorded in it.\n",
        "",
        "the period is not over at client1, client2, client3; more may be recorded in it.\n",
    ]


@pytest.mark.one_database
@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--location", "x"], "Error: No location is called 'x'; there are: client1"),
        (["--from", "2026-03-02", "--to", "2026-03-01"], "--from is after --to"),
        (["--from", "yesterday"], "'yesterday' does not match the format '%Y-%m-%d'"),
    ],
)
def test_what_cannot_be_exported_is_told(
    app: Flask, partner: int, options: list[str], sentence: str
) -> None:
    result = app.test_cli_runner().invoke(args=["export", "journal", "-", *options])

    assert result.exit_code != 0
    assert sentence in result.output


def test_the_file_is_written_whole_and_for_its_owner_only(
    app: Flask, partner: int, tmp_path: Path
) -> None:
    pay(partner, make.booking(), "10.00")
    target = tmp_path / "journal.csv"

    result = app.test_cli_runner().invoke(args=["export", "journal", str(target)])

    assert result.stdout == ""
    assert target.read_bytes().decode() == exported(app)
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    assert list(tmp_path.iterdir()) == [target]


def test_books_that_are_wrong_are_no_file_and_leave_the_old_one(
    app: Flask, partner: int, tmp_path: Path
) -> None:
    pay(partner, make.booking(STAGES), "10.00", "2026-03-02T10:00")
    with transaction() as connection:
        connection.execute(update(Allocation).values(amount=999))
    target = tmp_path / "journal.csv"
    target.write_text("the old one")

    result = app.test_cli_runner().invoke(args=["export", "journal", str(target)])

    assert result.exit_code == 1
    assert "Entry P1 of booking 1 does not balance" in result.output
    assert target.read_text() == "the old one"
    assert list(tmp_path.iterdir()) == [target]


@pytest.mark.long
def test_an_exported_month_is_the_same_to_the_byte_whatever_is_corrected_afterwards(
    app: Flask, partner: int
) -> None:
    booking = make.booking(STAGES)
    first = pay(partner, booking, "80.00", "2026-03-01T10:00", charges="1.00", tip="2.00")
    second = pay(partner, booking, "50.00", "2026-03-02T10:00", state="deferred")
    clear(second, "2026-03-08T10:00")
    third = pay(partner, booking, "30.00", "2026-03-09T10:00", state="uncleared")
    back = refund(second, "2026-03-10T10:00", amount="5.00", method="Cash")
    before = exported(app, *MARCH)
    assert before.count("\n") > 10

    void(back, "2026-04-01T10:00")
    refund(first, "2026-04-02T10:00", amount="10.00", charges="1.00", tip="1.00")
    clear(third, "2026-04-03T10:00", make.row_of(Payment, third).paid_on)
    void(second, "2026-04-04T10:00")
    in_transaction(lambda c: cancel_booking(c, CancelBooking(booking_id=booking, fee=0), SYSTEM))

    assert exported(app, *MARCH) == before
    assert len({row["journal"] for row in rows(exported(app))}) > len(
        {row["journal"] for row in rows(before)}
    )


@pytest.mark.long
def test_a_long_journal_takes_no_more_memory_than_a_short_one(
    app: Flask, partner: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Postings come from the database some at a time."""
    monkeypatch.setattr(queries, "AT_ONCE", 50)
    booking = make.booking(["10.00"])
    pay(partner, booking, "1.00")
    exported(app)  # warms up: the very statements that follow, over next to nothing
    _repeat(1000)
    gc.collect()
    gc.freeze()  # so that each look is through what has come since
    first, most, count = sys.getallocatedblocks(), 0, 0

    class Look:
        """Takes the lines and keeps none."""

        def writerow(self, _: object) -> None:
            nonlocal most, count
            count += 1
            if count % 500 == 0:  # what nobody holds any more is not counted
                gc.collect()
                most = max(most, sys.getallocatedblocks() - first)

    monkeypatch.setattr("csv.writer", lambda *_: Look())
    assert "2002 lines of 1001 entries" in told(app)

    assert 0 < most < 1000 * 10


def _repeat(times: int) -> None:
    """The one payment, so many times more, as it stands in the tables."""
    with transaction() as connection:
        payment = dict(connection.execute(Payment.__table__.select()).mappings().one())
        share = dict(connection.execute(Allocation.__table__.select()).mappings().one())
        del share["id"]
        ids = range(2, times + 2)
        payments = [payment | {"id": id} for id in ids]
        shares = [share | {"payment_id": id} for id in ids]
        connection.execute(insert(Payment), payments)
        connection.execute(insert(Allocation), shares)
