"""A bank statement for the demonstration agency: CAMT.053 of its account in euros, as of today.

Its lines are about the bookings that are there: the cheque and transfers that are under way, what
was promised, what is open, one transfer for two bookings, a payer who gives a wrong reference or
none; and what no booking knows of, as on every account.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any, cast

import click
from flask.cli import with_appcontext
from lxml import etree
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from bookings.models import Booking, Contact, ScheduleLine
from demo.agency import BANK_ACCOUNTS
from kit import clock
from kit.db import reading
from kit.money import Money
from payments.models import Payment, PaymentMethod

LINES = 30
OPENING = 18_250_40
NAMESPACE = "urn:iso:std:iso:20022:tech:xsd:camt.053.001.08"
ACCOUNT = BANK_ACCOUNTS[0]
CURRENCY, NUMBER, LOCATION = ACCOUNT["currency"], ACCOUNT["number"], ACCOUNT["location_id"]
# What no booking knows of: days ago, amount, the other side, what it is for.
OTHERS: tuple[tuple[int, int, str, str], ...] = (
    (13, 2_140_35, "Card Acquirer Example", "SETTLEMENT 4402117 CARD PAYMENTS"),
    (11, -9_90, "", "ACCOUNT FEE"),
    (10, -412_50, "Laundry Example Lda", "INVOICE 2207 LINEN"),
    (9, 980_00, "Tenant Example", "RENT FLAT RUA DO SOL 12"),
    (8, -1_850_00, "Owner of Casa Azul", "OWNER STATEMENT OCTOBER"),
    (7, 1_377_80, "Card Acquirer Example", "SETTLEMENT 4402386 CARD PAYMENTS"),
    (6, -86_14, "Electricity Example SA", "CONTRACT 300811"),
    (6, -35, "", "TRANSFER FEE"),
    (5, 980_00, "Second Tenant Example", "RENT FLAT RUA DO SOL 14"),
    (5, -64_20, "Water Example SA", "CONTRACT 77120"),
    (3, -230_00, "Gardener Example", "QUINTA DO MAR GARDEN"),
    (2, 1_015_25, "Card Acquirer Example", "SETTLEMENT 4402702 CARD PAYMENTS"),
    (1, -12_00, "", "CARD TERMINAL FEE"),
    (12, -35_00, "Pool Service Example", "CASA AZUL POOL"),
    (10, 1_25, "", "INTEREST"),
    (9, -118_00, "Insurance Example SA", "POLICY 55012"),
    (4, -22_90, "Internet Example Lda", "CASA AZUL INTERNET"),
)
LEAST_OTHERS = 10


class NoDemonstration(Exception):
    """The database does not hold what the statement is to be about."""


@dataclass(frozen=True, slots=True)
class Line:
    """One booking of the bank, so many days ago; `amount` in minor units, less than 0 left."""

    days_ago: int
    amount: int
    party: str
    remittance: str
    reference: str = "NOTPROVIDED"


@dataclass(frozen=True, slots=True)
class Owed:
    """A booking, or a promise for it, with who pays."""

    account: str
    guest: str
    amount: int


NOTHING = Owed("", "", 0)


@click.command("demo-statement")
@click.argument("file", type=click.Path(dir_okay=False, writable=True, path_type=Path))
@with_appcontext
def demo_statement(file: Path) -> None:
    """Write a bank statement (CAMT.053) of the demonstration agency to FILE, as of today."""
    try:
        with reading() as session:
            made = statement(session, clock.now().date())
    except NoDemonstration as error:
        raise click.ClickException(f"{error} Load the demonstration first: flask demo.") from None
    try:
        file.write_bytes(made)
    except OSError as error:
        raise click.FileError(str(file), error.strerror) from None
    click.echo(
        f"{file}: {LINES} lines of the account {NUMBER}. Upload it at /desk/statements/upload."
    )


def statement(session: Session, today: date) -> bytes:
    """The file. Raises NoDemonstration when there are too few bookings that owe something."""
    ours = list(_of_bookings(session))
    others = [Line(*each) for each in OTHERS[: LINES - len(ours)]]
    if len(ours) + len(others) != LINES or len(others) < LEAST_OTHERS:
        raise NoDemonstration(f"Its bookings give {len(ours)} lines, too few for a statement.")
    return _document(sorted([*ours, *others], key=lambda line: -line.days_ago), today)


def _of_bookings(session: Session) -> Iterator[Line]:
    """What guests have sent, each in their own way."""
    for cheque in _promised(session, "uncleared", "cheque")[:1]:
        yield Line(1, cheque.amount, "", "CHEQUE DEPOSIT 100234")
    under_way = _promised(session, "uncleared", "bank")[:3]
    for place, each in enumerate(under_way):
        yield Line(4 + place, each.amount, each.guest, f"Booking {each.account}", each.account)
    deferred = _promised(session, "deferred", "bank")[:2]
    for place, each in enumerate(deferred):
        yield Line(2 + place, each.amount, each.guest.upper(), "HOLIDAY BALANCE", each.account)
    owed = _open(session)
    nameless, wrong, one, other, part, *plain = owed if len(owed) > 5 else [NOTHING] * 6
    for place, each in enumerate(plain[: 9 - len(under_way) - len(deferred)]):
        yield Line(3 + place, each.amount, each.guest, f"Balance of {each.account}, thank you")
    yield Line(4, nameless.amount, nameless.guest, "Holiday in the Azores")
    yield Line(3, wrong.amount, wrong.guest, "Booking A9999.9")
    yield Line(2, one.amount + other.amount, one.guest, f"Both weeks {one.account} {other.account}")
    yield Line(1, part.amount // 2, part.guest, f"First half {part.account}")
    yield Line(8, part.amount - part.amount // 2, part.guest, f"Second half {part.account}")
    yield Line(7, -50_00, other.guest, f"REFUND {other.account}")
    yield Line(9, 363_00, "Ana Sousa", "Casa Azul A1234.56", "A1234.56")


def _promised(session: Session, state: str, kind: str) -> list[Owed]:
    """What is under way or promised, in the account's currency, by methods of a kind."""
    query = (
        select(Booking.account_identifier, _guest(), Payment.amount)
        .join(Payment, Payment.booking_id == Booking.id)
        .join(PaymentMethod, PaymentMethod.id == Payment.method_id)
        .join(Contact, Contact.id == Booking.contact_id)
        .where(Payment.state == state, PaymentMethod.kind == kind, *_ours())
        .order_by(Payment.id)
    )
    return [Owed(*row) for row in session.execute(query)]


