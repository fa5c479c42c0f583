"""A partner's webhooks: addresses that are told of things, and the log of the calls."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, abort, render_template
from flask.typing import ResponseReturnValue
from sqlalchemy import Connection, select

from desk.access import needs, origin
from desk.forms import NONE, Slips, asked, carry_out
from desk.partners.forms import EndpointForm, ReasonForm, show_once
from desk.partners.queries import EndpointRow, PartnerRow, endpoint
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
from desk.words import _, ngettext
from kit import clock
from kit.db import reading
from kit.ids import opaque
from partners.endpoints import (
    NewEndpoint,
    add_endpoint,
    remove_endpoint,
    renew_secret,
    signing_secret,
    switch_off,
    switch_on,
)
from partners.events import TYPES
from partners.models import Endpoint
from partners.resending import Resent, Which, resend
from staff.permissions import Permission

bp = Blueprint("webhooks", __name__, url_prefix="/<int:partner_id>/webhooks")


@bp.get("/add")
@needs(Permission.PARTNERS)
def new(partner_id: int) -> ResponseReturnValue:
    return _new(partner_id, NONE)


@bp.post("/add")
@needs(Permission.PARTNERS)
def add(partner_id: int) -> ResponseReturnValue:
    def work(connection: Connection, asked: Mapping[str, Any]) -> str:
        held(connection, partner_id)
        wanted = NewEndpoint(
            name=asked.get("endpoint") or opaque(10).lower(),
            target=asked["url"],
            events=tuple(dict.fromkeys(asked["events"])),
            secret=signing_secret(),
        )
        add_endpoint(connection, partner_id, wanted, origin(), clock.now())
        return wanted.secret or ""

    return show_once(
        work,
        show=lambda made: _show_secret(partner_id, made),
        back=lambda _made: page_of(partner_id),
        again=lambda slips: _new(partner_id, slips),
        schema=EndpointForm(),
    )


@bp.post("/<int:endpoint_id>/on")
@needs(Permission.PARTNERS)
def on(partner_id: int, endpoint_id: int) -> ResponseReturnValue:
    def work(connection: Connection, _asked: Mapping[str, Any]) -> None:
        _held(connection, partner_id, endpoint_id)
        switch_on(connection, endpoint_id, origin(), "at the desk", clock.now())

    return carry_out(
        work,
        then=lambda _none: page_of(partner_id),
        again=lambda slips: show_partner(partner_id, slips, {}),
        said=lambda _none: _("The webhook is on; what waits for it is tried now."),
    )


@bp.get("/<int:endpoint_id>/off")
@needs(Permission.PARTNERS)
def ask_off(partner_id: int, endpoint_id: int) -> ResponseReturnValue:
    return _ask_off(partner_id, endpoint_id, NONE)


@bp.post("/<int:endpoint_id>/off")
@needs(Permission.PARTNERS)
def off(partner_id: int, endpoint_id: int) -> ResponseReturnValue:
    def work(connection: Connection, asked: Mapping[str, Any]) -> None:
        _held(connection, partner_id, endpoint_id)
        switch_off(connection, endpoint_id, origin(), asked["reason"], clock.now())

    return carry_out(
        work,
        then=lambda _none: page_of(partner_id),
        again=lambda slips: _ask_off(partner_id, endpoint_id, slips),
        schema=ReasonForm(),
        said=lambda _none: _("The webhook is off."),
    )


@bp.get("/<int:endpoint_id>/secret")
@needs(Permission.PARTNERS)
def ask_secret(partner_id: int, endpoint_id: int) -> ResponseReturnValue:
    return _ask_secret(partner_id, endpoint_id, NONE)


@bp.post("/<int:endpoint_id>/secret")
@needs(Permission.PARTNERS)
def renew(partner_id: int, endpoint_id: int) -> ResponseReturnValue:
    def work(connection: Connection, _asked: Mapping[str, Any]) -> str:
        if _held(connection, partner_id, endpoint_id).kind != "events":
            abort(404)
        made = signing_secret()
        renew_secret(connection, endpoint_id, made, origin(), clock.now())
        return made

    return show_once(
        work,
        show=lambda made: _show_secret(partner_id, made),
        back=lambda _made: page_of(partner_id),
        again=lambda slips: _ask_secret(partner_id, endpoint_id, slips),
    )


@bp.get("/<int:endpoint_id>/remove")
@needs(Permission.PARTNERS)
def ask_remove(partner_id: int, endpoint_id: int) -> ResponseReturnValue:
    return _ask_remove(partner_id, endpoint_id, NONE)


@bp.post("/<int:endpoint_id>/remove")
@needs(Permission.PARTNERS)
def remove(partner_id: int, endpoint_id: int) -> ResponseReturnValue:
    def work(connection: Connection, _asked: Mapping[str, Any]) -> None:
        row = _held(connection, partner_id, endpoint_id)
        remove_endpoint(connection, partner_id, row.kind, row.name, origin(), clock.now())

    return carry_out(
        work,
        then=lambda _none: page_of(partner_id),
        again=lambda slips: _ask_remove(partner_id, endpoint_id, slips),
        said=lambda _none: _("The webhook was removed."),
    )


@bp.post("/<int:endpoint_id>/again/<int:message_id>")
@needs(Permission.PARTNERS, Permission.MESSAGES)
def again(partner_id: int, endpoint_id: int, message_id: int) -> ResponseReturnValue:
    def work(connection: Connection, _asked: Mapping[str, Any]) -> Resent:
        _held(connection, partner_id, endpoint_id)
        which = Which(messages=(message_id,), endpoint=endpoint_id)
        resent = resend(connection, which, origin(), clock.now())
        return abort(404) if resent.unknown else resent

    return carry_out(
        work,
        then=lambda _resent: page_of(partner_id) + "#calls",
        again=lambda slips: show_partner(partner_id, slips, {}),
        said=_of_resent,
    )


def _of_resent(resent: Resent) -> str:
    if resent.count:
        return _("The message goes out again, under the same id.")
    if resent.waiting:
        return _("The message has not left yet, and goes out anyway.")
    return _("The webhook is off, so nothing goes out. Switch it on first.")


def _held(connection: Connection, partner_id: int, endpoint_id: int) -> Any:
    """The row of a partner's endpoint that was not removed, the partner held; 404 otherwise."""
    held(connection, partner_id)
    mine = (Endpoint.id == endpoint_id, Endpoint.partner_id == partner_id)
    query = select(Endpoint.__table__).where(*mine, Endpoint.removed_at.is_(None))
    return connection.execute(query).first() or abort(404)


