"""Partners: the list, adding one, and the page of each with what it may do and signs in with."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from flask import Blueprint, abort, render_template
from flask.typing import ResponseReturnValue
from sqlalchemy import Connection

from desk.access import needs, origin
from desk.forms import NONE, Slips, asked, carry_out
from desk.partners import webhooks
from desk.partners.forms import (
    CredentialForm,
    NameForm,
    ReasonForm,
    new_partner_form,
    rights_form,
    show_once,
)
from desk.partners.queries import FORMAT_NAMES, credential, partners, places
from desk.partners.showing import (
    Question,
    ask,
    asks_for_new_secret,
    held,
    one,
    page_of,
    show_partner,
    show_secrets,
)
from desk.words import _
from kit import clock
from kit.db import reading
from partners.changing import (
    Rights,
    change_rights,
    give_credential,
    rename_partner,
    renew_client_secret,
    revoke_credential,
)
from partners.registering import Credentials, add_partner, revoke_partner
from partners.scopes import DEFAULT, FORMATS, SCOPES, scopes_for
from staff.permissions import Permission

bp = Blueprint("partners", __name__, url_prefix="/partners")
bp.register_blueprint(webhooks.bp)


@bp.get("/")
@needs(Permission.PARTNERS)
def index() -> ResponseReturnValue:
    with reading() as session:
        return render_template("desk/partners/list.html", partners=partners(session))


@bp.get("/add")
@needs(Permission.PARTNERS)
def new() -> ResponseReturnValue:
    return _new(NONE)


@bp.post("/add")
@needs(Permission.PARTNERS)
def add() -> ResponseReturnValue:
    with reading() as session:
        at = [each.id for each in places(session)]
    return show_once(
        _add,
        show=_show_new,
        back=lambda made: page_of(made.partner_id),
        again=_new,
        schema=new_partner_form(at),
    )


def _add(connection: Connection, asked: Mapping[str, Any]) -> Credentials:
    formats = asked["formats"]
    return add_partner(
        connection,
        asked["name"],
        scopes_for(formats),
        asked["locations"],
        origin(),
        clock.now(),
        formats=formats,
        may_waive_commission=asked["may_waive_commission"],
    )


def _show_new(made: Credentials) -> str:
    words = {_("Client id"): made.client_id, _("Client secret"): made.client_secret}
    for kind, told in made.others.items():
        words |= {f"{FORMAT_NAMES[kind]}: {word}": value for word, value in told.items()}
    found = one(made.partner_id)
    return show_secrets(found, _("“%(name)s” was added", name=found.name), words)


@bp.get("/<int:partner_id>")
@needs(Permission.PARTNERS)
def show(partner_id: int) -> ResponseReturnValue:
    return show_partner(partner_id, values={})


@bp.post("/<int:partner_id>/name")
@needs(Permission.PARTNERS)
def rename(partner_id: int) -> ResponseReturnValue:
    def work(connection: Connection, asked: Mapping[str, Any]) -> None:
        held(connection, partner_id)
        rename_partner(connection, partner_id, asked["name"], origin(), clock.now())

    return carry_out(
        work,
        then=lambda _none: page_of(partner_id),
        again=lambda slips: show_partner(partner_id, slips),
        schema=NameForm(),
        said=lambda _none: _("The partner was renamed."),
    )


@bp.get("/<int:partner_id>/rights")
@needs(Permission.PARTNERS)
def rights(partner_id: int) -> ResponseReturnValue:
    found = one(partner_id)
    values = {
        "scopes": found.scopes,
        "locations": [str(each.id) for each in found.places],
        "may_waive_commission": "true" if found.may_waive_commission else "false",
    }
    return _rights(partner_id, NONE, values)


@bp.post("/<int:partner_id>/rights")
@needs(Permission.PARTNERS)
def change(partner_id: int) -> ResponseReturnValue:
    with reading() as session:
        at = [each.id for each in places(session)]

    def work(connection: Connection, asked: Mapping[str, Any]) -> int:
        held(connection, partner_id)
        reason = asked["reason"]
        wanted = Rights(**{name: asked[name] for name in asked if name != "reason"})
        changed = change_rights(connection, partner_id, wanted, origin(), clock.now(), reason)
        return len(changed)

    return carry_out(
        work,
        then=lambda _count: page_of(partner_id),
        again=lambda slips: _rights(partner_id, slips),
        schema=rights_form(at),
        said=lambda count: _("What the partner may do was changed.") if count else
        _("Nothing was changed: it may do this already."),
    )  # fmt: skip


@bp.get("/<int:partner_id>/secret")
@needs(Permission.PARTNERS)
def secret(partner_id: int) -> ResponseReturnValue:
    return _ask_secret(partner_id, NONE)


@bp.post("/<int:partner_id>/secret")
@needs(Permission.PARTNERS)
def renew(partner_id: int) -> ResponseReturnValue:
    def work(connection: Connection, _asked: Mapping[str, Any]) -> str:
        held(connection, partner_id)
        return renew_client_secret(connection, partner_id, origin(), clock.now())

    def shown(made: str) -> str:
        found = one(partner_id)
        words = {_("Client id"): found.client_id, _("Client secret"): made}
        return show_secrets(found, _("The new client secret of “%(name)s”", name=found.name), words)

    return show_once(
        work,
        show=shown,
        back=lambda _made: page_of(partner_id),
        again=lambda slips: _ask_secret(partner_id, slips),
    )


@bp.post("/<int:partner_id>/credentials")
@needs(Permission.PARTNERS)
def give(partner_id: int) -> ResponseReturnValue:
    def work(connection: Connection, asked: Mapping[str, Any]) -> tuple[str, Mapping[str, str]]:
        held(connection, partner_id)
        kind = asked["kind"]
        return kind, give_credential(connection, partner_id, kind, origin(), clock.now())

    def shown(made: tuple[str, Mapping[str, str]]) -> str:
        kind, words = made
        found = one(partner_id)
        title = _("A credential for %(format)s", format=FORMAT_NAMES[kind])
        return show_secrets(found, title, words)

    return show_once(
        work,
        show=shown,
        back=lambda _made: page_of(partner_id),
        again=lambda slips: show_partner(partner_id, slips, {}),
        schema=CredentialForm(),
    )


@bp.get("/<int:partner_id>/credentials/<int:credential_id>/revoke")
@needs(Permission.PARTNERS)
def ending(partner_id: int, credential_id: int) -> ResponseReturnValue:
    return _ask_credential(partner_id, credential_id, NONE)


@bp.post("/<int:partner_id>/credentials/<int:credential_id>/revoke")
@needs(Permission.PARTNERS)
def end(partner_id: int, credential_id: int) -> ResponseReturnValue:
    def work(connection: Connection, asked: Mapping[str, Any]) -> None:
        held(connection, partner_id)
        reason = asked["reason"]
        revoke_credential(connection, partner_id, credential_id, origin(), clock.now(), reason)

    return carry_out(
        work,
        then=lambda _none: page_of(partner_id),
        again=lambda slips: _ask_credential(partner_id, credential_id, slips),
        schema=ReasonForm(),
        said=lambda _none: _("The credential was revoked; nobody gets in with it any more."),
    )


@bp.get("/<int:partner_id>/revoke")
@needs(Permission.PARTNERS)
def revoking(partner_id: int) -> ResponseReturnValue:
    return _ask_revoke(partner_id, NONE)


@bp.post("/<int:partner_id>/revoke")
@needs(Permission.PARTNERS)
def revoke(partner_id: int) -> ResponseReturnValue:
    def work(connection: Connection, asked: Mapping[str, Any]) -> str:
        row = held(connection, partner_id)
        revoke_partner(connection, row.client_id, origin(), clock.now(), asked["reason"])
        return cast(str, row.name)

    return carry_out(
        work,
        then=lambda _name: page_of(partner_id),
        again=lambda slips: _ask_revoke(partner_id, slips),
        schema=ReasonForm(),
        said=lambda name: _(
            "“%(name)s” was revoked. No money moved: its payments stay.", name=name
        ),
    )


def _new(slips: Slips) -> str:
    with reading() as session:
        at = places(session)
    needed = {name: ", ".join(FORMATS[name]) for name in FORMAT_NAMES}
    return render_template(
        "desk/partners/add.html",
        places=at,
        formats=FORMAT_NAMES,
        needed=needed,
        default=DEFAULT,
        slips=slips,
        values=asked(),
    )


def _rights(partner_id: int, slips: Slips, values: Mapping[str, Any] | None = None) -> str:
    found = one(partner_id)
    if found.revoked_at is not None:
        abort(404)
    with reading() as session:
        at = places(session)
    return render_template(
        "desk/partners/rights.html",
        partner=found,
        places=at,
        meanings=SCOPES,
        slips=slips,
        values=values or asked(),
    )


def _ask_secret(partner_id: int, slips: Slips) -> str:
    found = one(partner_id)
    question = asks_for_new_secret(
        _("Make a new client secret?"),
        _("The present secret ends at once, and every access token asked for with it."),
        _("Until it has the new one, “%(name)s” can record no payment.", name=found.name),
    )
    return ask(found, question, slips)


def _ask_credential(partner_id: int, credential_id: int, slips: Slips) -> str:
    found = one(partner_id)
    with reading() as session:
        there = credential(session, partner_id, credential_id) or abort(404)
    steps = (
        _("Calls of %(format)s with this credential are refused from now on.", format=there.name),
        _("The partner's other credentials and its payments stay as they are."),
    )
    question = Question(
        _("Revoke this credential for %(format)s?", format=there.name),
        steps,
        _("Revoke credential"),
        _("Keep credential"),
    )
    return ask(found, question, slips)


def _ask_revoke(partner_id: int, slips: Slips) -> str:
    found = one(partner_id)
    steps = (
        _("Every credential and access token ends at once: its calls are refused."),
        _("Its webhooks are switched off; it is told of nothing any more."),
        _("Its payments stay. No money moves here."),
        _("This cannot be taken back: a partner that returns is added anew."),
    )
    question = Question(
        _("Revoke “%(name)s”?", name=found.name), steps, _("Revoke partner"), _("Keep partner")
    )
    return ask(found, question, slips)
