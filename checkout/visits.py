"""What a provider's page is told of a guest, and by which addresses it finds back to us."""

from __future__ import annotations

from flask import current_app
from sqlalchemy import select

from bookings.models import Booking, Contact
from kit.db import glance
from payments.gateways.gateway import Visit
from payments.intents import Intent

GUEST = {
    "locale": Contact.locale,
    "first_name": Contact.first_name,
    "last_name": Contact.last_name,
    "email": Contact.email,
    "address1": Contact.address1,
    "city": Contact.city,
    "postcode": Contact.postcode,
    "state": Contact.county,
    "country": Contact.country,
}


def visit(token: str, intent: Intent) -> Visit:
    """For the page of this intent; `token` is of the link that the guest came by."""
    query = select(*GUEST.values()).join(Booking, Booking.contact_id == Contact.id)
    guest = glance(query.where(Booking.id == intent.booking_id), {})
    return Visit(
        back_url=f"{_base()}/pay/{token}/back/{intent.code}",
        notice_url=f"{_base()}/pay/notices/{intent.gateway}",
        **dict(zip(GUEST, guest, strict=True)),
    )


def _base() -> str:
    """Where the world reaches us, as the settings say and nobody else: what a request calls us is
    the caller's choice, and the page is shown to whoever comes next. Without it there are only
    paths, which lead to ourselves; a provider elsewhere is not used then (kit.settings)."""
    return str(current_app.config["PUBLIC_URL"] or "").rstrip("/")
