"""What the address of a report asks for, at the desk: the filters that the API has, too, and
periods by a word.

A report about something else than was asked for is worse than none: while a filter cannot be used
no figures are shown, and its field says what would be right.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from desk.forms import NONE, Slips
from desk.payments.sources import sources
from desk.reports.periods import BY_NAME, COMING, PAST, Period
from desk.reports.saying import value_text
from desk.words import _, day_text
from office.reports.choices import Choices
from office.reports.filters import WIRE, Told, args_of, read
from office.reports.report import Filters, Measure, Report, Value

PERIOD, FIGURE = "period", "figure"
NOT_OF_THIS_REPORT = "not_of_this_report"
LONGEST = 19  # digits of an id
FIELD_OF: Mapping[str, str] = {
    wire: name for name, wire in WIRE.items() if name not in ("first", "last")
}


@dataclass(frozen=True, slots=True)
class Asked:
    """`of` are values of dimensions, for the rows of a figure. `shown` is what the fields of the
    form hold; `period` is the days in a word, where there is one. With `slips` the filters are not
    what was asked for."""

    report: Report
    filters: Filters
    of: Mapping[str, Value]
    shown: Mapping[str, str]
    period: Period | None
    slips: Slips

    @property
    def args(self) -> dict[str, str]:
        """The filters for an address that means the same on any day."""
        return args_of(self.filters)

    @property
    def beside_days(self) -> dict[str, str]:
        """The filters but for the days."""
        return {name: value for name, value in self.args.items() if name not in ("from", "to")}


def periods_of(report: Report) -> Sequence[Period]:
    """The periods that a report can be asked for by a word."""
    return PAST if report.is_of_period else COMING


def asked(report: Report, values: Mapping[str, str], choices: Choices, now: datetime) -> Asked:
    """What an address asks for, with all that is wrong with it."""
    today = choices.today(now, _number(values.get("location", "")))
    values, wrong = _with_days(values, today)
    found = read(report, values, choices, now)
    slips = {**_slips(report, found.faults, values), **wrong}
    periods = {each.days(today): each for each in reversed(periods_of(report))}
    days = (found.filters.first, found.filters.last)
    return Asked(
        report=report,
        filters=found.filters,
        of=found.of,
        shown={**args_of(found.filters), **values},
        period=None if slips else periods.get(days),  # type: ignore[arg-type]
        slips=Slips(slips) if slips else NONE,
    )


def asked_rows(
    report: Report, values: Mapping[str, str], choices: Choices, now: datetime
) -> tuple[Asked, Measure]:
    """What an address asks for as the rows of a figure: in which currency, of which values of
    dimensions, and of which measure (the first one, where none is named)."""
    found = asked(report, values, choices, now)
    slips = dict(found.slips.fields)
    if found.filters.currency is None and "currency" not in slips:
        slips["currency"] = [_("The currency is missing; it must be a code such as EUR.")]
    measures = {each.name: each for each in report.measures}
    name = values.get(FIGURE, report.measures[0].name)
    if name not in measures:
        text = _("There is no figure '%(came)s'; it must be one of %(names)s.",
                 came=name[:20], names=", ".join(measures))  # fmt: skip
        slips[FIGURE] = [text]
    measure = measures.get(name, report.measures[0])
    return replace(found, slips=Slips(slips) if slips else NONE), measure


def about(asked: Asked, choices: Choices) -> list[tuple[str, str]]:
    """The filters and the values of dimensions in words, each with its title."""
    filters = asked.filters
    found = [(_(asked.report.dated_by), _span(filters))] if filters.first or filters.last else []
    for dimension in asked.report.dimensions:
        if dimension.name in asked.of:
            value = asked.of[dimension.name]
            text = value_text(dimension, value, _name_of(dimension.name, value, choices))
            found.append((_(dimension.title), text))
    if place := choices.locations.get(filters.location or 0):
        found.append((_("Location"), place.name))
    for title, name, said in _beside(filters, choices):
        if name not in asked.of and said:
            found.append((title, said))
    return found


def _name_of(dimension: str, id: Value, choices: Choices) -> str | None:
    names = {"method": choices.methods, "partner": choices.partners}.get(dimension, {})
    return names.get(id) if isinstance(id, int) else None


def _beside(filters: Filters, choices: Choices) -> list[tuple[str, str, str | None]]:
    partner = choices.partners.get(filters.partner or 0)
    return [
        (_("Method"), "method", choices.methods.get(filters.method or 0)),
        (_("Partner"), "partner", _("No partner") if filters.no_partner else partner),
        (_("Source"), "source", sources().get(filters.source or "")),
    ]


def _span(filters: Filters) -> str:
    first, last = filters.first, filters.last
    if first and last:
        if first == last:
            return day_text(first)
        return _("%(first)s to %(last)s", first=day_text(first), last=day_text(last))
    return _("from %(day)s", day=day_text(first)) if first else _("to %(day)s", day=day_text(last))


def _number(text: str) -> int | None:
    return int(text) if text.isdecimal() and len(text) < LONGEST else None


def _with_days(
    values: Mapping[str, str], today: date
) -> tuple[Mapping[str, str], dict[str, list[str]]]:
    """The values with the days of a period's word instead of it, and what is wrong with the word.
    Days that are given count before it."""
    word = values.get(PERIOD)
    rest = {name: text for name, text in values.items() if name != PERIOD}
    if not word or "from" in rest or "to" in rest:
        return rest, {}
    if word not in BY_NAME:
        text = _("There is no period '%(came)s'; it must be one of %(names)s, or days of your own.",
                 came=word[:20], names=", ".join(BY_NAME))  # fmt: skip
        return rest, {"from": [text]}
    first, last = BY_NAME[word].days(today)
    return {**rest, "from": str(first), "to": str(last)}, {}


def _slips(
    report: Report, faults: Sequence[Told], values: Mapping[str, str]
) -> dict[str, list[str]]:
    """What is wrong, by the names of fields. Ids stand on no page: there it is a list to choose
    from."""
    told: dict[str, list[str]] = {}
    for wire, fault in faults:
        name = FIELD_OF.get(str(wire), "")
        came = values.get(name, "")[:20]
        chosen = {
            "location": _("You work with no location %(came)s; choose one of the list.", came=came),
            "method": _("There is no method %(came)s; choose one of the list.", came=came),
            "partner": _("You work with no partner %(came)s; choose one of the list.", came=came),
        }
        text = chosen.get(name, str(fault))
        if fault.code == NOT_OF_THIS_REPORT:
            names = dict.fromkeys([*report.filters, *(each.name for each in report.dimensions)])
            text = _("This report has no filter %(name)s; it has %(names)s.",
                     name=name, names=", ".join(names))  # fmt: skip
        told.setdefault(name, []).append(text)
    return told
