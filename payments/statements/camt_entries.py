"""The entries, balances and accounts of a CAMT.053: elements in, plain values out.

Elements are told by their local names, whatever the version of the file; where versions put things
at different places, all places are looked at. Each element is walked through once.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import TypeVar

from lxml import etree

from kit.currencies import exponent
from kit.money import Money
from payments.statements.numbers import plain_number
from payments.statements.reading_errors import LineWrong, WrongCurrency
from payments.statements.statement import ReadLine, text_of

AMOUNT = re.compile(r"[0-9]{1,13}(\.[0-9]{1,10})?", re.ASCII)
BOOKED = "BOOK"
SIGNS = {"CRDT": 1, "DBIT": -1}
# What a payer's bank writes where the payer gave no reference.
NONE_GIVEN = ("NOTPROVIDED", "NOT PROVIDED", "NONREF", "NONE")


@dataclass(frozen=True, slots=True)
class Entry:
    """A booking of the bank: `amount` is its sum in minor units, `lines` what it consists of."""

    is_booked: bool
    amount: int
    lines: tuple[ReadLine, ...]


DETAIL = "NtryDtls/TxDtls"
PART_AMOUNTS = ("Amt", "AmtDtls/TxAmt/Amt")
REMITTANCE = (
    "RmtInf/Ustrd",
    "RmtInf/Strd/CdtrRefInf/Ref",
    "RmtInf/Strd/RfrdDocInf/Nb",
    "RmtInf/Strd/AddtlRmtInf",
    "RtrInf/AddtlInf",
)

T = TypeVar("T")


class Facts:
    """The texts inside an element by their paths ("Sts/Cd"), in their order; the currency of an
    amount beside it ("Amt@"). The transactions of a batch are facts of their own."""

    def __init__(self, element: etree._Element) -> None:
        self.line = element.sourceline
        self.text = (element.text or "").strip()
        self.details: list[Facts] = []
        self._texts: dict[str, list[str]] = {}
        self._gather(element, "")

    def first(self, *paths: str) -> str:
        """The first text at the first of these paths that has one; "" for none."""
        for path in paths:
            if found := self._texts.get(path):
                return found[0]
        return ""

    def every(self, path: str) -> Sequence[str]:
        return self._texts.get(path, ())

    def _gather(self, element: etree._Element, before: str) -> None:
        for child in element:
            name = before + child.tag.rpartition("}")[2]
            if name == DETAIL:
                self.details.append(Facts(child))
                continue
            text = (child.text or "").strip()
            if text:
                self._texts.setdefault(name, []).append(text)
            if currency := child.get("Ccy"):
                self._texts.setdefault(f"{name}@", []).append(currency)
            if len(child):
                self._gather(child, f"{name}/")


@dataclass(frozen=True, slots=True)
class _Party:
    name: str
    account: str


NOBODY = _Party("", "")


class Reader:
    """Reads facts in one currency. `own` is the number of the account whose statement it is at,
    plain."""

    def __init__(self, currency: str) -> None:
        self._currency = currency
        self.own = ""

    def shown(self, minor: int) -> str:
        return str(Money(minor, self._currency))

    # --- accounts, periods and balances -----------------------------------------------------

    def balance(self, facts: Facts) -> tuple[str, int]:
        """The code of a Bal ("OPBD") and its amount. Raises LineWrong and WrongCurrency."""
        place = f"Balance at line {facts.line}"
        minor = self._amount(facts, "Amt", place)
        return facts.first("Tp/CdOrPrtry/Cd"), self._sign(facts, place) * minor

    # --- entries ----------------------------------------------------------------------------

    def entry(self, facts: Facts) -> Entry:
        """An Ntry. One that is not booked (yet) is not read any further.

        Raises LineWrong and WrongCurrency.
        """
        place = f"Entry at line {facts.line}"
        status = facts.first("Sts/Cd", "Sts")
        if not status:
            raise LineWrong(place, "it has no status (Sts); it must be BOOK for what is booked.")
        if status != BOOKED:
            return Entry(False, 0, ())
        sign = self._sign(facts, place)
        amount = sign * self._amount(facts, "Amt", place)
        days = _days(facts, place)
        parts = self._parts(facts.details, sign, place) if len(facts.details) > 1 else None
        if parts is None or sum(parts) != amount:
            line = self._line(facts, facts.details, amount, days)
            return Entry(True, amount, (line,) if amount else ())
        lines = tuple(
            self._line(facts, [detail], part, days)
            for detail, part in zip(facts.details, parts, strict=True)
            if part
        )
        return Entry(True, amount, lines)

    def _parts(self, details: Sequence[Facts], sign: int, place: str) -> list[int] | None:
        """The amounts of the transactions of a batch; None unless each tells one in the account's
        currency."""
        parts = []
        for detail in details:
            path = next((each for each in PART_AMOUNTS if detail.first(each)), None)
            if path is None or detail.first(f"{path}@") != self._currency:
                return None
            own = SIGNS.get(detail.first("CdtDbtInd"), sign)
            parts.append(own * self._amount(detail, path, place))
        return parts

    def _line(
        self, facts: Facts, details: Sequence[Facts], amount: int, days: tuple[date, date | None]
    ) -> ReadLine:
        """One line, of all these transactions: what they say alike, and all they are for."""
        party = _alike([self._party(facts, each, amount) for each in details]) or NOBODY
        reference = _alike([_reference(each) for each in details])
        own = _alike([each.first("Refs/AcctSvcrRef") for each in details])
        remittance = [text for each in details for text in _remittance(each)]
        return ReadLine(
            booked_on=days[0],
            valued_on=days[1],
            amount=amount,
            party=text_of("party", party.name),
            party_account=text_of("party_account", party.account),
            reference=text_of("reference", reference),
            remittance=text_of("remittance", *(remittance or _additional(facts))),
            bank_reference=text_of("bank_reference", own or facts.first("AcctSvcrRef")),
        )

    def _party(self, facts: Facts, detail: Facts, amount: int) -> _Party:
        """Who is on the other side. A reversal names the parties as they were in what it reverses,
        so there it is the other one; and it is never the account itself, whatever a bank makes of
        reversals."""
        is_reversal = facts.first("RvslInd") in ("true", "1")
        payer_first = (amount > 0) != is_reversal
        order = ("Dbtr", "Cdtr") if payer_first else ("Cdtr", "Dbtr")
        one = _party_of(detail, order[0])
        is_own = self.own and one.account == self.own
        return _party_of(detail, order[1]) if is_own else one

    # --- values -----------------------------------------------------------------------------

    def _sign(self, facts: Facts, place: str) -> int:
        text = facts.first("CdtDbtInd")
        if text not in SIGNS:
            raise LineWrong(place, f"CdtDbtInd is {text[:20]!r}; it must be CRDT or DBIT.")
        return SIGNS[text]

    def _amount(self, facts: Facts, path: str, place: str) -> int:
        """An amount in minor units; XML writes decimals with a point, and as many as it likes."""
        text = facts.first(path)
        if not AMOUNT.fullmatch(text):
            raise LineWrong(place, f"the amount is {text[:20]!r}; it must be as 1015.00.")
        came = facts.first(f"{path}@") or self._currency
        if came != self._currency:
            raise WrongCurrency(came[:10], self._currency, place)
        try:
            return Money.parse(_without_zeros(text, self._currency), self._currency).minor
        except ValueError:
            decimals = exponent(self._currency)
            told = f"the amount is {text}; {self._currency} has {decimals} decimals."
            raise LineWrong(place, told) from None


def account_number(facts: Facts) -> str:
    """The number of an Acct (IBAN, or what else the bank calls it), plain; "" for none."""
    return plain_number(facts.first("Id/IBAN", "Id/Othr/Id"))


def period(facts: Facts) -> tuple[date | None, date | None]:
    """The days of a FrToDt."""
    return _day(facts.first("FrDtTm", "FrDt")), _day(facts.first("ToDtTm", "ToDt"))


def _party_of(detail: Facts, role: str) -> _Party:
    """Name and account; with whom it is for, where another one is named besides."""
    at = f"RltdPties/{role}"
    for_whom = f"RltdPties/Ultmt{role}"
    names = [detail.first(f"{each}/Pty/Nm", f"{each}/Nm") for each in (at, for_whom)]
    account = detail.first(f"{at}Acct/Id/IBAN", f"{at}Acct/Id/Othr/Id")
    return _Party(" / ".join(dict.fromkeys(filter(None, names))), plain_number(account))


def _reference(detail: Facts) -> str:
    """What the payer calls it; else the reference that the payee had given."""
    own = detail.first("Refs/EndToEndId")
    if own and own.upper() not in NONE_GIVEN:
        return own
    return detail.first("RmtInf/Strd/CdtrRefInf/Ref")


def _remittance(detail: Facts) -> Iterator[str]:
    """What the payment is for, in the words of the payer and by the numbers of papers; and why it
    came back."""
    for path in REMITTANCE:
        yield from detail.every(path)


def _additional(facts: Facts) -> list[str]:
    """What the bank says itself, where the payer says nothing."""
    return [*(each.first("AddtlTxInf") for each in facts.details), facts.first("AddtlNtryInf")]


def _alike(found: Sequence[T]) -> T | None:
    """What all of these are; None when they are not the same, or none."""
    return found[0] if found and all(each == found[0] for each in found) else None


def _days(facts: Facts, place: str) -> tuple[date, date | None]:
    """The day of booking and that of value; of one day only, it is both."""
    texts = [facts.first(f"{name}/Dt", f"{name}/DtTm") for name in ("BookgDt", "ValDt")]
    days = [_day(text) for text in texts]
    for text, day in zip(texts, days, strict=True):
        if text and day is None:
            raise LineWrong(place, f"the day is {text[:20]!r}; it must be as 2026-11-20.")
    booked = days[0] or days[1]
    if booked is None:
        raise LineWrong(place, "it has no day of booking (BookgDt); it must have one.")
    return booked, days[1]


def _without_zeros(text: str, currency: str) -> str:
    """ "12.50000" as "12.50": what XML may write, and no thousands that went astray."""
    places = exponent(currency)
    whole, _dot, decimals = text.partition(".")
    kept = decimals[:places] + decimals[places:].rstrip("0")
    return f"{whole}.{kept}" if kept else str(Decimal(whole))


def _day(text: str) -> date | None:
    """The day of a date or a moment, in the bank's own zone; None for what is none."""
    try:
        return date.fromisoformat(text[:10])
    except ValueError:
        return None
