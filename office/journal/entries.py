"""The entries of the journal: what one act of the ledger moves between accounts. Pure.

Amounts are minor units of the booking's currency, more than 0 for a debit, less for a credit. An
entry is of one payment's money, at one moment, and balances to 0:

- `came`: its money is there. Debit its method; credit the lines it lies on, or guests' credit, and
  charges and tips.
- `refunded`: a refund has left. The other way round, by the refund's own method.
- `reversed`: a payment or a refund was void; what its entry did is taken back.
- `moved`: amending or cancelling, or the refund of another payment, let it lie elsewhere.

Days are those of recording, never typed ones: nothing that happens later changes what is past.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby

from office.journal.accounts import METHOD, NAMES, Chart

CAME, REFUNDED, REVERSED, MOVED = 1, 2, 3, 4

Key = tuple[date, datetime, int, int]


class Unbalanced(Exception):
    """An entry whose debits are not its credits: the books behind it are wrong."""

    def __init__(self, entry: Entry) -> None:
        self.entry = entry
        super().__init__(
            f"Entry {entry.number} of booking {entry.booking_id} does not balance: debits and "
            f"credits differ by {entry.difference} minor units of {entry.currency}. "
            "flask ledger check says what is wrong with the booking."
        )


@dataclass(frozen=True, slots=True)
class Posting:
    """One amount of the ledger. `whose` is the payment whose money it is; `payment_id` what was
    recorded, which for a refund is the refund. `place`: "method", "charges", "tip", "credit" or
    the kind of a schedule line. Of a move, `allocation_id` is its first row."""

    day: date
    moment: datetime
    whose: int
    event: int
    place: str
    amount: int
    currency: str
    booking_id: int
    location: str
    payment_id: int
    refund_of: int | None
    allocation_id: int | None
    settled_on: date | None
    method_id: int
    method: str
    method_code: str | None
    source: str
    partner: str | None
    reference: str | None

    @property
    def key(self) -> Key:
        """What the postings of one entry have in common."""
        return self.day, self.moment, self.whose, self.event


@dataclass(frozen=True, slots=True)
class Line:
    """A line of an entry: an account and what it is debited (more than 0) or credited (less)."""

    account: str
    account_name: str
    place: str
    method: str
    amount: int


@dataclass(frozen=True, slots=True)
class Entry:
    """One number of the journal, which never changes: P, a payment's money came; R, a refund left;
    V, one of them was reversed; M, money moved. Behind it the payment's id, or that of the move's
    first allocation."""

    number: str
    day: date
    moment: datetime
    value_day: date
    text: str
    currency: str
    booking_id: int
    location: str
    payment_id: int
    source: str
    partner: str | None
    reference: str | None
    lines: tuple[Line, ...]

    @property
    def debit(self) -> int:
        return sum(line.amount for line in self.lines if line.amount > 0)

    @property
    def difference(self) -> int:
        """Debits less credits: 0, or the books are wrong."""
        return sum(line.amount for line in self.lines)


def entries(postings: Iterable[Posting], chart: Chart) -> Iterator[Entry]:
    """The entries of postings that come in the order of their keys, those of methods first.

    Raises Unbalanced."""
    for _, some in groupby(postings, key=lambda posting: posting.key):
        entry = entry_of(list(some), chart)
        if entry.difference:
            raise Unbalanced(entry)
        yield entry


def entry_of(postings: Sequence[Posting], chart: Chart) -> Entry:
    """The entry of postings that have one key. It need not balance: `difference` says so."""
    head = postings[0]
    is_money = head.place == METHOD
    return Entry(
        number=_number(postings),
        day=head.day,
        moment=head.moment,
        value_day=(head.settled_on if is_money else None) or head.day,
        text=_text(head),
        currency=head.currency,
        booking_id=head.booking_id,
        location=head.location,
        payment_id=head.payment_id,
        source=head.source,
        partner=head.partner,
        reference=head.reference,
        lines=tuple(_line(each, head, chart) for each in postings),
    )


def _number(postings: Sequence[Posting]) -> str:
    head = postings[0]
    if head.place == METHOD:
        return {CAME: "P", REFUNDED: "R", REVERSED: "V"}[head.event] + str(head.payment_id)
    return f"M{min(each.allocation_id or 0 for each in postings)}"


def _text(head: Posting) -> str:
    """What happened, in words; nothing about the guest."""
    if head.place != METHOD:
        return f"Money of payment {head.whose} moved"
    what = f"Payment {head.payment_id}"
    if head.refund_of is not None:
        what = f"Refund {head.payment_id} of payment {head.refund_of}"
    return f"{what} reversed" if head.event == REVERSED else what


def _line(posting: Posting, head: Posting, chart: Chart) -> Line:
    if posting.place == METHOD:
        account = chart.of_method(posting.method_id, posting.method_code)
        return Line(account, posting.method, METHOD, posting.method, posting.amount)
    account, name = chart.of_place(posting.place), NAMES[posting.place]
    return Line(account, name, posting.place, head.method, posting.amount)
