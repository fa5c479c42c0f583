"""Changing one booking: amend, cancel, take up again, and its guest and notes.

Each page shows what its form would do, by the rules or by doing it and taking it back (foreseeing);
what is sent is done in one transaction under the booking's lock.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue
from marshmallow import ValidationError
from sqlalchemy import Connection

from bookings.amending import amend_booking
from bookings.cancelling import cancel_booking, if_cancelled, reactivate_booking
from bookings.commands import AmendBooking, CancelBooking
from desk.access import is_part, me, needs, origin, refuse
from desk.changes import guest, telling
from desk.changes.blocks import addable, asked_for, blocks, typed
from desk.changes.errors import FeeDecimals, NothingToChange
from desk.changes.foreseeing import Act, Foreseen, about_it, by_the_rules, changed, foresee
from desk.changes.queries import (
    Amendable,
    Subject,
    amendable,
    guests,
    in_the_way,
    names_of_partners,
    subject,
    who_may,
)
from desk.changes.schemas import (
    LOCALES,
    AmendForm,
    CancelFields,
    GuestForm,
    Whole,
    WhyForm,
)
from desk.forms import NONE, SEEN, Slips, as_typed, asked, carry_out, of_validation
from desk.words import _
from kit import clock
from kit.db import reading
from kit.money import Money, TooManyDecimals
from payments.account import read_account
from staff.permissions import Permission

bp = Blueprint("changes", __name__, url_prefix="/bookings/<int:booking_id>")

BOTH = (Permission.CANCEL, Permission.DELETE_EXTERNAL)


class Withheld(Exception):
    """The booking has external payments, and the person may not cancel over them. No error of the
    business: the transaction is left first, and then it is refused and logged."""


def _booking(booking_id: int) -> Subject:
    with reading() as session:
        return subject(session, booking_id)


def _amendable(booking_id: int, came: Mapping[str, Any]) -> Amendable:
    with reading() as session:
        return amendable(session, booking_id, asked_for(came))


def _page(booking_id: int) -> str:
    return f"/desk/bookings/{booking_id}"


def _is_stale(found: Subject) -> bool:
    """Whether the form stood on an older state of the booking than it is in now."""
    came = request.form.get(SEEN, type=int)
    return came is not None and came != found.seen


# --- amend ------------------------------------------------------------------------------------


@bp.get("/amend")
@needs(Permission.AMEND)
def amend(booking_id: int) -> ResponseReturnValue:
    return _amend_page(_amendable(booking_id, {}), {}, NONE)


@bp.post("/amend")
@needs(Permission.AMEND)
def send_amend(booking_id: int) -> ResponseReturnValue:
    found = _amendable(booking_id, {})
    return carry_out(
        lambda connection, wanted: changed(connection, booking_id, _amending(found, wanted)),
        then=lambda _done: _page(booking_id),
        again=lambda slips: _amend_again(booking_id, slips),
        schema=AmendForm(),
        said=telling.amended,
    )


@bp.post("/amend/preview")
@needs(Permission.AMEND)
def preview_amend(booking_id: int) -> ResponseReturnValue:
    """What the form would do: as a part of its page, or (without script) as the page anew."""
    came = asked()
    found = _amendable(booking_id, came)
    if not is_part():
        added = typed(blocks(found, came))
        came = {name: text for name, text in added.items() if text} | came | {"add": ""}
    foreseen, slips = _foresee_amend(found, came)
    if is_part():
        return render_template(
            "desk/changes/amend_preview.html",
            subject=found,
            foreseen=foreseen,
            slips=slips,
            blocks=blocks(found, came),
            still_due=telling.still_due,
        )
    return _amend_page(found, came, slips, foreseen), 422 if slips.any else 200


def _amending(found: Amendable, wanted: Mapping[str, Any]) -> Act:
    order = AmendBooking(booking_id=found.id, **wanted)

    def act(connection: Connection) -> object:
        if order.stays == _stored(found):
            raise NothingToChange
        return amend_booking(connection, order, origin())

    return act


def _stored(found: Amendable) -> object:
    """The properties as the form would send them unchanged; None when it could not: stays from
    elsewhere may be longer than the desk's."""
    try:
        return AmendForm().load(typed(blocks(found, {})))["stays"]
    except ValidationError:
        return None


