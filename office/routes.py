"""The house API of the office: /apis/reports."""

from __future__ import annotations

from flask import abort
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

import office.models  # noqa: F401, the tables
import payments.statements.models  # noqa: F401, the tables
from kit import clock, form
from kit.db import reading
from kit.fields import Fault
from kit.form import Blueprint, Malformed
from kit.paging import Bookmarks, page
from office import describing, schemas
from office.reports.all import REPORTS
from office.reports.choices import choices
from office.reports.filters import Asked, Came, args_of, asked
from office.reports.report import KEY, Report, figures, order_of, rows
from partners.authentication import caller, requires
from payments.queries import MOST

bp = Blueprint("reports", __name__, url_prefix="/apis/reports", description=describing.ABOUT)
BOOKMARKS = Bookmarks()
BY_NAME = {"parameters": [describing.NAME]}


@bp.get("")
@requires(describing.SCOPE)
@bp.doc(**describing.DESCRIBED["list"])
def list_() -> ResponseReturnValue:
    """List the reports."""
    return form.answer(schemas.listed(list(REPORTS.values())))


@bp.get("/<name>", **BY_NAME)
@requires(describing.SCOPE)
@bp.doc(**describing.DESCRIBED["figures"])
@bp.arguments(schemas.FiguresQuery(), location="query")
def read(came: Came, name: str) -> ResponseReturnValue:
    """Read a report."""
    report = _report(name)
    with reading() as session:
        wanted = _wanted(session, report, came)
        found = figures(session, report, wanted.filters)
    return form.answer(schemas.report(report, wanted, found))


@bp.get("/<name>/rows", **BY_NAME)
@requires(describing.SCOPE)
@bp.doc(**describing.DESCRIBED["rows"])
@bp.arguments(schemas.RowPageQuery(), location="query")
def list_rows(came: Came, name: str) -> ResponseReturnValue:
    """List the rows of a report."""
    report, values = _report(name), dict(came.values)
    size, index = values.pop("size", MOST), values.pop("index", 1)
    with reading() as session:
        wanted = _wanted(session, report, _with_currency(Came(values, came.faults)))
        currency = str(wanted.filters.currency)
        query = rows(report, wanted.filters, currency, wanted.of)
        who = (caller().partner_id, sorted(caller().locations))
        list_name = (name, *who, args_of(wanted.filters), wanted.of)
        found = page(session, query, order_of(report, query), size, index, BOOKMARKS, list_name)
        key = query.selected_columns[KEY]
        mine = session.execute(query.where(key.in_(found.ids))).mappings()
        by_key = {row[KEY]: dict(row) for row in mine}
    return form.answer(schemas.rows(report, [by_key[each] for each in found.ids], found.total))


def _report(name: str) -> Report:
    return REPORTS[name] if name in REPORTS else abort(404)


def _wanted(session: Session, report: Report, came: Came) -> Asked:
    """What the caller asks for, of its own locations. Raises Malformed with all that is wrong."""
    reach, viewer = caller().locations, caller().partner_id
    found = asked(report, came, choices(session, reach, viewer), clock.now())
    if found.faults:
        raise Malformed(list(found.faults))
    return found


def _with_currency(came: Came) -> Came:
    """A figure is of one currency, so its rows are."""
    if "currency" in came.values or any(name == "Currency" for name, _ in came.faults):
        return came
    text = "Currency is missing; it must be an ISO 4217 code such as EUR."
    return Came(came.values, [*came.faults, ("Currency", Fault("required", text))])
