"""Where guests go on to pay."""

from __future__ import annotations

import pytest

from locations.paying import pay_at


def test_the_bookings_number_stands_wherever_the_agency_wants_it() -> None:
    assert pay_at("https://pay.example.com/{booking}?of={booking}", 7) == (
        "https://pay.example.com/7?of=7"
    )


@pytest.mark.parametrize(
    "url", [None, "", "javascript:alert({booking})", "//pay.example.com/{booking}", "{booking}"]
)
def test_what_is_no_address_of_the_web_is_no_link(url: str | None) -> None:
    assert pay_at(url, 7) is None
