"""What makes a line of overlapping files one line: whatever files a period comes in, each line of
it is stored once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from payments.statements.marks import Compared, Known, compare
from payments.statements.statement import ReadLine, Source

CAMT: Source = ("camt.053", "")
CSV: Source = ("csv", "Id")
DAYS = [date(2026, 11, 1), date(2026, 11, 2), date(2026, 11, 3)]


@dataclass
class Store:
    """What is stored, as payments.statements.storing does it."""

    known: list[Known] = field(default_factory=list)

    def take(self, lines: Sequence[ReadLine], source: Source = CAMT) -> Compared:
        found = compare(lines, source, self.known)
        self.known += [Known(mark, lines[at], source) for at, mark in found.fresh.items()]
        assert len({each.mark for each in self.known}) == len(self.known)
        return found

    @property
    def lines(self) -> list[ReadLine]:
        return [each.line for each in self.known]


def line(party: str = "", reference: str = "", amount: int = 5000) -> ReadLine:
    return ReadLine(DAYS[0], None, amount, party=party, bank_reference=reference)


LINES = st.lists(
    st.builds(
        ReadLine,
        booked_on=st.sampled_from(DAYS),
        valued_on=st.none(),
        amount=st.sampled_from([100, 200]),
        party=st.sampled_from(["", "Ana", "Rui"]),
    ),
    max_size=10,
).map(lambda lines: sorted(lines, key=lambda each: each.booked_on))


def constant(_place: int) -> str:
    return "ZAHLUNG2026"


def absent(_place: int) -> str:
    return "NONREF"


def unique(place: int) -> str:
    return f"R-{place:06}"


def some(place: int) -> str:
    return (constant, absent, unique)[place % 3](place)


REFERENCES = st.sampled_from([constant, absent, unique, some])


@dataclass
class Cut:
    """A file: the lines from the beginning of a day to some line of a later one, either way round,
    as one source or the other tells them."""

    first: date
    until: int
    newest_first: bool
    is_other: bool = False

    def places(self, lines: Sequence[ReadLine]) -> list[int]:
        found = [at for at, each in enumerate(lines) if each.booked_on >= self.first]
        return [at for at in found if at < self.until]

    def of(self, lines: Sequence[ReadLine]) -> list[ReadLine]:
        found = [lines[at] for at in self.places(lines)]
        return found[::-1] if self.newest_first else found


CUTS = st.builds(Cut, st.sampled_from(DAYS), st.integers(0, 10), st.booleans())
OF_BOTH = st.builds(Cut, st.sampled_from(DAYS), st.integers(0, 10), st.booleans(), st.booleans())


@pytest.mark.long
@given(LINES, REFERENCES, st.lists(CUTS, max_size=4))
def test_cuts_of_one_list_in_any_order_give_the_lines_of_their_union(
    plain: list[ReadLine], named: Callable[[int], str], cuts: list[Cut]
) -> None:
    lines = [replace(each, bank_reference=named(at)) for at, each in enumerate(plain)]
    store = Store()

    for cut in cuts:
        store.take(cut.of(lines))

    union = {at for cut in cuts for at in cut.places(lines)}
    assert Counter(store.lines) == Counter(lines[at] for at in union)


@pytest.mark.long
@given(LINES, REFERENCES, REFERENCES, st.lists(OF_BOTH, max_size=5))
def test_cuts_of_two_sources_give_as_many_lines_as_their_union_has(
    plain: list[ReadLine],
    named: Callable[[int], str],
    named_other: Callable[[int], str],
    cuts: list[Cut],
) -> None:
    lines = [replace(each, bank_reference=named(at)) for at, each in enumerate(plain)]
    other = [
        replace(each, party="", remittance=each.party, bank_reference=named_other(99 - at))
        for at, each in enumerate(plain)
    ]
    store = Store()

    for cut in cuts:
        store.take(cut.of(other), CSV) if cut.is_other else store.take(cut.of(lines))

    union = {at for cut in cuts for at in cut.places(lines)}
    sums = Counter((each.booked_on, each.amount) for each in store.lines)
    assert sums == Counter((plain[at].booked_on, plain[at].amount) for at in union)


def test_a_line_known_by_day_and_amount_only_is_told() -> None:
    store = Store()
    store.take([line("Ana"), line("Rui", amount=700)])

    assert store.take([line("Ana"), line("Other", amount=700)]).alike == 1
    assert store.take([line("Ana Sousa", "R-000001")], CSV).alike == 1
    assert len(store.lines) == 2


def test_a_line_with_the_same_reference_may_say_something_else() -> None:
    store = Store()
    store.take([line("before", "R-000001")])

    found = store.take([line("after", "R-000001")])

    assert found == Compared({}, 0)


def test_who_stores_the_same_line_at_once_comes_to_the_same_mark() -> None:
    one, two = compare([line("Ana")], CAMT, []), compare([line("Ana Sousa")], CSV, [])

    assert one.fresh == two.fresh
