"""Reading for the page of the journal: four statements, however long the period is."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from desk.access import within
from desk.paging import SIZE, Slice, keyset
from desk.partners.queries import UTC
from kit import clock
from kit.money import Money
from kit.paging import Order
from kit.sql import rows_of
from locations.models import Location
from office.journal.accounts import METHOD, Chart
from office.journal.entries import Entry, Key, entry_of
from office.journal.queries import Sum, Wanted, entry_keys, postings_of, sums
from payments.models import PaymentMethod


@dataclass(frozen=True, slots=True)
class Choices:
    """The locations in reach with their zones and currencies, and all methods: code and name."""

    locations: Sequence[tuple[int, str]]
    zones: Mapping[int, str]
    currencies: Sequence[str]
    methods: Mapping[int, tuple[str | None, str]]

    def today(self, now: datetime, location: int | None) -> date:
        """The day at this location; for all of them the one that they have in common, or UTC's."""
        zone = self.zones.get(location or 0)
        zones = {zone} if zone else set(self.zones.values())
        return clock.day_at(now, zones.pop() if len(zones) == 1 else UTC)


@dataclass(frozen=True, slots=True)
class Balance:
    """An account's sums. `places` are what it is the account of: names of methods, and kinds."""

    account: str
    methods: Sequence[str]
    places: Sequence[str]
    debit: Money
    credit: Money

    @property
    def left(self) -> Money:
        """Debits less credits."""
        return self.debit - self.credit


@dataclass(frozen=True, slots=True)
class Totals:
    """The accounts that something was booked on, in one currency, and what they add up to; `day`
    is None for the whole period."""

    day: date | None
    accounts: Sequence[Balance]
    debit: Money
    credit: Money


@dataclass(frozen=True, slots=True)
class Section:
    """The balance list of one currency: of the period, and of each of its days."""

    currency: str
    whole: Totals
    days: Sequence[Totals]


@dataclass(frozen=True, slots=True)
class Journal:
    """A page of the entries, by day, with the balance lists of all that was asked for."""

    sections: Sequence[Section]
    days: Sequence[tuple[date, Sequence[Entry]]]
    slice: Slice


def choices(session: Session) -> Choices:
    """What there is to filter by, and what methods are called."""
    places = select(Location.id, Location.name, Location.time_zone, Location.currency)
    methods = select(PaymentMethod.id, PaymentMethod.code, PaymentMethod.name)
    row = session.execute(
        select(
            rows_of(places.where(within(Location.id))).label("places"),
            rows_of(methods).label("methods"),
        )
    ).one()
    found = sorted(row.places, key=lambda place: (place[1].casefold(), place[0]))
    return Choices(
        locations=[(id, name) for id, name, *_ in found],
        zones={id: zone for id, _, zone, _ in found},
        currencies=sorted({currency for *_, currency in found}),
        methods={id: (code, name) for id, code, name in row.methods},
    )


def journal(session: Session, wanted: Wanted, chart: Chart, there: Choices) -> Journal:
    """The page that the request's address names."""
    query, columns = entry_keys(wanted)
    page = keyset(session, query, Order(columns, descending=False), SIZE)
    keys: list[Key] = [(row.day, row.moment, row.whose, row.event) for row in page.rows]
    found = _entries(session, wanted, keys, chart)
    days = [(day, list(some)) for day, some in groupby(found, key=lambda entry: entry.day)]
    return Journal(_sections(sums(session, wanted), chart, there), days, page)


def _entries(session: Session, wanted: Wanted, keys: Sequence[Key], chart: Chart) -> list[Entry]:
    if not keys:
        return []
    found = groupby(postings_of(session, wanted, keys), key=lambda posting: posting.key)
    return [entry_of(list(some), chart) for _, some in found]


def _sections(found: Sequence[Sum], chart: Chart, there: Choices) -> list[Section]:
    by_currency: dict[str, list[Sum]] = defaultdict(list)
    for each in found:
        by_currency[each.currency].append(each)
    return [
        Section(
            currency,
            _totals(None, mine, chart, there),
            [
                _totals(day, list(some), chart, there)
                for day, some in groupby(mine, key=lambda each: each.day)
            ],
        )
        for currency, mine in sorted(by_currency.items())
    ]


def _totals(day: date | None, found: Sequence[Sum], chart: Chart, there: Choices) -> Totals:
    """Added up by account; several places may have the same one."""
    by_account: dict[str, list[Sum]] = defaultdict(list)
    for each in found:
        by_account[_account(each, chart, there)].append(each)
    accounts = [_balance(account, mine, there) for account, mine in sorted(by_account.items())]
    return Totals(day, accounts, *_sides(found))


def _account(each: Sum, chart: Chart, there: Choices) -> str:
    if each.method_id is None:
        return chart.of_place(each.place)
    return chart.of_method(each.method_id, there.methods[each.method_id][0])


def _balance(account: str, mine: Sequence[Sum], there: Choices) -> Balance:
    methods = {there.methods[each.method_id][1] for each in mine if each.method_id is not None}
    places = {each.place for each in mine if each.place != METHOD}
    return Balance(account, sorted(methods), sorted(places), *_sides(mine))


def _sides(found: Iterable[Sum]) -> tuple[Money, Money]:
    every: list[Any] = list(found)
    currency = every[0].currency
    debit, credit = (sum(getattr(each, side) for each in every) for side in ("debit", "credit"))
    return Money(debit, currency), Money(credit, currency)
