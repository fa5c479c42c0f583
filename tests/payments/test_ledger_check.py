"""`flask ledger check`: right books pass, and every change made by hand is found and named."""

from __future__ import annotations

from typing import Any

import pytest
from click.testing import Result
from flask import Flask
from sqlalchemy import bindparam, insert, text

from bookings.models import Booking, ScheduleLine
from kit import clock
from kit.db import Instant, transaction
from tests import make
from tests.make import Client
from tests.office.closing import given
from tests.payments import cards
from tests.payments.proofs import counted_queries


def check(app: Flask) -> Result:
    return app.test_cli_runner().invoke(args=["ledger", "check"])


@pytest.fixture
def books(client: Client) -> dict[str, int]:
    """Three bookings that were paid in every way: one in part, one too much, one cancelled."""
    make.method("PayPal")
    make.tag(20, "Payment Failed", "payment_failed")
    found = {
        "part": make.booking(["60.00", "40.00"]),
        "over": make.booking(["60.00", "40.00"], status="provisional"),
        "cancelled": make.booking(["60.00"], status="cancelled"),
    }
    for booking in found.values():
        assert client.pay(booking, "70.00", Charges="1.50").status_code == 200
    assert client.pay(found["over"], "80.00").status_code == 200
    assert client.pay(found["part"], "5.00", Status=1, Charges="9.00").status_code == 200
    assert client.pay(found["part"], "6.00", Status=2).status_code == 200
    assert client.pay(found["part"], "7.00", Status=1, AddBookingTag=20).status_code == 200
    return found


def test_books_after_payments_of_every_kind_are_right(app: Flask, books: dict[str, int]) -> None:
    result = check(app)

    assert len(books) == 3
    assert (result.exit_code, result.stdout) == (0, "The books are right: 3 bookings.\n")


def test_an_empty_ledger_is_right(app: Flask) -> None:
    result = check(app)

    assert (result.exit_code, result.stdout) == (0, "The books are right: 0 bookings.\n")


CHANGES = [
    # Which booking, what somebody does to it, and what the check says.
    ("part", "UPDATE schedule_lines SET paid = paid - 1 WHERE booking_id = :b AND paid > 0",
     "is paid, but its allocations add up to"),
    ("part", "UPDATE bookings SET paid = paid + 1 WHERE id = :b",
     "the booking says paid 7001, but its rows add up to 7000"),
    ("over", "UPDATE bookings SET credit = credit + 1 WHERE id = :b",
     "the booking says credit 5001, but its rows add up to 5000"),
    ("part", "UPDATE bookings SET charges = charges + 1 WHERE id = :b",
     "the booking says charges 151, but its rows add up to 150"),
    ("part", "UPDATE bookings SET total = total + 1 WHERE id = :b",
     "the booking says total 10001, but its rows add up to 10000"),
    ("part", "UPDATE payments SET amount = amount + 1 WHERE booking_id = :b AND state = 'cleared'",
     "is cleared over 7001, but its allocations add up to 7000"),
    ("part", "UPDATE payments SET state = 'cleared', cleared_at = created_at"
     " WHERE booking_id = :b AND state = 'uncleared'",
     "is cleared over 500, but its allocations add up to 0"),
    ("part", "UPDATE payments SET state = 'void' WHERE booking_id = :b AND state = 'cleared'",
     "is void over 7000, but its allocations add up to 7000"),
    ("part", "UPDATE payments SET charges = 0 WHERE booking_id = :b",
     "the booking says charges 150, but its rows add up to 0"),
    ("part", "UPDATE allocations SET amount = amount + 1 WHERE booking_id = :b AND amount = 1000",
     "but its allocations add up to 7001"),
    ("part", "DELETE FROM allocations WHERE booking_id = :b AND amount = 1000",
     "but its allocations add up to 6000"),
    ("over", "UPDATE allocations SET line_id = NULL WHERE booking_id = :b AND amount = 3000",
     "the booking says credit 5000, but its rows add up to 8000"),
    ("cancelled", "UPDATE bookings SET credit = 0 WHERE id = :b",
     "the booking says credit 0, but its rows add up to 7000"),
]  # fmt: skip


@pytest.mark.long
@pytest.mark.parametrize(("which", "change", "sentence"), CHANGES, ids=[c[1] for c in CHANGES])
def test_a_change_made_by_hand_is_found_and_its_booking_named(
    app: Flask, books: dict[str, int], which: str, change: str, sentence: str
) -> None:
    with transaction() as connection:
        assert connection.execute(text(change), {"b": books[which]}).rowcount > 0

    result = check(app)

    assert result.exit_code == 1
    assert result.stdout == ""
    wrong = [line for line in result.stderr.splitlines() if line.startswith("WRONG")]
    assert wrong
    assert all(line.startswith(f"WRONG  booking {books[which]}: ") for line in wrong)
    assert any(sentence in line for line in wrong)


