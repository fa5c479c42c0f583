"""The page of a booking in a browser: found by its guest, tagged by the keyboard alone."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests import make
from tests.browser.conftest import OpenPage, SignedIn
from tests.make import Client, Due

pytestmark = [
    pytest.mark.browser,
    pytest.mark.parametrize("database_uri", ["sqlite"], indirect=True),
]

Keep = Callable[[Page, str], None]
LINES = [
    Due("90.00", name="10% tax"),
    Due("25.00", name="Booking Fee"),
    Due("248.00", name="Rental Deposit"),
    Due("652.00", 2, 64, name="Rental Balance"),
]


@pytest.fixture
def booking(client: Client) -> int:
    """Paid in part, promised in part, and a day late with the rest of stage 1."""
    make.method("PayPal")
    make.tag(2, "VIP")
    booking = make.booking(LINES, status="provisional")
    client.pay(booking, "115.00")
    client.pay(booking, "300.00", Status=2, PaymentScheduleIds=2)
    return booking


@pytest.mark.parametrize("width", [1280, 390])
def test_a_booking_is_found_and_tagged_and_the_tag_undone(
    signed_in: SignedIn, open_page: OpenPage, keep: Keep, booking: int, width: int
) -> None:
    signed_in("operator")
    page = open_page("/desk/bookings?q=sil", width=width)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    keep(page, f"desk-bookings-{width}")

    page.keyboard.press("j")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Maria Silva, Property 1")
    expect(page.get_by_role("row", name="Rental Balance Open")).to_contain_text("352.00")
    keep(page, f"desk-booking-{width}")

    page.keyboard.press("t")
    expect(page.get_by_role("combobox", name="Tag")).to_be_focused()
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.keyboard.press("Control+Enter")
    expect(page.get_by_role("status")).to_contain_text("The tag “VIP” was put on the booking.")
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_role("status")).to_contain_text("The tag “VIP” was taken off the booking.")


def test_the_menu_opens_and_closes_by_the_keyboard_alone(
    signed_in: SignedIn, open_page: OpenPage, booking: int
) -> None:
    signed_in("manager")
    page = open_page(f"/desk/bookings/{booking}")
    menu = page.get_by_label("More actions").locator("visible=true")
    menu.focus()

    page.keyboard.press("Enter")
    inside = page.locator(".dk-acts .dk-pop-list a")
    expect(inside.first).to_be_focused()
    page.keyboard.press("Escape")

    expect(menu).to_be_focused()
    expect(inside.first).to_be_hidden()
