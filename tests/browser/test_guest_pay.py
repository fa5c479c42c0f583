"""Paying in a browser: the demonstration's 4354, wide and on a small phone, with no script."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from flask import Flask
from playwright.sync_api import Browser, Page, expect

from demo.loading import load
from kit import clock
from kit.db import reading, transaction
from payments import links
from payments.gateways.registry import gateways
from payments.gateways.sandbox import engine
from payments.gateways.sandbox.behaviour import LATER, WORKS
from payments.intents import latest_page
from payments.models import Payment
from payments.settling import settle_pending
from tests import make
from tests.browser.conftest import OpenPage
from tests.browser.test_desk_pages import fits, wrong_by_axe
from tests.make import Client
from tests.payments.proofs import broken_chains, wrong_books

pytestmark = [
    pytest.mark.browser,
    pytest.mark.parametrize("database_uri", ["sqlite"], indirect=True),
]

ANA = 4354
WIDTHS = (1280, 360)
NARROWEST = 320
FOCUSED = "e => [e.name || e.tagName, getComputedStyle(e).outlineStyle]"
Keep = Callable[[Page, str], None]
PathOf = Callable[[int], str]


@pytest.fixture
def path_of(app: Flask) -> PathOf:
    """The path of the link to pay for a booking of the demonstration."""
    with transaction() as connection:
        load(connection, clock.now())

    def path_of(booking: int) -> str:
        with transaction() as connection:
            return f"/pay/{links.token_to_pay(connection, booking, clock.now())}"

    return path_of


@pytest.fixture
def deposit(app: Flask, path_of: PathOf) -> str:
    """4354's link, when tax and fee are paid: what is due is the deposit."""
    partner = Client(app, 1, make.token(1))
    assert partner.pay(ANA, "115.00").status_code == 200
    return path_of(ANA)


@pytest.fixture
def on_phone(browser: Browser, address: str) -> Iterator[OpenPage]:
    """Opens a path on a small phone that runs no script; refusals are no errors there."""

    def opened(path: str, script: bool = False) -> Page:
        context = browser.new_context(
            viewport={"width": 360, "height": 640}, java_script_enabled=script
        )
        page = context.new_page()
        page.set_default_timeout(10_000)
        page.goto(address + path)
        return page

    yield opened
    for context in browser.contexts:
        context.close()


def button(page: Page, name: str) -> None:
    page.get_by_role("button", name=name).click()


def code() -> str:
    """Of the last try for 4354."""
    with reading() as session:
        found = latest_page(session.connection(), ANA)
    assert found is not None
    return found.code


def paid_online() -> list[tuple[str, int]]:
    found = make.rows_of(Payment, booking_id=ANA, source="guest")
    return [(row.state, row.amount) for row in found]


def books_are_right(taken: int) -> bool:
    return engine.taken("EUR").minor == taken and wrong_books() == broken_chains() == []


def readable(page: Page, keep: Keep, name: str) -> list[str]:
    """What is wrong with a page for somebody; at 320 px, too. Keeps a picture."""
    keep(page, name)
    found = wrong_by_axe(page)
    if page.locator("h1").count() != 1:
        found.append("not one heading of the first level")
    size = page.viewport_size or {"width": 0, "height": 0}
    for width in {size["width"], NARROWEST}:
        page.set_viewport_size({"width": width, "height": 640})
        if not fits(page, width):
            found.append(f"wider than a window of {width} px")
    page.set_viewport_size({"width": size["width"], "height": size["height"]})
    return found


@pytest.mark.parametrize("width", WIDTHS)
def test_the_deposit_is_paid_after_a_decline_and_the_receipt_opened(
    deposit: str, open_page: OpenPage, keep: Keep, width: int
) -> None:
    page = open_page(deposit, width=width, height=640)
    wrong = {"due": readable(page, keep, f"pay-due-{width}")}
    expect(page.get_by_role("heading", name="Rental Deposit")).to_be_visible()

    button(page, "Pay 248,00")
    expect(page.get_by_text("No money moves", exact=True)).to_be_visible()
    wrong["sandbox"] = readable(page, keep, f"pay-sandbox-{width}")
    button(page, "Not enough money")

    expect(page.get_by_role("alert")).to_contain_text("There was not enough money")
    expect(page.get_by_role("alert")).to_contain_text("No money was taken.")
    wrong["declined"] = readable(page, keep, f"pay-declined-{width}")
    button(page, "Try again: pay 248,00")
    button(page, "Pay €248.00")

    expect(page.get_by_role("heading", name="Thank you, Ana")).to_be_visible()
    wrong["thanks"] = readable(page, keep, f"pay-thanks-{width}")
    receipt = page.get_by_role("link", name="Open your receipt").get_attribute("href")
    pdf = page.request.get(page.url.partition("/pay/")[0] + str(receipt))
    assert pdf.headers["content-type"] == "application/pdf"
    assert pdf.body().startswith(b"%PDF-")
    assert wrong == {"due": [], "sandbox": [], "declined": [], "thanks": []}
    assert paid_online() == [("failed", 24800), ("cleared", 24800)]
    assert books_are_right(24800)


def test_what_is_due_and_the_button_are_seen_at_once_on_a_phone(
    deposit: str, open_page: OpenPage
) -> None:
    page = open_page(deposit, width=390, height=640)
    expect(page.get_by_role("button", name="Pay 248,00")).to_be_in_viewport(ratio=1)
    button(page, "Pay 248,00")
    button(page, "Not enough money")

    expect(page.get_by_role("button", name="Try again")).to_be_in_viewport(ratio=1)


