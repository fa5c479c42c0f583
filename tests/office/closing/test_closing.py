"""Closing a day: what it takes, what it keeps, and what it leaves to the next one."""

from __future__ import annotations

import json
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import insert, update
from sqlalchemy.exc import IntegrityError

from audit.models import LogEntry
from kit import clock
from kit.db import in_transaction, transaction
from kit.errors import Refused
from locations.errors import NoSuchLocation
from locations.models import Location
from office.closing import errors
from office.closing.closing import CloseDay, close_day
from office.closing.rules import Count
from office.models import DayClose, DayCloseEntry, DayCloseFigure
from payments.models import MethodSwitchedOff, PaymentMethod
from tests import make
from tests.make import Client
from tests.office.closing.given import (
    ANA,
    DAY,
    at,
    close,
    entries,
    pay,
    planned,
    record,
    refund,
    void,
)
from tests.payments.proofs import broken_chains, unchanged


@pytest.fixture
def cash(app: Flask) -> int:
    """A location in Lisbon, cash, and cards that take tips."""
    assert app
    make.location(1)
    make.method("Card", takes_tips=True)
    return make.method("Cash", kind="cash", takes_tips=True)


def figures(close_id: int) -> dict[str, Any]:
    return {row.method: row for row in make.rows_of(DayCloseFigure, close_id=close_id)}


def test_a_close_takes_what_came_went_back_and_was_reversed(cash: int) -> None:
    booking = make.booking(["100.00", "200.00"])
    first = pay(booking, "50.00", "20 09:00", charges=Decimal("1.50"), tip=Decimal(2))
    card = pay(booking, "80.00", "20 10:00", "Card")
    back = refund(first, "10.00", "20 11:00")
    void(card, "20 12:00")

    closed = close(DAY, "20 18:00")

    found = figures(closed.close_id)
    row = found["Cash"]
    assert (row.count, row.cleared, row.refunded, row.voided) == (2, 5000, -1000, 0)
    assert (row.charges, row.tips, row.opening, row.counted) == (150, 200, 0, 4350)
    row = found["Card"]
    assert (row.count, row.cleared, row.refunded, row.voided) == (2, 8000, 0, -8000)
    assert (row.kind, row.counted) == ("bank", None)
    assert entries(closed.close_id) == [
        (first, "cleared"), (card, "cleared"), (card, "void"), (back, "cleared"),
    ]  # fmt: skip
    assert not closed.has_difference


def test_a_reversed_refund_comes_back_to_the_till(cash: int) -> None:
    booking = make.booking(["100.00"])
    paid = pay(booking, "50.00", "20 09:00")
    close(DAY, "20 18:00")
    void(refund(paid, "20.00", "21 09:00"), "21 10:00")

    row = figures(close(DAY + timedelta(1), "21 18:00").close_id)["Cash"]

    assert (row.count, row.refunded, row.voided, row.opening, row.counted) == (
        2, -2000, 2000, 5000, 5000,
    )  # fmt: skip


def test_a_later_correction_stands_on_the_day_it_is_made(cash: int) -> None:
    booking = make.booking(["100.00"])
    paid = pay(booking, "50.00", "20 09:00")
    first = close(DAY, "20 18:00")
    before = record(first.close_id)

    void(paid, "21 09:00")
    second = close(DAY + timedelta(1), "21 18:00")

    assert record(first.close_id) == before
    assert figures(second.close_id)["Cash"].voided == -5000
    assert entries(second.close_id) == [(paid, "void")]


def test_money_counts_when_it_clears_not_when_it_was_promised(client: Client, cash: int) -> None:
    booking = make.booking(["100.00"])
    answer = client.pay(booking, "50.00", Status=1, PaymentMethod="Card")

    day = planned(clock.now().date(), f"{clock.now():%Y-%m-%d %H:%M:%S}")

    assert answer.status_code == 200
    assert [each.count for each in day.figures] == [0]


def test_what_was_paid_before_a_day_by_its_date_counts_when_it_was_recorded(cash: int) -> None:
    """The day the money came is typed in and may be long ago; closed days do not care."""
    close(DAY, "20 18:00")
    booking = make.booking(["100.00"])
    paid = pay(booking, "50.00", "21 09:00")

    assert entries(close(DAY + timedelta(1), "21 18:00").close_id) == [(paid, "cleared")]


