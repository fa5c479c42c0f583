"""Changing a booking in a browser: amended with a preview, then cancelled in a dialog."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests import make
from tests.bookings.given import ARRIVES, book, day, home, stay, sums
from tests.browser.conftest import OpenPage, SignedIn
from tests.make import Client

pytestmark = [
    pytest.mark.browser,
    pytest.mark.parametrize("database_uri", ["sqlite"], indirect=True),
]

Keep = Callable[[Page, str], None]


@pytest.fixture
def booking(client: Client) -> int:
    """Seven nights for 795.00, of which 300.00 came from a partner."""
    make.method()
    booking = book(client, stay(home()))
    client.pay(booking, "300.00")
    return booking


@pytest.mark.parametrize("width", [1280, 390])
def test_an_amendment_shows_what_it_does_while_it_is_typed(
    signed_in: SignedIn, open_page: OpenPage, keep: Keep, booking: int, width: int
) -> None:
    signed_in("operator")
    page = open_page(f"/desk/bookings/{booking}/amend", width=width)

    departure = page.get_by_label("Departure")
    departure.fill(str(day(ARRIVES - 1)))
    expect(page.locator("#preview")).to_contain_text("This cannot be done as it stands.")
    expect(departure).to_have_attribute("aria-invalid", "true")
    expect(departure).to_have_accessible_description(
        page.locator("[id='e-stays[0].leaves_on']").inner_text()
    )

    departure.fill(str(day(ARRIVES + 9)))
    expect(page.locator("#preview")).to_contain_text("220.00 EUR more is due on")
    expect(departure).to_have_attribute("aria-invalid", "false")
    expect(departure).to_be_focused()
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    keep(page, f"desk-amend-{width}")

    page.get_by_role("button", name=f"Amend booking {booking}").click()
    expect(page.get_by_role("status")).to_contain_text("220.00 EUR more is due on")
    assert sums(booking).total == 101500

    page.go_back()
    expect(page.get_by_label("Departure")).to_have_value(str(day(ARRIVES + 9)))


@pytest.mark.parametrize("width", [1280, 390])
def test_a_booking_is_cancelled_in_a_dialog_that_says_what_it_does(
    signed_in: SignedIn, open_page: OpenPage, keep: Keep, booking: int, width: int
) -> None:
    signed_in("manager")
    page = open_page(f"/desk/bookings/{booking}", width=width)

    page.locator("summary[aria-label='More actions']:visible").click()
    page.get_by_role("link", name="Cancel the booking").click()
    dialog = page.get_by_role("alertdialog").or_(page.get_by_role("dialog"))
    expect(dialog).to_contain_text("External payments stay here as credit")
    expect(dialog.get_by_role("link", name="Keep booking")).to_be_focused()
    page.get_by_label("Keep another amount than the rule says").fill("50.00")
    expect(dialog).to_contain_text("50.00 EUR is kept as the cancellation fee")
    page.get_by_label("Reason").fill("Guest fell ill")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    keep(page, f"desk-cancel-{width}")

    dialog.get_by_role("button", name="Cancel booking").click()
    expect(page.get_by_role("status")).to_contain_text("250.00 EUR is credit to refund.")
    assert (sums(booking).status, sums(booking).credit) == ("cancelled", 25000)
