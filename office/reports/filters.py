"""Filters of reports, as addresses carry them: the same names at the desk and in the API.

All that is wrong is told at once. Figures of other filters than those asked for would be taken for
what they are not, so a filter that cannot be read, or that a report does not know, is a fault.
"""

from __future__ import annotations

import calendar
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, ClassVar, Final

import marshmallow as ma

from kit.currencies import codes
from kit.fields import WHOLE, Choice, Day, Fault, PlainText, Typed, WholeNumber
from kit.form import Form
from kit.nested import flat
from office.reports.choices import Choices
from office.reports.holding import KINDS
from office.reports.lines import AGES
from office.reports.payments import OUTCOMES, REASON, SOURCES
from office.reports.report import OTHERS, Filters, Group, Report, Value

# Of a report on a period: two years, one of them a leap year.
MOST_DAYS = 731
NONE: Final = "none"

Told = tuple[str | None, Fault]
"""The name on the wire (None: of no one field), and the sentence with its code."""

# How many ids a fault names.
MOST_NAMED = 10


class IdOrNone(Typed):
    """The id of something, or "none" for what has no such thing."""

    hint = f"a whole number, or {NONE}"

    def read(self, text: str) -> int | str:
        if text.lower() == NONE:
            return NONE
        if not WHOLE.fullmatch(text):
            raise self.wrong(text)
        return int(text)


def _words(words: Mapping[str, str]) -> dict[str, str]:
    return {word: word for word in words}


@dataclass(frozen=True, slots=True)
class Came:
    """What of a query could be read, by the names of filters and dimensions, and what is wrong
    with the rest: (name on the wire, fault)."""

    values: Mapping[str, Any]
    faults: Sequence[Told]


class ReportQuery(Form):
    """The query of GET /apis/reports/{name}. Loading it never fails: it gives a Came, for the
    report finds faults of its own and all are told together."""

    aliases: ClassVar[Mapping[str, str]] = {
        "location": "LocationId",
        "method": "MethodId",
        "partner": "PartnerId",
    }
    first = Day(data_key="From")
    last = Day(data_key="To")
    location = WholeNumber(data_key="LocationId")
    method = WholeNumber(data_key="MethodId")
    partner = IdOrNone(data_key="PartnerId")
    source = Choice(_words(SOURCES), data_key="Source")
    currency = PlainText(
        data_key="Currency",
        most=3,
        pattern="[A-Za-z]{3}",
        hint="an ISO 4217 code such as EUR",
    )

    def stranger(self, name: str) -> Fault | None:
        """Figures of other filters would be taken for those that were asked for."""
        text = f"{name} is no filter of a report; GET /apis/reports names those of each."
        return Fault("not_of_this_report", text)

    def load(self, data: Any, **options: Any) -> Came:
        try:
            return Came(super().load(data, **options), ())
        except ma.ValidationError as error:
            read = error.valid_data
            return Came(read if isinstance(read, dict) else {}, list(flat(error.messages)))


class Monday(Day):
    """The day by which a week is named."""

    hint = "a Monday, yyyy-mm-dd"

    def read(self, text: str) -> date:
        day = super().read(text)
        if day.weekday():
            raise self.wrong(text)
        return day


class RowsQuery(ReportQuery):
    """The query of GET /apis/reports/{name}/rows, but for pages: values of the report's dimensions
    beside its filters. Method, partner and source are both."""

    day = Day(data_key="Day")
    week = Monday(data_key="Week")
    age = Choice(_words(AGES), data_key="Age")
    outcome = Choice(_words(OUTCOMES), data_key="Outcome")
    reason = PlainText(data_key="Reason", most=REASON, lines=True)
    kind = Choice(_words(KINDS), data_key="Kind")


# The wire's names, by ours.
WIRE: Mapping[str, str] = {
    str(each.name): key for key, each in RowsQuery().fields_by_key.items()
} | {"from": "From", "to": "To"}  # fmt: skip
FILTERS = {"first": "from", "last": "to"}
DIMENSIONS = ("day", "week", "age", "outcome", "reason", "kind")


@dataclass(frozen=True, slots=True)
class Asked:
    """What somebody asks of a report: filters, and the values of dimensions for its rows. With
    `faults` (name on the wire, sentence with its code) there is nothing to show."""

    filters: Filters
    of: Mapping[str, Value]
    faults: Sequence[Told]


def read(report: Report, wanted: Mapping[str, str], choices: Choices, now: datetime) -> Asked:
    """What an address asks for; names in any case, what is no name of ours is passed over.

    `wanted`: from, to, location, method, partner, source, currency and the report's dimensions.
    """
    query = RowsQuery()
    named = {query.names.get(name.lower()): text for name, text in wanted.items()}
    return asked(report, query.load({k: v for k, v in named.items() if k and v}), choices, now)


