"""Finding the bookings that lines of the bank may be of: six statements, however many lines.

Amounts, references, names and accounts of all lines go into each statement as JSON arrays, and only
bookings that one of them fits come back. References, names, accounts and days are looked up in
indexes. Open amounts have none, for every payment would have to keep it: what is open is read as a
whole, by the index of open lines, and never what is paid. So the work grows with the lines of the
bank and with what is open, not with the years behind; and of very many bookings that are alike only
the nearest are fetched.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from typing import Any, Protocol

import orjson
from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Date,
    Integer,
    String,
    Text,
    and_,
    bindparam,
    cast,
    func,
    literal_column,
    or_,
    select,
    union,
)
from sqlalchemy.orm import Session

from bookings.models import Booking, Contact, ScheduleLine
from kit.sql import IsAmong, IsNamed, Query, Spoken
from payments.account import EXTERNAL
from payments.models import COMING, Payment, PaymentMethod
from payments.statements.clues import Candidate, Known, Line, OpenLine
from payments.statements.holding import matched_of
from payments.statements.models import STANDS, BankLine, BankMatch, BankMatchLine
from payments.statements.proposing import FOUND_DAYS, MOST_ALIKE, Proposal, propose
from payments.statements.words import spellings

MOST_OF_AMOUNT = 200  # bookings of one amount that are looked at
AT_BANKS = ("bank", "cheque")  # kinds of methods whose money may be seen in an account


class Account(Protocol):
    """A row of bank_accounts."""

    @property
    def id(self) -> int: ...

    @property
    def currency(self) -> str: ...

    @property
    def location_id(self) -> int | None: ...


def proposals(
    session: Session, account: Account, line_ids: Sequence[int] | None, today: date
) -> dict[int, list[Proposal]]:
    """What each of the account's lines may be, by its id, the best first; None stands for all that
    wait. Lines that are settled, or of other accounts, are left out. `today` is the last day that
    money can have come on."""
    lines = _lines(session, account, line_ids, today)
    found = propose(lines, _candidates(session, account, lines)) if lines else {}
    asked = found if line_ids is None else line_ids
    return {line_id: found[line_id] for line_id in asked if line_id in found}


def _lines(
    session: Session, account: Account, line_ids: Sequence[int] | None, today: date
) -> list[Line]:
    """The lines that wait; with those that are asked for others of their payers, since several may
    be one payment, and others of their amounts, since these may want the same one: what is certain
    does not depend on which lines stand on a page."""
    query = select(*BankLine.__table__.columns, matched_of(BankLine.id).label("matched"))
    query = query.where(BankLine.account_id == account.id, BankLine.settled_at.is_(None))
    if line_ids is not None:
        asked = IsAmong(BankLine.id, _json(line_ids))
        payers = select(BankLine.party_account).where(asked, BankLine.party_account != "")
        amounts = select(BankLine.amount).where(asked)
        alike = or_(BankLine.party_account.in_(payers), BankLine.amount.in_(amounts))
        query = query.where(or_(asked, alike))
    return [
        Line(
            id=row.id,
            left=row.amount - row.matched,
            day=min(row.valued_on or row.booked_on, today),
            party=row.party,
            party_account=row.party_account,
            text=f"{row.reference} {row.remittance}",
        )
        for row in session.execute(query.order_by(BankLine.id))
    ]


def _said(lines: Sequence[Line]) -> dict[str, Any]:
    """All that lines say, as the parameters of the statements."""
    texts = {text for line in lines for text in line.references.values()}
    days, some = [line.day for line in lines], timedelta(days=FOUND_DAYS)
    return {
        "amounts": _json(line.left for line in lines),
        "words": _json(word for line in lines for word in line.references),
        "texts": _json(texts | {text.upper() for text in texts}),
        "numbers": _json(number for line in lines for number in line.numbers),
        "names": _json(name for line in lines for name in spellings(line.party)),
        "accounts": _json(line.party_account for line in lines if line.party_account),
        "first_day": min(days) - some,
        "middle_day": sorted(days)[len(days) // 2],
        "last_day": max(days) + some,
    }


def _json(values: Iterable[int | str]) -> str:
    return orjson.dumps(list(dict.fromkeys(values))).decode()


AMOUNTS, WORDS, TEXTS, NUMBERS, NAMES, ACCOUNTS, IDS = (
    bindparam(name, type_=Text)
    for name in ("amounts", "words", "texts", "numbers", "names", "accounts", "ids")
)
FIRST_DAY, MIDDLE_DAY, LAST_DAY = (
    bindparam(name, type_=Date) for name in ("first_day", "middle_day", "last_day")
)
HERE = and_(
    Booking.currency == bindparam("currency", type_=String),
    Booking.location_id
    == func.coalesce(bindparam("location", type_=BigInteger), Booking.location_id),
)

_open = ScheduleLine.amount - ScheduleLine.paid
_is_open = ScheduleLine.paid < ScheduleLine.amount
_moves = Payment.amount + Payment.charges + Payment.tip
_is_coming: ColumnElement[bool] = literal_column(f"({COMING})")
_is_matched = (
    select(BankMatch.id).where(BankMatch.payment_id == Payment.id, literal_column(STANDS)).exists()
)
_was_there = and_(Payment.state == "cleared", Payment.settled_on.between(FIRST_DAY, LAST_DAY))


def _compact(column: Any) -> Any:
    """Nearly `words.compact`, for what is compared with it: signs that references are written with
    are left out."""
    for sign in " .-/_#":
        column = func.replace(column, sign, "")
    return func.lower(column)


class DaysApart(Spoken):
    """How many days lie between two."""

    type = Integer()
    inherit_cache = True
    sqlite = "abs(julianday({0}) - julianday({1}))"
    postgresql = "abs({0} - {1})"


def _foremost(bookings: Query, alike: Sequence[Any], order: Any, most: int) -> Query:
    """The first so many of each lot of bookings that are alike: there may be very many, and more of
    them would say nothing more. `bookings` selects their ids alone."""
    place = func.row_number().over(partition_by=alike, order_by=order)
    ranked = bookings.add_columns(place.label("place")).subquery()
    return select(ranked.c[0]).where(ranked.c.place <= most)


def _open_amounts() -> Iterable[Query]:
    """Bookings with a line, a stage or a whole that one of the amounts would pay off; of those of
    one amount the nearest by day."""
    line, whole = ScheduleLine, cast(func.sum(_open), BigInteger)
    is_here = select(line.booking_id).join(Booking, Booking.id == line.booking_id)
    is_here = is_here.where(_is_open, HERE)
    nearest = (DaysApart(line.due_on, MIDDLE_DAY), line.booking_id)
    of_line = is_here.where(IsAmong(_open, AMOUNTS))
    yield _foremost(of_line, [_open], nearest, MOST_OF_AMOUNT)
    nearest = (DaysApart(func.min(line.due_on), MIDDLE_DAY), line.booking_id)
    for together in ([line.booking_id, line.stage], [line.booking_id]):
        of_whole = is_here.group_by(*together).having(IsAmong(whole, AMOUNTS))
        yield _foremost(of_whole, [whole], nearest, MOST_OF_AMOUNT)


def _references() -> Iterable[Query]:
    """Bookings that a text names: any booking as it is stored, one that is open also when it is
    written in another way."""
    here, given = select(Booking.id).where(HERE), Booking.external_reference.is_not(None)
    is_open = Booking.id.in_(select(ScheduleLine.booking_id).where(_is_open))
    external = here.where(given)
    yield here.where(IsAmong(Booking.id, NUMBERS))
    yield here.where(IsNamed(Booking.account_identifier, TEXTS))
    yield here.where(is_open, IsNamed(_compact(Booking.account_identifier), WORDS))
    for way in (
        external.where(IsNamed(Booking.external_reference, TEXTS)),
        external.where(is_open, IsNamed(_compact(Booking.external_reference), WORDS)),
    ):
        yield _foremost(way, [Booking.external_reference], Booking.id, MOST_ALIKE + 1)


def _payments() -> Iterable[Query]:
    """Bookings with a promise, or a payment of those days, that a line may be."""
    of_booking = select(Payment.booking_id).join(Booking, Booking.id == Payment.booking_id)
    of_booking = of_booking.where(HERE, ~_is_matched)
    day = DaysApart(func.coalesce(Payment.settled_on, Payment.paid_on), MIDDLE_DAY)
    coming = of_booking.where(_is_coming)
    yield coming.where(IsNamed(_compact(Payment.reference), WORDS))
    for way in (coming, of_booking.where(_was_there)):
        alike = way.where(IsAmong(_moves, AMOUNTS))
        yield _foremost(alike, [_moves], (day, Payment.id), MOST_OF_AMOUNT)


def _guests() -> Iterable[Query]:
    """Bookings that are open, of guests who are called like a payer or have paid from the account
    before."""
    here = select(Booking.id).where(HERE, Booking.paid < Booking.total)
    names = [func.lower(Contact.last_name), func.lower(Contact.first_name)]
    called = here.join(Contact, Contact.id == Booking.contact_id)
    called = called.where(*(IsNamed(name, NAMES) for name in names))
    yield _foremost(called, names, Booking.id, MOST_ALIKE + 1)
    yield here.where(Booking.contact_id.in_(_paid_from().with_only_columns(Booking.contact_id)))


def _paid_from() -> Query:
    """Guests and the accounts that their matched payments came from."""
    query = select(Booking.contact_id, BankLine.party_account).distinct()
    query = query.select_from(BankLine)
    query = query.join(BankMatchLine, BankMatchLine.line_id == BankLine.id)
    query = query.join(BankMatch, BankMatch.id == BankMatchLine.match_id)
    query = query.join(Booking, Booking.id == BankMatch.booking_id)
    named = and_(BankLine.party_account != "", IsNamed(BankLine.party_account, ACCOUNTS))
    return query.where(named, literal_column(STANDS), BankLine.amount > 0)


def _bookings() -> Query:
    hits = union(*_open_amounts(), *_references(), *_payments(), *_guests()).subquery()
    columns = (Booking.id, Booking.account_identifier, Contact.first_name, Contact.last_name,
               Booking.external_reference, Booking.status, Booking.contact_id)  # fmt: skip
    query = select(*columns).join(Contact, Contact.id == Booking.contact_id)
    return query.where(Booking.id.in_(select(hits.c[0])))


def _open_lines() -> Query:
    columns = (ScheduleLine.booking_id, ScheduleLine.stage, ScheduleLine.due_on, _open)
    query = select(*columns).where(_is_open, IsAmong(ScheduleLine.booking_id, IDS))
    return query.order_by(ScheduleLine.id)


def _known() -> Query:
    """Payments that a line may be: promises that the desk may complete, and money of those days
    that a bank has to do with."""
    method = PaymentMethod
    columns = (Payment.booking_id, _is_coming.label("is_coming"), Payment.id, _moves,
               func.coalesce(Payment.settled_on, Payment.paid_on), Payment.reference)  # fmt: skip
    outside = and_(Payment.source.in_(EXTERNAL), method.paying == "external")
    may_be = or_(and_(_is_coming, ~outside), and_(_was_there, method.kind.in_(AT_BANKS)))
    query = select(*columns).join(method, method.id == Payment.method_id)
    query = query.where(IsAmong(Payment.booking_id, IDS), may_be, ~_is_matched)
    return query.order_by(Payment.id)


BOOKINGS, OPEN_LINES, KNOWN, PAID_FROM = _bookings(), _open_lines(), _known(), _paid_from()


def _candidates(session: Session, account: Account, lines: Sequence[Line]) -> list[Candidate]:
    """The bookings of the account's locations and currency that something of the lines fits."""
    place = {"currency": account.currency, "location": account.location_id}
    said = _said(lines) | place
    rows = session.execute(BOOKINGS, said).all()
    said |= {"ids": _json(row.id for row in rows)}
    open_lines: Mapping[int, list[OpenLine]] = defaultdict(list)
    for booking_id, stage, due_on, amount in session.execute(OPEN_LINES, said):
        open_lines[booking_id].append(OpenLine(stage, due_on, amount))
    promises: Mapping[int, list[Known]] = defaultdict(list)
    there: Mapping[int, list[Known]] = defaultdict(list)
    for booking_id, is_coming, payment_id, amount, day, reference in session.execute(KNOWN, said):
        payments = promises if is_coming else there
        payments[booking_id].append(Known(payment_id, amount, day, reference or ""))
    accounts: Mapping[int, set[str]] = defaultdict(set)
    for contact_id, party_account in session.execute(PAID_FROM, said):
        accounts[contact_id].add(party_account)
    return [
        Candidate(
            id=row.id,
            identifier=row.account_identifier,
            first_name=row.first_name,
            last_name=row.last_name,
            external_reference=row.external_reference or "",
            is_cancelled=row.status == "cancelled",
            open=tuple(open_lines.get(row.id, ())),
            promises=tuple(promises.get(row.id, ())),
            there=tuple(there.get(row.id, ())),
            accounts=frozenset(accounts.get(row.contact_id, ())),
        )
        for row in rows
    ]
