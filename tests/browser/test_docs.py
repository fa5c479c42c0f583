"""/docs in a browser: what a newcomer reads, and tries out."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask
from playwright.sync_api import Browser, Locator, Page, expect

from demo.loading import load
from kit import clock
from kit.db import transaction
from payments.models import Payment
from tests import make
from tests.browser.conftest import OpenPage
from tests.make import Client
from tests.served import served

pytestmark = [
    pytest.mark.browser,
    pytest.mark.parametrize("database_uri", ["sqlite"], indirect=True),
]

CALLS = [
    "POST /oauth/2.0/token",
    "POST /apis/payments",
    "GET /apis/payments",
    "GET /apis/bookings",
    "GET /apis/properties",
    "GET /apis/sources",
    "GET /apis/bookingtags",
    "POST /apis/payments/{payment_id}/clear",
    "POST /apis/payments/{payment_id}/fail",
    "POST /apis/payments/{payment_id}/refund",
    "POST /apis/payments/{payment_id}/void",
    "POST /apis/booking",
    "POST /apis/booking/calc",
    "POST /apis/booking/amend",
    "POST /apis/booking/update",
    "GET /apis/booking/cancel",
    "POST /apis/booking/cancel",
    "GET /apis/booking/reactivate",
    "POST /apis/booking/reactivate",
    "POST /apis/enquiry",
    "GET /apis/reports",
    "GET /apis/reports/{name}",
    "GET /apis/reports/{name}/rows",
]

Keep = Callable[[Page, str], None]


def listed(page: Page) -> list[str]:
    """The calls on the page, as they stand there."""
    blocks = page.locator(".opblock")
    expect(blocks).to_have_count(len(CALLS))
    return [
        f"{block.locator('.opblock-summary-method').inner_text()} "
        + (block.locator(".opblock-summary-path").get_attribute("data-path") or "")
        for block in blocks.all()
    ]


def test_the_page_lists_every_call(open_page: OpenPage, keep: Keep) -> None:
    page = open_page("/docs")

    assert sorted(listed(page)) == sorted(CALLS)
    keep(page, "docs-1280")


def authorize(page: Page, token: str) -> None:
    """Type an access token into the page."""
    page.locator(".btn.authorize").click()
    bearer = page.locator(".auth-container").filter(has_text="bearer")
    bearer.locator("input").fill(token)
    bearer.get_by_role("button", name="Apply credentials").click()
    page.locator(".auth-btn-wrapper .btn-done").first.click()


def try_out(page: Page, operation: str) -> Locator:
    """Send a call as the page has filled it in; gives what was answered."""
    call = page.locator(f"#operations-{operation}")
    call.locator(".opblock-summary").click()
    call.get_by_role("button", name="Try it out").click()
    call.get_by_role("button", name="Execute", exact=True).click()
    return call.locator(".live-responses-table")


def test_a_call_is_tried_out_with_a_token_that_was_typed_in(
    client: Client, open_page: OpenPage, keep: Keep
) -> None:
    make.tag(12, "Website Booking in Progress")
    page = open_page("/docs")

    authorize(page, client.token)
    answer = try_out(page, "tags-listBookingTags")

    expect(answer.locator(".response-col_status").last).to_contain_text("200")
    expect(answer).to_contain_text("Website Booking in Progress")
    keep(page, "docs-tried-1280")


def test_calls_go_to_where_the_page_is_whatever_the_public_address(
    client: Client, make_app: Callable[..., Flask], browser: Browser
) -> None:
    make.tag(12, "Website Booking in Progress")
    with served(make_app(PUBLIC_URL="https://pay.example.com")) as address:
        page = browser.new_page()
        page.goto(f"{address}/docs")

        authorize(page, client.token)
        answer = try_out(page, "tags-listBookingTags")

        expect(answer).to_contain_text("Website Booking in Progress")
        page.close()


def test_the_calls_as_the_page_fills_them_in_work_with_the_demonstration(
    app: Flask, open_page: OpenPage, keep: Keep
) -> None:
    with transaction() as connection:
        load(connection, clock.now())
    page = open_page("/docs")

    authorize(page, make.token(1))
    taken = try_out(page, "payments-takePayment")
    expect(taken).to_contain_text("PaymentSchedules")
    listed = try_out(page, "bookings-listBookings")

    expect(listed).to_contain_text("Ana Sousa")
    [payment] = make.rows_of(Payment, booking_id=4354)
    assert (payment.state, payment.amount) == ("cleared", 200_00)
    keep(page, "docs-paid-1280")


def test_the_fields_of_a_payment_are_explained_on_the_page(open_page: OpenPage, keep: Keep) -> None:
    page = open_page("/docs")

    call = page.locator("#operations-payments-takePayment")
    call.locator(".opblock-summary").click()

    body = call.locator(".opblock-section-request-body")
    expect(body).to_contain_text("BalanceDueDate")
    expect(body).to_contain_text("Kept encrypted")
    keep(page, "docs-payment-1280")


@pytest.mark.parametrize("width", [390, 1280])
def test_nothing_has_to_be_scrolled_sideways(open_page: OpenPage, keep: Keep, width: int) -> None:
    page = open_page("/docs", width=width)
    listed(page)
    page.locator("#operations-payments-takePayment .opblock-summary").click()
    expect(page.locator(".opblock-section-request-body")).to_contain_text("BalanceDueDate")

    widths = page.evaluate("[document.documentElement.scrollWidth, window.innerWidth]")

    keep(page, f"docs-open-{width}")
    assert widths[0] <= widths[1]