def _found(partner_id: int, endpoint_id: int) -> tuple[PartnerRow, EndpointRow]:
    found = one(partner_id)
    with reading() as session:
        there = endpoint(session, partner_id, endpoint_id)
    if there is None or found.revoked_at is not None:
        abort(404)
    return found, there


def _new(partner_id: int, slips: Slips) -> str:
    found = one(partner_id)
    if found.revoked_at is not None:
        abort(404)
    return render_template(
        "desk/partners/webhook.html", partner=found, types=TYPES, slips=slips, values=asked()
    )


def _show_secret(partner_id: int, made: str) -> str:
    found = one(partner_id)
    notes = (_("Events are signed with it as in Standard Webhooks: the header webhook-signature."),)
    title = _("The signing secret of the webhook")
    return show_secrets(found, title, {_("Signing secret"): made}, notes)


def _ask_off(partner_id: int, endpoint_id: int, slips: Slips) -> str:
    found, there = _found(partner_id, endpoint_id)
    steps = (
        _("“%(name)s” is told of nothing any more.", name=there.name),
        _waits(there),
    )
    question = Question(
        _("Switch the webhook off?"), steps, _("Switch off"), _("Keep it on"), icon="ban"
    )
    return ask(found, question, slips)


def _waits(there: EndpointRow) -> str:
    return ngettext(
        "%(num)s message that waits for it is given up when its turn comes.",
        "%(num)s messages that wait for it are given up when their turn comes.",
        there.waiting,
    )


def _ask_secret(partner_id: int, endpoint_id: int, slips: Slips) -> str:
    found, there = _found(partner_id, endpoint_id)
    if there.kind != "events":
        abort(404)
    question = asks_for_new_secret(
        _("Make a new signing secret?"),
        _("Events to “%(name)s” are signed with the new secret from now on.", name=there.name),
        _("Until its program knows the new one, it must take them for forged."),
    )
    return ask(found, question, slips)


def _ask_remove(partner_id: int, endpoint_id: int, slips: Slips) -> str:
    found, there = _found(partner_id, endpoint_id)
    steps = (
        _("“%(name)s” at %(url)s is told of nothing any more.", name=there.name, url=there.url),
        _waits(there),
        _("Its calls stay in the event log and at the messages."),
    )
    question = Question(
        _("Remove the webhook?"), steps, _("Remove webhook"), _("Keep webhook"), wants_reason=False
    )
    return ask(found, question, slips)
