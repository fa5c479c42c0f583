"""The list of tags in a browser: the frame of every page, wide and on a phone."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests import make
from tests.browser.conftest import OpenPage, SignedIn

pytestmark = [
    pytest.mark.browser,
    pytest.mark.parametrize("database_uri", ["sqlite"], indirect=True),
]

Keep = Callable[[Page, str], None]


@pytest.mark.parametrize("width", [1280, 390])
def test_a_tag_is_added(signed_in: SignedIn, open_page: OpenPage, keep: Keep, width: int) -> None:
    make.tag(1, "Payment Processed", role="payment_processed")
    signed_in("manager")
    page = open_page("/desk/tags/", width=width)

    page.get_by_label("Name").fill("VIP")
    page.get_by_role("button", name="Add the tag").click()

    expect(page.get_by_role("status")).to_have_text("The tag was added.")
    expect(page.get_by_role("row", name="VIP")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    keep(page, f"desk-tags-{width}")