def _foresee_amend(found: Amendable, came: Mapping[str, Any]) -> tuple[Foreseen | None, Slips]:
    try:
        wanted = AmendForm().load(came)
    except ValidationError as error:
        return None, of_validation(error)
    return foresee(found.id, _amending(found, wanted))


def _amend_again(booking_id: int, slips: Slips) -> str:
    """The form once more; when the booking changed meanwhile, as it stands now."""
    came = asked()
    found = _amendable(booking_id, came)
    return _amend_page(found, {} if _is_stale(found) else came, slips)


def _amend_page(
    found: Amendable, came: Mapping[str, Any], slips: Slips, foreseen: Foreseen | None = None
) -> str:
    shown = blocks(found, came)
    return render_template(
        "desk/changes/amend.html",
        subject=found,
        blocks=shown,
        addable=addable(found, shown),
        values=came,
        slips=about_it(slips),
        foreseen=foreseen,
        still_due=telling.still_due,
    )


# --- cancel -----------------------------------------------------------------------------------


@bp.get("/cancel")
@needs(Permission.CANCEL)
def cancel(booking_id: int) -> ResponseReturnValue:
    return _cancel_page(booking_id, NONE, {"send_email": "true"})


@bp.post("/cancel")
@needs(Permission.CANCEL)
def send_cancel(booking_id: int) -> ResponseReturnValue:
    found = _booking(booking_id)

    def work(connection: Connection, wanted: Mapping[str, Any]) -> Foreseen:
        return changed(connection, booking_id, lambda held: _cancel(held, found, wanted))

    try:
        return carry_out(
            work,
            then=lambda _done: _page(booking_id),
            again=lambda slips: _cancel_page(booking_id, slips, asked()),
            schema=Whole(CancelFields()),
            said=telling.cancelled,
        )
    except Withheld:
        refuse(Permission.DELETE_EXTERNAL)


@bp.post("/cancel/preview")
@needs(Permission.CANCEL)
def preview_cancel(booking_id: int) -> ResponseReturnValue:
    """What would become of the booking with the fee that is typed in."""
    return _cancel_page(booking_id, NONE, asked(), "cancel_steps.html" if is_part() else None)


def _cancel(connection: Connection, found: Subject, wanted: Mapping[str, Any]) -> object:
    """Cancel the booking that is held, if the person may: over external payments, too."""
    account = read_account(connection, found.id, me().locations, clock.now())
    if account.external and not me().may(Permission.DELETE_EXTERNAL):
        raise Withheld
    return cancel_booking(connection, _cancellation(found, wanted), origin())


def _cancellation(found: Subject, wanted: Mapping[str, Any]) -> CancelBooking:
    fee, currency = wanted.get("fee"), found.booking.currency
    try:
        minor = None if fee is None else Money.of(fee, currency).minor
    except TooManyDecimals:
        raise FeeDecimals(f"{fee:f}", currency) from None
    return CancelBooking(
        booking_id=found.id,
        reason=wanted.get("reason"),
        fee=minor,
        send_email=wanted["send_email"],
    )


def _foresee_cancel(
    connection: Connection, found: Subject, came: Mapping[str, Any]
) -> tuple[Foreseen | None, Slips]:
    """What the fee that came would do; an unreadable one says so. Nothing is held: whoever pays
    meanwhile does not wait for somebody who looks."""
    try:
        wanted = Whole(CancelFields(exclude=["reason"])).load(came)
    except ValidationError as error:
        return None, of_validation(error)

    def look() -> Foreseen:
        order = _cancellation(found, wanted)
        was = read_account(connection, found.id, me().locations, clock.now())
        return Foreseen(was, if_cancelled(connection, was, order))

    return by_the_rules(look)


