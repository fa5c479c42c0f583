"""The house API of tags: /apis/bookingtags."""

from __future__ import annotations

import marshmallow as ma
from flask.typing import ResponseReturnValue
from marshmallow import fields
from sqlalchemy import select

from kit import form
from kit.db import reading
from kit.describing import answers
from kit.form import Blueprint
from partners.authentication import requires
from tags.models import Tag

bp = Blueprint(
    "tags", __name__, url_prefix="/apis", description="The words that bookings are tagged with."
)
EXAMPLE = [
    {"Id": 12, "Name": "Website Booking in Progress"},
    {"Id": 20, "Name": "Payment Failed"},
]


class TagOut(ma.Schema):
    """A tag of the agency's vocabulary."""

    id = fields.Integer(data_key="Id")
    name = fields.String(data_key="Name")


TAG = TagOut()


@bp.get("/bookingtags")
@requires("bookings:read")
@bp.doc(
    operationId="listBookingTags",
    description="All of them, by id. Needs the scope `bookings:read`.",
    security=[{"token": ["bookings:read"]}],
    responses=answers(401, 403, 500, 503),
)
@bp.alt_response(
    200, schema=TagOut(many=True), description="The whole vocabulary of tags.", example=EXAMPLE
)
def list_() -> ResponseReturnValue:
    """List the booking tags."""
    with reading() as session:
        found = session.scalars(select(Tag).order_by(Tag.id)).all()
        return form.answer(form.encode(TAG.dump(found, many=True)))