def test_days_in_between_are_closed_together_or_one_by_one(cash: int) -> None:
    make.location(2)
    for location in (1, 2):
        close(date(2026, 11, 17), "18 01:00", location)
        booking = make.booking(["100.00"], location_id=location)
        for day in (18, 19, 20):
            pay(booking, "10.00", f"{day} 12:00")

    together = [close(DAY, "20 18:00", 1).close_id]
    single = [close(date(2026, 11, day), "20 18:00", 2).close_id for day in (18, 19, 20)]

    assert [figures(each)["Cash"].cleared for each in together] == [3000]
    assert [figures(each)["Cash"].cleared for each in single] == [1000, 1000, 1000]
    assert [figures(each)["Cash"].opening for each in single] == [0, 1000, 2000]
    assert record(together[0]).first == date(2026, 11, 18)
    assert [record(each).first.day for each in single] == [18, 19, 20]


def test_a_location_takes_its_own_money_only(cash: int) -> None:
    make.location(2)
    mine = pay(make.booking(["10.00"]), "10.00", "20 09:00")
    theirs = pay(make.booking(["10.00"], location_id=2), "10.00", "20 09:00")

    assert entries(close(DAY, "20 18:00", 1).close_id) == [(mine, "cleared")]
    assert entries(close(DAY, "20 18:00", 2).close_id) == [(theirs, "cleared")]


def test_currencies_stand_side_by_side(cash: int) -> None:
    pay(make.booking(["10.00"]), "10.00", "20 09:00")
    pay(make.booking(["500"], currency="JPY"), "500", "20 09:00")

    closed = close(DAY, "20 18:00")

    rows = make.rows_of(DayCloseFigure, close_id=closed.close_id)
    assert {(row.currency, row.cleared, row.counted) for row in rows} == {
        ("EUR", 1000, 1000), ("JPY", 500, 500),
    }  # fmt: skip


def test_before_the_first_close_money_is_in_none(cash: int) -> None:
    booking = make.booking(["100.00"])
    pay(booking, "10.00", "19 23:59")

    closed = close(DAY, "20 18:00")

    assert entries() == []
    assert figures(closed.close_id) == {}


def test_money_that_was_still_being_written_when_the_day_was_closed_goes_into_the_next(
    cash: int,
) -> None:
    booking = make.booking(["100.00"])
    close(DAY, "20 18:00")
    late = pay(booking, "10.00", "20 17:59:59")

    closed = close(DAY + timedelta(1), "21 18:00")

    assert entries(closed.close_id) == [(late, "cleared")]


def test_a_moment_on_the_edge_is_in_the_later_day(cash: int) -> None:
    booking = make.booking(["100.00"])
    pay(booking, "10.00", "20 00:00")
    pay(booking, "20.00", "20 23:59:59.999999")
    edge = pay(booking, "30.00", "21 00:00")

    first, second = close(DAY, "22 09:00"), close(DAY + timedelta(1), "22 09:00")

    assert figures(first.close_id)["Cash"].cleared == 3000
    assert entries(second.close_id) == [(edge, "cleared")]


@pytest.mark.parametrize(
    ("day", "inside", "outside"),
    [
        (date(2026, 10, 25), ["2026-10-24 22:00", "2026-10-25 22:59"],
         ["2026-10-24 21:59", "2026-10-25 23:00"]),
        (date(2026, 3, 29), ["2026-03-28 23:00", "2026-03-29 21:59"],
         ["2026-03-28 22:59", "2026-03-29 22:00"]),
    ],
)  # fmt: skip
def test_a_day_on_which_the_clocks_change_takes_its_own_hours(
    app: Flask, day: date, inside: list[str], outside: list[str]
) -> None:
    make.location(1, time_zone="Europe/Berlin")
    make.method("Cash", kind="cash")
    booking = make.booking(["100.00"])
    mine = [pay(booking, "1.00", when) for when in inside]
    for when in outside:
        pay(booking, "1.00", when)

    closed = close(day, f"{day + timedelta(days=2)} 09:00")

    assert entries(closed.close_id) == [(each, "cleared") for each in mine]


