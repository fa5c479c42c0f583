"""The house API of bookings: /apis/bookings, /apis/properties, /apis/sources."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any, cast

from flask import request
from flask.typing import ResponseReturnValue
from sqlalchemy import Connection
from sqlalchemy.orm import Session
from werkzeug.exceptions import MethodNotAllowed

from bookings import (
    answers,
    describing,
    describing_calls,
    errors,
    forms,
    queries,
    schemas,
    showing,
)
from bookings.amending import amend_booking
from bookings.calculating import calculate
from bookings.cancelling import cancel_booking, reactivate_booking
from bookings.commands import AmendBooking, CancelBooking, CreateBooking, StayWish
from bookings.creating import create_booking
from bookings.enquiring import enquire
from bookings.queries import BookingFilter, Sorting
from bookings.updating import update_notes
from kit import form
from kit.db import reading
from kit.errors import DomainError
from kit.form import Blueprint, View
from kit.paging import Bookmarks
from partners.authentication import caller, origin, require, requires
from partners.limits import limits
from payments import calls
from payments import routes as payments_door
from payments.deciding import Remark

bp = Blueprint(
    "bookings",
    __name__,
    url_prefix="/apis",
    description=describing.ABOUT,
    template_folder="templates",
)
BOOKMARKS = Bookmarks()

# What every refusal of a booking is in the house dialect (formats/ipro.md section 3).
STATUS: dict[type[DomainError], int] = {
    errors.PropertyUnknown: 400,
    errors.PropertyTwice: 400,
    errors.ExtraUnknown: 400,
    errors.SeveralLocations: 400,
    errors.BrandElsewhere: 400,
    errors.BrandUnknown: 400,
    errors.CurrencyUnknown: 400,
    errors.ContactUnknown: 400,
    errors.SourceUnknown: 400,
    errors.BookingTagUnknown: 400,
    errors.ArrivedAlready: 400,
    errors.CostDecimals: 400,
    errors.NightsTaken: 409,
    errors.AlreadyCancelled: 409,
    errors.NotCancelled: 409,
    errors.AmendOfCancelled: 409,
    errors.NotConfirmable: 409,
    errors.StillOpen: 409,
    errors.TooLateToWaive: 409,
    errors.NotOnOffer: 422,
    errors.InsuranceNotOffered: 422,
    errors.VoucherUnknown: 422,
    errors.ExternalPaymentPresent: 403,
}


CREATE, AMEND, CALC = forms.CreateForm(), forms.AmendForm(), forms.CalcForm()
ENQUIRY = forms.EnquiryForm()
# The wire's words for what errors of the calls below /apis/booking speak of; those of the payment
# that comes with a booking are other ones than in a call about that payment alone.
WORDS = payments_door.WORDS | form.wire_words(
    forms.ExtraForm(), forms.StayForm(), forms.CancelForm(), CREATE
)
WORDS |= {"contact_id": "Contact.ContactId", "amount": "PaidAmount", "charges": "Charges"}
ENQUIRY_WORDS = form.wire_words(ENQUIRY)
DESCRIBED = describing_calls.described(payments_door.STATUS | STATUS, WORDS, ENQUIRY_WORDS)
SOURCE, PROPERTY = schemas.SourceOut(), schemas.PropertyOut()


def not_by_head(view: View) -> View:
    """For a GET with effect: Flask lets every GET be asked for by HEAD too, and whoever sends that
    (monitors, link checkers) wants to look and no more."""

    @wraps(view)
    def guarded(*args: Any, **options: Any) -> Any:
        if request.method == "HEAD":
            raise MethodNotAllowed(["GET", "POST"])
        return view(*args, **options)

    return cast(View, guarded)


@bp.get("/bookings")
@requires("bookings:read")
@bp.doc(**describing.BOOKINGS)
@bp.arguments(schemas.BookingsQuery(), location="query")
def list_(asked: tuple[BookingFilter, Sorting, int, int]) -> ResponseReturnValue:
    """List bookings, page by page."""
    wanted, sorting, size, index = asked
    with reading() as session:
        found, total = queries.page_of_bookings(
            session, caller().locations, wanted, sorting, size, index, BOOKMARKS
        )
        shown = {"TotalHits": total, "Items": [showing.item(view) for view in found]}
        return form.answer(form.encode(shown))


@bp.get("/properties")
@requires("bookings:read")
@bp.doc(**describing.PROPERTIES)
@bp.alt_response(200, **describing.LISTED_PROPERTIES, schema=schemas.PropertyOut(many=True))
def properties() -> ResponseReturnValue:
    """List the properties of the partner's locations."""
    with reading() as session:
        found = queries.properties(session, caller().locations)
        rows = [{"id": each.id, "name": each.name, "currency": money} for each, money in found]
        return form.answer(form.encode(PROPERTY.dump(rows, many=True)))


@bp.get("/sources")
@requires("bookings:read")
@bp.doc(**describing.SOURCES)
@bp.alt_response(200, **describing.LISTED_SOURCES, schema=schemas.SourceOut(many=True))
def sources() -> ResponseReturnValue:
    """List where bookings come from."""
    with reading() as session:
        found = queries.sources(session)
        return form.answer(form.encode(SOURCE.dump(found, many=True)))


