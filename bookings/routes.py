"""The house API of bookings: /apis/bookings, /apis/properties, /apis/sources."""

from __future__ import annotations

from flask.typing import ResponseReturnValue

from bookings import describing, queries, schemas
from bookings.queries import BookingFilter, Sorting
from kit import form
from kit.db import reading
from kit.form import Blueprint
from kit.paging import Bookmarks
from partners.authentication import caller, requires

bp = Blueprint("bookings", __name__, url_prefix="/apis", description=describing.ABOUT)
BOOKMARKS = Bookmarks()
SOURCE, PROPERTY = schemas.SourceOut(), schemas.PropertyOut()


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
        shown = {"TotalHits": total, "Items": [schemas.item(view) for view in found]}
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
