"""The receipt of a payment and the statement of a booking, as PDF: the very papers that the guest
can open."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, abort
from sqlalchemy import select

from bookings.models import Booking
from desk.access import needs, within
from kit.db import reading
from payments.models import Payment
from payments.receipts import Pdf, receipt_pdf, statement_pdf
from staff.permissions import Permission

bp = Blueprint("papers", __name__)


@bp.get("/payments/<int:payment_id>/receipt.pdf")
@needs(Permission.READ)
def receipt(payment_id: int) -> Response:
    """Of money that came or was paid back; of anything else there is none."""
    booking = select(Payment.booking_id).where(Payment.id == payment_id)
    _check_reach(Booking.id.in_(booking))
    return _paper(receipt_pdf(payment_id))


@bp.get("/bookings/<int:booking_id>/statement.pdf")
@needs(Permission.READ)
def statement(booking_id: int) -> Response:
    """The whole booking's money as of now."""
    _check_reach(Booking.id == booking_id)
    return _paper(statement_pdf(booking_id))


def _check_reach(which: Any) -> None:
    """Whoever does not reach the booking's location is told that there is nothing."""
    with reading() as session:
        if session.scalar(select(Booking.id).where(which, within(Booking.location_id))) is None:
            abort(404)


def _paper(pdf: Pdf | None) -> Response:
    """For this browser's window only: it is kept nowhere (desk.frame.HEADERS)."""
    if pdf is None:
        abort(404)
    answer = Response(pdf.content, content_type="application/pdf")
    answer.headers.set("Content-Disposition", "inline", filename=pdf.name)
    return answer
