"""What reports say, held against the rows of the ledger."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import cache
from typing import Any

from bookings.models import Booking, ScheduleLine
from kit.db import reading
from kit.sql import Query
from office.reports.all import REPORTS
from office.reports.report import Filters, Report, Section, Value, figures, rows
from payments.models import Allocation, Payment
from tests import make

Sums = dict[str, Counter[str]]


def agree_with_the_ledger(now: datetime) -> None:
    """Every report over all there is has the sums of the ledger, and those of its own facts."""
    every = Filters(now)
    with reading() as session:
        sections = {name: figures(session, each, every) for name, each in REPORTS.items()}
        for name, found in sections.items():
            facts = session.execute(_facts(name, every)).mappings().all()
            _are_their_facts(REPORTS[name], facts, found)
    sums = {
        name: {each.currency: Counter(each.sums) for each in found}
        for name, found in sections.items()
    }
    bookings = {row.id: row for row in make.rows_of(Booking)}
    payments = {row.id: row for row in make.rows_of(Payment)}
    _money_came(sums, bookings, payments)
    _something_is_asked_for(sums, bookings, payments)
    _the_rest_is_told(sums, bookings, payments)


def lines_are_their_rows(now: datetime) -> None:
    """Asked for one by one, the rows of every line add up to it."""
    every = Filters(now)
    with reading() as session:
        for report in REPORTS.values():
            for section in figures(session, report, every):
                for group in section.groups:
                    query = rows(report, every, section.currency, group.of)
                    found = [dict(row) for row in session.execute(query).mappings()]
                    assert _added(report, found) == group.sums, (report.name, group)


@cache
def _facts(name: str, every: Filters) -> Query:
    """Making the statements anew after every step takes longer than asking."""
    return REPORTS[name].facts(every)


def _are_their_facts(report: Report, facts: Sequence[Any], sections: list[Section]) -> None:
    assert len({row["key"] for row in facts}) == len(facts)
    by_line: dict[tuple[Value, ...], list[Any]] = {}
    for row in facts:
        of = (row["currency"], *(row[each.name] for each in report.dimensions))
        by_line.setdefault(of, []).append(row)
    lines = {
        (section.currency, *group.of.values()): group.sums
        for section in sections
        for group in section.groups
    }
    assert {of: _added(report, mine) for of, mine in by_line.items()} == lines, report.name


def _added(report: Report, found: Iterable[Any]) -> dict[str, int]:
    mine = list(found)
    return {each.name: sum(row[each.name] for row in mine) for each in report.measures}


def _money_came(sums: dict[str, Sums], bookings: Any, payments: Any) -> None:
    """What cleared, less what was paid back, is what lies on lines or is credit."""
    came = {of: each["cleared"] + each["refunded"] for of, each in sums["money"].items()}
    moved = make.rows_of(Allocation)
    assert _plain(came) == _by(moved, lambda row: payments[row.payment_id].currency, "amount")
    assert _plain(came) == _by(bookings.values(), _currency, "paid", "credit")
    charges = {of: each["charges"] for of, each in sums["money"].items()}
    assert _plain(charges) == _by(bookings.values(), _currency, "charges")
    assert sums["sources"] == sums["money"]


def _something_is_asked_for(sums: dict[str, Sums], bookings: Any, payments: Any) -> None:
    """What is outstanding is the total less what is paid, of bookings that are not cancelled."""
    alive = [row for row in bookings.values() if row.status != "cancelled"]
    asked = Counter(_by(alive, _currency, "total"))
    asked.subtract(_by(alive, _currency, "paid"))
    promised: Counter[str] = Counter()
    for row in alive:
        coming = (x for x in payments.values() if x.booking_id == row.id and _is_coming(x))
        promised[row.currency] += min(sum(x.amount for x in coming), row.total - row.paid)
    assert _plain({of: each["outstanding"] for of, each in sums["due"].items()}) == _plain(asked)
    assert _plain({of: each["promised"] for of, each in sums["due"].items()}) == _plain(promised)
    for each in sums["due"].values():
        assert each["open"] == each["outstanding"] - each["promised"]
    assert sums["overdue"] == sums["due"]


def _the_rest_is_told(sums: dict[str, Sums], bookings: Any, payments: Any) -> None:
    """What is to come, what was tried in vain, and what is held and is not ours."""
    coming = [row for row in payments.values() if _is_coming(row)]
    failed = [row for row in payments.values() if row.state == "failed"]
    expected = {of: each["amount"] for of, each in sums["deferred"].items()}
    tried = {of: each["count"] for of, each in sums["attempts"].items()}
    held = {of: each["amount"] for of, each in sums["held"].items()}
    deposits = [row for row in make.rows_of(ScheduleLine) if row.kind == "security_deposit"]
    not_ours = Counter(_by(bookings.values(), _currency, "credit"))
    not_ours.update(_by(deposits, lambda row: bookings[row.booking_id].currency, "paid"))
    assert _plain(expected) == _by(coming, _currency, "amount")
    assert tried == Counter(row.currency for row in failed)
    assert _plain(held) == _plain(not_ours)


def _is_coming(payment: Any) -> bool:
    return payment.state in ("uncleared", "deferred")


def _currency(row: Any) -> str:
    return str(row.currency)


def _by(found: Iterable[Any], currency: Any, *columns: str) -> dict[str, int]:
    """The sums of columns by currency, without those of nothing."""
    sums: Counter[str] = Counter()
    for row in found:
        sums[currency(row)] += sum(getattr(row, column) for column in columns)
    return _plain(sums)


def _plain(sums: Any) -> dict[str, int]:
    return {currency: amount for currency, amount in sums.items() if amount}
