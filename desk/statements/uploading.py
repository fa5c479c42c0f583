"""Uploading the file of a bank, saying once what the columns of its CSV files are, and what one
file held.

A file is read before the transaction begins that stores it; what is wrong with it is told on the
page it was chosen on. A CSV file whose columns are not known waits until somebody has said them.
"""

from __future__ import annotations

from dataclasses import dataclass

from flask import Blueprint, abort, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import Connection

from desk.access import me, needs, origin, takes_files
from desk.forms import NONE, Slips, asked, carry_out
from desk.statements.choosing import Chosen, choose
from desk.statements.columns import Asked, asked_columns, page_of
from desk.statements.files import one_file, waiting_lines
from desk.words import _, ngettext
from kit import clock
from kit.db import reading
from kit.errors import DomainError, Refused
from kit.form import BODY_LIMIT
from payments.statements.accounts import StoredAccount, account, accounts
from payments.statements.reading import MOST_BYTES
from payments.statements.storing import Stored, StoreStatement, store_statement
from payments.statements.uploads import Upload, forget_upload, keep_upload, upload
from staff.permissions import Permission

bp = Blueprint("statement_files", __name__, url_prefix="/statements")


@dataclass(frozen=True, slots=True)
class Waiting:
    """A file that was kept until its columns are known."""

    upload_id: int


@bp.get("/upload")
@needs(Permission.RECONCILE)
def new() -> ResponseReturnValue:
    return _upload_page(NONE)


@bp.post("/upload")
@needs(Permission.RECONCILE)
@takes_files(MOST_BYTES + BODY_LIMIT)
def add() -> ResponseReturnValue:
    came = _read_ahead()
    return carry_out(
        lambda connection, _form: _take(connection, came),
        then=_leads_to,
        again=_upload_page,
        said=_said,
    )


@bp.get("/uploads/<int:upload_id>")
@needs(Permission.RECONCILE)
def columns(upload_id: int) -> ResponseReturnValue:
    waiting, of = _waiting(upload_id)
    told = asked_columns(waiting, of, {})
    return _columns_page(told, NONE if told.is_open else told.slips)


@bp.post("/uploads/<int:upload_id>")
@needs(Permission.RECONCILE)
def confirm(upload_id: int) -> ResponseReturnValue:
    """What the columns are: looked at once more, or confirmed, and the file stored."""
    waiting, of = _waiting(upload_id)
    told = asked_columns(waiting, of, asked())
    if request.form.get("do") == "look":
        return _columns_page(told, told.slips)
    return carry_out(
        lambda connection, _form: _confirmed(connection, told),
        then=_leads_to,
        again=lambda slips: _columns_page(told, slips),
        said=_said,
    )


@bp.post("/uploads/<int:upload_id>/drop")
@needs(Permission.RECONCILE)
def drop(upload_id: int) -> ResponseReturnValue:
    _waiting(upload_id)
    return carry_out(
        lambda connection, _form: forget_upload(connection, upload_id),
        then=lambda _none: url_for("desk.statement_files.new"),
        again=_upload_page,
        said=lambda _none: _("The file was dropped; nothing of it was stored."),
    )


@bp.get("/files/<int:statement_id>")
@needs(Permission.RECONCILE)
def show(statement_id: int) -> ResponseReturnValue:
    with reading() as session:
        found = one_file(session, statement_id) or abort(404)
        waiting = waiting_lines(session, statement_id)
    return render_template("desk/statements/upload_done.html", file=found, waiting=waiting)


# --- what came -------------------------------------------------------------------------------


def _read_ahead() -> Chosen | DomainError | Refused:
    """The file and whose it is, or what it is refused for: told inside of the form's transaction,
    which may find that this very form was carried out already."""
    file = request.files.get("file")
    name, data = (file.filename or "", file.read()) if file else ("", b"")
    try:
        with reading() as session:
            there = accounts(session.connection(), me().locations)
        return choose(name, data, request.form.get("account", ""), there, clock.now().date())
    except (DomainError, Refused) as error:
        return error


def _take(connection: Connection, came: Chosen | DomainError | Refused) -> Stored | Waiting:
    if isinstance(came, Exception):
        raise came
    now = clock.now()
    if came.read is None:
        kept = keep_upload(connection, came.account.id, came.name, came.data, origin(), now)
        return Waiting(kept)
    order = StoreStatement(
        account_id=came.account.id, name=came.name, data=came.data, read=came.read
    )
    return store_statement(connection, order, origin(), lambda: now)


def _confirmed(connection: Connection, told: Asked) -> Stored:
    """The file was read ahead, by what was said of its columns."""
    if told.wrong:
        raise told.wrong
    order = StoreStatement(
        account_id=told.account.id,
        name=told.upload.name,
        data=told.upload.data,
        columns=told.columns.as_json,
        read=told.read,
    )
    stored = store_statement(connection, order, origin())
    forget_upload(connection, told.upload.id)
    return stored


def _waiting(upload_id: int) -> tuple[Upload, StoredAccount]:
    reach = me().locations
    with reading() as session:
        connection = session.connection()
        found = upload(connection, upload_id, reach) or abort(404)
        return found, account(connection, found.account_id, reach) or abort(404)


# --- pages -----------------------------------------------------------------------------------


def _leads_to(done: Stored | Waiting) -> str:
    if isinstance(done, Waiting):
        return url_for("desk.statement_files.columns", upload_id=done.upload_id)
    return url_for("desk.statement_files.show", statement_id=done.statement_id)


def _said(done: Stored | Waiting) -> str | None:
    if isinstance(done, Waiting):
        return None
    if done.again:
        return _("This very file was read before, so nothing was changed.")
    parts = [ngettext("%(num)s line is new.", "%(num)s lines are new.", done.new)]
    if done.known:
        parts.append(
            ngettext("%(num)s was known already.", "%(num)s were known already.", done.known)
        )
    if done.alike:
        parts.append(ngettext(
            "%(num)s of these is known by its day and amount only; the bank says something else of "
            "it in this file.",
            "%(num)s of these are known by their day and amount only; the bank says something else "
            "of them in this file.",
            done.alike,
        ))  # fmt: skip
    if done.skipped.pending:
        parts.append(ngettext(
            "%(num)s is not booked by the bank yet, and was left out.",
            "%(num)s are not booked by the bank yet, and were left out.",
            done.skipped.pending,
        ))  # fmt: skip
    if done.skipped.zero:
        parts.append(ngettext(
            "%(num)s has no amount, and was left out.",
            "%(num)s have no amount, and were left out.",
            done.skipped.zero,
        ))  # fmt: skip
    return " ".join(parts)


def _upload_page(slips: Slips) -> str:
    with reading() as session:
        there = accounts(session.connection(), me().locations)
    chosen = request.form.get("account") or request.args.get("account", "")
    return render_template(
        "desk/statements/upload.html",
        accounts=[(each.id, f"{each.name} ({each.number})") for each in there],
        values={"account": chosen},
        slips=slips,
        most=MOST_BYTES // 2**20,
    )


def _columns_page(told: Asked, slips: Slips) -> str:
    return render_template("desk/statements/columns.html", slips=slips, **page_of(told))
