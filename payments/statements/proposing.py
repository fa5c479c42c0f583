"""Which payment a line of the bank may be: proposals with a score and its reasons, pure.

The score is the sum of the points for what speaks for a proposal, up to what speaks against it:

| points | for |
|---|---|
| 40 | the amount is exactly that of a promise, a payment, a line, a stage or all that is open |
| 50 | the account identifier, or the payment's own reference, is in the text; or else |
| 45 | the external reference is; or else |
| 30 | the booking's number is |
| 25 | the guest has paid from this account before |
| 20 | the payer is called like the guest: a first and a last name, in any order |
| 10 | the day is within a week of the expected one |

| at most | when |
|---|---|
| 85 | several lines are put together, a promise of another amount stays, or another line fits |
| 75 | the amount differs |
| 60 | the booking is cancelled |
| 35 | another proposal for the line is as good |

So whatever has CERTAIN points is exact, and the only one.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from itertools import combinations, product
from typing import Literal

from payments.statements.clues import (
    EXACT,
    WORDS,
    Candidate,
    Known,
    Line,
    Reason,
    clues,
    near,
    points,
)

Kind = Literal["cleared", "found", "recorded"]
KINDS: tuple[Kind, ...] = ("cleared", "found", "recorded")

CERTAIN = 90
UNSURE, DIFFERS, CANCELLED, AMBIGUOUS = 85, 75, 60, 35
CAPS: Mapping[str, int] = {
    "promise_stays": UNSURE,
    "lines_add_up": UNSURE,
    "amount_less": DIFFERS,
    "amount_more": DIFFERS,
    "cancelled": CANCELLED,
}

FOUND_DAYS = 30  # a payment is at the bank within so many days of the one it was recorded for
JOINED_DAYS = 31  # lines of one payment are no further apart
MOST = 5  # proposals of a line
MOST_JOINED = 6  # lines of one payer that are tried together
MOST_NAMED = 4  # bookings that one line may pay
MOST_ALIKE = 20  # bookings of one amount, name or word that say anything by it


@dataclass(frozen=True, slots=True)
class Part:
    """What of the lines goes where: `payment_id` is the payment to clear or to find, None records
    new money on the booking. `amount` has the line's sign."""

    booking_id: int
    amount: int
    payment_id: int | None = None


@dataclass(frozen=True, slots=True)
class Proposal:
    """What one or several lines may be, and how sure that is, from 0 to 100. All parts are of one
    kind."""

    parts: tuple[Part, ...]
    line_ids: tuple[int, ...]
    kind: Kind
    score: int
    reasons: tuple[Reason, ...]