def asked(report: Report, came: Came, choices: Choices, now: datetime) -> Asked:
    """What a query asks of the report, judged by what there is to choose from."""
    values = dict(came.values)
    faults = [*came.faults, *_strange(report, values), *_unknown(values, choices)]
    first, last = _days(report, values, choices.today(now, values.get("location")))
    if not {"From", "To"} & {name for name, _ in faults}:
        faults += _wrong_days(report, first, last)
    if currency := values.get("currency"):
        values["currency"] = currency.upper()
    partner = values.get("partner")
    filters = Filters(
        now=now,
        first=first,
        last=last,
        locations=choices.reach,
        location=values.get("location"),
        method=values.get("method"),
        partner=None if partner == NONE else partner,
        no_partner=partner == NONE,
        source=values.get("source"),
        currency=values.get("currency"),
        viewer=choices.viewer,
    )
    names = (each.name for each in report.dimensions)
    of = {name: _value(values[name]) for name in names if name in values}
    return Asked(filters, of, tuple(faults))


def args_of(filters: Filters) -> dict[str, str]:
    """The filters for an address of the desk; `read` gives them back."""
    partner = NONE if filters.no_partner else filters.partner
    values = {
        "from": filters.first,
        "to": filters.last,
        "location": filters.location,
        "method": filters.method,
        "partner": partner,
        "source": filters.source,
        "currency": filters.currency,
    }
    return {name: str(value) for name, value in values.items() if value is not None}


def args_of_group(currency: str, group: Group) -> dict[str, str]:
    """What leads from a figure to its rows, beside the filters it was made with."""
    of = {name: NONE if value is None else str(value) for name, value in group.of.items()}
    return {"currency": currency, **of}


def _value(read: Any) -> Value:
    value: Value = None if read == NONE else read
    return value


def _strange(report: Report, values: Mapping[str, Any]) -> list[Told]:
    """Filters and dimensions that are not the report's."""
    mine = {*report.filters, *(each.name for each in report.dimensions)}
    strange = [name for name in values if FILTERS.get(name, name) not in mine]
    known = ", ".join(WIRE[name] for name in report.filters)
    more = [WIRE[name] for name in DIMENSIONS if name in mine]
    rows = f", and its rows by {' and '.join(more)}" if more else ""
    return [
        (
            WIRE[name],
            Fault(
                "not_of_this_report",
                f"{WIRE[name]} is no filter of the report {report.name}; it is filtered by"
                f" {known}{rows}.",
            ),
        )
        for name in strange
    ]


def _unknown(values: Mapping[str, Any], choices: Choices) -> list[Told]:
    """Ids of nothing that the reader may ask for, and codes of no currency."""
    there: Mapping[str, Sequence[Any]] = {
        "location": list(choices.locations),
        "method": list(choices.methods),
        "partner": [NONE, *choices.partners] + [OTHERS] * (choices.viewer is not None),
    }
    found: list[Told] = [
        (
            WIRE[name],
            Fault("unknown", f"{WIRE[name]} is {values[name]}; {_among(known)}."),
        )
        for name, known in there.items()
        if name in values and values[name] not in known
    ]
    currency = values.get("currency")
    if currency and currency.upper() not in codes():
        sentence = f"Currency is {currency}; it must be an ISO 4217 code such as EUR."
        found.append(("Currency", Fault("unknown", sentence)))
    return found


def _among(known: Sequence[Any]) -> str:
    if not known:
        return "there is none to ask for"
    named = ", ".join(map(str, known[:MOST_NAMED]))
    return f"it must be one of {named}{' ...' if len(known) > MOST_NAMED else ''}"


def _days(
    report: Report, values: Mapping[str, Any], today: date
) -> tuple[date | None, date | None]:
    """From and To. A report on a period that lacks one of them begins with the month it ends in,
    and ends with the present month, or with that of From when it is later."""
    first, last = values.get("first"), values.get("last")
    if not report.is_of_period:
        return first, last
    last = last or _last_of_month(max(today, first or today))
    return first or last.replace(day=1), last


def _last_of_month(day: date) -> date:
    return day.replace(day=calendar.monthrange(day.year, day.month)[1])


def _wrong_days(report: Report, first: date | None, last: date | None) -> list[Told]:
    if first is None or last is None:
        return []
    if first > last:
        text = f"From is {first} and To {last}; From must not be after To."
    elif report.is_of_period and last - first >= timedelta(days=MOST_DAYS):
        text = f"From is {first} and To {last}; together they must span at most {MOST_DAYS} days."
    else:
        return []
    return [(name, Fault("contradiction", text)) for name in ("From", "To")]
