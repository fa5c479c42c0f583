"""Where a location's guests go on to pay: a page of the agency's own."""

from __future__ import annotations


def pay_at(checkout_url: str | None, booking_id: int) -> str | None:
    """The address for this booking; None for a location without such a page. `checkout_url` has
    {booking} where the id belongs. It becomes a link for guests, so it is one of the web or none.
    """
    url = (checkout_url or "").replace("{booking}", str(booking_id))
    return url if url.startswith(("https://", "http://")) else None