def _cancel_page(
    booking_id: int, slips: Slips, came: Mapping[str, Any], template: str | None = None
) -> str:
    """The dialog, its page, or the part of it that says what would be."""
    with reading() as session:
        found = subject(session, booking_id)
        foreseen, wrong = _foresee_cancel(session.connection(), found, came)
        external = foreseen.external if foreseen else []
        partners = names_of_partners(session, external)
        withheld = bool(external) and not me().may(Permission.DELETE_EXTERNAL)
        location_id = found.booking.location_id
        others = who_may(session, BOTH, location_id) if withheld else []
    name = template or ("cancel_part.html" if is_part() else "cancel.html")
    return render_template(
        f"desk/changes/{name}",
        subject=found,
        foreseen=foreseen,
        slips=about_it(slips) if slips.any else wrong,
        values=came,
        partners=partners,
        withheld=withheld,
        others=others,
    )


# --- take up again ----------------------------------------------------------------------------


@bp.get("/reactivate")
@needs(Permission.CANCEL)
def reactivate(booking_id: int) -> ResponseReturnValue:
    return _reactivate_page(booking_id, NONE, {})


@bp.post("/reactivate")
@needs(Permission.CANCEL)
def send_reactivate(booking_id: int) -> ResponseReturnValue:
    def work(connection: Connection, wanted: Mapping[str, Any]) -> Foreseen:
        return changed(connection, booking_id, _reactivation(booking_id, wanted.get("reason")))

    return carry_out(
        work,
        then=lambda _done: _page(booking_id),
        again=lambda slips: _reactivate_page(booking_id, slips, asked()),
        schema=Whole(WhyForm()),
        said=telling.reactivated,
    )


def _reactivation(booking_id: int, reason: str | None) -> Act:
    return lambda connection: reactivate_booking(connection, booking_id, origin(), reason=reason)


def _reactivate_page(booking_id: int, slips: Slips, came: Mapping[str, Any]) -> str:
    found = _booking(booking_id)
    foreseen, wrong = foresee(booking_id, _reactivation(booking_id, None), found.seen)
    with reading() as session:
        there = in_the_way(session, found) if found.is_cancelled else []
    return render_template(
        "desk/changes/reactivate_part.html" if is_part() else "desk/changes/reactivate.html",
        subject=found,
        foreseen=foreseen,
        slips=about_it(slips) if slips.any else wrong,
        values=came,
        in_the_way=there,
        today=clock.day_at(clock.now(), found.zone),
    )


# --- guest and notes --------------------------------------------------------------------------


@bp.get("/guest")
@needs(Permission.AMEND)
def edit_guest(booking_id: int) -> ResponseReturnValue:
    return _guest_page(booking_id, NONE)


@bp.post("/guest")
@needs(Permission.AMEND)
def send_guest(booking_id: int) -> ResponseReturnValue:
    came = as_typed()
    return carry_out(
        lambda connection, wanted: guest.change_guest(connection, booking_id, wanted, came),
        then=lambda _none: _page(booking_id),
        again=lambda slips: _guest_page(booking_id, slips, came),
        schema=Whole(GuestForm()),
        said=lambda _none: _("Guest and notes of booking %(id)s are as you wrote.", id=booking_id),
    )


def _guest_page(booking_id: int, slips: Slips, came: Mapping[str, str] | None = None) -> str:
    with reading() as session:
        found, staying = subject(session, booking_id), guests(session, booking_id)
    stored = guest.stored(found)
    values = stored if came is None else {name: came.get(name, "") for name in guest.FIELDS}
    return render_template(
        "desk/changes/guest.html",
        subject=found,
        guests=staying,
        values=values,
        stored=stored,
        was=guest.WAS,
        slips=slips,
        locales=_locales(values["locale"]),
    )


def _locales(also: str) -> list[tuple[str, str]]:
    names = dict.fromkeys([*LOCALES, also] if also else LOCALES)
    return guest.named(names)
