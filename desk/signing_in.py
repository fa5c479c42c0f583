"""Signing in and out, and setting a password by a link.

Passwords, their hashes and rules, TOTP and the links' signatures are Flask-Security's. Its pages
are not used, so none of them is there, and its cookie neither: who is signed in is ours to know
(staff.sessions), so that a session can be ended from here, whoever has its cookie.
"""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

from flask import Blueprint, Flask, Response, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_login.utils import _user_context_processor
from flask_security import Security
from flask_wtf.csrf import CSRFError

from desk.access import SAFE, csrf, go, me, needs, signed_in
from desk.account.asking import ask_for_link, password_by_link, person_of_link
from desk.account.entering import (
    NotIn,
    by_code,
    by_password,
    let_in,
    wait_for_code,
    waiting_for_code,
)
from desk.forms import NONE, Slips, say
from desk.frame import bp as desk_bp
from desk.frame import frame, protect
from desk.words import _
from kit import clock
from kit.db import in_transaction
from kit.errors import DomainError
from kit.vault import derived_key
from staff import sessions
from staff.links import DAYS
from staff.people import People
from staff.permissions import Permission
from staff.second_factor import Authenticator

PREFIX = "/desk/account"
HOME = "/desk/"
# A path of the desk: no other host, nothing that a browser would read as one.
OURS = re.compile(r"/desk/[^\\\x00-\x20\x7f]{0,1000}", re.ASCII)

bp = Blueprint("security", __name__, url_prefix=PREFIX)


def settings(secret_key: str) -> dict[str, Any]:
    """How Flask-Security is to work here."""
    return {
        "SECURITY_STATIC_FOLDER": None,
        "SECURITY_CLI_USERS_NAME": False,
        "SECURITY_CLI_ROLES_NAME": False,
        "SECURITY_PASSWORD_SALT": derived_key(secret_key, "passwords").hex(),
        "SECURITY_PASSWORD_HASH": "argon2",
        "SECURITY_PASSWORD_SCHEMES": ["argon2"],
        "SECURITY_DEPRECATED_PASSWORD_SCHEMES": [],
        "SECURITY_PASSWORD_LENGTH_MIN": 12,
        "SECURITY_RESET_PASSWORD_WITHIN": timedelta(days=DAYS),
        "SECURITY_TWO_FACTOR": True,
        "SECURITY_TWO_FACTOR_ENABLED_METHODS": ["authenticator"],
        # Asked for, not used: the vault seals what is stored.
        "SECURITY_TOTP_SECRETS": {"1": derived_key(secret_key, "second factor").hex()},
        "SECURITY_TOTP_ISSUER": "Desk",
    }


def init_app(app: Flask) -> None:
    """Let people sign in."""
    app.config.update(settings(app.config["SECRET_KEY"]))
    security = Security(app, People(), register_blueprint=False, totp_cls=Authenticator)
    _for_the_desk_only(app, security)
    app.register_blueprint(bp)


def _for_the_desk_only(app: Flask, security: Security) -> None:
    """Flask-Principal asks who it is before every request, and Flask-Login looks at the session
    after it and in every template: calls of programs would have their bodies read and their answers
    changed for people who are not there. None is needed: the gate knows who it is."""
    app.before_request_funcs[None].remove(security.principal._on_before_request)
    app.after_request_funcs[None].remove(security.login_manager._update_remember_cookie)
    app.template_context_processors[None].remove(_user_context_processor)
    security.login_manager.request_loader(lambda _request: None)


def _check_token() -> ResponseReturnValue | None:
    """Forms of people who are not in carry a token against forgery as well. One that has grown too
    old is no mishap: the page is shown anew."""
    if request.method in SAFE:
        return None
    try:
        csrf.protect()
    except CSRFError:
        say(_("The page was too old, so nothing was done. Try again."))
        return redirect(request.full_path.rstrip("?"), 303)
    return None


bp.before_request(_check_token)
bp.after_request(protect)
bp.context_processor(frame)


@bp.get("/sign-in")
def login() -> ResponseReturnValue:
    if signed_in(clock.now()) is not None:
        return redirect(_next(), 303)
    return _sign_in_page(NONE)


@bp.post("/sign-in")
def try_login() -> ResponseReturnValue:
    email, password = request.form.get("email", ""), request.form.get("password", "")
    try:
        person = by_password(email, password)
    except NotIn as told:
        return Response(_sign_in_page(Slips(all=[str(told)])), 422)
    if person.has_second_factor:
        wait_for_code(person)
        return redirect(url_for("security.second_factor", next=_next()), 303)
    let_in(person)
    return redirect(_next(), 303)


@bp.get("/code")
def second_factor() -> ResponseReturnValue:
    if waiting_for_code() is None:
        return _too_late()
    return render_template("desk/account/code.html", slips=NONE, next=_next())


@bp.post("/code")
def try_second_factor() -> ResponseReturnValue:
    person = waiting_for_code()
    if person is None:
        return _too_late()
    try:
        by_code(person, request.form.get("code", ""))
    except NotIn as told:
        slips = Slips(all=[str(told)])
        return Response(render_template("desk/account/code.html", slips=slips, next=_next()), 422)
    let_in(person)
    return redirect(_next(), 303)


@bp.get("/password")
def forgot_password() -> ResponseReturnValue:
    return render_template("desk/account/forgot.html", slips=NONE)


@bp.post("/password")
def send_password_link() -> ResponseReturnValue:
    try:
        ask_for_link(request.form.get("email", ""))
    except NotIn as told:
        slips = Slips(all=[str(told)])
        return Response(render_template("desk/account/forgot.html", slips=slips), 422)
    say(
        _(
            "If this address belongs to somebody of the staff, an e-mail with a link is on its "
            "way. It may take a minute or two."
        )
    )
    return redirect(url_for("security.login"), 303)


@bp.get("/password/<token>")
def reset_password(token: str) -> ResponseReturnValue:
    email = person_of_link(token)
    page = render_template("desk/account/new_password.html", email=email, slips=NONE)
    return Response(page, 200 if email else 404)


@bp.post("/password/<token>")
def set_password(token: str) -> ResponseReturnValue:
    try:
        password_by_link(token, request.form.get("password", ""), request.form.get("again", ""))
    except DomainError as refused:
        email = person_of_link(token)
        slips = Slips({refused.field: [str(refused)]} if refused.field else {}, [str(refused)])
        page = render_template("desk/account/new_password.html", email=email, slips=slips)
        return Response(page, 422)
    session.clear()
    say(_("Your new password is set. Sign in with it."))
    return redirect(url_for("security.login"), 303)


@desk_bp.post("/sign-out")
@needs(Permission.READ)
def sign_out() -> ResponseReturnValue:
    in_transaction(lambda connection: sessions.end(connection, me().session_id, clock.now()))
    session.clear()
    return go(url_for("security.login"))


def _sign_in_page(slips: Slips) -> str:
    email = request.form.get("email", "")
    return render_template(
        "desk/account/sign_in.html", slips=slips, next=_next(), values={"email": email}
    )


def _too_late() -> ResponseReturnValue:
    say(_("That took too long; sign in again."))
    return redirect(url_for("security.login", next=_next()), 303)


def _next() -> str:
    """Where to go after signing in: a page of the desk and nowhere else."""
    asked = request.args.get("next", "")
    return asked if OURS.fullmatch(asked) and not asked.startswith(PREFIX + "/s") else HOME
