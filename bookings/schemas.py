"""The house format of bookings: the list's query, and the short lists (docs/formats/ipro.md)."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time
from typing import Any

import marshmallow as ma
from marshmallow import fields, post_load

from bookings import describing
from bookings.queries import MOST, BookingFilter, Sorting
from bookings.showing import STATUS_IDS
from kit.fields import (
    Choice,
    LeadingNumber,
    Numbers,
    PlainText,
    Typed,
    WholeNumber,
)
from kit.form import Form

DEFAULT_SIZE = 20
MOMENT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}(T|$)", re.ASCII)


class Moment(Typed):
    """A day, or a day and a time; a time without a zone is UTC."""

    hint = "a date, yyyy-mm-dd, with or without a time such as T13:45:00Z"

    def __init__(self, *, end_of_day: bool = False, **options: Any) -> None:
        super().__init__(**options)
        self.end_of_day = end_of_day

    def read(self, text: str) -> datetime:
        if not MOMENT.match(text):
            raise self.wrong(text)
        try:
            if len(text) == len("yyyy-mm-dd"):
                day = date.fromisoformat(text)
                return datetime.combine(day, time.max if self.end_of_day else time.min, UTC)
            moment = datetime.fromisoformat(text)
            return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
        except (ValueError, OverflowError):  # 9999-12-31 west of Greenwich is no year of ours
            raise self.wrong(text) from None


class Day(Moment):
    """The day of a moment: clients send dates with and without a time."""

    def read(self, text: str) -> Any:
        return super().read(text).date()


class BookingsQuery(Form):
    """The query of GET /apis/bookings. Clients send all of it, mostly empty."""

    described = describing.QUERY
    booking_id = WholeNumber(data_key="bookingID")
    term = PlainText(data_key="term", most=100)
    status = Choice({str(n): name for name, n in STATUS_IDS.items()}, data_key="bookingstatus")
    property_ids = Numbers(data_key="propertyids")
    contact_ids = Numbers(data_key="contactIDs")
    balance = Choice({"paid": "paid", "outstanding": "outstanding"}, data_key="balancestatus")
    ordered_from = Day(data_key="orderDateFrom")
    ordered_to = Day(data_key="orderDateTo")
    arrives_from = Day(data_key="checkinfrom")
    arrives_to = Day(data_key="checkinto")
    modified_from = Moment(data_key="modifiedTimeFrom")
    modified_to = Moment(data_key="modifiedTimeTo", end_of_day=True)
    with_tags = Numbers(data_key="IncludeBookingTags")
    without_tags = Numbers(data_key="ExcludeBookingTags")
    location_id = WholeNumber(data_key="LocationId")
    brand_id = WholeNumber(data_key="BrandID")
    size = LeadingNumber(data_key="size", least=1, most=MOST)
    index = LeadingNumber(data_key="index", least=1, most=10**9)
    sort = Choice({"createdate": "created", "checkin": "arrival"}, data_key="Sort")
    direction = Choice({"asc": False, "desc": True}, data_key="SortDirection")

    @post_load
    def wanted(self, values: dict[str, Any], **_: Any) -> tuple[BookingFilter, Sorting, int, int]:
        size, index = values.pop("size", DEFAULT_SIZE), values.pop("index", 1)
        sorting = Sorting(values.pop("sort", "created"), values.pop("direction", True))
        if (brand := values.pop("brand_id", None)) is not None:
            values.setdefault("location_id", brand)
        return BookingFilter(**values), sorting, size, index


class SourceOut(ma.Schema):
    """Where bookings come from."""

    id = fields.Integer(data_key="Id")
    name = fields.String(data_key="Name")


class PropertyOut(ma.Schema):
    """A property that can be booked."""

    id = fields.Integer(data_key="Id")
    name = fields.String(data_key="Name")
    currency = fields.String(data_key="Currency")
