"""Releasing the security deposit: what it does to the money, doing it, and on to the refund."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue
from sqlalchemy import Connection
from sqlalchemy.orm import Session

from bookings.releasing import (
    Released,
    deposits,
    holders,
    leaves_on,
    release_deposit,
    without_deposit,
)
from desk.access import me, needs, origin
from desk.forms import NONE, Slips, asked, carry_out, hold
from desk.payments.effects import effect
from desk.payments.sentences import typed
from desk.typed import TypedForm
from desk.words import _, money_text
from kit import clock
from kit.db import reading
from kit.fields import PlainText
from kit.money import Money
from payments.account import Account, read_account
from staff.permissions import Permission

bp = Blueprint("deposit", __name__)


class ReleaseForm(TypedForm):
    reason = PlainText(data_key="Note", most=1000, load_default=None)


@bp.get("/bookings/<int:booking_id>/deposit")
@needs(Permission.REFUND)
def page(booking_id: int) -> ResponseReturnValue:
    return _page(booking_id, NONE)


@bp.post("/bookings/<int:booking_id>/deposit")
@needs(Permission.REFUND)
def release(booking_id: int) -> ResponseReturnValue:
    with reading() as session:
        currency = _account(session, booking_id).booking.currency

    def work(connection: Connection, wanted: Mapping[str, Any]) -> Released:
        reason: str | None = typed(ReleaseForm(), wanted)["reason"]
        hold(connection, booking_id)
        return release_deposit(connection, booking_id, origin(), clock.now, reason)

    return carry_out(
        work,
        then=lambda done: _next(booking_id, done, currency),
        again=lambda slips: _page(booking_id, slips),
        said=lambda done: _said(done, currency),
    )


def _next(booking_id: int, done: Released, currency: str) -> str:
    """On to the refund of the payment that holds most of the credit; back when nothing is left."""
    if not done.holders:
        return f"/desk/bookings/{booking_id}"
    [(payment_id, minor), *_others] = done.holders
    return f"/desk/payments/{payment_id}/refund?amount={Money(minor, currency).plain}"


def _said(done: Released, currency: str) -> str:
    released = _("The security deposit was released.")
    if not done.holders:
        return released + " " + _("Its money paid what else was open; nothing is to be refunded.")
    credit = money_text(Money(done.saved.credit, currency))
    text = released + " " + _("%(credit)s is credit to refund.", credit=credit)
    if len(done.holders) > 1:
        text += " " + _("It came by several payments: refund each from the booking's page.")
    return text


def _page(booking_id: int, slips: Slips) -> str:
    with reading() as session:
        account = _account(session, booking_id)
        leaves = leaves_on(session.connection(), booking_id)
    after = without_deposit(account)
    return render_template(
        "desk/deposit/form.html",
        account=account,
        deposits=deposits(account),
        effect=effect(account, after),
        holders=[(each, account.money(minor)) for each, minor in holders(after)],
        leaves_on=leaves,
        checked_out=account.today >= leaves,
        values=asked(),
        slips=slips,
    )


def _account(session: Session, booking_id: int) -> Account:
    """Raises BookingUnknown for a booking out of the person's reach."""
    return read_account(session.connection(), booking_id, me().locations, clock.now())
