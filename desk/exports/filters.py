"""Filters of lists that have no page of their own, by their names in the address."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement

from bookings.models import Booking
from desk.access import within
from desk.log.filters import begins
from desk.typed import TypedForm
from desk.words import _
from kit.errors import Refused
from kit.fields import Day, WholeNumber


class FilterForm(TypedForm):
    """From and to are days, both included; location and booking are ids."""

    from_day = Day(data_key=_("From"))
    to_day = Day(data_key=_("To"))
    location = WholeNumber(data_key=_("Location"))
    booking = WholeNumber(data_key=_("Booking"))


def conditions(wanted: Mapping[str, str], on: Any) -> list[ColumnElement[bool]]:
    """What the filters ask of rows of a query that joins bookings, with the person's reach. `on` is
    a column of days; or of moments, whose days are then those of UTC. Raises what is mistyped: a
    file must not hold more than was asked for."""
    words = {"from": "from_day", "to": "to_day"}
    came = {words.get(name, name): each for name, each in wanted.items() if each.strip()}
    values, slips = FilterForm().read(came)
    Refused.if_any(slips)
    found = [within(Booking.location_id)]
    for name, column in (("location", Booking.location_id), ("booking", Booking.id)):
        if (id := values.get(name)) is not None:
            found.append(column == id)
    if (first := values.get("from_day")) is not None:
        found.append(on >= _as(on, first))
    if (last := values.get("to_day")) is not None:
        found.append(on < _as(on, last + timedelta(days=1)))
    return found


def _as(on: Any, day: date) -> date | datetime:
    return begins(day, "UTC") if on.type.python_type is datetime else day