MOMENTS = [
    # What somebody does to the moments of payments, and what the check says.
    ("UPDATE payments SET cleared_at = created_at, state = 'void', voided_at = created_at"
     " WHERE state = 'uncleared'", "but its money came at None"),
    ("UPDATE payments SET cleared_at = :late WHERE state = 'cleared'", "but its money came at"),
    ("UPDATE payments SET voided_at = NULL, cleared_at = NULL WHERE state = 'void'",
     "counts from None, but its money came at"),
    ("UPDATE payments SET voided_at = NULL WHERE state = 'void'",
     "was reversed, but nothing says when"),
    ("UPDATE payments SET voided_at = :late WHERE state = 'void' AND refund_of IS NULL",
     "but its money was moved by a void at"),
    ("UPDATE payments SET voided_at = :late WHERE state = 'void' AND refund_of IS NOT NULL",
     "but its money was moved by a void at"),
]  # fmt: skip


@pytest.fixture
def reversed_money(books: dict[str, int]) -> None:
    """A payment that was reversed, and two refunds of another that were, one after the other."""
    paid = [given.pay(books["over"], "5.00", f"20 10:0{n}", "PayPal") for n in range(2)]
    refunds = [given.refund(paid[0], "1.00", f"20 11:0{n}") for n in range(2)]
    for n, each in enumerate([paid[1], *refunds]):
        given.void(each, f"20 12:0{n}")


@pytest.mark.usefixtures("reversed_money")
def test_moments_of_money_that_came_and_was_reversed_are_right(app: Flask) -> None:
    assert check(app).stdout == "The books are right: 3 bookings.\n"


@pytest.mark.long
@pytest.mark.usefixtures("reversed_money")
@pytest.mark.parametrize(("change", "sentence"), MOMENTS, ids=[each[0] for each in MOMENTS])
def test_a_moment_that_the_ledger_does_not_know_is_found(
    app: Flask, change: str, sentence: str
) -> None:
    statement = text(change)
    late = {"late": given.at("2030-01-01 00:00")} if ":late" in change else {}
    bound = statement.bindparams(*[bindparam(name, type_=Instant()) for name in late])
    with transaction() as connection:
        assert connection.execute(bound, late).rowcount > 0

    result = check(app)

    assert result.exit_code == 1
    assert sentence in result.stderr


BY_HAND = [
    # What somebody does to a card payment that has succeeded, and what the check says.
    ("UPDATE card_intents SET amount = amount + 1", "succeeded, but payment"),
    ("UPDATE card_intents SET state = 'cancelled'", "names sandbox, which was not asked for it"),
    ("UPDATE card_intents SET payment_id = NULL", "succeeded, but payment None does not say so"),
    ("UPDATE payments SET gateway = NULL", "succeeded, but payment"),
]


@pytest.mark.parametrize(("change", "sentence"), BY_HAND, ids=[each[0] for each in BY_HAND])
def test_a_card_payment_that_its_payment_does_not_tell_of_is_found(
    app: Flask, change: str, sentence: str
) -> None:
    booking = make.booking()
    cards.paid(booking, cards.method(), 10000, app)
    assert check(app).exit_code == 0
    with transaction() as connection:
        connection.execute(text(change))

    result = check(app)

    assert result.exit_code == 1
    assert any(
        line.startswith(f"WRONG  booking {booking}: ") and sentence in line
        for line in result.stderr.splitlines()
    )


def _fill(count: int) -> None:
    """Bookings in bulk, each with a line: alike but for their ids."""
    first = make.booking(["10.00"])
    row = dict(make.row_of(Booking, first)._mapping)
    line: dict[str, Any] = dict(make.lines_of(first)[0]._mapping)  # type: ignore[attr-defined]
    ids = range(first + 1, first + count)
    copies = [row | {"id": each, "account_identifier": f"copy {each}"} for each in ids]
    last = line["id"]
    lines = [
        line | {"id": last + place, "booking_id": each, "property_id": None}
        for place, each in enumerate(ids, start=1)
    ]
    assert clock.now() > row["created_at"]
    with transaction() as connection:
        connection.execute(insert(Booking), copies)
        connection.execute(insert(ScheduleLine), lines)


@pytest.mark.long
def test_five_hundred_bookings_are_checked_with_five_queries(app: Flask) -> None:
    _fill(499)
    with counted_queries() as few:
        assert "499 bookings" in check(app).stdout

    with transaction() as connection:
        for table in ("schedule_lines", "stays", "bookings"):
            connection.execute(text(f"DELETE FROM {table}"))
    _fill(1499)
    with counted_queries() as many:
        assert "1499 bookings" in check(app).stdout

    assert len(many) - len(few) == 2 * 5
