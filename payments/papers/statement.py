"""What a statement says: the whole booking at one moment."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from kit.clock import day_at
from kit.locales import time_text
from payments.papers.paper import Paper, Row, Table
from payments.papers.receipt import Received
from payments.papers.wording import Booked


@dataclass(frozen=True, slots=True)
class Asked:
    """A line of the schedule: what it asks for, what lies on it, and what is promised to it."""

    name: str
    due_on: date
    amount: int
    paid: int
    promised: int

    @property
    def open(self) -> int:
        return self.amount - self.paid - self.promised


@dataclass(frozen=True, slots=True)
class Promise:
    """A payment that is to come: `day` when it was promised for a day, None when under way."""

    id: int
    method: str
    amount: int
    day: date | None


@dataclass(frozen=True, slots=True)
class Balance:
    """The money of a booking at one moment; minor units of its currency. Refunds are among
    `payments`; `credit` is what is kept for the guest. `earlier` are the amounts of payments, and
    of refunds below 0, that are too many to be listed, `more` those of promises."""

    lines: Sequence[Asked]
    payments: Sequence[Received]
    promises: Sequence[Promise]
    credit: int
    earlier: Sequence[int] = ()
    more: Sequence[int] = ()


def file_name(booking_id: int) -> str:
    return f"statement-{booking_id}.pdf"


def statement_of(balance: Balance, booked: Booked, at: datetime) -> Paper:
    """The statement as of an instant."""
    day = booked.day(day_at(at, booked.time_zone))
    moment = f"As of {day}, {time_text(at, booked.time_zone, booked.locale)}"
    tables = [_schedule(balance, booked), _payments(balance, booked), _promises(balance, booked)]
    return Paper(
        place=booked.place,
        address=booked.address,
        title=f"Statement of booking {booked.booking}",
        lead=moment,
        facts=[*booked.facts(), *_sums(balance, booked)],
        tables=[table for table in tables if table.rows],
        notes=_notes(booked),
        is_demonstration=booked.is_demonstration,
    )


def _sums(balance: Balance, booked: Booked) -> list[tuple[str, str]]:
    """The figures that most people look for, before the tables they come from."""
    promised = sum(line.promised for line in balance.lines)
    found = [
        ("Total", sum(line.amount for line in balance.lines)),
        ("Paid", sum(line.paid for line in balance.lines)),
        ("Still to pay", sum(line.open for line in balance.lines)),
    ]
    found[2:2] = [("Promised", promised)] if promised else []
    found += [("Credit kept for you", balance.credit)] if balance.credit else []
    return [(name, booked.money(minor)) for name, minor in found]


def _schedule(balance: Balance, booked: Booked) -> Table:
    promises = any(line.promised for line in balance.lines)
    columns = ["Amount", "Paid", *(["Promised"] if promises else []), "To pay"]

    def cells(lines: Sequence[Asked]) -> list[str]:
        sums = [sum(line.amount for line in lines), sum(line.paid for line in lines)]
        sums += [sum(line.promised for line in lines)] if promises else []
        return [booked.money(each) for each in [*sums, sum(line.open for line in lines)]]

    rows = [Row(e.name, cells([e]), f"due {booked.day(e.due_on)}") for e in balance.lines]
    if len(rows) > 1:
        rows.append(Row("Together", cells(balance.lines), is_sum=True))
    return Table("Schedule", columns, rows)


def _payments(balance: Balance, booked: Booked) -> Table:
    rows = [_payment(each, booked) for each in balance.payments]
    if balance.earlier:
        rows.insert(0, _unlisted("Earlier payments and refunds", balance.earlier, booked))
    if len(rows) > 1:
        there = sum(each.amount * (-1 if each.refund_of else 1) for each in balance.payments)
        there += sum(balance.earlier)
        rows.append(Row("Received in all, less refunds", [booked.money(there)], is_sum=True))
    return Table("Payments and refunds", [""], rows)


def _payment(paid: Received, booked: Booked) -> Row:
    name, sign = f"Payment {paid.id}", 1
    if paid.refund_of is not None:
        name, sign = f"Refund {paid.id} of payment {paid.refund_of}", -1
    extras = [("a surcharge", paid.charges), ("a tip", paid.tip)]
    more = " and ".join(f"{what} of {booked.money(minor)}" for what, minor in extras if minor)
    detail = f"{booked.day(paid.day)}, {paid.method}{f', besides {more}' if more else ''}"
    return Row(name, [booked.money(sign * paid.amount)], detail)


def _promises(balance: Balance, booked: Booked) -> Table:
    rows = [
        Row(
            f"Payment {each.id}",
            [booked.money(each.amount)],
            f"{f'for {booked.day(each.day)}' if each.day else 'under way'}, {each.method}",
        )
        for each in balance.promises
    ]
    if balance.more:
        rows.append(_unlisted("Later promises", balance.more, booked))
    return Table("Promised, and not there yet", [""], rows)


def _unlisted(what: str, amounts: Sequence[int], booked: Booked) -> Row:
    """One row for what is too much to be read line by line."""
    count = f"{len(amounts)}, not listed one by one"
    return Row(what, [booked.money(sum(amounts))], count)


def _notes(booked: Booked) -> list[str]:
    found = ["It tells of the moment above. Failed and reversed payments are not listed."]
    if booked.is_demonstration:
        found.append("This is a demonstration: no money has moved.")
    return found
