"""Lines of bank statements and their matches as files."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, aliased

from bookings.models import Booking
from desk.access import within
from desk.exports.filters import conditions
from desk.exports.making import CURRENCY, Told, amount, day, from_query, moment, number, text
from desk.forms import Slips
from desk.statements import queries as statements
from desk.statements.filters import filters
from desk.typed import Slip
from kit.errors import Refused
from kit.sql import Query
from kit.texts import N_
from office.exports.lists import Wanted
from payments.statements.models import BankAccount, BankLine, BankMatch, BankMatchLine
from staff.models import Person
from staff.permissions import Permission

LINE = number("line", "the id of the bank's line")
BANK_ACCOUNT = text("account", "the name of the bank account")


def _lines(_session: Session, wanted: Wanted) -> Query:
    found, _kept, slips = filters(wanted)
    _refuse(slips)
    return statements.wanted_lines(found)


def _refuse(slips: Slips) -> None:
    """Raises what is wrong with the filters: a file must not hold more than was asked for."""
    Refused.if_any([Slip(name, text) for name, texts in slips.fields.items() for text in texts])


def _told_lines(_session: Session, rows: Sequence[Any]) -> Iterator[Told]:
    for row in rows:
        read = statements.read(row)
        yield {
            **row._mapping,
            "line": row.id,
            "state": read.state,
            "left": None if row.aside_at else read.left,
            "bookings": "; ".join(str(each.booking_id) for each in read.took),
            "payments": "; ".join(str(each.payment_id) for each in read.took),
        }


LINES = from_query(
    name="bank-lines",
    title=N_("Lines of bank statements"),
    needs=Permission.RECONCILE,
    columns=(
        LINE,
        BANK_ACCOUNT,
        text("statement", "the name of the file it came with first"),
        day("booked_on", "the day the bank booked it"),
        day("valued_on", "the day its money counts from, where the bank says so"),
        CURRENCY,
        amount("amount", "more than 0 came, less than 0 left"),
        text("party", "who paid or was paid, as the bank has it"),
        text("party_account", "their account"),
        text("reference", "the payer's own reference"),
        text("remittance", "what the payment is for"),
        text("bank_reference", "the bank's reference"),
        text("state", "waiting, part (some of it is matched), matched or aside"),
        amount("left", "what of it is on no booking yet; empty for one that was put aside"),
        text("bookings", "the ids of the bookings it is matched with"),
        text("payments", "the ids of the payments it is matched with, in the same order"),
        moment("settled_at", "when all of it was matched, or it was put aside"),
        text("aside_why", "why it was put aside"),
    ),
    asking=_lines,
    order=lambda _wanted: statements.NEWEST_FIRST.by(),
    telling=_told_lines,
)


def _matches(_session: Session, wanted: Wanted) -> Query:
    match, undoer = BankMatch, aliased(Person)
    query: Query = select(
        match.id.label("match"), match.kind, match.booking_id.label("booking"),
        match.payment_id.label("payment"), match.score, match.created_at, match.undone_at,
        match.undone_why, match.reopened_id, Person.email.label("person"),
        undoer.email.label("undone_by"), BankMatchLine.line_id.label("line"),
        BankMatchLine.amount, BankLine.booked_on, BankLine.currency,
        BankAccount.name.label("account"),
    )  # fmt: skip
    query = query.join(BankMatchLine, BankMatchLine.match_id == match.id)
    query = query.join(BankLine, BankLine.id == BankMatchLine.line_id)
    query = query.join(BankAccount, BankAccount.id == BankLine.account_id)
    query = query.join(Booking, Booking.id == match.booking_id)
    query = query.outerjoin(Person, Person.id == match.person_id)
    query = query.outerjoin(undoer, undoer.id == match.undone_by)
    reached = within(BankAccount.location_id)
    return query.where(reached, *conditions(wanted, match.created_at))


MATCHES = from_query(
    name="bank-matches",
    title=N_("Matches of bank lines"),
    needs=Permission.RECONCILE,
    columns=(
        number("match", "the id of the match; one of several lines stands on several rows"),
        text("kind", "cleared a promise, recorded new money, or found a payment that was there"),
        number("booking", "the booking's id"),
        number("payment", "the payment's id"),
        LINE,
        BANK_ACCOUNT,
        day("booked_on", "the day the bank booked the line"),
        CURRENCY,
        amount("amount", "how much of the line it takes, with the line's sign"),
        number("score", "what it was proposed with, of 100; empty where staff named the booking"),
        text("person", "the e-mail address of who confirmed it"),
        moment("created_at", "when it was confirmed"),
        moment("undone_at", "when it was undone"),
        text("undone_by", "the e-mail address of who undid it"),
        text("undone_why", "why it was undone"),
        number("reopened_id", "the promise that took the place of a payment it had cleared"),
    ),
    asking=_matches,
    order=lambda _wanted: (BankMatch.id.desc(), BankMatchLine.line_id),
    personal=False,
)

OF_STATEMENTS = (LINES, MATCHES)
