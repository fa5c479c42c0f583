"""The bars of a report: its figures over its first dimension, in one currency. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from desk.charts import Bars, Series
from desk.reports.saying import plain_sum, sum_in_full, value_text
from desk.reports.tables import added, by_first
from desk.words import _, short_day_text
from office.reports.report import Filters, Measure, Report, Section, Value

# More bars than that cannot be told apart, more words cannot be read.
MOST_DAYS, MOST_WORDS = 1100, 40
LONGEST = 24
STEPS = {"day": 1, "week": 7}


@dataclass(frozen=True, slots=True)
class Drawn:
    """A chart; `says` is what somebody hears of it who does not see it, `names` of its series."""

    bars: Bars
    says: str
    names: Sequence[str]


def drawn(report: Report, section: Section, filters: Filters, today: date) -> Drawn | None:
    """The chart of a section. Days and weeks without money are drawn as nothing, not left out.
    None where there would be too many bars."""
    first = report.dimensions[0]
    axis = _axis(report, section, filters, today)
    if not axis or len(axis) > (MOST_DAYS if first.kind in STEPS else MOST_WORDS):
        return None
    sums = {groups[0].of[first.name]: added(report, groups)
            for groups in by_first(report, section.groups)}  # fmt: skip
    labels = {group.of[first.name]: group.labels.get(first.name) for group in section.groups}
    by_name = {each.name: each for each in report.measures}
    measures = [by_name[name] for name in report.chart]
    of = {each.name: [sums.get(value, {}).get(each.name, 0) for value in axis] for each in measures}
    titles = [value_text(first, value, labels.get(value)) for value in axis]
    bars = Bars(
        unit=section.currency if measures[0].kind == "amount" else "",
        titles=titles,
        labels=[_short(value, title) for value, title in zip(axis, titles, strict=True)],
        series=[
            Series(_(each.title), [plain_sum(each, n, section.currency) for n in of[each.name]])
            for each in measures
        ],
        accent=axis.index(today) if first.kind == "day" and today in axis else None,
        thinned=True,
    )
    says = _says(report, section.currency, measures[0], of[measures[0].name], titles)
    return Drawn(bars, says, [each.name for each in bars.series])


def _axis(report: Report, section: Section, filters: Filters, today: date) -> Sequence[Value]:
    """The values of the first dimension, with those between that no money is of."""
    first = report.dimensions[0]
    if first.kind == "word":
        return list(first.words)
    there = list(dict.fromkeys(group.of[first.name] for group in section.groups))
    days = [value for value in there if isinstance(value, date)]
    if first.kind not in STEPS or not days:
        return there
    begin, end = min(days), max(days)
    if first.kind == "day":
        # Of a period that is not over, the days to come are not days without money.
        until = max(end, today) if report.is_of_period else end
        begin = filters.first or begin
        end = min(filters.last or end, until) if report.is_of_period else filters.last or end
    step = STEPS[first.kind]
    count = (end - begin).days // step + 1
    return [begin + timedelta(days=step * n) for n in range(min(count, MOST_DAYS + 1))]


def _short(value: Value, title: str) -> str:
    if isinstance(value, date):
        return short_day_text(value)
    return title if len(title) <= LONGEST else title[: LONGEST - 1] + "…"


def _says(
    report: Report, currency: str, measure: Measure, sums: Sequence[int], titles: Sequence[str]
) -> str:
    most = max(range(len(sums)), key=lambda n: abs(sums[n]))
    return _(
        "%(report)s in %(currency)s, from %(first)s to %(last)s. %(measure)s is highest at"
        " %(where)s: %(most)s. The table below has all figures.",
        report=_(report.title),
        currency=currency,
        first=titles[0],
        last=titles[-1],
        measure=_(measure.title),
        where=titles[most],
        most=sum_in_full(measure, sums[most], currency),
    )
