"""What a line of the bank says of bookings, and what that is worth: pure.

All amounts are minor units of the account's currency, with the line's sign: money that came is more
than 0. A payment's amount is here all that moved: with charges and tip.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from itertools import product
from typing import Literal

from payments.statements.words import compact, is_telling, name_words, numbers, runs

Code = Literal[
    "amount_of_promise",
    "amount_of_payment",  # one that is recorded as cleared
    "amount_of_refund",
    "amount_outstanding",  # all that is open of the booking
    "amount_of_stage",  # value: the stage, 1 or 2
    "amount_of_line",
    "amounts_add_up",  # value: how many bookings one line pays
    "lines_add_up",  # value: how many lines make one payment
    "amount_less",  # value: what stays open, minor units
    "amount_more",  # value: what fits nothing and will be credit, minor units
    "payment_reference",  # value: the reference as it is stored; so for the next two
    "account_identifier",
    "external_reference",
    "booking_number",  # value: the booking's id
    "account_known",
    "name_alike",
    "day_near",  # value: days between
    "promise_stays",  # value: the amount of a promise that this is not, minor units
    "cancelled",
    "fits_others",  # value: how many other proposals for the line are as good
    "wanted_by_others",  # value: how many other lines fit this as well
]


@dataclass(frozen=True, slots=True)
class Reason:
    """Why something is proposed, or is not certain; what `value` is, `Code` says."""

    code: Code
    value: int | str | None = None


EXACT = 40
WORDS: Mapping[str, int] = {
    "payment_reference": 50,
    "account_identifier": 50,
    "external_reference": 45,
    "booking_number": 30,
}
OTHERS: Mapping[str, int] = {"account_known": 25, "name_alike": 20, "day_near": 10}

NEAR_DAYS = 7


def points(reasons: Sequence[Reason]) -> int:
    """What speaks for it, without the amount; of several references only the best counts."""
    words = max((WORDS.get(each.code, 0) for each in reasons), default=0)
    return words + sum(OTHERS.get(each.code, 0) for each in reasons)


@dataclass(frozen=True, slots=True)
class OpenLine:
    """What is open of a line of the schedule."""

    stage: int
    due_on: date
    amount: int


@dataclass(frozen=True)
class Known:
    """A payment that no line is matched with; `day` is when it is expected, or came."""

    id: int
    amount: int
    day: date
    reference: str = ""

    @cached_property
    def word(self) -> str | None:
        """Its reference as a text may have it; None when that says nothing."""
        word = compact(self.reference)
        return word if is_telling(word) else None


@dataclass(frozen=True)
class Candidate:
    """A booking that lines may be of. `promises` are uncleared or deferred payments that the desk
    may complete, `there` what is cleared, `accounts` those the guest has paid from before."""

    id: int
    identifier: str
    first_name: str
    last_name: str
    external_reference: str = ""
    is_cancelled: bool = False
    open: tuple[OpenLine, ...] = ()
    promises: tuple[Known, ...] = ()
    there: tuple[Known, ...] = ()
    accounts: frozenset[str] = frozenset()

    @cached_property
    def outstanding(self) -> int:
        return sum(each.amount for each in self.open)

    @cached_property
    def words(self) -> dict[str, Reason]:
        """What a text may call it, compact."""
        ways = (
            Reason("external_reference", self.external_reference),
            Reason("account_identifier", self.identifier),
        )
        found = {compact(str(each.value)): each for each in ways}
        return {word: reason for word, reason in found.items() if is_telling(word)}

    @cached_property
    def pairs(self) -> frozenset[tuple[str, str]]:
        """A first and a last name, in each way the guest may be called."""
        return _pairs(name_words(self.first_name), name_words(self.last_name))

    @cached_property
    def dues(self) -> dict[int, tuple[date, Reason]]:
        """The amounts that would pay something off, with the day it is due; of those that mean
        several things the most: all that is open, a stage, a line."""
        stages = sorted({line.stage for line in self.open}, reverse=True)
        ways: list[tuple[Reason, Sequence[OpenLine]]] = [
            (Reason("amount_of_line"), [line])
            for line in sorted(self.open, key=lambda line: line.due_on, reverse=True)
        ]
        ways += [
            (Reason("amount_of_stage", stage), [x for x in self.open if x.stage == stage])
            for stage in stages
        ]
        ways += [(Reason("amount_outstanding"), self.open)] if self.open else []
        return {
            sum(line.amount for line in lines): (min(line.due_on for line in lines), reason)
            for reason, lines in ways
        }

    @cached_property
    def amounts(self) -> dict[int, date]:
        """Every amount that is exactly something of it, with the day it is expected."""
        days = {amount: due_on for amount, (due_on, _) in self.dues.items()}
        return days | {each.amount: each.day for each in (*self.there, *self.promises)}


@dataclass(frozen=True)
class Line:
    """A line of the bank as far as no match takes it: `left` of its amount. `day` is when the money
    was there, `text` all that payer and bank wrote."""

    id: int
    left: int
    day: date
    party: str = ""
    party_account: str = ""
    text: str = ""

    @cached_property
    def references(self) -> Mapping[str, str]:
        """What the text may name, compact, and as it stands there."""
        return dict(runs(self.text))

    @cached_property
    def numbers(self) -> frozenset[int]:
        return numbers(self.text)

    @cached_property
    def pairs(self) -> frozenset[tuple[str, str]]:
        """Its payer's words, two by two in either order."""
        names = name_words(self.party)
        return _pairs(names, names)

    @cached_property
    def payer(self) -> str:
        """Who paid, as far as that can be told; empty when it cannot."""
        names = name_words(self.party)
        return self.party_account or (" ".join(sorted(names)) if len(names) > 1 else "")

    def days_from(self, day: date) -> int:
        return abs((self.day - day).days)


def _pairs(one: frozenset[str], other: frozenset[str]) -> frozenset[tuple[str, str]]:
    return frozenset(pair for pair in product(one, other) if pair[0] != pair[1])


def clues(line: Line, booking: Candidate, payments: Sequence[Known] = ()) -> list[Reason]:
    """What of the line points to the booking, or to one of these payments of it, whatever the
    amount; what says most comes first."""
    found = [reason for word, reason in booking.words.items() if word in line.references]
    for payment in payments:
        if payment.word in line.references:
            found.append(Reason("payment_reference", payment.reference))
    if booking.id in line.numbers:
        found.append(Reason("booking_number", booking.id))
    if line.party_account and line.party_account in booking.accounts:
        found.append(Reason("account_known"))
    if not booking.pairs.isdisjoint(line.pairs):
        found.append(Reason("name_alike"))
    return sorted(found, key=lambda reason: -points([reason]))


def near(line: Line, day: date) -> list[Reason]:
    """That the money came about when it was expected, when it did."""
    days = line.days_from(day)
    return [Reason("day_near", days)] if days <= NEAR_DAYS else []
