"""Reports in a browser: bars are drawn, a figure leads to its rows, no script is needed."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import COOKIES, OpenPage, SignedIn
from tests.browser.test_desk_pages import wrong_by_axe
from tests.desk.reporting import day, money
from tests.make import Client

pytestmark = [
    pytest.mark.browser,
    pytest.mark.parametrize("database_uri", ["sqlite"], indirect=True),
]

Keep = Callable[[Page, str], None]
FITS = "document.documentElement.scrollWidth <= window.innerWidth"
DRAWN = "count => window.Chart && Object.keys(window.Chart.instances).length === count"


@pytest.mark.parametrize("width", [1280, 390])
def test_a_figure_is_clicked_down_to_a_payment(
    client: Client, signed_in: SignedIn, open_page: OpenPage, keep: Keep, width: int
) -> None:
    money(client)
    signed_in("manager")
    page = open_page("/desk/reports/", width=width)
    assert wrong_by_axe(page) == []

    page.get_by_role("link", name="Money per day and method").click()
    page.get_by_role("link", name="Last 30 days").click()
    page.wait_for_url("**period=30_days")
    page.wait_for_function(DRAWN, arg=2)
    assert page.evaluate(FITS)
    assert wrong_by_axe(page) == []
    keep(page, f"desk-report-{width}")

    euros = page.get_by_role("region", name="Figures in EUR")
    euros.get_by_role("row", name="In all").get_by_role("link").nth(1).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Cleared: 216.25 EUR")
    assert page.evaluate(FITS)
    assert wrong_by_axe(page) == []
    keep(page, f"desk-report-rows-{width}")

    page.get_by_role("region", name="Rows, as a table").get_by_role("link").first.click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Payment of")


def test_filters_are_chosen_and_stay_in_the_address(
    client: Client, signed_in: SignedIn, open_page: OpenPage
) -> None:
    money(client)
    signed_in("manager")
    page = open_page("/desk/reports/due")

    page.get_by_text("Own days and filters").click()
    page.get_by_label("Location").select_option("Location 2")

    expect(page.get_by_role("heading", name="GBP")).to_be_visible()
    expect(page.get_by_role("heading", name="EUR")).to_have_count(0)
    assert "location=2" in page.url
    page.get_by_role("region", name="Figures in GBP").focus()
    expect(page.get_by_role("region", name="Figures in GBP")).to_be_focused()


def test_without_script_there_is_the_table(
    client: Client, signed_in: SignedIn, browser: Browser, address: str
) -> None:
    money(client)
    signed_in("manager")
    context = browser.new_context(java_script_enabled=False)
    context.add_cookies(COOKIES)
    page = context.new_page()

    page.goto(f"{address}/desk/reports/money?from={day(-3)}&to={day()}&location=1")

    row = page.get_by_role("row", name="In all")
    expect(row.get_by_role("link").nth(1)).to_have_text("216.25")
    context.close()
