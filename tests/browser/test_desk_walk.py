"""A morning at the desk, from a failed payment to the report, with the demonstration's data,
a real browser, and a real program at the partner's end."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from flask import Flask
from playwright.sync_api import Page, expect
from sqlalchemy import update

from audit.models import LogEntry
from demo.loading import load
from kit import clock
from kit.db import transaction
from outbox.delivering import deliver
from partners.hooks import Hooks
from partners.models import Endpoint
from payments.models import Payment
from tests import make
from tests.browser.conftest import OpenPage
from tests.partners.receiver import Answer, Receiver, receiving

pytestmark = [
    pytest.mark.browser,
    pytest.mark.parametrize("database_uri", ["sqlite", "postgresql"], indirect=True),
]

Keep = Callable[[Page, str], None]
PASSWORD = "demo-password"
REASON = "The guest paid twice; the checkout page gives it back"


@pytest.fixture
def partner(app: Flask) -> Iterator[Receiver]:
    """The demonstration, whose partner's program listens on this machine."""
    with receiving() as receiver:
        with transaction() as connection:
            load(connection, clock.now())
            listening = {"url": receiver.url("/events")}
            connection.execute(update(Endpoint).where(Endpoint.kind == "events").values(listening))
        receiver.answers(Answer(204))
        app.config["ALLOW_LOOPBACK_TARGETS"] = True
        yield receiver
    app.config["ALLOW_LOOPBACK_TARGETS"] = False


def sign_in(page: Page, who: str) -> None:
    page.get_by_label("E-mail").fill(f"{who}@example.com")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Today")


def test_cash_is_recorded_an_external_payment_is_deleted_and_the_report_tells(
    app: Flask, partner: Receiver, open_page: OpenPage, keep: Keep
) -> None:
    [external] = make.rows_of(Payment, booking_id=5002, state="cleared")
    page = open_page("/desk/")

    sign_in(page, "operator")
    keep(page, "walk-1-today")
    take_cash_for_what_failed(page, keep)
    try_to_delete(page, external.id)
    page.get_by_role("button", name="Sign out").click()
    sign_in(page, "manager")
    delete(page, external.id, keep)
    deliver(Hooks.of(app), "walk")

    assert "payment.deleted" in [received.json["type"] for received in partner.got]
    page.get_by_role("link", name="Dangerous operations").first.click()
    row = page.get_by_role("row").filter(has_text=REASON)
    for told in ("manager@example.com", "100.00 EUR", "204"):
        expect(row).to_contain_text(told)
    keep(page, "walk-6-report")


def take_cash_for_what_failed(page: Page, keep: Keep) -> None:
    page.get_by_role("link", name="5002").first.click()
    expect(page.locator("main")).to_contain_text("Card declined")
    keep(page, "walk-2-booking")
    page.locator("[data-key=r]").first.click()
    page.get_by_label("Method").select_option(label="Cash")
    page.get_by_label("Amount").fill("50.00")
    expect(page.locator("#preview")).to_contain_text("50.00")
    keep(page, "walk-3-record")
    page.get_by_role("button", name="Record 50.00 EUR").click()
    expect(page.get_by_role("status").first).to_contain_text("50.00 EUR")
    keep(page, "walk-4-recorded")


def try_to_delete(page: Page, external: int) -> None:
    """What came from outside is not the operator's to delete, by the page or past it."""
    expect(page.get_by_role("link", name="Delete external payment")).to_have_count(0)
    token = page.locator("input[name=csrf_token]").first.input_value()
    forged = page.request.post(
        f"{page.url.split('/desk')[0]}/desk/payments/{external}/void",
        form={"csrf_token": token, "reason": REASON, "typed": "100.00"},
    )

    assert forged.status == 403
    assert make.row_of(Payment, external).state == "cleared"
    [refused] = make.rows_of(LogEntry, action="staff.refused")
    assert refused.severity == "medium"


def delete(page: Page, external: int, keep: Keep) -> None:
    """With a reason and a second look; the booking is found by the keyboard."""
    page.get_by_role("link", name="Bookings").first.click()
    page.locator("h1").click()
    page.keyboard.press("/")
    page.keyboard.type("5002")
    page.keyboard.press("Enter")
    page.locator(f"#payment-{external} summary").click()
    page.get_by_role("link", name="Delete external payment").click()
    dialog = page.get_by_role("alertdialog")
    expect(dialog).to_contain_text("No money moves here.")
    keep(page, "walk-5-dialog")
    dialog.get_by_label("Reason").fill(REASON)
    dialog.get_by_label("Type the amount").fill("100.00")
    dialog.get_by_role("button", name="Delete payment").click()
    expect(page.locator(f"#payment-{external}")).to_contain_text("Void")

    assert make.row_of(Payment, external).state == "void"
