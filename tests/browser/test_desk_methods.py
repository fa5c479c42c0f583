"""A payment method is set up in a browser: what its kind rules out cannot be ticked, and its
attributes come and go without the page being loaded anew."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from payments.models import MethodAttribute, PaymentMethod
from tests import make
from tests.browser.conftest import OpenPage, SignedIn

pytestmark = [
    pytest.mark.browser,
    pytest.mark.parametrize("database_uri", ["sqlite"], indirect=True),
]

Keep = Callable[[Page, str], None]


@pytest.mark.parametrize("width", [1280, 390])
def test_a_method_is_set_up(
    signed_in: SignedIn, open_page: OpenPage, keep: Keep, width: int
) -> None:
    make.location(1)
    make.partner()
    signed_in("manager")
    page = open_page("/desk/methods/new", width=width)
    prohibited = page.get_by_label("Prohibit to enter manually")
    outside = page.get_by_label("Can be accepted from outside")
    paid_outside = page.get_by_label("Completed outside only")

    # Cash is always taken by hand, and what is not accepted from outside is paid nowhere else.
    expect(paid_outside).to_be_disabled()
    page.get_by_label("Kind").select_option("cash")
    expect(prohibited).to_be_disabled()
    page.get_by_label("Kind").select_option("cheque")
    expect(outside).to_be_disabled()
    page.get_by_label("Kind").select_option("bank")

    page.get_by_label("Name", exact=True).fill("Visa")
    page.get_by_role("textbox", name="Code").fill("VISA")
    outside.check()
    paid_outside.check()
    page.get_by_role("button", name="Add an attribute").click()
    expect(page.get_by_label("Name of attribute 1")).to_be_focused()
    page.get_by_label("Name of attribute 1").fill("Reference")
    page.get_by_role("button", name="Add an attribute").click()
    page.get_by_label("Name of attribute 2").fill("Receipt Number")
    page.get_by_role("button", name="Move attribute 2 up").click()
    expect(page.get_by_label("Name of attribute 1")).to_have_value("Receipt Number")
    expect(page.get_by_label("Name", exact=True)).to_have_value("Visa")
    keep(page, f"desk-methods-new-{width}")
    page.get_by_label("Name", exact=True).press("Enter")

    expect(page.get_by_role("status")).to_contain_text("The method was added.")
    [row] = make.rows_of(PaymentMethod)
    assert (row.name, row.paying) == ("Visa", "external")
    details = sorted(make.rows_of(MethodAttribute), key=lambda each: each.position)
    assert [each.name for each in details] == ["Receipt Number", "Reference"]
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.get_by_role("link", name="Payment methods").click()
    expect(page.get_by_role("row", name="Visa")).to_contain_text("Completed payments only")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    keep(page, f"desk-methods-{width}")
