"""E-mails to staff about their access: what is kept for them, and how they are made of it.

A link that sets a password is made when the mail is, and stored nowhere. It is made by the worker
only: whoever may look at messages at the desk must not get into somebody else's account.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from flask import has_request_context, render_template
from sqlalchemy import Connection, insert, select

from kit.settings import setting
from locations.models import Location
from outbox.adding import message_row
from outbox.mail import DeliveryFailed, Email, mail
from outbox.models import Message
from staff.links import DAYS, link_to_password

INVITED = "email.staff_invited"
PASSWORD_LINK = "email.staff_password_link"  # noqa: S105, kinds of mails
PASSWORD_CHANGED = "email.staff_password_changed"  # noqa: S105
LOCKED = "email.staff_locked"

SUBJECTS = {
    INVITED: "You can sign in at the desk",
    PASSWORD_LINK: "Set a new password",
    PASSWORD_CHANGED: "Your password was changed",
    LOCKED: "Too many wrong passwords for your address",
}
WITH_LINK = (INVITED, PASSWORD_LINK)


def write(
    connection: Connection, kind: str, person_id: int, email: str, now: datetime, **facts: Any
) -> None:
    """Write to somebody of the staff, in the transaction of what it tells of."""
    sender, name = _sender(connection)
    context = {"to": email, "person": person_id, "sender": sender, "location": name, **facts}
    row = message_row(kind, context, sender=sender, booking_id=None, at=now)
    connection.execute(insert(Message), [row])


def _sender(connection: Connection) -> tuple[str, str]:
    """The address that writes to staff and its name: the setting's, or the first location's."""
    first = select(Location.mail_sender, Location.name).order_by(Location.id).limit(1)
    row = connection.execute(first).first()
    host = urlsplit(setting("PUBLIC_URL") or "").hostname or "localhost"
    address = setting("MAIL_SENDER") or (row.mail_sender if row else f"desk@{host}")
    return address, row.name if row else "Desk"


def render_invited(context: Mapping[str, Any]) -> Email:
    return _rendered(INVITED, context)


def render_password_link(context: Mapping[str, Any]) -> Email:
    return _rendered(PASSWORD_LINK, context)


def render_password_changed(context: Mapping[str, Any]) -> Email:
    return _rendered(PASSWORD_CHANGED, context)


def render_locked(context: Mapping[str, Any]) -> Email:
    return _rendered(LOCKED, context)


def _rendered(kind: str, context: Mapping[str, Any]) -> Email:
    shown: dict[str, Any] = {**context, "name": "", "subject": SUBJECTS[kind], "days": DAYS}
    if kind in WITH_LINK:
        shown["link"] = None if has_request_context() else _link(context["person"])
    name = kind.removeprefix("email.")
    return mail(
        sender=context["sender"],
        sender_name=context["location"],
        to=context["to"],
        subject=SUBJECTS[kind],
        text=render_template(f"mail/{name}.txt", **shown),
        html=render_template(f"mail/{name}.html", **shown),
    )


def _link(person_id: int) -> str:
    link = link_to_password(person_id)
    if link is None:
        raise DeliveryFailed("the person has left", permanent=True)
    return link
