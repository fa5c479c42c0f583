"""The guest's link to pay: to whom it goes and what it shows, sending it, withdrawing all."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, current_app, render_template, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import Connection

from desk.access import me, needs, origin
from desk.forms import NONE, Slips, carry_out, hold
from desk.words import _
from kit import clock
from kit.db import reading
from payments import intents, queries
from payments.account import read_account
from payments.gateways.registry import gateway_for
from payments.linking import send_link, why_no_link, why_no_mail, withdraw_links
from payments.links import link_to_pay, read_pay_link, token_to_pay
from payments.ordering import owed_now
from staff.permissions import Permission

bp = Blueprint("links", __name__)


@bp.get("/bookings/<int:booking_id>/link")
@needs(Permission.RECORD)
def page(booking_id: int) -> ResponseReturnValue:
    return _page(booking_id, NONE)


@bp.post("/bookings/<int:booking_id>/link")
@needs(Permission.RECORD)
def send(booking_id: int) -> ResponseReturnValue:
    def work(connection: Connection, _form: Mapping[str, Any]) -> str:
        hold(connection, booking_id)
        return send_link(connection, booking_id, origin())

    return carry_out(
        work,
        then=lambda _to: url_for("desk.bookings.one", booking_id=booking_id),
        again=lambda slips: _page(booking_id, slips),
        said=lambda to: _("The link is on its way to %(address)s.", address=to),
    )


@bp.post("/bookings/<int:booking_id>/link/withdraw")
@needs(Permission.RECORD)
def withdraw(booking_id: int) -> ResponseReturnValue:
    def work(connection: Connection, _form: Mapping[str, Any]) -> None:
        hold(connection, booking_id)
        withdraw_links(connection, booking_id, origin())

    return carry_out(
        work,
        then=lambda _none: url_for("desk.links.page", booking_id=booking_id),
        again=lambda slips: _page(booking_id, slips),
        said=lambda _none: _("No link that was sent before works any more."),
    )


def _page(booking_id: int, slips: Slips) -> str:
    now = clock.now()
    with reading() as session:
        connection = session.connection()
        account = read_account(connection, booking_id, me().locations, now)
        methods = queries.guest_methods(connection, account.booking.location_id)
        token = token_to_pay(connection, booking_id, now)
        link = read_pay_link(connection, token, now) if token else None
        pending = intents.pending_money(connection, booking_id)
    no_link = why_no_link(account)
    return render_template(
        "desk/links/page.html",
        account=account,
        next=owed_now(account, whole=False),
        whole=account.money(owed_now(account, whole=True).amount),
        until=link and link.until,
        # An address is made only for what can be paid.
        link=None if no_link else link_to_pay(booking_id),
        no_link=no_link,
        no_mail=why_no_mail(account),
        is_public=current_app.config["PUBLIC_URL"] is not None,
        can_pay=bool(methods) and gateway_for("pay", {}) is not None,
        pending=pending,
        slips=slips,
    )
