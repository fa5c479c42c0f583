"""An abandoned booking, and the link its guest was mailed."""

from __future__ import annotations

from datetime import timedelta

from flask import current_app
from sqlalchemy import insert

from bookings.abandoning import cancel_abandoned
from bookings.models import Night, Stay
from kit import clock
from kit.db import transaction
from payments import links
from tags.models import Tag
from tests import make

IN_PROGRESS = 12


def begun(**values: object) -> int:
    """A provisional booking of a website, its nights taken; "10.00" due now, "90.00" later."""
    if not make.rows_of(Tag, id=IN_PROGRESS):
        make.tag(IN_PROGRESS, "Website Booking in Progress", "website_booking_in_progress")
    dues = [make.Due("100.00", 1, 0, "Deposit"), make.Due("900.00", 2, 30, "Balance")]
    given = {"status": "provisional", "tags": (IN_PROGRESS,)} | values
    booking_id = make.booking(dues, **given)  # type: ignore[arg-type]
    take_nights(booking_id, booking_id)
    return booking_id


def take_nights(of: int, by: int) -> None:
    """Let a booking have the nights of another's stays."""
    for stay in make.rows_of(Stay, booking_id=of):
        nights = range((stay.leaves_on - stay.arrives_on).days)
        rows = [
            {"property_id": stay.property_id, "booking_id": by,
             "night": stay.arrives_on + timedelta(days=night)}
            for night in nights
        ]  # fmt: skip
        with transaction() as connection:
            connection.execute(insert(Night), rows)


def abandon() -> None:
    """The worker looks, an hour later."""
    assert cancel_abandoned(lambda: clock.now() + timedelta(hours=1)) > 0


def path_of(booking_id: int) -> str:
    """The path of the guest's link."""
    link = links.link_to_resume(booking_id)
    assert link is not None
    return link.removeprefix(PUBLIC_URL)


def signed(says: object) -> str:
    """The path of a link to take a booking up again that says this, whatever we would say."""
    signer = current_app.extensions["guest_links"][links.RESUME]
    return f"/guest/bookings/{signer.dumps(says)}"


PUBLIC_URL = "https://pay.example.com"
