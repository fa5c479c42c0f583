"""A new booking typed in at the desk: first its property, then the rest, with the price and the
schedule while it is typed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, render_template, request, url_for
from flask.typing import ResponseReturnValue
from marshmallow import ValidationError
from sqlalchemy import Connection, select
from sqlalchemy.orm import Session
from werkzeug.exceptions import NotFound

from bookings.availability import refuse_taken
from bookings.commands import CreateBooking
from bookings.creating import create_booking
from bookings.models import Property
from bookings.offers import offers
from bookings.prices import Offer
from bookings.quoting import quote
from bookings.schedule import Due, schedule_of
from desk.access import is_part, me, needs, origin, within
from desk.bookings.searching import as_id
from desk.changes.blocks import first
from desk.changes.schemas import NewForm
from desk.forms import NONE, Slips, asked, carry_out, of_refusal, of_validation
from desk.words import _, money_text
from kit import clock
from kit.db import reading
from kit.errors import DomainError, Refused
from kit.money import Money
from locations.models import Location
from payments.account import Account, read_account
from payments.allocation import DEPOSIT
from staff.permissions import Permission

bp = Blueprint("new", __name__, url_prefix="/bookings/new")


@dataclass(frozen=True, slots=True)
class Foretold:
    """What a booking would cost, and when; it is provisional while something is due with the
    deposit."""

    currency: str
    lines: Sequence[Due]

    def money(self, minor: int) -> Money:
        return Money(minor, self.currency)

    @property
    def total(self) -> Money:
        return self.money(sum(line.amount for line in self.lines))

    @property
    def due_now(self) -> Money:
        """What is due with the deposit."""
        return self.money(sum(line.amount for line in self.lines if line.stage == DEPOSIT))


@dataclass(frozen=True, slots=True)
class Site:
    """The property that is to be booked, and the location it is at."""

    offer: Offer
    location: str
    currency: str


@bp.get("")
@needs(Permission.AMEND)
def form() -> ResponseReturnValue:
    """The choice of a property; with one (`?property=`), the form for it."""
    chosen = request.args.get("property", type=as_id)
    if chosen is not None:
        return _form(chosen, {}, NONE)
    with reading() as session:
        return render_template("desk/changes/new_choice.html", places=_bookable(session))


@bp.post("")
@needs(Permission.AMEND)
def send() -> ResponseReturnValue:
    site = _site(_chosen())

    def work(connection: Connection, wanted: Mapping[str, Any]) -> Account:
        return _create(connection, site, wanted)

    return carry_out(
        work,
        then=lambda made: f"/desk/bookings/{made.booking.id}",
        again=lambda slips: _form(site.offer.property_id, asked(), slips),
        schema=NewForm(),
        said=_said,
    )


@bp.post("/preview")
@needs(Permission.AMEND)
def preview() -> ResponseReturnValue:
    """What the booking would cost: as a part of its page, or (without script) as the page anew."""
    site, came = _site(_chosen()), asked()
    made, slips = _foresee(site, came)
    if not is_part():
        return _form(site.offer.property_id, came, slips, made), 422 if slips.any else 200
    return render_template(
        "desk/changes/new_preview.html",
        made=made,
        slips=slips,
        blocks=[first(site.offer, site.currency, came)],
    )


def _chosen() -> int:
    return request.form.get("stays[0].property", type=as_id) or 0


def _create(connection: Connection, site: Site, wanted: Mapping[str, Any]) -> Account:
    [wish] = wanted["stays"]
    if wish.property != site.offer.property_id:
        raise NotFound
    made = create_booking(connection, CreateBooking(**wanted), None, origin())
    return read_account(connection, made.booking_id, me().locations, clock.now())


def _foresee(site: Site, came: Mapping[str, Any]) -> tuple[Foretold | None, Slips]:
    """What would be made, and what it would be refused for, by the rules of making it. Nothing is
    written, not even to be taken back: that would use up a number that bookings are called by."""
    try:
        wanted = NewForm(guest=False).load(came)
        with reading() as session:
            return _foretold(session.connection(), site, wanted), NONE
    except ValidationError as error:
        return None, of_validation(error)
    except (DomainError, Refused) as error:
        return None, of_refusal(error)


def _foretold(connection: Connection, site: Site, wanted: Mapping[str, Any]) -> Foretold:
    [wish] = wanted["stays"]
    if wish.property != site.offer.property_id:
        raise NotFound
    now = clock.now()
    found = quote(connection, (wish,), None, now=now)
    refuse_taken(connection, found.spans, name_holders=True)
    Refused.if_any(found.refusals)
    today = clock.day_at(now, found.place.time_zone)
    return Foretold(site.currency, schedule_of(found.prices, wish.arrives_on, today))


def _said(made: Account) -> str:
    total = money_text(made.money(made.standing.total))
    return _("Booking %(id)s is made, for %(total)s in all.", id=made.booking.id, total=total)


def _form(
    property_id: int, came: Mapping[str, Any], slips: Slips, made: Foretold | None = None
) -> str:
    site = _site(property_id)
    return render_template(
        "desk/changes/new.html",
        site=site,
        block=first(site.offer, site.currency, came),
        values=came,
        slips=slips,
        made=made,
        other=url_for("desk.new.form"),
    )


def _site(property_id: int) -> Site:
    """The property, if the person reaches it; otherwise there is nothing here (404)."""
    with reading() as session:
        query = select(Location.name, Location.currency).join(
            Property, Property.location_id == Location.id
        )
        mine = query.where(Property.id == property_id, within(Property.location_id))
        row = session.execute(mine).first()
        if row is None:
            raise NotFound
        [offer] = offers(session.connection(), [property_id], None).values()
        return Site(offer, row.name, row.currency)


def _bookable(session: Session) -> list[tuple[str, list[tuple[int, str]]]]:
    """The properties with a price and a payment rule, by location."""
    query = (
        select(Location.name, Property.id, Property.name)
        .join(Property, Property.location_id == Location.id)
        .where(
            within(Property.location_id),
            Property.night_price.is_not(None),
            Property.payment_rule_id.is_not(None),
        )
        .order_by(Location.name, Property.name, Property.id)
    )
    found: dict[str, list[tuple[int, str]]] = {}
    for location, property_id, name in session.execute(query):
        found.setdefault(location, []).append((property_id, name))
    return list(found.items())
