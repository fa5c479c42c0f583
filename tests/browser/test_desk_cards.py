"""Stored cards at the desk in a browser, on the demonstration with the sandbox: charged again,
declined, of unknown outcome and settled from Today; refunded to, and void."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from playwright.sync_api import Page, expect

from demo.loading import load
from kit import clock
from kit.db import transaction
from payments.gateways.gateway import UNKNOWN
from payments.gateways.models import CardIntent
from payments.gateways.sandbox.gateway import Sandbox
from payments.models import Payment
from payments.settling import settle_pending
from tests import make
from tests.browser.conftest import OpenPage, SignedIn
from tests.browser.test_desk_pages import fits, wrong_by_axe
from tests.desk.carding import asked, with_card
from tests.make import Client
from tests.payments.proofs import broken_chains, wrong_books

pytestmark = [
    pytest.mark.browser,
    pytest.mark.parametrize("database_uri", ["sqlite"], indirect=True),
]

Keep = Callable[[Page, str], None]
BOOKING = 4354
LINK = re.compile(r"https://pay\.example\.com/pay/.+")


@pytest.fixture
def card(app: Flask) -> int:
    """A payment of the demonstration's booking that came by the API with a token."""
    with transaction() as connection:
        load(connection, clock.now())
    return with_card(Client(app, 1, make.token(1)), BOOKING, "50.00")


def look(page: Page, keep: Keep, name: str, width: int) -> None:
    """Everybody can read it, it fits, and a picture of it is kept."""
    assert wrong_by_axe(page) == []
    assert fits(page, width)
    keep(page, f"{name}-{width}")


def charge(page: Page, amount: str) -> None:
    page.get_by_label("Amount", exact=True).fill(amount)
    page.get_by_label("Reason").fill("Agreed by telephone")
    page.get_by_role("button", name=f"Charge {amount} EUR").click()
    page.wait_for_url("**/desk/cards/*")


@pytest.mark.parametrize("width", [1280, 390])
def test_a_manager_charges_a_stored_card_and_tries_again_after_a_decline(
    signed_in: SignedIn, open_page: OpenPage, keep: Keep, card: int, width: int
) -> None:
    signed_in("manager")
    page = open_page(f"/desk/payments/{card}", width=width)
    start = page.url.split("/desk/")[0]

    page.get_by_role("link", name="Charge the card again").click()
    page.wait_for_url("**/charge")
    amount = page.get_by_label("Amount", exact=True)
    amount.fill("20.01")
    expect(page.locator("#preview")).to_contain_text("+ 20.01")
    expect(page.get_by_role("main")).to_contain_text("****7890")
    look(page, keep, "desk-charge", width)
    charge(page, "20.01")
    expect(page.get_by_role("region", name="What has become of it")).to_contain_text(
        "not enough money on the card"
    )
    look(page, keep, "desk-charge-declined", width)

    page.get_by_role("link", name="Try again").click()
    page.wait_for_url("**/charge")
    charge(page, "20.00")
    expect(page.get_by_role("region", name="What has become of it")).to_contain_text(
        "The card was charged."
    )
    look(page, keep, "desk-charged", width)

    assert asked() == [("charge", 2001, "declined"), ("charge", 2000, "paid")]
    page.goto(f"{start}/desk/bookings/{BOOKING}")
    expect(page.locator("#cards .dk-st")).to_have_text(["Done", "Declined"])
    look(page, keep, "desk-booking-cards", width)


