"""Partners, the event log and the report of dangerous operations in a browser, wide and on a
phone."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from partners.models import Partner
from tests import make
from tests.browser.conftest import OpenPage, SignedIn
from tests.desk.endangering import delete, log, paid
from tests.make import Client

pytestmark = [
    pytest.mark.browser,
    pytest.mark.parametrize("database_uri", ["sqlite"], indirect=True),
    pytest.mark.parametrize("width", [1280, 390]),
]

Keep = Callable[[Page, str], None]


def fits(page: Page, width: int) -> bool:
    """Nothing scrolls sideways."""
    return bool(page.evaluate("document.documentElement.scrollWidth") <= width)


def test_a_partner_is_added_its_secret_seen_once_and_then_revoked(
    signed_in: SignedIn, open_page: OpenPage, keep: Keep, width: int
) -> None:
    make.location(1)
    signed_in("administrator")
    page = open_page("/desk/partners/add", width=width)

    page.get_by_label("Name").fill("Till")
    page.get_by_label("iiko").check()
    page.get_by_label("Location 1").check()
    page.get_by_role("button", name="Add the partner").click()
    secret = page.get_by_label("Client secret").input_value()
    assert len(secret) > 40
    assert secret not in page.url
    assert fits(page, width)
    keep(page, f"desk-partner-shown-once-{width}")
    page.get_by_role("link", name="I have kept it").click()

    expect(page.get_by_role("heading", name="Till")).to_be_visible()
    assert secret not in page.content()
    assert fits(page, width)
    keep(page, f"desk-partner-{width}")
    page.get_by_role("link", name="Revoke", exact=True).first.click()
    dialog = page.get_by_role("alertdialog")
    expect(dialog.get_by_role("link", name="Keep partner")).to_be_focused()
    keep(page, f"desk-partner-revoke-{width}")
    dialog.get_by_label("Reason").fill("the till was stolen")
    dialog.get_by_role("button", name="Revoke partner").click()

    expect(page.get_by_text("This partner was revoked")).to_be_visible()
    [partner] = make.rows_of(Partner)
    assert partner.revoked_at is not None


def test_the_report_and_the_log_fit_and_tell_of_a_deletion(
    app: object, signed_in: SignedIn, open_page: OpenPage, keep: Keep, width: int
) -> None:
    make.method("PayPal")
    make.location(1)
    client = Client.of_new_partner(app)  # type: ignore[arg-type]
    _, payment = paid(client)
    delete(payment)
    log("staff.role_changed", before={"role": "operator"}, after={"role": "manager"})
    signed_in("manager")
    page = open_page("/desk/dangerous/", width=width)

    expect(page.get_by_role("heading", name="2 operations")).to_be_visible()
    expect(page.get_by_role("row", name="External payment deleted")).to_be_visible()
    assert fits(page, width)
    keep(page, f"desk-dangerous-{width}")
    page.goto(page.url.replace("/dangerous/", "/log/?severity=high"))
    page.get_by_text("Details").first.click()

    expect(page.get_by_text("Source address").first).to_be_visible()
    assert fits(page, width)
    keep(page, f"desk-log-{width}")
