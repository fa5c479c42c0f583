"""What the settings of a location are refused for, at the field that is wrong."""

from __future__ import annotations

from kit.errors import PageError


class LocationError(PageError):
    """Base of what is refused about locations."""


class NoSuchLocation(LocationError):
    code = "no_such_location"

    def __init__(self, location_id: int) -> None:
        super().__init__(f"There is no location {location_id}.")


class ZoneUnknown(LocationError):
    code = "zone_unknown"
    field = "time_zone"

    def __init__(self, came: str) -> None:
        super().__init__(f"“{came}” is no time zone; one is called like Europe/Lisbon.")


class NotACurrency(LocationError):
    code = "not_a_currency"
    field = "currency"

    def __init__(self, came: str) -> None:
        super().__init__(f"“{came}” is no currency; one is called like EUR.")


class CurrencyFixed(LocationError):
    """Amounts are whole numbers of a currency's smallest unit: in another one they would be other
    money."""

    code = "currency_fixed"
    field = "currency"

    def __init__(self, currency: str) -> None:
        super().__init__(
            f"The currency stays {currency}: there are bookings or prices in it at this location."
        )


class ZoneFixed(LocationError):
    """Closed days and the journal say on which day money was recorded; in another zone it would be
    another day, and what is past may not change."""

    code = "zone_fixed"
    field = "time_zone"

    def __init__(self, zone: str) -> None:
        super().__init__(
            f"The time zone stays {zone}: money was recorded at this location, "
            "on days of this zone."
        )


class CheckoutUrlWrong(LocationError):
    code = "checkout_url_wrong"
    field = "checkout_url"

    def __init__(self) -> None:
        super().__init__(
            "This must be an address of the web, such as https://example.com/pay/{booking}, with "
            "{booking} where the booking's id belongs, and no other braces."
        )
