"""Bank accounts: the list, a form for each, and the files that were read of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from flask import Blueprint, abort, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import Connection, select
from sqlalchemy.orm import Session

from desk.access import is_for_all, me, needs, origin, within
from desk.forms import NONE, SEEN, Slips, asked, carry_out, of_refusal
from desk.statements.files import files_of
from desk.typed import Count, TypedForm, together
from desk.words import _
from kit import clock, currencies
from kit.db import LARGEST, reading
from kit.fields import PlainText
from locations.models import Location
from payments.statements.account_errors import AccountChangedMeanwhile
from payments.statements.accounts import (
    FIXED,
    AccountSetup,
    StoredAccount,
    account,
    accounts,
    add_account,
    change_account,
    usable_methods,
)
from staff.permissions import Permission

bp = Blueprint("statement_accounts", __name__, url_prefix="/statements/accounts")


class AccountForm(TypedForm):
    """An account as it is typed in; no location means all of them."""

    name = PlainText(data_key="Name", most=100, required=True)
    number = PlainText(data_key="Number", most=60, required=True, hint="an IBAN or another number")
    currency = PlainText(
        data_key="Currency", most=3, pattern="[A-Z]{3}", hint="a code such as EUR", required=True
    )
    location_id = Count(data_key="Location", least=1, most=LARGEST, load_default=None)
    method_id = Count(data_key="Method", least=1, most=LARGEST, required=True)


@bp.get("/")
@needs(Permission.RECONCILE)
def index() -> ResponseReturnValue:
    with reading() as session:
        found = accounts(session.connection(), me().locations)
    return render_template("desk/statements/accounts.html", accounts=found)


@bp.get("/new")
@needs(Permission.RECONCILE)
def new() -> ResponseReturnValue:
    given = request.args.get("number", "")[:60]
    return _new_page(NONE, {"number": given})


@bp.post("/new")
@needs(Permission.RECONCILE)
def add() -> ResponseReturnValue:
    return carry_out(
        _add,
        then=lambda account_id: url_for("desk.statement_accounts.show", account_id=account_id),
        again=lambda slips: _new_page(slips, asked()),
        said=lambda _id: _("The account was added. Upload a statement of it."),
    )


@bp.get("/<int:account_id>")
@needs(Permission.RECONCILE)
def show(account_id: int) -> ResponseReturnValue:
    return _page(account_id, NONE)


@bp.post("/<int:account_id>")
@needs(Permission.RECONCILE)
def change(account_id: int) -> ResponseReturnValue:
    return carry_out(
        lambda connection, came: _change(account_id, connection, came),
        then=lambda _changed: url_for("desk.statement_accounts.show", account_id=account_id),
        again=lambda slips: _page(account_id, slips, asked()),
        said=lambda changed: (
            _("The account was changed.")
            if changed
            else _("Nothing was different, so nothing was changed.")
        ),
    )


def _add(connection: Connection, came: Mapping[str, Any]) -> int:
    setup = _setup(came)
    return add_account(connection, setup, me().locations, origin(), clock.now())


def _change(account_id: int, connection: Connection, came: Mapping[str, Any]) -> bool:
    was = account(connection, account_id, me().locations) or abort(404)
    seen = request.form.get(SEEN, was.state)
    # What stays is not in the form.
    fixed = {name: value for name, value in asdict(was.setup).items() if name in FIXED}
    kept = {name: str(value) for name, value in fixed.items() if was.is_fixed and value is not None}
    setup = _setup({**kept, **came})
    now = clock.now()
    return change_account(connection, account_id, setup, me().locations, origin(), now, seen=seen)


def _setup(came: Mapping[str, Any]) -> AccountSetup:
    """Raises Refused with what cannot be read."""
    values, slips = AccountForm().read(came)
    together(slips)
    return AccountSetup(**values)


# --- pages -----------------------------------------------------------------------------------


def _new_page(slips: Slips, values: Mapping[str, Any]) -> str:
    with reading() as session:
        choices = _choices(session)
    return render_template(
        "desk/statements/account.html", account=None, files=None, values=values, slips=slips,
        **choices,
    )  # fmt: skip


def _page(account_id: int, slips: Slips, values: Mapping[str, Any] | None = None) -> str:
    """The account as it stands, with what was typed in; not when it was changed meanwhile."""
    with reading() as session:
        found = account(session.connection(), account_id, me().locations) or abort(404)
        choices, files = _choices(session), files_of(session, found)
    if values is not None and request.form.get(SEEN, found.state) != found.state:
        values, slips = None, of_refusal(AccountChangedMeanwhile(found.name))
    return render_template(
        "desk/statements/account.html",
        account=found,
        files=files,
        values=values or _values_of(found),
        slips=slips,
        **choices,
    )


def _values_of(found: StoredAccount) -> dict[str, Any]:
    return {name: "" if value is None else value for name, value in asdict(found.setup).items()}


def _choices(session: Session) -> dict[str, Any]:
    """What there is to choose from: locations within reach (all at once only for people of all),
    methods, currencies."""
    query = select(Location.id, Location.name).where(within(Location.id)).order_by(Location.name)
    places = [(row.id, row.name) for row in session.execute(query)]
    everywhere = [("", _("All locations"))] if is_for_all() else []
    methods = usable_methods(session.connection(), None)
    return {
        "locations": [*everywhere, *places],
        "methods": list(methods.items()),
        "currencies": [(code, code) for code in sorted(currencies.codes())],
    }