def _open(session: Session) -> list[Owed]:
    """Bookings that owe something for which nothing is under way; Ana's has lines of its own."""
    owing = func.sum(ScheduleLine.amount - ScheduleLine.paid)
    promised = select(Payment.booking_id).where(Payment.state.in_(("uncleared", "deferred")))
    query = (
        select(Booking.account_identifier, _guest(), owing)
        .join(ScheduleLine, ScheduleLine.booking_id == Booking.id)
        .join(Contact, Contact.id == Booking.contact_id)
        .where(Booking.status == "booking", Booking.id.not_in(promised), *_ours())
        .where(Booking.account_identifier != "A1234.56")
        .group_by(Booking.id, Booking.account_identifier, Contact.first_name, Contact.last_name)
        .having(owing > 0)
        .order_by(Booking.id)
    )
    return [Owed(account, guest, int(minor)) for account, guest, minor in session.execute(query)]


def _guest() -> Any:
    return Contact.first_name + " " + Contact.last_name


def _ours() -> tuple[Any, ...]:
    return Booking.location_id == LOCATION, Booking.currency == CURRENCY


# --- the document ----------------------------------------------------------------------------


def _document(lines: Sequence[Line], today: date) -> bytes:
    root = etree.Element(f"{{{NAMESPACE}}}Document", nsmap=cast(Any, {None: NAMESPACE}))
    message = _add(root, "BkToCstmrStmt")
    header = _add(message, "GrpHdr")
    _add(header, "MsgId", f"DEMO{today:%Y%m%d}")
    _add(header, "CreDtTm", f"{today.isoformat()}T06:00:00Z")
    made = _add(message, "Stmt")
    _add(made, "Id", f"STMT-{today:%Y-%m-%d}")
    account = _add(made, "Acct")
    _add(_add(account, "Id"), "IBAN", NUMBER)
    _add(account, "Ccy", CURRENCY)
    first = today - timedelta(days=max(line.days_ago for line in lines))
    closing = OPENING + sum(line.amount for line in lines)
    _balance(made, "OPBD", OPENING, first)
    _balance(made, "CLBD", closing, today - timedelta(days=1))
    for place, line in enumerate(lines, start=1):
        _entry(made, place, line, today)
    _pending(made, today)
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8", pretty_print=True)


def _balance(parent: etree._Element, code: str, minor: int, day: date) -> None:
    balance = _add(parent, "Bal")
    _add(_add(_add(balance, "Tp"), "CdOrPrtry"), "Cd", code)
    _amount(balance, minor)
    _add(_add(balance, "Dt"), "Dt", day.isoformat())


def _entry(parent: etree._Element, place: int, line: Line, today: date) -> None:
    day = today - timedelta(days=line.days_ago)
    entry = _add(parent, "Ntry")
    _amount(entry, line.amount)
    _add(_add(entry, "Sts"), "Cd", "BOOK")
    for name in ("BookgDt", "ValDt"):
        _add(_add(entry, name), "Dt", day.isoformat())
    _add(entry, "AcctSvcrRef", f"{day:%Y%m%d}{_code(line):06}{place:02}")
    details = _add(_add(entry, "NtryDtls"), "TxDtls")
    _add(_add(details, "Refs"), "EndToEndId", line.reference)
    if line.party:
        role = "Dbtr" if line.amount > 0 else "Cdtr"
        parties = _add(details, "RltdPties")
        _add(_add(_add(parties, role), "Pty"), "Nm", line.party)
    _add(_add(details, "RmtInf"), "Ustrd", line.remittance)


def _code(line: Line) -> int:
    """A number that looks like a bank's, and is the same every time."""
    return int(hashlib.sha256(repr(line).encode()).hexdigest(), 16) % 1_000_000


def _pending(parent: etree._Element, today: date) -> None:
    """What is not booked yet, and no line."""
    entry = _add(parent, "Ntry")
    _amount(entry, 75_00)
    _add(_add(entry, "Sts"), "Cd", "PDNG")
    _add(_add(entry, "BookgDt"), "Dt", today.isoformat())


def _amount(parent: etree._Element, minor: int) -> None:
    amount = _add(parent, "Amt", Money(abs(minor), CURRENCY).plain)
    amount.set("Ccy", CURRENCY)
    _add(parent, "CdtDbtInd", "CRDT" if minor >= 0 else "DBIT")


def _add(parent: etree._Element, name: str, text: str | None = None) -> etree._Element:
    child = etree.SubElement(parent, f"{{{NAMESPACE}}}{name}")
    child.text = text
    return child