# --- cash ---------------------------------------------------------------------------------------


def test_cash_is_counted_and_a_difference_has_a_reason(cash: int) -> None:
    pay(make.booking(["100.00"]), "50.00", "20 09:00")
    key, short = (cash, "EUR"), Decimal("49.00")

    with unchanged(), pytest.raises(errors.NotCounted):
        close(DAY, "20 18:00", counts={key: Count()})
    with unchanged(), pytest.raises(errors.NoReason):
        close(DAY, "20 18:00", counts={key: Count(counted=short)})
    closed = close(DAY, "20 18:00", counts={key: Count(counted=short, reason="Miscounted")})

    row = figures(closed.close_id)["Cash"]
    assert (row.opening, row.counted, row.reason) == (0, 4900, "Miscounted")
    assert closed.has_difference


def test_everything_that_is_wrong_is_told_at_once(cash: int) -> None:
    other = make.method("Petty cash", kind="cash")
    booking = make.booking(["100.00"])
    pay(booking, "10.00", "20 09:00"), pay(booking, "10.00", "20 09:00", "Petty cash")
    counts = {(cash, "EUR"): Count(), (other, "EUR"): Count(counted=Decimal("9.00"))}

    with pytest.raises(Refused) as refused:
        close(DAY, "20 18:00", counts=counts)

    assert [each.field for each in refused.value.problems] == [
        f"counted-{cash}-EUR", f"reason-{other}-EUR",
    ]  # fmt: skip


def test_what_was_counted_lies_there_the_next_day(cash: int) -> None:
    pay(make.booking(["100.00"]), "50.00", "20 09:00")
    wrong = {(cash, "EUR"): Count(counted=Decimal("49.00"), reason="Miscounted")}
    close(DAY, "20 18:00", counts=wrong)

    second = close(DAY + timedelta(1), "21 18:00")
    emptied = {(cash, "EUR"): Count(opening=Decimal("9.00"), counted=Decimal("9.00"))}
    third = close(DAY + timedelta(2), "22 18:00", counts=emptied)

    assert figures(second.close_id)["Cash"].opening == 4900
    assert figures(third.close_id)["Cash"].opening == 900
    [line] = record(third.close_id).lines
    assert (line.carried, line.opening, line.difference) == (4900, 900, 0)


def test_only_tills_of_the_location_are_asked_for(cash: int) -> None:
    off = make.method("Elsewhere", kind="cash")
    make.method("Gone", kind="cash", active=False)
    with transaction() as connection:
        row = {"method_id": off, "location_id": 1}
        connection.execute(insert(MethodSwitchedOff), [row])

    assert [each.method for each in planned(DAY, "20 18:00").figures] == ["Cash"]


def test_a_till_with_money_in_it_is_asked_for_when_its_method_is_gone(cash: int) -> None:
    pay(make.booking(["100.00"]), "50.00", "20 09:00")
    close(DAY, "20 18:00")
    with transaction() as connection:
        connection.execute(insert(MethodSwitchedOff), [{"method_id": cash, "location_id": 1}])

    shown = planned(DAY + timedelta(1), "21 18:00")

    assert [(each.method, shown.carried[each.key]) for each in shown.figures] == [("Cash", 5000)]


# --- who, and once ------------------------------------------------------------------------------


def test_a_day_is_closed_once(cash: int) -> None:
    close(DAY, "20 18:00")

    with unchanged(), pytest.raises(errors.DayClosed):
        close(DAY, "20 19:00")
    with unchanged(), pytest.raises(errors.DayClosed):
        close(DAY - timedelta(1), "20 19:00")


def test_nobody_closes_figures_that_the_page_did_not_show(cash: int) -> None:
    booking = make.booking(["100.00"])
    shown = planned(DAY, "20 17:00")
    pay(booking, "5.00", "20 17:30", "Card")
    order = CloseDay(location_id=1, day=DAY, counts={}, seen=shown.seal)

    with unchanged(), pytest.raises(errors.FiguresChanged):
        in_transaction(lambda c: close_day(c, order, ANA, lambda: at("20 18:00")))