def test_it_is_seen_and_paid_without_any_script(deposit: str, on_phone: OpenPage) -> None:
    page = on_phone(deposit)

    page.get_by_text("All that is open").click()
    page.get_by_text("Debit Card").first.click()
    button(page, "Pay 900,00")
    button(page, "Pay €900.00")

    expect(page.get_by_role("heading", name="Thank you, Ana")).to_be_visible()
    expect(page.get_by_text("Everything is paid.")).to_be_visible()
    assert books_are_right(90000)


def test_a_page_that_waits_looks_again_by_itself_on_phone(deposit: str, on_phone: OpenPage) -> None:
    page = on_phone(deposit)
    button(page, "Pay 248,00")
    button(page, "The bank answers later")
    expect(page.get_by_role("heading", name="We do not know yet")).to_be_visible()
    expect(page.get_by_role("button")).to_have_count(0)

    page.wait_for_timeout(1_000 * LATER.seconds)
    assert settle_pending() == 1

    expect(page.get_by_role("heading", name="Thank you, Ana")).to_be_visible(timeout=9_000)
    assert books_are_right(24800)


def test_it_works_with_the_keyboard_alone_and_shows_where_one_is(
    deposit: str, open_page: OpenPage, keep: Keep
) -> None:
    page = open_page(deposit, width=360, height=640)
    seen = []

    for key in ("Tab", "ArrowDown", "Tab", "Tab"):
        page.keyboard.press(key)
        seen.append(page.locator(":focus").evaluate(FOCUSED))
    keep(page, "pay-focus-360")
    page.keyboard.press("Enter")

    names = ["what", "what", "method", "BUTTON"]
    assert seen == [[name, "solid"] for name in names]
    expect(page.get_by_text("€900.00", exact=True)).to_be_visible()


def test_the_button_names_the_amount_that_is_chosen(deposit: str, open_page: OpenPage) -> None:
    page = open_page(deposit)
    pay = page.get_by_role("button")
    expect(pay).to_have_accessible_name("Pay 248,00 €")

    page.get_by_text("All that is open").click()

    expect(pay).to_have_accessible_name("Pay 900,00 €")


def test_a_double_click_is_one_payment(deposit: str, open_page: OpenPage) -> None:
    page = open_page(deposit)

    page.get_by_role("button", name="Pay 248,00").dblclick()
    button(page, "Pay €248.00")

    expect(page.get_by_role("heading", name="Thank you, Ana")).to_be_visible()
    assert paid_online() == [("cleared", 24800)]
    assert books_are_right(24800)


def test_two_tabs_pay_once(deposit: str, open_page: OpenPage, keep: Keep) -> None:
    one = open_page(deposit)
    button(one, "Pay 248,00")
    other = one.context.new_page()
    other.goto(one.url.partition("/sandbox/")[0] + deposit)
    expect(other.get_by_role("status")).to_contain_text("perhaps in another tab")
    assert readable(other, keep, "pay-elsewhere-1280") == []

    button(other, "Go on to pay 248,00")
    assert other.url == one.url
    button(one, "Pay €248.00")
    button(other, "Not enough money")

    for page in (one, other):
        expect(page.get_by_role("heading", name="Thank you, Ana")).to_be_visible()
    assert paid_online() == [("cleared", 24800)]
    assert books_are_right(24800)


def test_who_goes_back_from_the_provider_can_go_on_there(deposit: str, open_page: OpenPage) -> None:
    page = open_page(deposit)
    button(page, "Pay 248,00")
    sandbox = page.url

    page.go_back()
    page.reload()
    button(page, "Go on to pay 248,00")
    assert page.url == sandbox
    button(page, "Leave without paying")

    expect(page.get_by_role("status")).to_contain_text("was given up. No money was taken.")
    assert paid_online() == []


def test_who_goes_back_after_paying_is_told_that_it_is_over(
    deposit: str, open_page: OpenPage, keep: Keep
) -> None:
    page = open_page(deposit, width=360)
    button(page, "Pay 248,00")
    sandbox = page.url
    button(page, "Pay €248.00")

    page.goto(sandbox)
    expect(page.get_by_text("This was paid already.")).to_be_visible()
    assert readable(page, keep, "pay-sandbox-over-360") == []
    page.get_by_role("link", name="Go back").click()

    expect(page.get_by_role("heading", name="Thank you, Ana")).to_be_visible()
    assert paid_online() == [("cleared", 24800)]


def test_an_amount_changed_in_the_form_is_not_taken(
    deposit: str, on_phone: OpenPage, keep: Keep
) -> None:
    page = on_phone(deposit, script=True)  # for axe and for changing the form
    page.locator("[name=what]").first.evaluate("e => e.value = 'next:100'")

    with page.expect_response(lambda answer: answer.request.method == "POST") as answer:
        button(page, "Pay 248,00")

    assert answer.value.status == 409
    expect(page.get_by_role("alert")).to_contain_text("Nothing was charged.")
    assert readable(page, keep, "pay-changed-360") == []
    assert paid_online() == []


def test_a_notice_before_the_return_three_times_and_forged(
    deposit: str, open_page: OpenPage
) -> None:
    page = open_page(deposit)
    button(page, "Pay 248,00")
    known = code()
    engine.pay(known, WORKS, "0006")
    notices = page.url.partition("/sandbox/")[0] + "/pay/notices/sandbox"
    true = {"code": known, "signature": gateways()["sandbox"].signature(known)}  # type: ignore[attr-defined]

    forged = page.request.post(notices, form={"code": known, "signature": "0" * 64})
    assert (forged.status, paid_online()) == (404, [])
    told = [page.request.post(notices, form=true).text() for _ in range(3)]
    page.reload()
    page.get_by_role("link", name="Go back").click()

    assert told == ["OK"] * 3
    expect(page.get_by_role("heading", name="Thank you, Ana")).to_be_visible()
    assert paid_online() == [("cleared", 24800)]
    assert books_are_right(24800)
