"""CAMT.053, the bank's statement in XML (ISO 20022), versions 001.02 and later: pure.

The parser reads elements, attributes and text, nothing else: no document type, no entity, nothing
from outside, entry by entry, so that a large file needs little memory. One entry may be a batch:
where its transactions tell their amounts and these add up, each is a line of its own.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import pairwise
from typing import Any

from lxml import etree

from payments.statements.camt_entries import Entry, Facts, Reader, account_number, period
from payments.statements.numbers import is_same_account, plain_number
from payments.statements.reading_errors import (
    DocumentTypePresent,
    Faults,
    LineWrong,
    NoLines,
    NotAStatement,
    SeveralAccounts,
    StatementBroken,
    StatementIncomplete,
    TooManyLines,
    WrongAccount,
    WrongCurrency,
)
from payments.statements.statement import MOST_LINES, ReadLine, ReadStatement, Skipped

FORMAT = re.compile(r"(camt|pain|pacs)\.(\d{3})\.\d{3}")
STATEMENT = "camt.053"
LONGEST_IDENTIFIER = 50
OF_STATEMENT = ("Id", "FrToDt", "Acct", "Bal", "Ntry")
OPENING, CLOSING = ("OPBD", "PRCD"), ("CLBD",)
UNKNOWN = "unknown"


@dataclass
class _Part:
    """One Stmt of the file. Balances are minor units; `moved` is the sum of all booked entries."""

    identifier: str = ""
    number: str = ""
    currency: str = ""
    from_day: date | None = None
    to_day: date | None = None
    balances: dict[str, int] = field(default_factory=dict)
    moved: int = 0
    pending: int = 0
    zero: int = 0
    lines: list[ReadLine] = field(default_factory=list)

    @property
    def opening(self) -> int | None:
        return next((self.balances[each] for each in OPENING if each in self.balances), None)

    @property
    def closing(self) -> int | None:
        return self.balances.get(CLOSING[0])

    @property
    def first_day(self) -> date:
        days = [each.booked_on for each in self.lines]
        return self.from_day or min(days, default=date.max)


def account_of(data: bytes) -> str:
    """The number of the account that a CAMT.053 names first, plain; "" when it names none.

    Raises what `read_camt` raises of a file that cannot be read up to there.
    """
    for event, element in _events(data):
        if event == "end" and _name(element) == "Acct" and _is_of_statement(element):
            return account_number(Facts(element))
    raise NotAStatement("an XML file without an account")


def read_camt(data: bytes, currency: str, number: str) -> ReadStatement:
    """The statement of an account with this (plain) number and currency.

    Raises NotAStatement, DocumentTypePresent, StatementBroken, SeveralAccounts, WrongAccount,
    WrongCurrency, StatementIncomplete, NoLines, TooManyLines, and Refused with what is wrong with
    single entries.
    """
    parts = _parts(data, currency)
    _check_account(parts, currency, number)
    parts.sort(key=lambda each: each.first_day)
    places = Reader(currency)
    for part in parts:
        _check_sum(part, places)
    _check_chain(parts, places)
    lines = tuple(line for part in parts for line in part.lines)
    skipped = Skipped(sum(each.pending for each in parts), sum(each.zero for each in parts))
    if not lines:
        raise NoLines
    if len(lines) > MOST_LINES:
        raise TooManyLines(MOST_LINES)
    days = [each.booked_on for each in lines]
    return ReadStatement(
        format="camt.053",
        number=parts[0].number or None,
        currency=currency,
        identifier=_identifier(parts),
        from_day=min([*(each.from_day for each in parts if each.from_day), *days]),
        to_day=max([*(each.to_day for each in parts if each.to_day), *days]),
        opening=parts[0].opening,
        closing=parts[-1].closing,
        lines=lines,
        skipped=skipped,
    )


# --- the file --------------------------------------------------------------------------------


def _events(data: bytes) -> Iterator[tuple[str, etree._Element]]:
    """The elements that count as they begin and end. Raises what a file that is none is refused
    for."""
    parser = etree.iterparse(
        io.BytesIO(data),
        events=("start", "end"),
        tag=[f"{{*}}{name}" for name in ("Stmt", *OF_STATEMENT)],
        resolve_entities=False,
        load_dtd=False,
        dtd_validation=False,
        no_network=True,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )
    is_first = True
    try:
        for event, element in parser:
            if is_first:
                _check_root(element.getroottree().getroot())
                is_first = False
            yield str(event), element
    except etree.XMLSyntaxError as error:
        line, _column = error.position
        if b"<!DOCTYPE" in data[:4096] or b"<!ENTITY" in data[:4096]:
            raise DocumentTypePresent from None
        raise StatementBroken(line or 1, "the XML does not go on as it must") from None
    if is_first:
        _check_root(parser.root)


def _check_root(root: etree._Element) -> None:
    """The document type stands before the first element, so it is known when that begins."""
    info: Any = root.getroottree().docinfo
    if info.doctype or info.internalDTD is not None:
        raise DocumentTypePresent
    namespaces = " ".join(filter(None, root.nsmap.values()))
    found = FORMAT.search(namespaces)
    if found and found[0][:8] != STATEMENT:
        raise NotAStatement(*_other(found[0][:8]))
    if not found and _name(root) == "html":
        raise NotAStatement("a web page")


def _other(name: str) -> tuple[str, str]:
    """What another message of the same family is, and what would be right."""
    what = {
        "camt.052": "a report of the day so far (camt.052)",
        "camt.054": "a notification of single bookings (camt.054)",
    }.get(name, f"a message of the kind {name}")
    return what, "Ask the bank for camt.053, the statement of the account."


def _parts(data: bytes, currency: str) -> list[_Part]:
    """The statements in the file, in its order."""
    found = _Found(currency)
    for event, element in _events(data):
        if event == "end":
            found.ends(element)
        elif _name(element) == "Stmt":
            found.parts.append(_Part())
    if not found.parts:
        raise NotAStatement("an XML file without a statement of an account")
    found.faults.raise_if_any()
    return found.parts


class _Found:
    """The statements of a file as they come, and what is wrong with them."""

    def __init__(self, currency: str) -> None:
        self.parts: list[_Part] = []
        self.faults = Faults()
        self._reader = Reader(currency)

    def ends(self, element: etree._Element) -> None:
        """Raises TooManyLines."""
        if not self.parts or not _is_of_statement(element):
            return
        try:
            _read(self._reader, self.parts[-1], _name(element), Facts(element))
        except (LineWrong, WrongCurrency) as error:
            self.faults.add(error)
        _forget(element)
        if len(self.parts[-1].lines) > MOST_LINES:
            raise TooManyLines(MOST_LINES)


def _is_of_statement(element: etree._Element) -> bool:
    """Whether it is a part of a Stmt itself: other things have accounts and amounts, too."""
    parent = element.getparent()
    return parent is not None and _name(element) != "Stmt" and _name(parent) == "Stmt"


def _read(reader: Reader, part: _Part, name: str, facts: Facts) -> None:
    if name == "Ntry":
        _take(part, reader.entry(facts))
    elif name == "Bal":
        code, minor = reader.balance(facts)
        part.balances.setdefault(code, minor)
    elif name == "Acct":
        part.number, part.currency = account_number(facts), facts.first("Ccy")
        reader.own = part.number
    elif name == "FrToDt":
        part.from_day, part.to_day = period(facts)
    else:
        part.identifier = facts.text


def _take(part: _Part, entry: Entry) -> None:
    if not entry.is_booked:
        part.pending += 1
        return
    part.moved += entry.amount
    part.zero += not entry.amount
    part.lines += entry.lines


def _forget(element: etree._Element) -> None:
    """What was read needs no memory any more: the content now, the empty entry when the next one
    is there (the parser still holds on to this one)."""
    element.clear()
    before = element.getprevious()
    parent = element.getparent()
    if before is not None and parent is not None:
        parent.remove(before)


def _name(element: etree._Element) -> str:
    return element.tag.rpartition("}")[2]


# --- what must hold ----------------------------------------------------------------------------


def _check_account(parts: Sequence[_Part], currency: str, number: str) -> None:
    numbers = list(dict.fromkeys(each.number for each in parts))
    if len(numbers) > 1:
        raise SeveralAccounts([each or UNKNOWN for each in numbers])
    if not is_same_account(plain_number(numbers[0]), number):
        raise WrongAccount(numbers[0] or UNKNOWN, number)
    for part in parts:
        if part.currency and part.currency != currency:
            raise WrongCurrency(part.currency, currency)


def _check_sum(part: _Part, places: Reader) -> None:
    if part.opening is None or part.closing is None:
        return
    if (should := part.opening + part.moved) != part.closing:
        raise StatementIncomplete(
            f"The lines lead from {places.shown(part.opening)} to {places.shown(should)}, but the "
            f"closing balance is {places.shown(part.closing)}."
        )


def _check_chain(parts: Sequence[_Part], places: Reader) -> None:
    for one, other in pairwise(parts):
        if None not in (one.closing, other.opening) and one.closing != other.opening:
            raise StatementIncomplete(
                f"One statement of the file ends with {places.shown(one.closing or 0)}, and the "
                f"next one begins with {places.shown(other.opening or 0)}."
            )


def _identifier(parts: Sequence[_Part]) -> str | None:
    names = list(dict.fromkeys(each.identifier for each in parts if each.identifier))
    text = names[0] if len(names) == 1 else " … ".join([*names[:1], *names[-1:]])
    return text[:LONGEST_IDENTIFIER] or None
