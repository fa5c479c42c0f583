"""One's own account: password, second step, sessions, shortcuts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from flask import Blueprint, Response, abort, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import Connection

from desk.access import TOKEN, go, me, needs, origin
from desk.account.entering import NotIn, confirm_password
from desk.account.queries import Account, account, browser_text
from desk.forms import NONE, Slips, carry_out, of_refusal, say
from desk.words import _
from kit import clock
from kit.db import in_transaction, reading
from kit.errors import DomainError
from kit.vault import VaultLocked
from staff import second_factor, sessions
from staff.account import end_own_others, end_own_session, set_single_keys
from staff.errors import PasswordsDiffer, WrongPassword
from staff.passwords import change_password, checked
from staff.permissions import MEANINGS, Permission

bp = Blueprint("account", __name__, url_prefix="/account")

T = TypeVar("T")
NEW_SECRET = "second_new"  # noqa: S105, the key in the cookie of a sealed secret not yet in use


@bp.get("/")
@needs(Permission.READ)
def index() -> ResponseReturnValue:
    return _page(NONE)


@bp.post("/change-password")
@needs(Permission.READ)
def new_password() -> ResponseReturnValue:
    try:
        _confirm()
        if request.form.get("new", "") != request.form.get("again", ""):
            raise PasswordsDiffer
        fresh = checked(request.form.get("new", ""))
    except (DomainError, NotIn) as refused:
        return Response(_page(_slips(refused, {"password_refused": "new"})), 422)
    mine = me()
    _renewing(
        lambda connection: change_password(
            connection, mine.id, fresh, origin(), clock.now(), but=mine.session_id
        )
    )
    return _back(_("Your password was changed, and your other sessions were ended."))


@bp.post("/keys")
@needs(Permission.READ)
def keys() -> ResponseReturnValue:
    on = request.form.getlist("single_keys")[-1:] == ["true"]
    said = _("Single-key shortcuts are on.") if on else _("Single-key shortcuts are off.")
    return _done(lambda connection: set_single_keys(connection, me().id, on), said)


@bp.post("/sessions/<int:session_id>/end")
@needs(Permission.READ)
def end_session(session_id: int) -> ResponseReturnValue:
    return _done(
        lambda connection: end_own_session(connection, me().id, session_id, origin(), clock.now()),
        _("That session was signed out."),
    )


@bp.post("/sessions/end-others")
@needs(Permission.READ)
def end_others() -> ResponseReturnValue:
    mine = me()
    _renewing(
        lambda connection: end_own_others(
            connection, mine.id, mine.session_id, origin(), clock.now()
        )
    )
    return _back(_("All other sessions were signed out."))


@bp.get("/second-factor")
@needs(Permission.READ)
def second_step() -> ResponseReturnValue:
    if _account().has_second_factor:
        return redirect(url_for("desk.account.index"), 303)
    return _second_page(NONE)


@bp.post("/second-factor")
@needs(Permission.READ)
def second_step_on() -> ResponseReturnValue:
    sealed = session.get(NEW_SECRET)
    if sealed is None or _account().has_second_factor:
        return redirect(url_for("desk.account.second_step"), 303)
    mine, code = me(), request.form.get("code", "")
    try:
        _confirm()
        codes = _renewing(
            lambda connection: second_factor.switch_on(
                connection, mine.id, sealed, code, origin(), clock.now()
            )
        )
    except (DomainError, NotIn) as refused:
        return Response(_second_page(_slips(refused)), 422)
    session.pop(NEW_SECRET)
    # Shown once, so not behind a redirect: nothing keeps them in a readable form.
    return render_template("desk/account/codes.html", codes=codes)


@bp.post("/second-factor/off")
@needs(Permission.READ)
def second_step_off() -> ResponseReturnValue:
    try:
        _confirm()
    except (DomainError, NotIn) as refused:
        return Response(_page(_slips(refused, {"wrong_password": "off"})), 422)
    _renewing(
        lambda connection: second_factor.switch_off(connection, me().id, origin(), clock.now())
    )
    return _back(
        _("The second step is off: your password alone lets you in, and other sessions were ended.")
    )


def _confirm() -> None:
    """Raises WrongPassword, or Locked after too many."""
    if not confirm_password(me().id, request.form.get("password", "")):
        raise WrongPassword


def _slips(refused: Exception, fields: dict[str, str] | None = None) -> Slips:
    """`fields` are the names of fields on this page, by code of error, where they are others."""
    name = (fields or {}).get(getattr(refused, "code", ""))
    return Slips({name: [str(refused)]}) if name else of_refusal(refused)


def _renewing(work: Callable[[Connection], T]) -> T:
    """Change something about the way in. The browser gets a new token in the same transaction, and
    all other sessions end: a copy of its cookie is worth nothing any more.

    Such forms are not remembered: sent twice, they come with a token that is not good any more."""

    def both(connection: Connection) -> tuple[T, str]:
        return work(connection), sessions.renew(connection, me(), clock.now())

    result, token = in_transaction(both)
    session[TOKEN] = token
    return result


def _back(said: str) -> ResponseReturnValue:
    say(said)
    return go(url_for("desk.account.index"))


def _done(work: Callable[[Connection], Any], said: str) -> ResponseReturnValue:
    return carry_out(
        lambda connection, _form: work(connection),
        then=lambda _result: url_for("desk.account.index"),
        again=_page,
        said=lambda _result: said,
    )


def _account() -> Account:
    with reading() as reader:
        return account(reader, me(), clock.now()) or abort(404)


def _page(slips: Slips) -> str:
    return render_template(
        "desk/account/index.html",
        account=_account(),
        slips=slips,
        meanings=MEANINGS,
        browser=browser_text,
    )


def _second_page(slips: Slips) -> str:
    """The same secret until it is in use: what was scanned stays right after a wrong code."""
    sealed = session.setdefault(NEW_SECRET, second_factor.new_secret())
    try:
        shown = second_factor.proposal(sealed, me().email)
    except VaultLocked:  # a cookie from before the keys were changed
        session[NEW_SECRET] = second_factor.new_secret()
        say(_("Scan the picture anew."))
        shown = second_factor.proposal(session[NEW_SECRET], me().email)
    return render_template("desk/account/second_factor.html", shown=shown, slips=slips)