@pytest.mark.parametrize("width", [1280, 390])
def test_a_charge_of_unknown_outcome_is_settled_from_today(
    signed_in: SignedIn, open_page: OpenPage, keep: Keep, card: int, width: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    signed_in("manager")
    monkeypatch.setattr(Sandbox, "ask", lambda self, code: UNKNOWN)
    page = open_page(f"/desk/payments/{card}/charge", width=width)
    start = page.url.split("/desk/")[0]
    charge(page, "20.05")
    expect(page.get_by_role("region", name="What has become of it")).to_contain_text(
        "We are asking the provider"
    )
    look(page, keep, "desk-charge-asking", width)
    settle_pending(lambda: clock.now() + timedelta(hours=2))

    page.goto(f"{start}/desk/")
    vouch(page, keep, width)

    page.goto(f"{start}/desk/dangerous/")
    expect(page.get_by_role("main")).to_contain_text("Stored card charged")
    look(page, keep, "desk-dangerous-cards", width)
    assert asked() == [("charge", 2005, "paid")]
    assert wrong_books() == broken_chains() == []


def vouch(page: Page, keep: Keep, width: int) -> None:
    """From Today: say of the case that nobody could find out that it was paid."""
    expect(page.get_by_role("main")).to_contain_text("Card payments whose outcome is unknown")
    look(page, keep, "desk-today-cards", width)
    page.get_by_role("link", name="Settle it").click()
    page.wait_for_url("**/desk/cards/*")
    look(page, keep, "desk-card-case", width)
    page.get_by_label("It was paid", exact=True).check()
    page.get_by_label("Reason").fill("Seen at the provider")
    page.get_by_label("Type the amount").fill("20.05")
    page.get_by_role("button", name="Settle it").click()
    expect(page.get_by_role("main")).to_contain_text("It is settled, by your word.")


def test_an_impatient_click_charges_once(
    signed_in: SignedIn, open_page: OpenPage, card: int
) -> None:
    signed_in("manager")
    page = open_page(f"/desk/payments/{card}/charge")
    page.get_by_label("Amount", exact=True).fill("20.04")  # slowly
    page.get_by_label("Reason").fill("Agreed by telephone")
    button = page.get_by_role("button", name="Charge 20.04 EUR")

    button.dblclick(no_wait_after=True)

    page.wait_for_url("**/desk/cards/*")
    expect(page.get_by_role("region", name="What has become of it")).to_contain_text(
        "The card was charged."
    )
    assert asked() == [("charge", 2004, "paid")]


@pytest.mark.parametrize("width", [1280, 390])
def test_money_goes_back_to_the_card_and_what_a_gateway_took_is_void(
    signed_in: SignedIn, open_page: OpenPage, keep: Keep, card: int, width: int
) -> None:
    signed_in("manager")
    page = open_page(f"/desk/payments/{card}/charge", width=width)
    start = page.url.split("/desk/")[0]
    charge(page, "30.00")
    [payment] = make.rows_of(Payment, gateway="sandbox")

    page.goto(f"{start}/desk/payments/{payment.id}/void")
    look(page, keep, "desk-void-provider", width)
    page.goto(f"{start}/desk/payments/{payment.id}/refund")
    expect(page.get_by_label("To the card, through Sandbox")).to_be_checked()
    page.get_by_label("Amount", exact=True).fill("10.00")
    page.get_by_label("Reason").fill("Left early")
    expect(page.locator("#preview")).to_contain_text("Sandbox is asked to pay it back")
    expect(page.get_by_label("Paid out by")).to_be_hidden()
    page.get_by_label("Recorded only").check()
    expect(page.get_by_label("Paid out by")).to_be_visible()
    expect(page.locator("#preview")).to_contain_text("paid out by you")
    page.get_by_label("To the card, through Sandbox").check()
    expect(page.locator("#preview")).to_contain_text("Sandbox is asked to pay it back")
    look(page, keep, "desk-refund-card", width)
    page.get_by_role("button", name="Refund 10.00 EUR").click()

    page.wait_for_url("**/desk/cards/*")
    expect(page.get_by_role("region", name="What has become of it")).to_contain_text(
        "The money goes back to the card."
    )
    assert asked()[1:] == [("refund", 1000, "paid")]


@pytest.mark.parametrize("width", [1280, 390])
def test_a_promise_is_released_in_a_dialog(
    app: Flask, signed_in: SignedIn, open_page: OpenPage, keep: Keep, card: int, width: int
) -> None:
    day = (clock.now() + timedelta(days=9)).date().isoformat()
    promise = with_card(Client(app, 1, make.token(1)), BOOKING, "25.00", Status=2, PaymentDate=day)
    signed_in("manager")
    page = open_page(f"/desk/payments/{promise}", width=width)
    dialog = page.get_by_role("alertdialog", name="Release the promised 25.00 EUR?")

    page.get_by_role("link", name="Release payment").click()
    expect(dialog.get_by_role("link", name="Leave it promised")).to_be_focused()
    look(page, keep, "desk-release", width)
    dialog.get_by_label("Reason").fill("The guests have arrived")
    dialog.get_by_label("Type the amount").fill("25.00")
    dialog.get_by_role("button", name="Release 25.00 EUR").click()

    page.wait_for_url("**/desk/cards/*")
    expect(page.get_by_role("region", name="What has become of it")).to_contain_text(
        "The provider takes the money."
    )
    assert make.row_of(Payment, promise).state == "cleared"


def test_an_operator_has_no_button_and_a_forged_form_is_refused(
    signed_in: SignedIn, open_page: OpenPage, card: int
) -> None:
    signed_in("operator")
    page = open_page(f"/desk/payments/{card}")
    expect(page.get_by_role("link", name="Charge the card again")).to_have_count(0)

    answer = page.request.post(
        f"{page.url}/charge", form={"amount": "5.00", "reason": "forged"}, max_redirects=0
    )

    assert answer.status in (400, 403)
    assert make.rows_of(CardIntent) == []
    assert asked() == []


@pytest.mark.parametrize("width", [1280, 390])
def test_a_payment_link_is_sent_from_an_overdue_row_and_withdrawn(
    app: Flask, signed_in: SignedIn, open_page: OpenPage, keep: Keep, card: int, width: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setitem(app.config, "PUBLIC_URL", "https://pay.example.com")
    signed_in("operator")
    page = open_page(f"/desk/bookings/{BOOKING}/link", width=width)

    expect(page.get_by_label("The link")).to_have_value(LINK)
    look(page, keep, "desk-link", width)
    page.get_by_role("button", name="Withdraw all links").click()
    expect(page.get_by_role("main")).to_contain_text("No link that was sent before works")
    page.get_by_role("button", name="Send the link").click()
    page.wait_for_url(f"**/desk/bookings/{BOOKING}")
    expect(page.get_by_role("main")).to_contain_text("The link is on its way to")
    look(page, keep, "desk-link-sent", width)
