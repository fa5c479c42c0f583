"""Today and a message in a browser: a chart is drawn, an undo undoes, a mail is in its frame."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from outbox.models import Message
from payments.models import Payment
from tests import make
from tests.browser.conftest import OpenPage, SignedIn
from tests.make import Client
from tests.payments.moving import move, paid

pytestmark = [
    pytest.mark.browser,
    pytest.mark.parametrize("database_uri", ["sqlite"], indirect=True),
]

Keep = Callable[[Page, str], None]


@pytest.mark.parametrize("width", [1280, 390])
def test_a_failed_attempt_is_put_aside_and_taken_up_again(
    client: Client, signed_in: SignedIn, open_page: OpenPage, keep: Keep, width: int
) -> None:
    make.method("PayPal")
    booking = make.booking()
    paid(client, booking, "30")
    attempt = paid(client, booking, "50", Status=2)
    move(client, attempt, "fail", "Reason=Card+declined")
    signed_in("operator")
    page = open_page("/desk/", width=width)
    expect(page.get_by_role("link", name=f"{booking} Maria Silva")).to_be_visible()
    assert page.evaluate("Object.keys(window.Chart.instances).length") == 1
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    keep(page, f"desk-today-{width}")

    page.get_by_role("button", name="Put the failed attempt").click()
    expect(page.get_by_role("status")).to_contain_text("The failed attempt was put aside.")
    expect(page.get_by_role("link", name=f"{booking} Maria Silva")).to_have_count(0)
    page.get_by_role("button", name="Undo").click()

    expect(page.get_by_role("link", name=f"{booking} Maria Silva")).to_be_visible()
    assert make.row_of(Payment, attempt).dismissed_at is None


@pytest.mark.parametrize("width", [1280, 390])
def test_a_mail_shows_in_a_frame_of_its_own(
    client: Client, signed_in: SignedIn, open_page: OpenPage, keep: Keep, width: int
) -> None:
    make.method("PayPal")
    paid(client, make.booking(), "30", SendEmail="true")
    [message] = make.rows_of(Message)
    signed_in("manager")
    page = open_page(f"/desk/messages/{message.id}", width=width)

    frame = page.frame_locator("iframe")
    expect(frame.get_by_role("heading", name="We received your payment")).to_be_visible()
    page.get_by_text("Show the text version").click()
    expect(page.get_by_label("Text version")).to_contain_text("Dear Maria Silva")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    keep(page, f"desk-message-{width}")
