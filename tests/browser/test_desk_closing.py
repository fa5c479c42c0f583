"""Closing a day in a browser: the difference is told while the cash is typed in."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from kit import clock
from tests import make
from tests.browser.conftest import OpenPage, SignedIn
from tests.browser.test_desk_pages import fits, wrong_by_axe
from tests.office.closing.given import pay, refund, void

pytestmark = [
    pytest.mark.browser,
    pytest.mark.parametrize("database_uri", ["sqlite"], indirect=True),
]

Keep = Callable[[Page, str], None]


@pytest.fixture
def money(app: object) -> None:
    """A till, and money that came, went back and was reversed today."""
    assert app
    make.location(1, name="Casa do Mar", time_zone="UTC")
    make.method("Card")
    make.method("Cash", kind="cash")
    booking, now = make.booking(["200.00"]), f"{clock.now():%Y-%m-%d %H:%M:%S.%f}"
    paid = pay(booking, "50.00", now)
    refund(paid, "5.00", now)
    void(pay(booking, "80.00", now, "Card"), now)


@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.usefixtures("money")
def test_a_day_is_counted_and_closed(
    signed_in: SignedIn, open_page: OpenPage, keep: Keep, width: int
) -> None:
    signed_in("manager")
    page = open_page("/desk/closing/", width=width)
    page.get_by_role("link", name="at Casa do Mar").first.click()

    counted = page.get_by_label("Counted", exact=True)
    counted.fill("44.00")
    expect(page.get_by_text("1.00 EUR less than the 45.00 EUR expected")).to_be_visible()
    expect(page.get_by_text("Cash has 1.00 EUR less than expected; say why.")).to_be_visible()
    assert counted.input_value() == "44.00"
    assert wrong_by_axe(page) == []
    assert fits(page, width)
    keep(page, f"desk-closing-form-{width}")
    page.get_by_label("Reason of a difference").fill("A coin was lost")
    page.keyboard.press("Control+Enter")

    expect(page.get_by_role("status")).to_contain_text("is closed at Casa do Mar.")
    expect(page.get_by_text("Reason: A coin was lost")).to_be_visible()
    assert wrong_by_axe(page) == []
    assert fits(page, width)
    keep(page, f"desk-closing-record-{width}")
    page.get_by_role("link", name="Day close").last.click()
    expect(page.get_by_text("Today is closed")).to_be_visible()
    assert wrong_by_axe(page) == []
    assert fits(page, width)
    keep(page, f"desk-closing-{width}")
