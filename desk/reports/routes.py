"""Reports: what the money did, by day, method, partner and due date; and each figure's rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, abort, render_template, request, url_for
from flask.typing import ResponseReturnValue

from desk.access import needs
from desk.payments.sources import sources
from desk.reports.asking import FIGURE, Asked, about, asked, asked_rows, periods_of
from desk.reports.choices import choices, zone_of
from desk.reports.drawing import Drawn, drawn
from desk.reports.listing import cells, columns, of_figure, page
from desk.reports.saying import NOTHING_YET, sum_in_full
from desk.reports.tables import Table, Way, table
from desk.words import _
from kit import clock
from kit.db import reading
from office.reports.all import REPORTS
from office.reports.choices import Choices
from office.reports.filters import args_of_group
from office.reports.report import Group, Measure, Report, figures
from staff.permissions import Permission

bp = Blueprint("reports", __name__, url_prefix="/reports")


@dataclass(frozen=True, slots=True)
class Part:
    """What a report says in one currency; there is no chart where it could not be read."""

    table: Table
    chart: Drawn | None


@bp.get("/")
@needs(Permission.REPORTS)
def index() -> ResponseReturnValue:
    return render_template("desk/reports/list.html", reports=REPORTS.values())


@bp.get("/<name>")
@needs(Permission.REPORTS)
def show(name: str) -> ResponseReturnValue:
    report, now = _report(name), clock.now()
    with reading() as session:
        found = choices(session)
        wanted = asked(report, _values(), found, now)
        sections = [] if wanted.slips.any else figures(session, report, wanted.filters)
    today = found.today(now, wanted.filters.location)
    parts = [
        Part(table(report, each, _way(wanted)), drawn(report, each, wanted.filters, today))
        for each in sections
    ]
    return _answer(
        "desk/reports/one.html",
        wanted,
        found,
        parts=parts,
        periods=periods_of(report),
        titles=", ".join(_(each.title) for each in report.dimensions),
        nothing=_nothing(wanted),
    )


@bp.get("/<name>/rows")
@needs(Permission.REPORTS)
def rows(name: str) -> ResponseReturnValue:
    report, values = _report(name), _values()
    with reading() as session:
        found = choices(session)
        wanted, measure = asked_rows(report, values, found, clock.now())
        if wanted.slips.any:
            return _answer("desk/reports/rows.html", wanted, found, back={})
        currency = str(wanted.filters.currency)
        query = of_figure(report, wanted.filters, currency, wanted.of, measure)
        slice_, total = page(session, report, query, measure)
    shown = columns(report, wanted.of, measure, currency, zone_of(found, wanted.filters.location))
    of = args_of_group(currency, Group(wanted.of, {}))
    return _answer(
        "desk/reports/rows.html",
        wanted,
        found,
        measure=measure,
        total=total,
        in_full=sum_in_full(measure, total.sum, currency),
        columns=shown,
        rows=[cells(row, shown) for row in slice_.rows],
        slice=slice_,
        about=about(wanted, found),
        back=_whole(wanted),
        args={**wanted.args, **of, FIGURE: measure.name},
    )


def _nothing(wanted: Asked) -> str:
    """What would stand in an empty report."""
    text = NOTHING_YET[wanted.report.name]
    return f"{text} {_('Other days or fewer filters may show some.')}" if wanted.args else text


def _report(name: str) -> Report:
    if name not in REPORTS:
        abort(404)
    return REPORTS[name]


def _values() -> dict[str, str]:
    """The filters of the address that say anything."""
    return {name: text.strip() for name, text in request.args.items() if text.strip()}


def _whole(wanted: Asked) -> dict[str, str]:
    """The filters of the report that a figure was clicked in, as far as the figure tells."""
    mine = {"currency", *(each.name for each in wanted.report.dimensions)}
    return {name: text for name, text in wanted.args.items() if name not in mine}


def _way(wanted: Asked) -> Way:
    """Leads from a figure to its rows."""
    start = url_for("desk.reports.rows", name=wanted.report.name)

    def way(currency: str, group: Group, measure: Measure) -> str:
        of = args_of_group(currency, group)
        return f"{start}?{urlencode({**wanted.args, **of, FIGURE: measure.name})}"

    return way


def _answer(template: str, wanted: Asked, found: Choices, **facts: Any) -> ResponseReturnValue:
    """The page; 422 while something is wrong with what was asked for."""
    locations = [(id, place.name) for id, place in found.locations.items()]
    currencies = {place.currency for place in found.locations.values()}
    currencies |= set(filter(None, [wanted.filters.currency]))
    page = render_template(
        template,
        report=wanted.report,
        wanted=wanted,
        choices=found,
        locations=locations,
        currencies=[(each, each) for each in sorted(currencies)],
        sources=sources(),
        **facts,
    )
    return page, 422 if wanted.slips.any else 200