@bp.post("/booking")
@requires("bookings:write")
@bp.doc(**DESCRIBED["create"])
@bp.arguments(CREATE, location="form_or_query")
def create(order: CreateBooking) -> ResponseReturnValue:
    """Create a booking."""
    if order.paying is not None:
        require("payments:write")
        limits().count_payment(caller().partner_id)

    def work(connection: Connection) -> calls.Outcome:
        made = create_booking(connection, order, caller(), origin())
        warnings = made.receipt.booking.warnings if made.receipt else ()
        return _outcome(connection, made.booking_id, warnings, is_new=True)

    return calls.write(work)


@bp.post("/booking/calc")
@requires("bookings:read")
@bp.doc(**DESCRIBED["calc"])
@bp.arguments(CALC, location="form_or_query")
def calc(asked: tuple[tuple[StayWish, ...], int | None]) -> ResponseReturnValue:
    """Calculate what a booking would cost; nothing is stored."""
    wishes, brand_id = asked
    with reading() as session:
        found = calculate(session.connection(), wishes, caller(), brand_id)
    return form.answer(form.encode(answers.calculated(found)))


@bp.post("/booking/amend")
@requires("bookings:write")
@bp.doc(**DESCRIBED["amend"])
@bp.arguments(AMEND, location="form_or_query")
def amend(order: AmendBooking) -> ResponseReturnValue:
    """Amend a booking: items, dates, guests."""
    return _change(
        order.booking_id, lambda connection: amend_booking(connection, order, origin(), caller())
    )


@bp.post("/booking/update")
@requires("bookings:write")
@bp.doc(**DESCRIBED["update"])
@bp.arguments(forms.UpdateForm(), location="form_or_query")
def update(asked: tuple[int, dict[str, str]]) -> ResponseReturnValue:
    """Change the notes on a booking."""
    booking_id, notes = asked
    return _change(
        booking_id,
        lambda connection: update_notes(connection, booking_id, notes, origin(), caller()),
    )


@bp.get("/booking/cancel")
@not_by_head
@requires("bookings:write")
@bp.doc(**DESCRIBED["cancel_by_get"])
@bp.arguments(forms.CancelForm(), location="query")
def cancel_by_get(order: CancelBooking) -> ResponseReturnValue:
    """Cancel a booking, as the vendor's client does. With effect, though it is a GET."""
    return _cancel(order)


@bp.post("/booking/cancel")
@requires("bookings:write")
@bp.doc(**DESCRIBED["cancel"])
@bp.arguments(forms.CancelForm(), location="form_or_query")
def cancel(order: CancelBooking) -> ResponseReturnValue:
    """Cancel a booking."""
    return _cancel(order)


def _cancel(order: CancelBooking) -> ResponseReturnValue:
    return _change(
        order.booking_id, lambda connection: cancel_booking(connection, order, origin(), caller())
    )


@bp.get("/booking/reactivate")
@not_by_head
@requires("bookings:write")
@bp.doc(**DESCRIBED["reactivate_by_get"])
@bp.arguments(forms.ReactivateForm(), location="query")
def reactivate_by_get(asked: dict[str, Any]) -> ResponseReturnValue:
    """Reactivate a booking, as the vendor's client does. With effect, though it is a GET."""
    return _reactivate(asked)


@bp.post("/booking/reactivate")
@requires("bookings:write")
@bp.doc(**DESCRIBED["reactivate"])
@bp.arguments(forms.ReactivateForm(), location="form_or_query")
def reactivate(asked: dict[str, Any]) -> ResponseReturnValue:
    """Reactivate a cancelled booking."""
    return _reactivate(asked)


def _reactivate(asked: dict[str, Any]) -> ResponseReturnValue:
    booking_id, reason = asked["booking_id"], asked.get("reason")
    return _change(
        booking_id,
        lambda connection: reactivate_booking(
            connection, booking_id, origin(), caller(), reason=reason
        ),
    )


@bp.post("/enquiry")
@requires("bookings:write")
@bp.doc(**DESCRIBED["enquire"])
@bp.arguments(ENQUIRY, location="form_or_query")
def enquiry(wish: dict[str, Any]) -> ResponseReturnValue:
    """Store an enquiry for the managers."""

    def work(connection: Connection) -> calls.Outcome:
        enquiry_id = enquire(connection, wish, caller(), origin())
        return calls.Outcome({"EnquiryId": enquiry_id}, ids=("EnquiryId",))

    return calls.write(work)


def _change(booking_id: int, work: Callable[[Connection], object]) -> ResponseReturnValue:
    def outcome(connection: Connection) -> calls.Outcome:
        work(connection)
        return _outcome(connection, booking_id)

    return calls.write(outcome)


def _outcome(
    connection: Connection,
    booking_id: int,
    warnings: Sequence[Remark] = (),
    *,
    is_new: bool = False,
) -> calls.Outcome:
    """The booking's id; with a preference for it, the booking as lists show it."""
    shown: dict[str, Any] = {"BookingId": booking_id}
    if is_full := calls.wants_all() and calls.may_read_bookings():
        with Session(connection) as session:
            [view] = queries.by_ids(session, [booking_id])
        shown["Booking"] = showing.item(view)
    ids = ("BookingId",) if is_new else ()
    return calls.Outcome(shown, (booking_id,), warnings, ids, is_full)
