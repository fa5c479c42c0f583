"""Links to pay at the desk: sending one to the guest by mail, and withdrawing all that are out.

A link is stored nowhere (payments.links): the mail is written with what it tells, and its link is
made when it is sent.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import current_app
from sqlalchemy import Connection, insert, select, update

from audit.chain import Entry, Origin, Severity
from bookings.models import Booking
from kit import clock
from outbox.models import Message
from payments import mails
from payments.account import Account, Clock, open_account
from payments.card_errors import LinkNotNow
from payments.ordering import owed_now
from payments.saving import log


def send_link(
    connection: Connection, booking_id: int, origin: Origin, clock_of: Clock = clock.now
) -> str:
    """Send the guest a link to pay, in the caller's transaction; the address it goes to.

    Raises BookingUnknown, BookingBusy, and LinkNotNow for what `why_no_mail` tells.
    """
    account = open_account(connection, booking_id, None, clock_of)
    if why := why_no_mail(account):
        raise LinkNotNow(why)
    version = connection.scalar(select(Booking.link_version).where(Booking.id == booking_id))
    context = {
        **mails.about(account),
        "link_version": version,
        "open": mails.still_open(account, account.expected),
        "today": str(account.today),
    }
    message = mails.message(account, mails.PAYMENT_LINK, context)
    connection.execute(insert(Message), [message])
    owed = owed_now(account, whole=True).amount
    after = {"open": owed, "currency": account.booking.currency}
    _log(connection, account, "booking.link_sent", {}, after, "low", origin)
    return str(account.guest.email)


def why_no_link(account: Account) -> str | None:
    """Why a link would lead to nothing that can be paid; None when it would not."""
    if account.booking.is_cancelled:
        return "The booking is cancelled; nobody pays for it by a link."
    if not owed_now(account, whole=True).amount:
        return "Nothing is open that is not promised already; there is nothing to pay."
    return None


def why_no_mail(account: Account) -> str | None:
    """Why no link can be sent; None when one can."""
    if why := why_no_link(account):
        return why
    if not account.guest.email:
        return "The guest has no e-mail address. Add one, or copy the link and send it another way."
    if current_app.config["PUBLIC_URL"] is None:
        return (
            "Nobody has said where guests reach this service: set FLASK_PUBLIC_URL, then links can "
            "be made."
        )
    return None


def withdraw_links(
    connection: Connection, booking_id: int, origin: Origin, clock_of: Clock = clock.now
) -> None:
    """Let no link to pay that was made before now work any more, in the caller's transaction.
    Raises BookingUnknown and BookingBusy."""
    account = open_account(connection, booking_id, None, clock_of)
    mine = Booking.id == booking_id
    was = connection.execute(select(Booking.link_version).where(mine)).scalar_one()
    connection.execute(update(Booking).where(mine).values(link_version=was + 1))
    before, after = {"link_version": was}, {"link_version": was + 1}
    _log(connection, account, "booking.links_withdrawn", before, after, "medium", origin)


def _log(
    connection: Connection,
    account: Account,
    action: str,
    before: Mapping[str, Any],
    after: Mapping[str, Any],
    severity: Severity,
    origin: Origin,
) -> None:
    booking = account.booking
    about = {"booking": booking.id, "location": booking.location_id}
    head = log(connection, account, Entry(action, about, before, after, severity=severity), origin)
    values = {"log_count": head.count, "log_hash": head.hash, "log_seal": head.seal}
    connection.execute(update(Booking).where(Booking.id == booking.id).values(values))
