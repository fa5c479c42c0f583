"""The guest's page in a browser: wide and narrow, by mouse and by keyboard."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from playwright.sync_api import Browser, Page, expect

from bookings.models import Booking
from demo.loading import load
from kit import clock
from kit.db import transaction
from tests import make
from tests.browser.conftest import OpenPage
from tests.checkout.given import PUBLIC_URL, abandon, path_of

pytestmark = [
    pytest.mark.browser,
    pytest.mark.parametrize("database_uri", ["sqlite"], indirect=True),
]

BEGUN = 5001
Keep = Callable[[Page, str], None]
# The ratio of WCAG between the text of every element and the colour it stands on.
CONTRASTS = """() => {
  const light = (c) => { const v = c.map(x => x / 255).map(x => x <= .03928 ? x / 12.92
    : ((x + .055) / 1.055) ** 2.4); return .2126 * v[0] + .7152 * v[1] + .0722 * v[2]; };
  const parts = (text) => text.match(/[\\d.]+/g).map(Number);
  const ground = (e) => { for (; e; e = e.parentElement) {
    const c = parts(getComputedStyle(e).backgroundColor); if (c.length < 4 || c[3] > 0) return c; }
    return [255, 255, 255]; };
  return [...document.querySelectorAll("main *")]
    .filter(e => [...e.childNodes].some(n => n.nodeType === 3 && n.textContent.trim()))
    .map(e => { const a = light(parts(getComputedStyle(e).color)), b = light(ground(e));
      return [e.textContent.trim().slice(0, 40),
              (Math.max(a, b) + .05) / (Math.min(a, b) + .05)]; });
}"""


@pytest.fixture
def path(app: Flask, monkeypatch: pytest.MonkeyPatch) -> str:
    """The link to the demonstration's abandoned booking."""
    monkeypatch.setitem(app.config, "PUBLIC_URL", PUBLIC_URL)
    with transaction() as connection:
        load(connection, clock.now())
    abandon()
    return path_of(BEGUN)


def fits(page: Page) -> bool:
    """Whether nothing has to be scrolled sideways."""
    found: list[int] = page.evaluate("[document.documentElement.scrollWidth, window.innerWidth]")
    return found[0] <= found[1]


def faint(page: Page) -> list[Any]:
    """Texts below the contrast of WCAG AA."""
    found = page.evaluate(CONTRASTS)
    assert found
    return [each for each in found if each[1] < 4.5]


@pytest.mark.parametrize("width", [390, 1280])
def test_a_guest_takes_the_booking_up_again_and_goes_on_to_pay(
    path: str, open_page: OpenPage, keep: Keep, width: int
) -> None:
    page = open_page(path, width=width, height=640)
    button = page.get_by_role("button", name="Take up the booking again")
    expect(button).to_be_in_viewport(ratio=1)
    assert fits(page)
    assert faint(page) == []
    keep(page, f"guest-waiting-{width}")

    button.click()

    expect(page.get_by_role("status")).to_contain_text("Held until")
    onward = page.get_by_role("link", name="Go on to the payment")
    expect(onward).to_be_in_viewport(ratio=1)
    assert fits(page)
    assert faint(page) == []
    assert make.row_of(Booking, BEGUN).status == "provisional"
    keep(page, f"guest-held-{width}")
    onward.click()
    expect(page.get_by_role("status")).to_contain_text("The dates are held for you until")
    expect(page.get_by_role("button", name="Pay €363.00")).to_be_visible()


def test_it_works_with_the_keyboard_alone_and_shows_where_one_is(
    path: str, open_page: OpenPage, keep: Keep
) -> None:
    page = open_page(path, width=390, height=640)

    page.keyboard.press("Tab")
    button = page.get_by_role("button", name="Take up the booking again")
    expect(button).to_be_focused()
    outline = button.evaluate("e => getComputedStyle(e).outlineStyle")
    keep(page, "guest-focus-390")
    page.keyboard.press("Enter")

    assert outline == "solid"
    expect(page.get_by_role("heading", name="The dates are held for you")).to_be_visible()


@pytest.mark.parametrize("width", [320, 1280])
def test_a_wrong_link_is_a_page_that_helps(
    address: str, browser: Browser, keep: Keep, width: int
) -> None:
    page = browser.new_page(viewport={"width": width, "height": 640})
    page.goto(f"{address}/guest/bookings/nothing")

    expect(page.get_by_role("heading", name="There is nothing at this address")).to_be_visible()
    assert fits(page)
    assert faint(page) == []
    keep(page, f"guest-nothing-{width}")
    page.close()


@pytest.mark.parametrize("state", ["taken", "booked", "cancelled"])
def test_other_states_are_legible_too(
    path: str, open_page: OpenPage, keep: Keep, state: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bookings.resuming._state", lambda *_: state)

    page = open_page(path, width=390)

    assert fits(page)
    assert faint(page) == []
    keep(page, f"guest-{state}-390")
