"""Money at the desk in a browser: typed in with a live preview, and deleted after a second look."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import insert

from kit.db import transaction
from payments.models import MethodAttribute, Payment
from tests import make
from tests.browser.conftest import OpenPage, SignedIn
from tests.browser.test_desk_pages import wrong_by_axe
from tests.make import Client, Due
from tests.payments.moving import figures, paid

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
    """Provisional, with 100.00 paid from outside, by a partner that listens."""
    make.method("Credit Card", manual_prohibited=True, paying="external")
    make.method("BankTransfer")
    make.endpoint(client.partner_id)
    booking = make.booking(LINES, status="provisional")
    paid(client, booking, "100", PaymentMethod="Credit+Card")
    return booking


@pytest.mark.parametrize("width", [1280, 390])
def test_a_payment_is_typed_in_and_the_preview_follows_every_key(
    signed_in: SignedIn, open_page: OpenPage, keep: Keep, booking: int, width: int
) -> None:
    signed_in("operator")
    page = open_page(f"/desk/bookings/{booking}/record", width=width)
    amount, preview = page.get_by_label("Amount"), page.locator("#preview")

    expect(amount).to_have_value("263.00")
    amount.fill("3,0")
    expect(page.locator("#e-amount")).to_contain_text("it must be a plain decimal")
    expect(amount).to_have_attribute("aria-invalid", "true")
    amount.fill("300.00")
    expect(preview).to_contain_text("+ 37.00")
    expect(preview).to_contain_text("becomes a booking")
    expect(page.locator("#e-amount")).to_be_empty()
    expect(amount).to_be_focused()
    assert amount.get_attribute("aria-invalid") is None
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert wrong_by_axe(page) == []
    keep(page, f"desk-record-{width}")
    page.keyboard.press("Escape")
    expect(amount).not_to_be_focused()
    amount.press("Control+Enter")

    page.wait_for_url("**/desk/bookings/*#payment-*")
    expect(page.get_by_role("status").first).to_contain_text("300.00 EUR by BankTransfer was")
    assert figures(booking) == (40000, 0, 0)


def test_choosing_another_method_asks_for_its_attributes_and_typing_in_them_is_not_disturbed(
    signed_in: SignedIn, open_page: OpenPage, booking: int
) -> None:
    row = {"method_id": make.method("Voucher"), "name": "Receipt Number", "position": 0,
           "required": True}  # fmt: skip
    with transaction() as connection:
        connection.execute(insert(MethodAttribute), [row])
    signed_in("operator")
    page = open_page(f"/desk/bookings/{booking}/record", width=390)

    page.get_by_label("Method", exact=True).select_option("Voucher")
    receipt = page.get_by_label("Receipt Number")
    expect(receipt).to_be_visible()
    expect(page.locator("#e-detail-1")).to_contain_text("needs the attribute")
    receipt.press_sequentially("R 7", delay=150)
    expect(page.locator("#e-detail-1")).to_be_empty()
    expect(receipt).to_be_focused()
    expect(receipt).to_have_value("R 7")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert wrong_by_axe(page) == []
    receipt.press("Control+Enter")

    page.wait_for_url("**/desk/bookings/*#payment-*")
    [payment] = make.rows_of(Payment, source="desk")
    assert payment.attributes == [["Receipt Number", "R 7"]]


@pytest.mark.parametrize("width", [1280, 390])
def test_an_external_payment_is_deleted_after_a_second_look(
    signed_in: SignedIn, open_page: OpenPage, keep: Keep, booking: int, width: int
) -> None:
    signed_in("manager")
    [payment] = make.rows_of(Payment)
    page = open_page(f"/desk/payments/{payment.id}", width=width)
    button = page.get_by_role("link", name="Delete external payment")
    dialog = page.get_by_role("alertdialog", name="Delete the external payment of 100.00 EUR?")

    button.click()
    expect(dialog.get_by_role("link", name="Keep payment")).to_be_focused()
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    expect(button).to_be_focused()
    button.click()
    expect(dialog).to_contain_text("No money moves here.")
    assert wrong_by_axe(page) == []
    keep(page, f"desk-delete-{width}")
    dialog.get_by_label("Reason").fill("Paid twice")
    dialog.get_by_label("Type the amount").fill("100.00")
    dialog.get_by_role("button", name="Delete payment").click()

    page.wait_for_url(f"**/desk/bookings/{booking}#payment-{payment.id}")
    assert make.row_of(Payment, payment.id).state == "void"
    page.goto(page.url.split("/desk/")[0] + f"/desk/payments/{payment.id}")
    expect(page.get_by_role("heading", name="does the partner know?")).to_be_visible()
    expect(page.get_by_role("main")).to_contain_text("is being told; there is no answer yet.")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert wrong_by_axe(page) == []
    keep(page, f"desk-deleted-{width}")