@dataclass
class Index:
    """The candidates by what a line can say of them."""

    by_id: dict[int, Candidate]
    by_word: dict[str, list[int]] = field(default_factory=lambda: defaultdict(list))
    by_account: dict[str, list[int]] = field(default_factory=lambda: defaultdict(list))
    by_pair: dict[tuple[str, str], list[int]] = field(default_factory=lambda: defaultdict(list))
    by_amount: dict[int, list[tuple[date, int]]] = field(default_factory=lambda: defaultdict(list))

    @classmethod
    def of(cls, candidates: Iterable[Candidate]) -> Index:
        index = cls({each.id: each for each in sorted(candidates, key=lambda each: each.id)})
        for each in index.by_id.values():
            index._add(each)
        for listed in index.by_amount.values():
            listed.sort()
        return index

    def _add(self, booking: Candidate) -> None:
        known = {each.word for each in booking.promises + booking.there if each.word}
        for word in {*booking.words, *known}:
            self.by_word[word].append(booking.id)
        for account in booking.accounts:
            self.by_account[account].append(booking.id)
        for pair in booking.pairs:
            self.by_pair[pair].append(booking.id)
        for amount, day in booking.amounts.items():
            self.by_amount[amount].append((day, booking.id))

    def named(self, line: Line) -> set[int]:
        """Bookings that the line's text names."""
        found = {number for number in line.numbers if number in self.by_id}
        return found.union(*(_few(self.by_word.get(word)) for word in line.references))

    def worth_a_look(self, line: Line) -> list[int]:
        """Bookings that the line may be of, by id. Of very many of its amount only those nearest by
        day are taken, and a name that very many have finds none: the rest would say nothing."""
        alike = self.by_amount.get(line.left, [])
        place = bisect_left(alike, (line.day, 0))
        nearest = alike[max(0, place - MOST_ALIKE // 2) : place + MOST_ALIKE // 2]
        found = {booking_id for _, booking_id in nearest} | self.named(line)
        found = found.union(*(_few(self.by_pair.get(pair)) for pair in line.pairs))
        return sorted(found.union(_few(self.by_account.get(line.party_account))))


def _few(listed: Sequence[int] | None) -> Sequence[int]:
    return listed if listed is not None and len(listed) <= MOST_ALIKE else ()


def propose(lines: Sequence[Line], candidates: Iterable[Candidate]) -> dict[int, list[Proposal]]:
    """What each line may be, by its id, the best first and at most MOST; always in the same order.
    A line that nothing speaks for has an empty list."""
    index = Index.of(candidates)
    found = {line.id: list(_of_line(line, index)) for line in lines}
    for joined in _joined(lines, index):
        for line_id in joined.line_ids:
            found[line_id].append(joined)
    judged = {line_id: _judged(listed) for line_id, listed in found.items()}
    return _undisputed(judged, index)


# --- one line ------------------------------------------------------------------------------------


def _of_line(line: Line, index: Index) -> Iterator[Proposal]:
    for booking_id in index.worth_a_look(line):
        proposal = _single(line, index.by_id[booking_id])
        if proposal is not None:
            yield proposal
    split = _split(line, index)
    if split is not None:
        yield split


def _single(line: Line, booking: Candidate) -> Proposal | None:
    """The line as one payment of the booking: the promise it keeps, the payment it is, what it pays
    off; or any amount, when more than the amount points to the booking."""
    if (promise := _best(line, booking, booking.promises)) is not None:
        return _known(line, booking, promise, "cleared", Reason("amount_of_promise"))
    there = [each for each in booking.there if line.days_from(each.day) <= FOUND_DAYS]
    if (payment := _best(line, booking, there)) is not None:
        came = Reason("amount_of_payment" if line.left > 0 else "amount_of_refund")
        return _known(line, booking, payment, "found", came)
    return _new_money(line, booking) if line.left > 0 else None


def _best(line: Line, booking: Candidate, payments: Sequence[Known]) -> Known | None:
    """The payment of exactly this amount: the one the text names, then the nearest by day."""

    def order(each: Known) -> tuple[int, int, int]:
        return -points(clues(line, booking, [each])), line.days_from(each.day), each.id

    return min((each for each in payments if each.amount == line.left), key=order, default=None)


def _known(line: Line, booking: Candidate, payment: Known, kind: Kind, amount: Reason) -> Proposal:
    said = [amount, *clues(line, booking, [payment]), *near(line, payment.day)]
    part = Part(booking.id, line.left, payment.id)
    return _made([part], [line], kind, EXACT + points(said), said, [booking])


def _new_money(line: Line, booking: Candidate) -> Proposal | None:
    said, exact = clues(line, booking, booking.promises), 0
    if due := booking.dues.get(line.left):
        day, amount = due
        said, exact = [amount, *said, *near(line, day)], EXACT
    elif said:
        rest = booking.outstanding - line.left
        differs = Reason("amount_less", rest) if rest > 0 else Reason("amount_more", -rest)
        said = [differs, *said]
    else:
        return None
    said += [Reason("promise_stays", each.amount) for each in booking.promises]
    part = Part(booking.id, line.left)
    return _made([part], [line], "recorded", exact + points(said), said, [booking])


def _made(
    parts: Sequence[Part],
    lines: Sequence[Line],
    kind: Kind,
    score: int,
    said: Sequence[Reason],
    bookings: Sequence[Candidate],
) -> Proposal:
    """A proposal of so many points, up to what its reasons allow."""
    reasons = (*said, *([Reason("cancelled")] if any(x.is_cancelled for x in bookings) else []))
    most = min((CAPS[each.code] for each in reasons if each.code in CAPS), default=100)
    ids = tuple(sorted(line.id for line in lines))
    return Proposal(tuple(parts), ids, kind, min(score, most), reasons)


# --- one line over several bookings --------------------------------------------------------------


def _split(line: Line, index: Index) -> Proposal | None:
    """A line whose text names several bookings, and that pays something off in each of them."""
    named = [index.by_id[booking_id] for booking_id in sorted(index.named(line))]
    if line.left <= 0 or not 2 <= len(named) <= MOST_NAMED:
        return None
    return _split_over(line, named, "cleared") or _split_over(line, named, "recorded")


def _split_over(line: Line, named: Sequence[Candidate], kind: Kind) -> Proposal | None:
    """The first way in which amounts of all these bookings add up to the line, the greatest of each
    tried first. It is as good as what points to the least of them."""
    for parts in product(*(_choices(each, kind) for each in named)):
        if sum(part.amount for part in parts) == line.left:
            found = [clues(line, each) for each in named]
            words = [each for listed in found for each in listed if each.code in WORDS]
            least = min(found, key=points)
            who = [each for each in least if each.code not in WORDS]
            said = [Reason("amounts_add_up", len(named)), *words, *who]
            return _made(parts, [line], kind, EXACT + points(least), said, named)
    return None


def _choices(booking: Candidate, kind: Kind) -> list[Part]:
    if kind == "cleared":
        return [Part(booking.id, each.amount, each.id) for each in booking.promises]
    return [Part(booking.id, amount) for amount in sorted(booking.dues, reverse=True)]


# --- several lines for one payment ---------------------------------------------------------------


def _joined(lines: Sequence[Line], index: Index) -> Iterator[Proposal]:
    """Lines of one payer that make one promise together."""
    groups: dict[str, list[Line]] = defaultdict(list)
    for line in lines:
        if line.left > 0 and line.payer:
            groups[line.payer].append(line)
    for group in groups.values():
        if len(group) > 1:
            latest = sorted(group, key=lambda line: (line.day, line.id))[-MOST_JOINED:]
            yield from _of_payer(latest, index)


def _of_payer(lines: Sequence[Line], index: Index) -> Iterator[Proposal]:
    sums: dict[int, tuple[Line, ...]] = {}
    for size in range(2, len(lines) + 1):
        for some in combinations(lines, size):
            if some[-1].days_from(some[0].day) <= JOINED_DAYS:
                sums.setdefault(sum(line.left for line in some), some)
    looked_at = {each for line in lines for each in index.worth_a_look(line)}
    for booking in (index.by_id[booking_id] for booking_id in sorted(looked_at)):
        for promise in booking.promises:
            if promise.amount in sums:
                yield from _as_one(sums[promise.amount], booking, promise)


def _as_one(lines: Sequence[Line], booking: Candidate, promise: Known) -> Iterator[Proposal]:
    """The lines as one promise, when each of them points to the booking."""
    found = [clues(line, booking, [promise]) for line in lines]
    if all(found):
        best = max(found, key=points)
        said = [Reason("lines_add_up", len(lines)), *best, *near(lines[-1], promise.day)]
        part = Part(booking.id, promise.amount, promise.id)
        yield _made([part], lines, "cleared", EXACT + points(said), said, [booking])


# --- which is the best, and whether it is certain ------------------------------------------------


def _judged(listed: Sequence[Proposal]) -> list[Proposal]:
    """The best first; when two are as good as each other, none is good."""
    best = sorted(listed, key=_order)
    tops = sum(each.score == best[0].score for each in best)
    if tops < 2:
        return best[:MOST]
    equal = [_capped(each, AMBIGUOUS, Reason("fits_others", tops - 1)) for each in best[:tops]]
    return [*equal, *(_capped(each, AMBIGUOUS) for each in best[tops:])][:MOST]


def _order(proposal: Proposal) -> tuple[object, ...]:
    parts = [(part.booking_id, part.payment_id or 0, part.amount) for part in proposal.parts]
    return -proposal.score, KINDS.index(proposal.kind), len(proposal.line_ids), parts


def _capped(proposal: Proposal, most: int, *more: Reason) -> Proposal:
    score = min(proposal.score, most)
    return replace(proposal, score=score, reasons=(*proposal.reasons, *more))


def _undisputed(found: Mapping[int, list[Proposal]], index: Index) -> dict[int, list[Proposal]]:
    """No two lines are certain of one payment, nor together of more than a booking owes."""
    parts = [
        part
        for listed in found.values()
        for proposal in listed[:1]
        if proposal.score >= CERTAIN
        for part in proposal.parts
    ]
    wanted: dict[tuple[int, int | None], list[int]] = defaultdict(list)
    for part in parts:
        wanted[part.booking_id, part.payment_id].append(part.amount)

    def rivals(part: Part) -> int:
        amounts = wanted[part.booking_id, part.payment_id]
        room = index.by_id[part.booking_id].outstanding if part.payment_id is None else 0
        return len(amounts) - 1 if sum(amounts) > room else 0

    def sure(proposal: Proposal) -> Proposal:
        most = max(map(rivals, proposal.parts)) if proposal.score >= CERTAIN else 0
        unsure = Reason("wanted_by_others", most)
        return _capped(proposal, UNSURE, unsure) if most > 0 else proposal

    return {line_id: [sure(each) for each in listed] for line_id, listed in found.items()}