def test_a_location_that_is_not_there_has_no_days(app: Flask) -> None:
    assert app
    order = CloseDay(location_id=9, day=DAY, counts={}, seen="")

    with pytest.raises(NoSuchLocation):
        in_transaction(lambda c: close_day(c, order, ANA))


def test_the_log_says_who_closed_what(cash: int) -> None:
    pay(make.booking(["100.00"]), "50.00", "20 09:00")
    closed = close(DAY, "20 18:00", note="Quiet")
    short = {(cash, "EUR"): Count(counted=Decimal("45.00"), reason="Change given twice")}
    second = close(DAY + timedelta(1), "21 18:00", counts=short)

    rows = make.rows_of(LogEntry, action="day.closed")
    bodies = [json.loads(row.body)["entry"] for row in rows]
    assert [row.severity for row in rows] == ["low", "medium"]
    assert [row.actor_id for row in rows] == [7, 7]
    assert bodies[0]["about"] == {"close": closed.close_id, "location": 1}
    assert bodies[0]["after"] == {
        "from": "2026-11-20", "day": "2026-11-20", "count": 1, "sums": [[5000, "EUR"]],
        "differences": [],
    }  # fmt: skip
    assert bodies[1]["after"]["differences"] == [[cash, -500, "EUR"]]
    assert bodies[1]["reason"] == "Change given twice"
    assert record(second.close_id).closed_at == at("21 18:00")
    assert broken_chains() == []


# --- the record ---------------------------------------------------------------------------------


def test_the_entries_of_a_close_add_up_to_its_figures(cash: int) -> None:
    booking = make.booking(["100.00", "200.00"])
    paid = pay(booking, "50.00", "20 09:00", charges=Decimal("1.50"), tip=Decimal(2))
    refund(paid, "10.00", "20 11:00", charges=Decimal("0.50"))
    void(pay(booking, "80.00", "20 10:00", "Card"), "20 12:00")

    found = record(close(DAY, "20 18:00").close_id)

    rows = make.rows_of(DayCloseEntry, close_id=found.id)
    for line in found.lines:
        mine = [each for each in rows if each.method_id == line.figure.method_id]
        assert sum(each.amount + each.charges + each.tip for each in mine) == line.figure.total
        assert len(mine) == line.figure.count
    assert [(each.source, each.count, each.total) for each in found.doors] == [("desk", 4, 4300)]
    assert (found.person, found.note, found.count) == (None, "", 4)


def test_a_record_keeps_the_words_of_its_day(cash: int) -> None:
    pay(make.booking(["100.00"]), "50.00", "20 09:00", "Card")
    closed = close(DAY, "20 18:00")
    before = record(closed.close_id)

    with transaction() as connection:
        connection.execute(update(PaymentMethod).values(name=PaymentMethod.name + "!"))

    assert record(closed.close_id).lines == before.lines


def test_the_database_keeps_what_must_be_so(cash: int) -> None:
    """Money twice in closes, two closes of a day, cash that nobody counted."""
    pay(make.booking(["100.00"]), "50.00", "20 09:00")
    closed = close(DAY, "20 18:00").close_id
    entry = dict(make.rows_of(DayCloseEntry)[0]._mapping)
    figure = dict(make.rows_of(DayCloseFigure)[0]._mapping)
    row = dict(make.rows_of(DayClose)[0]._mapping)
    wrong: list[tuple[Any, dict[str, Any]]] = [
        (DayCloseEntry, entry),
        (DayClose, row | {"id": closed + 1}),
        (DayClose, row | {"id": closed + 1, "day": DAY + timedelta(1), "until": row["since"]}),
        (DayCloseFigure, figure | {"currency": "GBP", "counted": None}),
        (DayCloseFigure, figure | {"currency": "GBP", "counted": 1}),
        (DayCloseFigure, figure | {"currency": "GBP", "kind": "bank"}),
        (DayCloseFigure, figure | {"currency": "GBP", "counted": -1, "reason": "?"}),
    ]

    for model, values in wrong:
        with pytest.raises(IntegrityError), transaction() as connection:
            connection.execute(insert(model), [values])
    assert make.rows_of(Location)
