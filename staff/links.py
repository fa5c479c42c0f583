"""Links by which a person sets a password: signed, for one use, stored nowhere."""

from __future__ import annotations

from flask import current_app
from flask_security.recoverable import generate_reset_password_token
from sqlalchemy import select

from kit.db import reading
from staff.models import Person

DAYS = 2


def link_to_password(person_id: int) -> str | None:
    """The address at which this person can set a password, once, within DAYS; None for somebody
    who has left. Without FLASK_PUBLIC_URL only its path: never by a Host header."""
    with reading() as session:
        active = (Person.id == person_id, Person.left_at.is_(None))
        person = session.scalars(select(Person).where(*active)).first()
        if person is None:
            return None
        token = generate_reset_password_token(person)  # type: ignore[no-untyped-call]
    places = current_app.url_map.bind("localhost")
    path = places.build("security.reset_password", {"token": token})
    return f"{(current_app.config['PUBLIC_URL'] or '').rstrip('/')}{path}"
